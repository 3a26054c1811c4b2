"""Accounts and amounts. IBAN: ISO 13616-1, check digits by ISO 7064 MOD 97-10."""

from __future__ import annotations

import re
from decimal import Decimal

from ingest.letter.slips import as_digits

_LENGTHS = {
    "AT": 20, "BE": 16, "CH": 21, "CZ": 24, "DE": 22, "DK": 18, "ES": 24, "FR": 27, "GB": 22, "IE": 22,
    "IT": 27,
    "LI": 21, "LT": 20, "LU": 20, "NL": 18, "PL": 28, "PT": 25, "RO": 24, "SE": 24, "TR": 26,
}  # fmt: skip
_IBAN = re.compile(rf"(?<![A-Za-z0-9])({'|'.join(_LENGTHS)}|D3|D€)((?:[ .]?[0-9A-Za-z|!]){{14,28}})")
_AMOUNT = re.compile(
    r"(?:(?P<before>€|EUR|Euro)\s?)?(?<![\w.,/-])(?P<whole>\d{1,3}(?:[. ’']\d{3})+|\d{1,9})"
    r"(?:,\s?(?P<cents>\d{2}|-{1,2}|–|—))?(?![\d])(?:\s?(?P<after>€|EUR\b|Euro\b))?",
    re.IGNORECASE,
)


def find_ibans(text: str) -> tuple[str, ...]:
    """IBANs with right check digits, without spaces, in their order; letters read for digits are repaired."""
    found: dict[str, None] = {}
    for match in _IBAN.finditer(text):
        country = match[1].replace("3", "E").replace("€", "E")
        length = _LENGTHS[country]
        rest = re.sub(r"[ .]", "", match[2])[: length - 2]
        for tail in (rest.upper(), as_digits(rest), as_digits(rest[:2]) + rest[2:].upper()):
            iban = country + tail
            if is_iban(iban):
                found.setdefault(iban)
                break
    return tuple(found)


def is_iban(iban: str) -> bool:
    """Whether length and check digits are right."""
    if len(iban) != _LENGTHS.get(iban[:2]) or not re.fullmatch(r"[A-Z]{2}\d{2}[A-Z0-9]+", iban):
        return False
    number = "".join(str(int(char, 36)) for char in iban[4:] + iban[:4])
    return int(number) % 97 == 1


def find_amounts(text: str) -> tuple[Decimal, ...]:
    """Amounts in euros as printed, in their order, each once."""
    found: dict[Decimal, None] = {}
    for match in _AMOUNT.finditer(text):
        if not match["before"] and not match["after"]:
            continue
        whole = re.sub(r"\D", "", match["whole"])
        cents = match["cents"] if match["cents"] and match["cents"].isdigit() else "00"
        found.setdefault(Decimal(f"{int(whole)}.{cents}"))
    return tuple(found)
