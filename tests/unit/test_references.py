"""A quoted reference leads to its file in spite of OCR, and never to a wrong one."""

from __future__ import annotations

import pytest

from classify.references import match, quoted_keys, same_party
from models.references import reference_key

REGISTER = {
    reference_key(reference): reference
    for reference in ("22.3-HuSt-2025-0417", "22.3-HuSt-2025-0418", "63-BA-00217/25", "50.2-WG-104577", "30-S-118/25")
}


@pytest.mark.parametrize(
    "printed",
    [
        "22.3-HuSt-2025-0417",
        "22.3 - HuSt - 2025 - 0417",
        "22.3-HuSt-2O25-O4l7",
        "22.3-Hu5t-2025-0417",
        "223HuSt20250417",
    ],
)
def test_a_reference_is_known_however_it_was_printed_and_read(printed: str) -> None:
    found = match([printed], [], REGISTER)
    assert found is not None
    assert found.target == "22.3-HuSt-2025-0417"


def test_two_slips_in_letters_are_forgiven() -> None:
    found = match(["22.3-HvSf-2025-0417"], [], REGISTER)
    assert found is not None
    assert (found.target, found.slips) == ("22.3-HuSt-2025-0417", 2)


@pytest.mark.parametrize("printed", ["22.3-HuSt-2025-0419", "22.3-HuSt-2024-0417", "63-BA-00227/25", "50.2-WG-10457"])
def test_another_number_is_another_file(printed: str) -> None:
    assert match([printed], [], REGISTER) is None


def test_two_files_in_one_letter_lead_nowhere() -> None:
    assert match(["63-BA-00217/25", "30-S-118/25"], [], REGISTER) is None


def test_a_reference_in_the_text_is_found_without_a_label() -> None:
    text = "wie besprochen (Az. 63-BA-00217/25) reiche ich nach"
    found = match([], quoted_keys(text), REGISTER)
    assert found is not None
    assert found.target == "63-BA-00217/25"


def test_phone_numbers_and_dates_are_no_references() -> None:
    assert match([], quoted_keys("Tel. 0171 104577, am 12.03.2025, 118/25"), REGISTER) is None


def test_a_party_is_known_by_its_names() -> None:
    assert same_party("Raithel, Korbinian", ["Korbinian Raithel"])
    assert same_party("Holzbau Zirbelmeyer GmbH & Co. KG", ["Holzbau Zirbelmeyer GmbH"])
    assert not same_party("Yasemin Karabulut", ["Hiltrud Wennemann"])
