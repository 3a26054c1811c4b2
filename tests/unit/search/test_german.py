"""Words: folding, stems, compounds, tokens."""

from __future__ import annotations

import pytest
from snowballstemmer.german_stemmer import GermanStemmer

from search.compounds import cut, parts, vocabulary
from search.german import STOP_WORDS, fold, stem, tokens


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Gebühr", "GEBUEHR"),
        ("Straße", "STRASSE"),
        ("daß", "dass"),
        ("Fluß", "Fluss"),
        ("Wachſtube", "Wachstube"),
        ("Schiffahrt", "Schifffahrt"),
        ("Gebu\u0308hr", "Gebühr"),
        ("Café", "Cafe"),
        ("Photographie", "Fotografie"),
        ("Telephon", "Telefon"),
        ("selbständig", "selbstständig"),
        ("Thür", "Tür"),
    ],
)
def test_spellings_fold_alike(one: str, other: str) -> None:
    assert fold(one) == fold(other)


def test_umlaut_without_dots_stays_different() -> None:
    assert fold("Gebuhr") != fold("Gebühr")


@pytest.mark.parametrize(
    ("one", "other"),
    [("Häuser", "Haus"), ("Anträge", "Antrag"), ("Gebühren", "Gebühr"), ("Bescheide", "Bescheid"), ("Städte", "Stadt")],
)
def test_forms_have_one_stem(one: str, other: str) -> None:
    assert stem(fold(one)) == stem(fold(other))


def test_stems_are_those_of_snowball_in_python() -> None:
    """With PyStemmer installed or not: the stems must be the same on all hosts."""
    plain = GermanStemmer()
    words = [*vocabulary().modifiers][::40]
    assert [stem(word) for word in words] == [plain.stemWord(word) or word for word in words]


@pytest.mark.parametrize(
    ("word", "pieces"),
    [
        ("Gebührenbescheid", "Gebühr Bescheid"),
        ("Hundesteuerbescheide", "Hund Steuer Bescheid"),
        ("Straßenverkehrsamt", "Straße Verkehr Amt"),
        ("Baugenehmigungsverfahren", "Bau Genehmigung Verfahren"),
        ("Gewerbesteuervorauszahlungen", "Gewerbe Steuer Vorauszahlung"),
        ("Restmülltonne", "Rest Müll Tonne"),
        ("Stadtrat", "Stadt Rat"),
        ("Personalausweis", "Personal Ausweis"),
        ("Abfallgebührensatzung", "Abfall Gebühr Satzung"),
    ],
)
def test_compounds_are_split(word: str, pieces: str) -> None:
    assert parts(fold(word)) == tuple(stem(fold(piece)) for piece in pieces.split())


@pytest.mark.parametrize(
    "word", ["Beschwerde", "Genehmigung", "Verwaltung", "Antrag", "Gemeinde", "freundlichen", "Lindenfurt", "2025", "x"]
)
def test_simple_words_stay_whole(word: str) -> None:
    assert parts(fold(word)) == (stem(fold(word)),)


def test_cut_keeps_the_spelling() -> None:
    assert cut("gebuehrenbescheid") == ("gebuehren", "bescheid")
    assert cut("bescheid") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Gebühren-\nbescheid", ["Gebührenbescheid"]),
        ("Gebühren-  \r\n  bescheid", ["Gebührenbescheid"]),
        ("Gebüh\u00adren", ["Gebühren"]),
        ("Grund-\nund Gewerbesteuer", ["Grund", "und", "Gewerbesteuer"]),
        ("Haupt-\nAmt", ["Haupt", "Amt"]),
        ("E-Mail, 12.3.", ["E", "Mail", "12", "3"]),
    ],
)
def test_tokens(text: str, words: list[str]) -> None:
    assert [token.surface for token in tokens(text)] == words


def test_tokens_know_their_place() -> None:
    text = "Die Gebühren-\nbescheide kamen"
    token = list(tokens(text))[1]
    assert text[token.start : token.end] == "Gebühren-\nbescheide"


def test_stop_words_are_folded() -> None:
    assert {fold(word) for word in STOP_WORDS} == STOP_WORDS
