"""What a letter says about itself, whatever its layout."""

from __future__ import annotations

import time
from datetime import date
from decimal import Decimal

import pytest

from ingest.letter import ENCLOSURES_MAYBE_MISSING, PAGES_MISSING, Enclosures, read_letter
from tests.unit.ingest.letters import drawn, plain

PRIVATE = """Rosa Winterscheid
Lerchenhof 7
45881 Talheim

Stadt Neuburg
Ordnungsamt
Rathausplatz 1
45880 Neuburg

Talheim, den 3. März 2025

Widerspruch gegen die Gebühr, 32.1/Geb-0815-25

Sehr geehrte Damen und Herren,

gegen Ihren Bescheid vom 17.02.2025 lege ich Widerspruch ein. Die Gebühr von 48,50 € ist zu hoch.
Bitte antworten Sie bis zum 31.03.2025.

Mit freundlichen Grüßen
Rosa Winterscheid

Anlagen: Bescheid, Foto
"""

DIN_5008 = [
    (25, 46, "Kranbau Oelsner GmbH · Werftweg 3 · 20457 Hamburg"),
    (25, 52, "Stadt Neuburg"),
    (25, 56.5, "Tiefbauamt"),
    (25, 61, "Rathausplatz 1"),
    (25, 65.5, "45880 Neuburg"),
    (125, 52, "Ihr Zeichen:"),
    (155, 52, "66.2-Auf-118/25"),
    (125, 56.5, "Unser Zeichen:"),
    (155, 56.5, "OE/77-b"),
    (125, 61, "Telefon:"),
    (155, 61, "040 5550123"),
    (125, 65.5, "Datum:"),
    (155, 65.5, "11.04.2025"),
    (25, 98, "Angebot für zwei Krane am Bauhof, Aufstellung und"),
    (25, 102.5, "Abbau im Mai"),
    (25, 112, "Sehr geehrte Frau Lammers,"),
    (25, 121, "wir bieten Ihnen die Krane zum Preis von 1.250,00 EUR an. Das Angebot gilt bis zum 30.04.2025."),
    (25, 130, "Mit freundlichen Grüßen"),
    (25, 140, "Oelsner"),
]


def test_a_private_letter_is_read() -> None:
    facts = read_letter([plain(PRIVATE)])
    assert facts.sender == "Rosa Winterscheid"
    assert facts.sender_lines == ("Rosa Winterscheid", "Lerchenhof 7", "45881 Talheim")
    assert facts.recipient_lines == ("Stadt Neuburg", "Ordnungsamt", "Rathausplatz 1", "45880 Neuburg")
    assert facts.letter_date == date(2025, 3, 3)
    assert facts.subject == "Widerspruch gegen die Gebühr, 32.1/Geb-0815-25"
    assert facts.own_references == ("32.1/Geb-0815-25",)
    assert facts.doctype == "widerspruch"
    assert facts.amounts == (Decimal("48.50"),)
    assert [(term.date, term.words) for term in facts.deadlines] == [(date(2025, 3, 31), "bis zum 31.03.2025")]
    assert facts.enclosures_announced == Enclosures(2, ("Bescheid", "Foto"))


@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
@pytest.mark.parametrize(("shift", "skew"), [((0.0, 0.0), 0.0), ((4.0, -6.0), 2.5), ((-5.0, 7.0), -3.0)])
def test_a_business_letter_is_read_shifted_leaning_and_turned(
    orientation: int, shift: tuple[float, float], skew: float
) -> None:
    facts = read_letter([drawn(DIN_5008, orientation=orientation, shift=shift, skew=skew)])
    assert facts.sender == "Kranbau Oelsner GmbH"
    assert facts.recipient_lines[0] == "Stadt Neuburg"
    assert facts.letter_date == date(2025, 4, 11)
    assert facts.subject == "Angebot für zwei Krane am Bauhof, Aufstellung und Abbau im Mai"
    assert facts.own_references == ("66.2-Auf-118/25",)
    assert facts.foreign_references == ("OE/77-b",)
    assert facts.doctype == "angebot"


@pytest.mark.parametrize("orientation", [90, 180, 270])
def test_a_page_whose_orientation_was_noted_wrongly_is_read_by_its_words(orientation: int) -> None:
    page = drawn(DIN_5008, orientation=orientation).evolve(orientation=(orientation + 90) % 360)
    facts = read_letter([page])
    assert (facts.sender, facts.letter_date) == ("Kranbau Oelsner GmbH", date(2025, 4, 11))


def test_values_stand_under_the_labels_of_a_reference_line() -> None:
    head = [line for line in DIN_5008 if line[0] != 125 and line[0] != 155]
    labels = [(25, 84, "Ihr Zeichen"), (75, 84, "Ihre Nachricht vom"), (120, 84, "Unser Zeichen"), (165, 84, "Datum")]
    values = [
        (25, 88.5, "66.2-Auf-118/25"),
        (75, 88.5, "01.04.2025"),
        (120, 88.5, "OE/77-b"),
        (165, 88.5, "11.04.2025"),
    ]
    facts = read_letter([drawn([*head, *labels, *values])])
    assert facts.own_references[0] == "66.2-Auf-118/25"
    assert facts.letter_date == date(2025, 4, 11)
    assert facts.subject == "Angebot für zwei Krane am Bauhof, Aufstellung und Abbau im Mai"


