"""Terms that a letter sets: "bis zum 15.04.2025", "innerhalb von zwei Wochen"."""

from __future__ import annotations

import re

from ingest.letter.dates import find_dates
from ingest.letter.facts import Deadline

_UNTIL = re.compile(
    r"(?:\bbis\s+(?:spätestens\s+|einschließlich\s+)?(?:zum|am|Ende|Mittwoch|\w+tag)?|\bspätestens\s+(?:bis\s+)?(?:zum|am)?|\bFrist\b[^.\n]{0,40}?(?:bis|am|zum|:)|\bzahlbar\s+bis|\bfällig\s+(?:am|zum)?|\bFristablauf\b\W{0,3})\W*(?:den\s+)?$",
    re.IGNORECASE,
)
_WITHIN = re.compile(
    r"\b(?:innerhalb|binnen|innert)\s+(?:von\s+|der nächsten\s+)?"
    r"(?:(?:einer|eines|ein|zwei|zweier|drei|dreier|vier|fünf|sechs|acht|zehn|vierzehn|\d{1,3})\s+)"
    r"(?:\w+\s+)?(?:Tag(?:en|es|e)?|Werktagen?|Woche[n]?|Monat(?:en|s|es|e)?)\b|\bbinnen\s+(?:Wochen|Monats|Jahres)frist\b",
    re.IGNORECASE,
)
_PAST = re.compile(r"\b(?:von|vom|ab|seit)\b[^.]{0,24}$", re.IGNORECASE)


def find_deadlines(text: str) -> tuple[Deadline, ...]:
    """Terms in their order. A relative one has no date: when it began to run is not in the letter."""
    flat = re.sub(r"\s+", " ", text)
    found: list[tuple[int, Deadline]] = []
    for date in find_dates(flat):
        before = flat[max(0, date.start - 60) : date.start]
        match = _UNTIL.search(before)
        if match is not None and not _PAST.search(before[: match.start()]):
            found.append((date.start, Deadline(date.day, (match[0] + flat[date.start : date.end]).strip())))
    found.extend((match.start(), Deadline(None, match[0])) for match in _WITHIN.finditer(flat))
    unique: dict[Deadline, None] = dict.fromkeys(deadline for _, deadline in sorted(found, key=lambda item: item[0]))
    return tuple(unique)
