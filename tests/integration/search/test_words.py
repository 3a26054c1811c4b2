"""German that finds: each engine must find the same."""

from __future__ import annotations

import pytest

from search import SearchIndex
from tests.integration.search.engines import entry, fill, found

FINDS = [
    ("Bescheid", "Ihr Gebührenbescheid vom Mai"),
    ("Hunde Steuer", "die Hundesteuer ist fällig"),
    ("Hundesteuer", "Steuern für Hunde: die Hunde Steuer"),
    ("Hundesteuerbescheide", "der Hundesteuerbescheid"),
    ("Gebühr", "hohe Gebühren"),
    ("gebuehren", "hohe Gebühren"),
    ("GEBÜHREN", "hohe gebuehren"),
    ("Strasse", "in der Straße"),
    ("Anträge", "ein Antrag"),
    ("Häuser", "ein Haus"),
    ("dass", "ich hoffe, daß Sie kommen"),
    ("Fluss", "der Fluß"),
    ("Schifffahrt", "die Schiffahrt"),
    ("Wachstube", "die Wachſtube"),
    ("Rechnung", "die Rechmung liegt bei"),
    ("Aktenzeichen", "das Aktenzeiehen fehlt"),
    ("Gebührenbescheid", "Ihr Gebühren-\nbescheid vom Mai"),
    ("Grundsteuer", "Grund- und Gewerbesteuer"),
    ("Email", "Ihre E-Mail"),
    ("E-Mail", "Ihre Email"),
    ("Kfz-Steuer", "die Kfzsteuer"),
    ("12.03.2025", "am 12. März 2025"),
    ("12. März 2025", "am 2025-03-12"),
    ("2025-03-12", "am 12.3.25"),
    ("1.234,50", "es sind 1234,50 EUR"),
    ("1234,50 €", "es sind 1.234,50"),
    ("22.3-HuSt-2025-0417", "Az. 223HuSt20250417"),
    ("223HuSt20250417", "Az. 22.3-HuSt-2025-0417 vom"),
    ("22.3 HuSt 2025 0417", "Az. 22.3-HuSt-2025-0417"),
    ("22.3-HuSt-2025-0417", "Az. 22.3-HuSt-2O25-O4l7"),
    ("DE12500105175407324931", "IBAN DE12 5001 0517 5407 3249 31"),
    ("Hundestuer", "die Hundesteuer"),
    ("Gebuhr", "die Gebühr"),
    ("Müller", "Frau Muller"),
]


@pytest.mark.parametrize(("query", "text"), FINDS)
def test_word_is_found(index: SearchIndex, query: str, text: str) -> None:
    fill(index, entry("wanted", text), entry("other", "ganz andere Dinge"))
    assert found(index, query) == ["wanted"]


@pytest.mark.parametrize(
    ("query", "text"),
    [
        ('"Hunde Steuer"', "die Hundesteuer"),
        ('"Gebühr"', "die Gebühren"),
        ("4711", "4712"),
    ],
)
def test_exact_search_stays_exact(index: SearchIndex, query: str, text: str) -> None:
    fill(index, entry("one", text))
    assert found(index, query) == []


def test_phrase_does_not_reach_over_pages(index: SearchIndex) -> None:
    fill(index, entry("split", "Ende der Seite\fAnfang neu"), entry("whole", "Seite Anfang"))
    assert found(index, '"Seite Anfang"') == ["whole"]


def test_exact_before_stem_before_part(index: SearchIndex) -> None:
    fill(
        index,
        entry("part", "Der Gebührenbescheid kam gestern an"),
        entry("stem", "Der Text der Bescheide kam gestern"),
        entry("exact", "Der Text vom Bescheid kam gestern"),
    )
    assert found(index, "Bescheid") == ["exact", "stem", "part"]


def test_subject_before_sender_before_text(index: SearchIndex) -> None:
    fill(
        index,
        entry("body", "Wasserwerk"),
        entry("sender", sender="Wasserwerk"),
        entry("subject", subject="Wasserwerk"),
    )
    assert found(index, "Wasserwerk") == ["subject", "sender", "body"]


def test_whole_subject_before_longer_ones(index: SearchIndex) -> None:
    many = [entry(f"n{i}", subject=f"Bebauungsplan Nr. {i}, 1. Änderung") for i in range(1, 30)]
    longer = entry("longer", subject="Bebauungsplan Nr. 12, 1. Änderung, Satzungsbeschluss und Bebauungsplan")
    fill(index, *many, longer)
    assert found(index, "Bebauungsplan Nr. 12, 1. Änderung")[:2] == ["n12", "longer"]
    assert found(index, "Bebauungspan Nr. 12, 1. Änderung")[0] == "n12"


def test_all_words_if_possible_else_most(index: SearchIndex) -> None:
    fill(index, entry("both", "Antrag auf Wohngeld"), entry("one", "Antrag auf Baugenehmigung"))
    assert found(index, "Antrag Wohngeld") == ["both"]
    assert found(index, "Antrag Baugenehmigung Wohngeld")[:2] != []


@pytest.mark.parametrize(
    "subject",
    [
        "Stadtentwicklung -Sachstand-",
        "Anfrage (mündlich): OR oder nicht?",
        'Der "Grüne Weg" - 2. Bauabschnitt (Entwurf)',
        "Amt: neue Leitung",
        "Frage NICHT beantwortet",
        "datum: offen",
    ],
)
def test_whole_subject_is_found_whatever_is_in_it(index: SearchIndex, subject: str) -> None:
    fill(index, entry("wanted", subject=subject), entry("other", subject="Sachstand der Anfrage"))
    assert found(index, subject)[:1] == ["wanted"]
