"""The date of the letter: "Datum:", "Lindenfurt, den 3. März 2025", a date that stands alone."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from datetime import date

from ingest.letter.dates import Found, find_dates
from ingest.letter.labels import Label
from ingest.letter.parts import Parts
from ingest.letter.sheet import Row
from ingest.letter.slips import fold, folded_pattern

LEAST = 1.0
_PLACE_BEFORE = re.compile(r"^[^\W\d_][\w.()/ -]{1,38}?(?:,\s*(?:den|d\.|am|im|der)?|\s+(?:den|d\.|am)|\s*[,.;:])\s*$")
_DAY_BEFORE = re.compile(
    r"^(?:den|am|vom)?\s*(?:Mo|Di|Mi|Do|Fr|Sa|So|Mon|Diens|Donners|Frei|Sams|Sonn)\w*[.,]?\s*(?:,|den|d\.)*\s*$"
)
_NOT_OURS = re.compile(
    "|".join(
        folded_pattern(words)
        for words in (
            "ihr schreiben",
            "ihre nachricht",
            "ihre e-mail",
            "ihre mail",
            "ihr bescheid",
            "ihre anfrage",
            "unser schreiben",
            "unsere nachricht",
            "geb.",
            "geboren",
            "eingang",
            "eingeg",
            "stand",
            "bescheid",
            "gültig",
            "rechnung vom",
            "lieferung",
            "leistung",
            "schaden",
            "termin",
            "frist",
            "fällig",
        )
    )
)
_BEFORE = re.compile(r"\b(?:vom|v\.|bis|zum|seit|ab|am|geb\.?|geboren|und)\s*$", re.IGNORECASE)
_FAX = re.compile(r"\bfax\b|\d{1,2}:\d{2}|\bseite\b|\bs\.\s?\d", re.IGNORECASE)


def find_letter_date(parts: Parts) -> date | None:
    """The date that has most points; None where no date stands where a letter has its date."""
    ranked = list(_ranked(parts))
    if not ranked:
        return None
    points, day = max(ranked, key=lambda item: item[0])
    return day if points >= LEAST else None


def _ranked(parts: Parts) -> Iterator[tuple[float, date]]:
    others = {
        item.value_row for item in parts.labelled if item.label is Label.OTHER_DATE and item.value_row != item.row
    }
    for item in parts.labelled:
        if item.label is Label.DATE:
            for found in find_dates(item.value)[-1:]:
                yield 6.0, found.day
    for place, row in enumerate(parts.head):
        if row not in others:
            yield from _in_row(row, _stamped(parts.head, row), 0.001 * place)
    for place, row in enumerate(parts.foot):
        for points, day in _in_row(row, False, 0.001 * place):
            if points >= 3:
                yield points - 0.8, day
    for place, row in enumerate(parts.body):
        for points, day in _in_row(row, False, 0.001 * place):
            if points >= 3:
                yield points - 1.2, day


def _stamped(head: Sequence[Row], row: Row) -> bool:
    """The row lies in a block with a stamp of receipt."""
    return any(
        other.block == row.block and re.search("eing(?:ang|eg)", fold(other.text)) for other in head
    ) and not any(other.block == row.block and other is not row and len(other.text) > 60 for other in head)


def _in_row(row: Row, stamped: bool, later: float) -> Iterator[tuple[float, date]]:
    text = row.text.strip()
    for found in find_dates(text):
        yield _points(text, found) - later - (4.0 if stamped else 0.0), found.day


def _points(text: str, found: Found) -> float:
    before, after = text[: found.start], text[found.end :].strip(" .,;)")
    points = 0.5
    if not before.strip(" ,.-–(") and not after:
        points = 3.6
    elif not after and _PLACE_BEFORE.match(before):
        points = 4.2 if re.search(r",|\bden\b", before) else 3.4
    elif not after and (_DAY_BEFORE.match(before) or before.strip() in ("den", "d.", "am", "Den", "Am")):
        points = 3.6
    elif not after and len(text) < 60:
        points = 1.6
    elif not before.strip() and len(text) < 60:
        points = 1.2
    folded = fold(before)
    if _NOT_OURS.search(folded):
        points -= 4.0
    elif points < 3.5 and _BEFORE.search(before):
        points -= 3.0
    if _FAX.search(text):
        points -= 1.0
    return points
