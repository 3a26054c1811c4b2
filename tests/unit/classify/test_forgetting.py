"""A forgotten letter leaves neither id nor vector nor a feature of its own; the rest is judged as before."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classify import Example, TrainedRouter, forget, knows, load, save, train
from classify.features import count

from .small_town import UNITS, letter, letters

CANARY = Example(letter("Hundesteuer", "Zwirbelquast Zwirbelquast"), "22", id="canary")
REST = [Example(one.text, one.unit, group=one.group, id=f"l{number}") for number, one in enumerate(letters())]


@pytest.fixture(scope="module")
def router() -> TrainedRouter:
    return train([*REST, CANARY], UNITS, catalogue=())


def _own_columns(router: TrainedRouter) -> set[int]:
    """The columns that only the canary's letter fills and the version knows."""
    own = set(count([CANARY]).indices.tolist()) - set(count(REST).indices.tolist())
    return own & set(router.weighting.columns.tolist())


def test_a_forgotten_letter_is_nobodys_precedent_and_has_no_vector(router: TrainedRouter) -> None:
    assert knows(router, {"canary"})
    after = forget(router, {"canary"}, [CANARY])
    assert not knows(after, {"canary"})
    assert "canary" not in [id for id, _ in after.similar(CANARY, 100)]
    assert after.memory.by_feature.shape[1] == router.memory.by_feature.shape[1] - 1


def test_a_word_that_only_it_used_has_no_column_any_more(router: TrainedRouter) -> None:
    assert _own_columns(router)
    assert not _own_columns(forget(router, {"canary"}, [CANARY]))


def test_that_holds_for_a_letter_with_more_features_than_its_vector_keeps() -> None:
    words = " ".join(f"{first}{second}quast" for first in ("Zwirbel", "Knurps", "Fladder") for second in "abcdefghijkl")
    long = Example(letter("Hundesteuer", words), "22", id="long")
    own = set(count([long]).indices.tolist()) - set(count(REST).indices.tolist())
    router = train([*REST, long], UNITS, catalogue=())
    known = own & set(router.weighting.columns.tolist())
    assert len(known) > 250
    after = forget(router, {"long"}, [long]).weighting
    left = [number for number, column in enumerate(after.columns.tolist()) if column in own]
    assert len(left) < 5
    assert all(after.idf[number] < router.weighting.idf.max() for number in left)  # the duties of a unit have it too


def test_other_letters_are_judged_as_before(router: TrainedRouter) -> None:
    before, after = router.score(REST), forget(router, {"canary"}, [CANARY]).score(REST)
    assert np.array_equal(before.confidence.argmax(axis=1), after.confidence.argmax(axis=1))
    assert np.allclose(before.confidence, after.confidence, atol=0.02)


def test_a_forgetful_version_can_be_stored_and_the_old_one_stays_as_it_was(
    router: TrainedRouter, tmp_path: Path
) -> None:
    before = router.linear.coef.copy()
    after = forget(router, {"canary"}, [CANARY])
    save(after, tmp_path / "v")
    assert np.array_equal(load(tmp_path / "v").linear.coef, after.linear.coef)
    assert np.array_equal(router.linear.coef, before)


def test_forgetting_strangers_changes_nothing(router: TrainedRouter) -> None:
    assert np.array_equal(forget(router, {"nobody"}, []).weighting.columns, router.weighting.columns)
