"""Columns that a plain text has run together: "Marlene Kupfer Lindenfurt, den 3. März 2025" are two rows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from ingest.letter import marks
from ingest.letter.dates import find_dates
from ingest.letter.labels import leading
from ingest.letter.sheet import Row

HEAD_ROWS = 12
FIRST_ROWS = 3  # where a place may be one that no address names
_BEFORE_DATE = re.compile(
    r"^(?P<left>.+?)\s+(?P<place>(?:(?:Bad|St\.|Groß|Klein|Neu)\s)?[A-ZÄÖÜ][\wäöüß-]+)\s*(?:,\s*(?:den|am)?|\s(?:den|am))\s*$"
)


def unmerge(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows of a plain text, a date at the end of an address line as a row of its own."""
    places = {place for row in rows[: 2 * HEAD_ROWS] if (place := marks.place_of(row.text)) is not None}
    parted = [
        part for number, row in enumerate(rows) for part in (_parted(row, places) if number < HEAD_ROWS else [row])
    ]
    return tuple(replace(row, number=number) for number, row in enumerate(parted))


def _parted(row: Row, places: Iterable[str]) -> list[Row]:
    dates = find_dates(row.text)
    if len(dates) != 1 or len(row.text) > 90 or leading(row.text) is not None or row.text[dates[0].end :].strip(" ."):
        return [row]
    before = row.text[: dates[0].start]
    left = _left(before, places, first=row.number < FIRST_ROWS)
    if left is None or len(left.split()) < 2 or marks.is_contact(left):
        return [row]
    return [replace(row, text=left), replace(row, text=row.text[len(left) :].strip())]


def _left(before: str, places: Iterable[str], *, first: bool) -> str | None:
    """What stands left of place and date; None where it is not a line of an address."""
    for place in places:
        match = re.match(rf"(?P<left>.+?)\s+{re.escape(place)}\s*,?\s*(?:den|am)?\s*$", before)
        if match is not None:
            return match["left"]
    match = _BEFORE_DATE.match(before) if first else None
    return match["left"] if match is not None and len(match["left"].split()) <= 6 else None
