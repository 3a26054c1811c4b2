"""People, accounts and addresses are no features; matters are."""

from __future__ import annotations

import pytest

from classify.features import count
from classify.letters import Example
from classify.masking import is_closing, is_greeting, mask
from classify.zones import part


@pytest.mark.parametrize(
    "private",
    [
        "DE89 3704 0044 0532 0130 00",
        "Herrn Sascha Trautvetter",
        "Frau Dr. Mertins",
        "Volker Stiegler",
        "Anna-Lena von Hagen",
        "Hauptstraße 12",
        "Am Rehberg 14",
        "35871 Lindenfurt",
        "anna.muster@example.org",
        "0170 1234567",
    ],
)
def test_what_identifies_a_person_is_masked(private: str) -> None:
    masked = mask(f"Die Hundesteuer von {private}, bitte prüfen.")
    assert "Hundesteuer" in masked
    telling = [word for word in private.split() if word not in {"Herrn", "Frau", "Am", "von"}]
    assert not any(word in masked for word in telling)


def test_a_street_as_a_matter_stays() -> None:
    assert "Straße" in mask("Die Straße hat Löcher")


def test_a_word_parted_at_the_end_of_a_line_is_joined() -> None:
    assert "Hundesteuer" in mask("Hunde-\nsteuer")


@pytest.mark.parametrize("line", ["Sehr geehrte Frau Kahl,", "Guten Tag,", "Moin!", "Liebe Kollegen"])
def test_greetings_are_known(line: str) -> None:
    assert is_greeting(line)


@pytest.mark.parametrize("line", ["Mit freundlichen Grüßen", "Viele Grüße", "Hochachtungsvoll", "Gruß Timo"])
def test_closings_are_known(line: str) -> None:
    assert is_closing(line)


def test_names_account_and_address_change_no_feature() -> None:
    form = (
        "{name}\n{street}\n35871 Ort\n\nMülltonne\n\nSehr geehrte Frau {clerk},\n\nbitte leeren Sie die Tonne. "
        "Erstattung auf {iban}.\n\nMit freundlichen Grüßen\n{name}"
    )
    first = form.format(name="Erika Muster", street="Ahornweg 3", clerk="Kahl", iban="DE89 3704 0044 0532 0130 00")
    second = form.format(name="Timo Adler", street="Am Wall 12", clerk="Böhm", iban="DE02 1203 0000 0000 2020 51")
    counts = count([Example(first), Example(second)])
    assert (counts[0] != counts[1]).nnz == 0


def test_subject_is_found_above_the_greeting() -> None:
    text = "A. Muster\n12345 Ort\n\n2025-01-01\n\nSperrmüll bestellen\n\nGuten Tag,\nbitte abholen."
    assert part(Example(text)).subject == "Sperrmüll bestellen"


def test_a_note_without_any_form_is_read_whole() -> None:
    assert "Laub liegt überall" in part(Example("Laub liegt überall")).body


@pytest.mark.parametrize(
    ("text", "codes"),
    [
        ("Ihr Zeichen: 331.1-2874/20", ("331",)),
        ("zu 22.1 HuSt 6612", ("22",)),
        ("63-BA-00214-25", ("63",)),
        ("51 C 118/24", ()),
        ("am 12.06.2024", ()),
        ("Rechnung über 20-30 Euro", ()),
    ],
)
def test_file_references_show_their_leading_number(text: str, codes: tuple[str, ...]) -> None:
    assert part(Example(text)).references == codes
