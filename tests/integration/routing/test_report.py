"""The report of an evaluation: whole in one file, readable without its plots, and without any letter or person."""

from __future__ import annotations

import json
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest

from models import Actor
from services.house import House
from services.model_report import report, write_report
from services.training import evaluate_model
from tests.unit.classify.small_town import letter, letters

PARTS = ("report-figures", "report-coverage", "report-calibration", "report-growth", "report-units")


@pytest.fixture
def answer(trained: House, admin: Actor, tmp_path: Path) -> dict[str, object]:
    file = tmp_path / "asked.jsonl"
    asked = [{"text": e.text + " Noch etwas.", "unit": e.unit, "sender": "Erika Beispiel"} for e in letters(each=6)]
    asked.append({"text": letter("Biotonne"), "unit": "22", "sender": "Erika Beispiel"})
    file.write_text("\n".join(json.dumps(one) for one in asked), "utf-8")
    return evaluate_model(trained, admin, None, file, growth=True)


def test_the_keys_of_the_contract_are_there(answer: dict[str, object]) -> None:
    contract = {"n", "accuracy", "macro_f1", "top3", "threshold", "provisional", "routed_share", "routed_error"}
    assert contract | {"coverage", "per_unit"} <= answer.keys()
    assert answer["n"] == 25
    json.dumps(answer)


def test_the_learning_curve_begins_with_duties_alone(answer: dict[str, object]) -> None:
    curve = answer["learning_curve"]
    assert isinstance(curve, tuple)
    assert curve[0][0] == 0
    assert curve[-1][0] == 80
    assert curve[-1][1] >= curve[0][1]


def test_calibration_counts_every_letter_once(answer: dict[str, object]) -> None:
    bins = answer["calibration"]
    assert isinstance(bins, tuple)
    assert sum(n for _, _, n in bins) == answer["n"]


def test_the_report_loads_nothing_and_has_a_table_for_each_plot(answer: dict[str, object], tmp_path: Path) -> None:
    write_report(answer, tmp_path / "bericht.html")
    html = (tmp_path / "bericht.html").read_text("utf-8")
    assert not re.search(r"<script|<link|<img|src=|https?://|url\(", html)
    assert html.startswith("<!DOCTYPE html>")
    assert '<html lang="de">' in html
    body = ElementTree.fromstring(html[html.index("<main>") : html.index("</main>") + 7])
    for part in PARTS:
        (section,) = [one for one in body.iter("section") if one.get("aria-labelledby") == part]
        plots = list(section.iter("svg"))
        assert all(plot.get("role") == "img" and plot.get("aria-label") for plot in plots)
        assert len(list(section.iter("table"))) >= max(1, len(plots))
        assert all(cell.get("scope") for cell in section.iter("th"))
    assert not re.search(r"\b(report|column|model)\.[a-z_]+", html)


def test_the_report_holds_no_letter_and_no_person(answer: dict[str, object]) -> None:
    html = report(answer)
    assert "Steueramt" in html
    assert not any(word in html for word in ("Erika", "Beispiel 4", "Musterort", "Schlagloch und", "Sehr geehrte"))


def test_letters_that_were_learnt_are_said_to_flatter(answer: dict[str, object]) -> None:
    assert "schon gelernt" not in report(answer)
    assert "schon gelernt" in report({**answer, "learnt_share": 0.5})
