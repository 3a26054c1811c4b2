"""Dates, references, money, terms, labels: the pieces that a letter is read by."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import pytest

from ingest.letter.dates import find_dates, month_of
from ingest.letter.deadlines import find_deadlines
from ingest.letter.doctype import find_doctype
from ingest.letter.labels import Label, leading, values
from ingest.letter.marks import address_parts, is_closing, is_place, is_salutation, is_signed, is_street
from ingest.letter.money import find_amounts, find_ibans
from ingest.letter.names import alike, is_person
from ingest.letter.references import reference_value
from ingest.letter.shapes import is_docket, shape_points, tokens
from ingest.letter.slips import repair_numbers


@pytest.mark.parametrize(
    "text",
    [
        "3.3.2025", "03.03.2025", "3.3.25", "03. 03. 2025", "O3.O3.2O25", "2025-03-03", "3/3/2025", "3. März 2025",
        "3.März 2025", "den 3. Maerz 2025", "3. Mrz. 2025", "3. Marz 2025", "3. III. 2025", "3 March 2025",
        "March 3, 2025", "Montag, 3. März 2025", "3. März '25",
    ],
)  # fmt: skip
def test_dates_are_found_in_all_spellings(text: str) -> None:
    assert [found.day for found in find_dates(text)] == [date(2025, 3, 3)]


@pytest.mark.parametrize(
    "text",
    [
        "31.02.2025",
        "32.4-OWi-55021873",
        "0561 / 12.34",
        "3. März",
        "26. Juni, 53.2-HYG/311",
        "12.03.4",
        "10.2.03-2/2025",
    ],
)
def test_what_is_no_date_is_none(text: str) -> None:
    assert not find_dates(text)


def test_months_are_known_with_one_wrong_letter() -> None:
    assert [month_of(name) for name in ("Februat", "Oktobcr", "Dezernber", "Jänner", "Unsinn")] == [
        2,
        10,
        None,
        1,
        None,
    ]


@pytest.mark.parametrize(
    ("text", "label", "value"),
    [
        ("Ihr Zeichen: 10.2-A", Label.OWN, "10.2-A"),
        ("lhr Zeichen: 10.2-A", Label.OWN, "10.2-A"),
        ("Unser Zeichen AB-7", Label.FOREIGN, "AB-7"),
        ("Az.: 12/3", Label.REFERENCE, "12/3"),
        ("Daturn: 3.3.2025", Label.DATE, "3.3.2025"),
        ("Betreff: Hecke", Label.SUBJECT, "Hecke"),
        ("Tel. 0561 1234", Label.CONTACT, "0561 1234"),
        ("Ihr Zeichen: Kassenzeichen 5.0110", Label.OWN, "Kassenzeichen 5.0110"),
    ],
)
def test_labels_are_known(text: str, label: Label, value: str) -> None:
    hit, found = values(text)[0]
    assert (hit.label, found) == (label, value)


@pytest.mark.parametrize(
    "text", ["Von Anfang an war es laut", "Datum und Ort sind egal", "Anlagenbau Meyer", "Azubi gesucht"]
)
def test_words_that_only_begin_like_labels_are_none(text: str) -> None:
    assert leading(text) is None


def test_lines_of_addresses_are_told_apart() -> None:
    assert is_place("35871 Lindenfurt") and is_place("D-35871 Bad Wildungen") and is_place("3587l Lindenfurt")
    assert not is_place("35871") and not is_place("2025 Stück")
    assert is_street("Am Rehberg 14") and is_street("Steinbrecher Str. 3") and is_street("Postfach 10 14 30")
    assert not is_street("Turngemeinde Kirchtal 1898 e. V.")
    assert is_salutation("Sehr geehrte Damen und Herren,") and is_salutation(
        "Guten Tag, anbei der Nachweis. " + "x " * 60
    )
    assert not is_salutation("Hiltrud Emde") and not is_salutation("Hallenbad Neuburg")
    assert is_closing("Mit freundlichen Grüßen") and is_signed("i. A. Köster") and not is_signed("gezahlt habe ich")


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Marlene Kupfer · Am Rehberg 14 · 35874 Brunnstett", "Marlene Kupfer"),
        ("Marlene Kupfer, Am Rehberg 14, 35874 Brunnstett", "Marlene Kupfer"),
        ("Samuel Tesfay : Gartenfeld 28, App. 12 - 35871 Lindenfurt", "Samuel Tesfay"),
        ("Tief + Rohr Bergmann GmbH · Am Lagerhaus 14 · 35871 Lindenfurt", "Tief + Rohr Bergmann GmbH"),
        ("Friederike Pahlke, früher Sontheimer, Ahornweg 33, 35871 Lindenfurt", "Friederike Pahlke, früher Sontheimer"),
    ],
)
def test_a_return_address_is_taken_apart(text: str, name: str) -> None:
    parts = address_parts(text)
    assert parts is not None and parts[0] == name


def test_a_sentence_is_no_return_address() -> None:
    assert address_parts("Am Rehberg 14, 35874 Brunnstett") is None
    assert address_parts("Ich wohne im Rehberg") is None


def test_names_agree_in_spite_of_slips() -> None:
    assert alike("Bürowelt Sandkuhl GmbH", "BUROWELT SANDKUHL GmbH") and alike("Marlene Kupfer", "Mariene Kupfer")
    assert not alike("Marlene Kupfer", "Egon Pfitzner")
    assert is_person("Dr. Konrad Abelein") and is_person("Waltraud und Egon Pfitzner") and not is_person("Am Wehr 12")


@pytest.mark.parametrize(
    "text",
    [
        "32.4-OWi-55021873",
        "50.2/Wg-18840",
        "20-VO-3391/23",
        "63-00417-23-14",
        "331.1-2874/20",
        "70-1/Geb. 20417",
        "KZ 4402.1187.6",
    ],
)
def test_a_towns_reference_is_known_by_its_shape(text: str) -> None:
    assert [token for token, _, _ in tokens(f"Betreff {text}, bitte")] == [text]
    assert shape_points(text) >= 2


@pytest.mark.parametrize(
    "text",
    [
        "LF-XR 218",
        "200-Meter-Streifen",
        "06451-12345",
        "40-44",
        "2023/24",
        "12.03.2025",
        "1.250.000",
        "www.stadt-neuburg.de",
        "E-Mail",
    ],
)
def test_other_things_are_no_references(text: str) -> None:
    assert all(shape_points(token) < 1 for token, _, _ in tokens(text))


def test_a_courts_docket_is_known() -> None:
    assert is_docket("4 K 318/24") and is_docket("61 F 508/24 SO") and is_docket("9 XVII M 211/23")
    assert not is_docket("20-VO-3391/23")


def test_a_references_value_ends_before_other_things() -> None:
    assert reference_value("10.2-Ausb/2025 vom 3.3.2025") == "10.2-Ausb/2025"
    assert reference_value("-") is None and reference_value("3.3.2025") is None


def test_numbers_are_repaired_and_words_are_left() -> None:
    assert repair_numbers("2O.l-OWi-55O2") == "20.1-OWi-5502"
    assert repair_numbers("OWi-IT") == "OWi-IT"


def test_ibans_are_checked_and_repaired() -> None:
    assert find_ibans("IBAN DE02 1203 0000 0000 2020 51") == ("DE02120300000000202051",)
    assert find_ibans("IBAN DEO2 12O3 0000 0000 2O20 5l bei der Bank") == ("DE02120300000000202051",)
    assert find_ibans("DE02 1203 0000 0000 2020 52") == ()


def test_amounts_are_read_as_printed() -> None:
    assert find_amounts("1.602,84 €, EUR 12,50, 48 Euro, 250,- €, 17 Uhr, 160 x 80 cm") == (
        Decimal("1602.84"), Decimal("12.50"), Decimal("48.00"), Decimal("250.00"),
    )  # fmt: skip


def test_terms_are_dates_or_words() -> None:
    found = find_deadlines(
        "bitte bis spätestens 15. April 2025, sonst innerhalb von zwei Wochen. Vom 1.1.2025 bis 31.1.2025 nicht."
    )
    assert found[0].date == date(2025, 4, 15)
    assert found[1].date is None and found[1].words == "innerhalb von zwei Wochen"


@pytest.mark.parametrize(
    ("subject", "kind"),
    [
        ("2. Mahnung zu unserer Rechnung 2311-094", "mahnung"),
        ("Widerspruch gegen den Grundsteuerbescheid", "widerspruch"),
        ("Bewerbung um einen Ausbildungsplatz", "bewerbung"),
        ("Antrag auf Hilfe zur Pflege", "antrag"),
        ("Rechnung Nr. 23-0417", "rechnung"),
        ("Zwei alte Bäume", None),
    ],
)
def test_the_kind_of_document_follows_the_subject(subject: str, kind: str | None) -> None:
    assert find_doctype(subject, "") == kind
