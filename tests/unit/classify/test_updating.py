"""A quick update learns at once, changes no other version, and knows when a training is due."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pytest

from classify import Budget, Example, RetrainAdvised, TrainedRouter, load, save, train, update

from .small_town import UNITS, letter, letters

NEW = Example(letter("Weihnachtsbaum"), "66", id="new")


@pytest.fixture(scope="module")
def router() -> TrainedRouter:
    return train(letters(), UNITS, catalogue=())


def test_a_correction_counts_at_once(router: TrainedRouter) -> None:
    wrong = Example(letter("Altpapier"), "22", id="new")
    before = router.rank(wrong).candidates[0]
    after = {c.unit: c.confidence for c in update(router, [wrong] * 3).rank(wrong).candidates}
    assert before.unit == "70"
    assert after["22"] > {c.unit: c.confidence for c in router.rank(wrong).candidates}["22"]


def test_a_corrected_letter_is_a_precedent(router: TrainedRouter) -> None:
    assert update(router, [NEW]).similar(NEW)[0][0] == "new"


def test_the_old_version_stays_as_it_was(router: TrainedRouter) -> None:
    before = router.linear.coef.copy()
    update(router, [NEW])
    assert np.array_equal(router.linear.coef, before)


def test_after_an_update_the_promise_is_provisional(router: TrainedRouter) -> None:
    assert update(router, [NEW]).threshold(Budget())[1]


def test_an_update_takes_less_than_a_second(router: TrainedRouter) -> None:
    start = time.process_time()
    update(router, [NEW])
    assert time.process_time() - start < 1


def test_an_unknown_unit_needs_a_training(router: TrainedRouter) -> None:
    with pytest.raises(RetrainAdvised):
        update(router, [Example("x", "99")])


def test_many_updates_need_a_training(router: TrainedRouter) -> None:
    with pytest.raises(RetrainAdvised):
        update(router, [NEW] * 26)


def test_an_updated_version_can_be_stored(router: TrainedRouter, tmp_path: Path) -> None:
    changed = update(router, [NEW])
    save(changed, tmp_path / "2")
    assert load(tmp_path / "2").card == changed.card
