"""Merged, renamed and split units keep what was learnt."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classify import Example, TrainedRouter, UnitProfile, load, merged, parts_of, save, split, train, update

from .small_town import UNITS, letter, letters

WASTE = UnitProfile("70.1", "Tonnen", "Mülltonnen, Biotonne, Restmüll, Altpapier")
BULKY = UnitProfile("70.2", "Sperrmüll", "Sperrmüll, Abfuhr")
NEW = (*[unit for unit in UNITS if unit.code != "70"], WASTE, BULKY)
HOUSE = UnitProfile("60", "Bauhof", "Straßen, Kanal, Abfall, Mülltonnen")


@pytest.fixture(scope="module")
def router() -> TrainedRouter:
    return train(letters(), UNITS, catalogue=())


def _first(router: TrainedRouter, *words: str) -> str:
    return router.rank(Example(letter(*words))).candidates[0].unit


def test_a_merged_unit_gets_the_letters_of_both(router: TrainedRouter) -> None:
    town = merged(router, {"66": "60", "70": "60"}, [*UNITS[:2], HOUSE])
    assert town.units == ("22", "34", "60")
    assert _first(town, "Biotonne") == _first(town, "Schlagloch") == "60"
    assert _first(town, "Hundesteuer") == "22"
    old, new = router.score(letters()), town.score(letters())
    both = [town.units.index("60")], [router.units.index("66"), router.units.index("70")]
    assert np.allclose(new.unknown, old.unknown, atol=0.2)
    assert (new.confidence[:, both[0]].max(axis=1) >= old.confidence[:, both[1]].max(axis=1) - 1e-6).all()


def test_a_letter_between_two_merged_units_is_no_doubt_any_more(router: TrainedRouter) -> None:
    town = merged(router, {"66": "60", "70": "60"}, [*UNITS[:2], HOUSE])
    mixed = Example(letter("Kanal", "Biotonne"))
    assert town.rank(mixed).candidates[0].confidence > router.rank(mixed).candidates[0].confidence


def test_what_was_learnt_for_the_old_units_counts_for_the_new(router: TrainedRouter) -> None:
    town = merged(router, {"66": "60", "70": "60"}, [*UNITS[:2], HOUSE])
    assert {unit for _, unit in town.learnt()} == {"22", "34", "60"}
    assert town.card.counts["60"] == 24
    assert all(t.provisional for t in town.card.thresholds.values())


def test_a_merged_router_learns_explains_and_is_stored(router: TrainedRouter, tmp_path: Path) -> None:
    town = merged(router, {"66": "60", "70": "60"}, [*UNITS[:2], HOUSE])
    strange = Example(letter("Weihnachtsbaum"), "60", id="new")
    before = {c.unit: c.confidence for c in town.rank(strange).candidates}["60"]
    taught = update(town, [strange])
    assert {c.unit: c.confidence for c in taught.rank(strange).candidates}["60"] > before
    assert "Sperrmüll" in town.explain(Example(letter("Sperrmüll")), "60")
    save(taught, tmp_path / "1")
    assert np.array_equal(load(tmp_path / "1").score(letters()).confidence, taught.score(letters()).confidence)


def test_another_code_changes_nothing_else(router: TrainedRouter) -> None:
    town = merged(router, {"70": "77"}, [replace(unit, code="77") if unit.code == "70" else unit for unit in UNITS])
    assert town.classes == ()
    assert np.array_equal(town.score(letters()).confidence, router.score(letters()).confidence)
    assert _first(town, "Biotonne") == "77"


def test_duty_texts_tell_the_parts_of_a_split_unit_and_say_where_they_do_not(router: TrainedRouter) -> None:
    asked = [Example(letter("Biotonne", "Altpapier")), Example(letter("Sperrmüll")), Example("Guten Tag")]
    found = parts_of([WASTE, BULKY], [], asked)
    assert [part.unit for part in found[:2]] == ["70.1", "70.2"]
    assert not found[2].sure


def test_a_split_router_knows_the_parts_and_the_other_units_as_before(router: TrainedRouter, tmp_path: Path) -> None:
    mine = [e for e in letters() if e.unit == "70"]
    taught = [replace(e, unit="70.2" if "Sperrmüll" in e.text else "70.1") for e in mine[:8]]
    town = split(router, "70", [WASTE, BULKY], taught, NEW)
    assert sorted(town.units) == ["22", "34", "66", "70.1", "70.2"]
    assert _first(town, "Biotonne", "Restmüll") == "70.1"
    assert _first(town, "Sperrmüll") == "70.2"
    assert _first(town, "Schlagloch") == "66"
    assert {(e.id, e.unit) for e in taught} <= town.learnt()
    assert not {id for id, _ in town.learnt()} & {e.id for e in mine[8:]}
    save(town, tmp_path / "1")
    assert load(tmp_path / "1").units == town.units


def test_a_unit_may_go_on_as_one_of_its_parts(router: TrainedRouter) -> None:
    stays = UnitProfile("70", "Tonnen", WASTE.responsible_for)
    town = split(router, "70", [stays, BULKY], [], [*UNITS[:3], stays, BULKY])
    assert _first(town, "Biotonne") == "70"
    assert _first(town, "Sperrmüll", "Abfuhr") == "70.2"
