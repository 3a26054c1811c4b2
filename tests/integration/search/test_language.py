"""The query language, on each engine."""

from __future__ import annotations

from datetime import date

import pytest

from search import Query, SearchIndex
from tests.integration.search.engines import ALL, entry, fill, found

LETTERS = (
    entry(
        "dog",
        "Der Hund ist angemeldet.",
        subject="Anmeldung Hund",
        sender="Erika Muster",
        unit="22",
        unit_name="Steueramt",
        doctype="Antrag",
        file_reference="22.3-HuSt-2025-0417",
        efile="22.3",
        day=date(2025, 3, 5),
    ),
    entry(
        "cat",
        "Die Katze und der Hund streiten.",
        subject="Beschwerde über Lärm",
        sender="Stadtwerke Lindenfurt GmbH",
        unit="32",
        unit_name="Ordnungsamt",
        doctype="Beschwerde",
        state="clarify",
        day=date(2024, 7, 1),
        tokens=frozenset({"*", "clarify"}),
    ),
)


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        ("Hund", {"dog", "cat"}),
        ("Hund -Katze", {"dog"}),
        ("Hund NICHT Katze", {"dog"}),
        ("Katze OR Anmeldung", {"dog", "cat"}),
        ("Katze ODER Anmeldung", {"dog", "cat"}),
        ("(Katze OR Maus) Hund", {"cat"}),
        ('"der Hund"', {"dog", "cat"}),
        ("anmeld*", {"dog"}),
        ("a*", {"dog"}),
        ("einheit:22", {"dog"}),
        ("einheit:Ordnungsamt", {"cat"}),
        ("unit:32 Hund", {"cat"}),
        ("absender:Stadtwerke", {"cat"}),
        ('absender:"Erika Muster"', {"dog"}),
        ("betreff:Lärm", {"cat"}),
        ("betreff:anm*", {"dog"}),
        ("betreff:Katze", set()),
        ("az:22.3-HuSt-2025-0417", {"dog"}),
        ("az:223hust20250417", {"dog"}),
        ("az:22.3", {"dog"}),
        ("akte:22.3", {"dog"}),
        ("art:Beschwerde", {"cat"}),
        ("status:Klärung", {"cat"}),
        ("state:filed", {"dog"}),
        ('datum:"März 2025"', {"dog"}),
        ("datum:März 2025 Hund", {"dog"}),
        ("datum:2024", {"cat"}),
        ('datum:"1.1.2025 bis 31.3.2025"', {"dog"}),
        ("-Katze", {"dog"}),
        ("", {"dog", "cat"}),
    ],
)
def test_query_language(index: SearchIndex, query: str, ids: set[str]) -> None:
    fill(index, *LETTERS)
    assert set(found(index, query)) == ids


@pytest.mark.parametrize(
    "query",
    [
        '"Hund',
        "Hund (",
        ") Hund",
        "OR Hund",
        "Hund OR",
        "farbe:Hund",
        "betreff:",
        "datum:irgendwann Hund",
        "*",
        "((((",
        '"',
        "-",
        "Hu*nd",
        ":",
        "a:b:c",
        "\x00",
        "🐕 Hund",
        "x" * 5000,
        "Hund " * 300,
        "az:",
        "^~[]{}\\/",
    ],
)
def test_bad_syntax_never_fails(index: SearchIndex, query: str) -> None:
    fill(index, *LETTERS)
    found = index.find(Query(query, ALL))
    assert 0 <= len(found.hits) <= found.total <= len(LETTERS)


@pytest.mark.parametrize("query", ['"Hund', "Hund (", "OR Hund", "farbe:Hund", "datum:irgendwann Hund"])
def test_bad_syntax_is_taken_as_words_with_a_hint(index: SearchIndex, query: str) -> None:
    fill(index, *LETTERS)
    hits = index.find(Query(query, ALL))
    assert hits.hint
    assert {hit.id for hit in hits.hits} == {"dog", "cat"}


def test_correction_is_offered(index: SearchIndex) -> None:
    fill(index, *LETTERS)
    hits = index.find(Query("Beschwedre Katze", ALL))
    assert hits.corrected == "Beschwerde Katze"
    assert [hit.id for hit in hits.hits] == ["cat"]
