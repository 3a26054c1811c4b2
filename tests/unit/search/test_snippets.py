"""Snippets: the passage, its marks, the words as written."""

from __future__ import annotations

import pytest

from search import snippet


def marked(query: str, *pages: str) -> list[str]:
    found = snippet(query, pages)
    return [found.text[start:end] for start, end in found.marks]


@pytest.mark.parametrize(
    ("query", "page", "words"),
    [
        ("Bescheid", "Ihr Gebührenbescheid und die Bescheide", ["Gebührenbescheid", "Bescheide"]),
        ("Hundesteuer", "die Hunde Steuer", ["Hunde Steuer"]),
        ("gebuehr", "die Gebühren", ["Gebühren"]),
        ("12.03.2025", "am 12. März 2025 in", ["12. März 2025"]),
        ("223HuSt20250417", "Az. 22.3-HuSt-2025-0417 vom", ["22.3-HuSt-2025-0417"]),
        ("Steuer*", "ein Steuerbescheid", ["Steuerbescheid"]),
        ('"der Hund"', "ein Hund, der Hund", ["der Hund"]),
        ("Gebührenbescheid", "der Gebühren-\nbescheid", ["Gebühren- bescheid"]),
        ("der Hund", "der Hund", ["Hund"]),
    ],
)
def test_what_is_marked(query: str, page: str, words: list[str]) -> None:
    assert marked(query, page) == words


def test_words_of_similar_spelling_are_marked_only_for_words_that_stand_nowhere() -> None:
    pages = ["die zwei Seiten und der Grund"]
    assert snippet("zwie Grund", pages, unknown={"zwie"}).words == {"zwei", "Grund"}
    assert snippet("zwie", pages, unknown={"zwie"}).words == {"zwei"}
    assert snippet("zwie", pages).words == frozenset()
    assert snippet("Hund", pages, unknown={"Hund"}).words == frozenset()  # "und" is a stop word


def test_page_with_most_words_wins() -> None:
    found = snippet("Hund Steuer", ["der Hund", "Hund und Steuer", "die Steuer"])
    assert found.page == 2
    assert found.words == {"Hund", "Steuer"}


def test_passage_is_short_and_holds_the_word() -> None:
    found = snippet("Nadel", ["Heu " * 500 + "Nadel " + "Heu " * 500], width=120)
    assert "Nadel" in found.text
    assert len(found.text) < 160


def test_without_a_match_the_beginning() -> None:
    found = snippet("Katze", ["Sehr geehrte Damen und Herren"])
    assert (found.page, found.marks, found.text) == (1, (), "Sehr geehrte Damen und Herren")


def test_without_pages_nothing() -> None:
    assert snippet("Katze", []).page == 0


def test_line_ends_keep_their_places() -> None:
    found = snippet("Steuer", ["eins\nzwei\nSteuer\ndrei"])
    assert [found.text[start:end] for start, end in found.marks] == ["Steuer"]
