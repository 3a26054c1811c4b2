"""Dates, amounts, references: one mark each."""

from __future__ import annotations

from datetime import date

import pytest

from search.days import EARLIEST, LATEST, days
from search.numbers import blind, marks

TODAY = date(2025, 11, 26)  # a Wednesday


def terms(text: str) -> set[str]:
    return {mark.term for mark in marks(text)}


@pytest.mark.parametrize(
    "text", ["12.03.2025", "12.3.25", "12. März 2025", "12. Mrz. 2025", "2025-03-12", "12. 3. 2025"]
)
def test_dates(text: str) -> None:
    assert "d20250312" in terms(f"am {text}, mittags")


@pytest.mark.parametrize("text", ["31.02.2025", "2025-13-01", "45.1.2025"])
def test_impossible_dates_have_no_mark(text: str) -> None:
    assert not {term for term in terms(text) if term.startswith("d")}


@pytest.mark.parametrize("text", ["1.234,50", "1234,50", "1 234,50", "1.234,50 €"])
def test_amounts(text: str) -> None:
    assert "n1234.50" in terms(f"Es sind {text} fällig")


@pytest.mark.parametrize("text", ["1.234,-", "1.234 Euro", "1234,00", "1.234"])
def test_round_amounts(text: str) -> None:
    assert "n1234.00" in terms(f"Es sind {text} fällig")


@pytest.mark.parametrize(
    "text",
    ["22.3-HuSt-2025-0417", "22.3 HuSt 2025 0417", "223HuSt20250417", "22.3/HuSt/2025/0417", "AZ 22.3 HuSt-2025-0417"],
)
def test_references(text: str) -> None:
    assert "223hust20250417" in terms(f"Ihr Zeichen {text} vom Mai")


def test_reference_blind_to_slips() -> None:
    assert blind("223hust2025o4l7") == blind("223hust20250417")


def test_words_left_out() -> None:
    assert "grundsteuer" in terms("Grund- und Gewerbesteuer")
    assert "emailadresse" in terms("E-Mail-Adresse")


def test_marks_know_their_place() -> None:
    text = "Az. 22.3-HuSt-2025-0417 vom 12. März 2025"
    places = {mark.term: text[mark.start : mark.end] for mark in marks(text)}
    assert places["223hust20250417"] == "22.3-HuSt-2025-0417"
    assert places["d20250312"] == "12. März 2025"


@pytest.mark.parametrize(
    ("words", "first", "last"),
    [
        ("heute", TODAY, TODAY),
        ("gestern", date(2025, 11, 25), date(2025, 11, 25)),
        ("letzte Woche", date(2025, 11, 17), date(2025, 11, 23)),
        ("diesen Monat", date(2025, 11, 1), date(2025, 11, 30)),
        ("letzter Monat", date(2025, 10, 1), date(2025, 10, 31)),
        ("letztes Jahr", date(2024, 1, 1), date(2024, 12, 31)),
        ("letzten 7 Tage", date(2025, 11, 19), TODAY),
        ("vor drei Wochen", date(2025, 11, 3), date(2025, 11, 9)),
        ("März 2025", date(2025, 3, 1), date(2025, 3, 31)),
        ("im Dezember", date(2024, 12, 1), date(2024, 12, 31)),
        ("2024", date(2024, 1, 1), date(2024, 12, 31)),
        ("Q1 2025", date(2025, 1, 1), date(2025, 3, 31)),
        ("12.03.2025", date(2025, 3, 12), date(2025, 3, 12)),
        ("seit 1.2.2025", date(2025, 2, 1), LATEST),
        ("bis März 2025", EARLIEST, date(2025, 3, 31)),
        ("1.1.2025 bis 31.3.2025", date(2025, 1, 1), date(2025, 3, 31)),
        ("2024..2025", date(2024, 1, 1), date(2025, 12, 31)),
        ("last week", date(2025, 11, 17), date(2025, 11, 23)),
    ],
)
def test_days_in_words(words: str, first: date, last: date) -> None:
    assert days(words, TODAY) == (first, last)


@pytest.mark.parametrize("words", ["", "irgendwann", "0000", "99.99.9999", "bis", "31.12.2025 bis 1.1.2025"])
def test_other_words_are_no_days(words: str) -> None:
    assert days(words, TODAY) is None