def test_the_sender_may_stand_at_the_top_right() -> None:
    right = [(135, 20, "Rosa Winterscheid"), (135, 24.5, "Lerchenhof 7"), (135, 29, "45881 Talheim")]
    town = [(25, 50, "Stadtverwaltung Neuburg"), (25, 54.5, "Rathausplatz 1"), (25, 59, "45880 Neuburg")]
    rest = [
        (135, 75, "3.3.2025"),
        (25, 95, "Betr.: Kaputte Laterne"),
        (25, 110, "Guten Tag,"),
        (25, 120, "sie ist aus."),
    ]
    facts = read_letter([drawn([*right, *town, *rest])])
    assert (facts.sender, facts.letter_date, facts.subject) == (
        "Rosa Winterscheid",
        date(2025, 3, 3),
        "Kaputte Laterne",
    )


def test_an_address_after_the_signature_is_the_senders() -> None:
    letter = "Stadt Neuburg\n45880 Neuburg\n\n3.3.2025\n\nHallo,\n\ndie Laterne ist aus.\n\nGruß\n\n"
    text = f"{letter}Rosa Winterscheid\nLerchenhof 7\n45881 Talheim"
    facts = read_letter([plain(text)])
    assert facts.sender == "Rosa Winterscheid"
    assert facts.sender_lines[-1] == "45881 Talheim"


def test_a_note_without_anything_is_not_made_up() -> None:
    facts = read_letter([plain("die laterne vor unserm haus ist schon wieder aus, bitte mal schauen")])
    assert (facts.sender, facts.letter_date, facts.subject, facts.own_references) == (None, None, None, ())


def test_no_page_and_empty_pages_are_read() -> None:
    assert read_letter([]).sender is None
    assert read_letter([drawn([])]).sender is None


@pytest.mark.parametrize("town", [None, "Stadt Neuburg"])
def test_the_sender_is_never_the_town(town: str | None) -> None:
    facts = read_letter(
        [plain("Stadt Neuburg\nRathausplatz 1\n45880 Neuburg\n\nSehr geehrte Damen und Herren,\n\nes brennt.")],
        town=town,
    )
    assert facts.sender is None


def test_another_authority_can_be_the_sender() -> None:
    head = "Landratsamt Talheim\nKreisstraße 4\n45881 Talheim\n\nStadt Neuburg\n45880 Neuburg\n\n3.3.2025\n\n"
    text = f"{head}Amtshilfe\n\nSehr geehrte Kollegen,\n\nwir bitten um Auskunft."
    assert read_letter([plain(text)]).sender == "Landratsamt Talheim"


def test_a_subject_that_names_an_office_is_not_taken_for_the_recipient() -> None:
    facts = read_letter(
        [plain(PRIVATE.replace("Widerspruch gegen die Gebühr, 32.1/Geb-0815-25", "An das Jugendamt: Kita"))]
    )
    assert facts.subject == "An das Jugendamt: Kita"
    assert facts.recipient_lines[0] == "Stadt Neuburg"


def test_slips_of_ocr_are_tolerated() -> None:
    text = PRIVATE.replace("Talheim, den 3. März 2025", "lhr Zeichen: 32.l/Geb-O815-25\n\nTalheim, den O3.03.2O25")
    facts = read_letter([plain(text)])
    assert facts.letter_date == date(2025, 3, 3)
    assert "32.1/Geb-0815-25" in facts.own_references


def test_a_page_that_is_announced_but_missing_is_warned_of() -> None:
    assert PAGES_MISSING in read_letter([drawn([*DIN_5008, (160, 285, "Seite 1 von 3")])]).warnings
    assert PAGES_MISSING not in read_letter([drawn([*DIN_5008, (160, 285, "Seite 1 von 1")])]).warnings


def test_enclosures_that_were_not_scanned_are_warned_of() -> None:
    letter = drawn([*DIN_5008, (25, 160, "Anlagen: 2")])
    enclosure = drawn([(25, 50, "Datenblatt"), (25, 60, "Technische Werte des Krans")])
    assert ENCLOSURES_MAYBE_MISSING in read_letter([letter]).warnings
    assert ENCLOSURES_MAYBE_MISSING not in read_letter([letter, enclosure, enclosure]).warnings
    assert not read_letter([plain(PRIVATE)]).warnings  # a text file: nothing was scanned


def test_a_letter_takes_less_than_30_ms() -> None:
    page = plain(PRIVATE)
    read_letter([page])
    spent = []
    for _ in range(9):
        start = time.process_time()
        read_letter([page])
        spent.append(time.process_time() - start)
    assert sorted(spent)[4] < 0.03
