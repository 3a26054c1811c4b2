"""How much is compared with the paper: everything at first, less while it agrees, everything again after a failure."""

from __future__ import annotations

import pytest

from models import ProtectionNeed
from services.sampling import FIRST, FLOOR, choose, rate_of

IDS = [f"brief-{number}" for number in range(200)]


def test_everything_is_compared_first_and_the_rate_falls_to_the_floor() -> None:
    rates = [rate_of(ProtectionNeed.NORMAL, passed) for passed in range(0, 12 * FIRST, FIRST)]
    assert rates[0] == 1.0 and rate_of(ProtectionNeed.NORMAL, FIRST - 1) == 1.0
    assert rates == sorted(rates, reverse=True) and rates[1] < 1.0
    assert rates[-1] == FLOOR[ProtectionNeed.NORMAL]


def test_the_higher_the_need_the_more_is_compared() -> None:
    assert [rate_of(need, 10_000) for need in ProtectionNeed] == [0.05, 0.2, 1.0]


@pytest.mark.parametrize(("rate", "count"), [(1.0, 200), (0.5, 100), (0.05, 10), (0.001, 1)])
def test_a_sample_has_its_size_and_is_drawn_again_from_its_seed(rate: float, count: int) -> None:
    first = choose(IDS, rate, "s")
    assert len(first) == count and set(first) <= set(IDS)
    assert choose(reversed(IDS), rate, "s") == first
    if rate < 0.5:
        assert choose(IDS, rate, "t") != first


def test_of_nothing_nothing_is_drawn() -> None:
    assert choose([], 1.0, "s") == []
