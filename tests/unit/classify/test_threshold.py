"""A promise is an upper bound that holds; without labels enough it is called provisional."""

from __future__ import annotations

import numpy as np
import pytest

from classify.letters import Budget
from classify.threshold import NEVER, coverage_at, find_threshold, upper_bound


def test_114_letters_without_error_are_the_least_for_two_percent() -> None:
    assert upper_bound(0, 114, 0.9) <= 0.02 < upper_bound(0, 113, 0.9)


def test_too_few_letters_give_a_provisional_threshold() -> None:
    found = find_threshold(np.linspace(0, 1, 100), np.ones(100, dtype=bool), Budget(0.02))
    assert found.provisional
    assert found.value < 0.1


def test_enough_right_letters_give_a_promise() -> None:
    found = find_threshold(np.linspace(0, 1, 500), np.ones(500, dtype=bool), Budget(0.02))
    assert not found.provisional
    assert found.routed_share == pytest.approx(1.0)


def test_nothing_is_routed_when_the_surest_letters_are_wrong() -> None:
    confidence = np.linspace(0, 1, 500)
    found = find_threshold(confidence, confidence < 0.5, Budget(0.02))
    assert found.value == NEVER


def test_equal_confidences_are_never_parted() -> None:
    confidence = np.array([0.9] * 300 + [0.5] * 300)
    right = np.array([True] * 300 + [False] * 300)
    assert find_threshold(confidence, right, Budget(0.02)).value == 0.9


def test_the_promise_is_kept_in_nine_of_ten_draws() -> None:
    random = np.random.default_rng(7)
    broken = 0
    for _ in range(200):
        confidence = random.random(800)
        right = random.random(800) > 0.12 * (1 - confidence) ** 1.5
        threshold = find_threshold(confidence, right, Budget(0.02)).value
        above = random.random(20_000) * (1 - min(threshold, 1)) + min(threshold, 1)
        broken += float((0.12 * (1 - above) ** 1.5).mean()) > 0.02
    assert broken <= 20 + 9  # two standard deviations above one in ten


def test_coverage_is_the_largest_share_within_the_error() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    assert coverage_at(confidence, np.array([True, True, False, True]), 0.25) == 1.0
    assert coverage_at(confidence, np.array([True, True, False, False]), 0.25) == 0.5
