"""The catalogue is whole, and its tasks find the town's own offices."""

from __future__ import annotations

import pytest

from classify import BadCatalogue, Example, Task, evaluate, load_catalogue, match_tasks, train
from classify.letters import Budget

from .small_town import UNITS, letters

TASKS = (
    Task("Steueramt", "Hundesteuer", ("Hundesteuer", "Hundesteuersatzung"), ("Hund anmelden", "Welpe")),
    Task("Abfallwirtschaft", "Sperrmüll", ("Sperrmüll", "Abfallgebühren"), ("altes Sofa", "Schrank weg")),
    Task("Musikschule", "Instrumentalunterricht", ("Musikschulsatzung",), ("Geige lernen", "Orchester")),
)


def test_shipped_catalogue_has_400_tasks_with_words_of_both_kinds() -> None:
    tasks = load_catalogue()
    assert len(tasks) >= 400
    assert all(len(t.official) >= 2 and len(t.lay) >= 5 for t in tasks)


def test_a_task_goes_to_the_office_that_it_resembles() -> None:
    matched = {task.task: unit for task, unit in match_tasks(TASKS, UNITS)}
    assert matched["Hundesteuer"] == "22"
    assert matched["Sperrmüll"] == "70"


def test_a_task_of_no_office_here_is_left_out() -> None:
    assert "Instrumentalunterricht" not in {task.task for task, _ in match_tasks(TASKS, UNITS)}


def test_without_any_label_duties_decide() -> None:
    router = train([], UNITS, catalogue=())
    assert router.rank(Example("Wann wird der Sperrmüll abgeholt?")).candidates[0].unit == "70"
    assert evaluate(router, letters(), Budget()).accuracy > 0.5


def test_without_any_label_nothing_is_promised() -> None:
    assert train([], UNITS, catalogue=()).threshold(Budget())[1]


def test_lay_words_of_the_catalogue_reach_the_office() -> None:
    letter = Example("Unser Welpe ist jetzt zehn Wochen alt.")
    assert train([], UNITS, catalogue=TASKS).rank(letter).candidates[0].unit == "22"


@pytest.mark.parametrize("text", ["{", "[1]", '[{"office_kind": "x"}]', '{"a": 1}'])
def test_a_broken_catalogue_is_refused(text: str) -> None:
    with pytest.raises(BadCatalogue):
        load_catalogue(text)
