"""Date ranges in words: ``letzte Woche``, ``März 2025``, ``seit 1.2.2025``, ``vor 3 Wochen``."""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import NamedTuple

from search.german import fold
from search.numbers import MONTHS, whole_date

EARLIEST, LATEST = date(1, 1, 1), date(9999, 12, 31)


class Range(NamedTuple):
    """A closed range of days."""

    first: date
    last: date


_NUMBERS = {
    word: number
    for number, words in enumerate(
        (
            "ein eine einem einer einen one a",
            "zwei zweien two",
            "drei three",
            "vier four",
            "fuenf five",
            "sechs six",
            "sieben seven",
            "acht eight",
            "neun nine",
            "zehn ten",
        ),
        start=1,
    )
    for word in words.split()
}
_NUMBER = r"(?P<n>\d{1,3}|" + "|".join(_NUMBERS) + ")"
_LAST = r"(?:letzte[nrsm]?|vorige[nrsm]?|vergangene[nrsm]?|last|previous)"
_THIS = r"(?:diese[nrsm]?|aktuelle[nrsm]?|laufende[nrsm]?|this)"
_UNIT = r"(?P<unit>tage?n?|days?|wochen?|weeks?|monate?n?|months?|jahre?n?s?|years?|quartale?s?|quarters?)"
_AGO = f"{_NUMBER} {_UNIT} ago".replace("?P<n>", "?P<m>").replace("?P<unit>", "?P<u>")
_PRE = r"(?:(?:im|in|in der|vom|von|am|aus|the|of|on) )?"


def _week(day: date) -> Range:
    monday = day - timedelta(days=day.weekday())
    return Range(monday, monday + timedelta(days=6))


def _month(year: int, month: int) -> Range:
    return Range(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def _year(year: int) -> Range:
    return Range(date(year, 1, 1), date(year, 12, 31))


def _quarter(year: int, quarter: int) -> Range:
    return Range(date(year, quarter * 3 - 2, 1), _month(year, quarter * 3).last)


def _back(day: date, unit: str, number: int) -> date:
    """The day ``number`` units before."""
    if unit[0] in "td":
        return day - timedelta(days=number)
    if unit[0] == "w":
        return day - timedelta(weeks=number)
    months = number * (1 if unit[0] == "m" else 3 if unit[0] == "q" else 12)
    index = day.year * 12 + day.month - 1 - months
    year, month = divmod(index, 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))


def _around(day: date, unit: str) -> Range:
    """The week, month, quarter or year that ``day`` lies in."""
    if unit[0] in "td":
        return Range(day, day)
    if unit[0] == "w":
        return _week(day)
    if unit[0] == "m":
        return _month(day.year, day.month)
    return _quarter(day.year, (day.month + 2) // 3) if unit[0] == "q" else _year(day.year)


def _count(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _named_month(found: re.Match[str], today: date) -> Range | None:
    month = MONTHS.get(found["name"])
    if month is None:
        return None
    if found["year"]:
        return _month(int(found["year"]), month)
    return _month(today.year if month <= today.month else today.year - 1, month)


_Reader = Callable[[re.Match[str], date], Range | None]
_READERS: tuple[tuple[re.Pattern[str], _Reader], ...] = tuple(
    (re.compile(_PRE + pattern), reader)
    for pattern, reader in (
        (r"(?:heute|today)", lambda _, today: Range(today, today)),
        (r"(?:gestern|yesterday)", lambda _, today: Range(today - timedelta(1), today - timedelta(1))),
        (r"vorgestern", lambda _, today: Range(today - timedelta(2), today - timedelta(2))),
        (f"{_THIS} {_UNIT}", lambda found, today: _around(today, found["unit"])),
        (f"{_LAST} {_UNIT}", lambda found, today: _around(_back(today, found["unit"], 1), found["unit"])),
        (
            r"vor(?:letzte[nrsm]?) " + _UNIT,
            lambda found, today: _around(_back(today, found["unit"], 2), found["unit"]),
        ),
        (
            f"(?:(?:den |der |die )?{_LAST}|seit|since) {_NUMBER} {_UNIT}",
            lambda found, today: Range(_back(today, found["unit"], _count(found["n"])), today),
        ),
        (
            f"(?:vor {_NUMBER} {_UNIT}|{_AGO})",
            lambda found, today: _around(
                _back(today, found["unit"] or found["u"], _count(found["n"] or found["m"])),
                found["unit"] or found["u"],
            ),
        ),
        (r"(?P<name>[a-z]{3,9})(?: (?P<year>\d{4}))?", _named_month),
        (r"(?:jahr )?(?P<year>\d{4})", lambda found, _: _year(int(found["year"]))),
        (
            r"(?P<year>\d{4})[-/](?P<month>0[1-9]|1[0-2])|(?P<month2>0?[1-9]|1[0-2])[./](?P<year2>\d{4})",
            lambda found, _: _month(int(found["year"] or found["year2"]), int(found["month"] or found["month2"])),
        ),
        (
            r"(?:q ?(?P<q>[1-4])|(?P<q2>[1-4])\.? ?quartal)(?: (?P<year>\d{4}))?",
            lambda found, today: _quarter(int(found["year"] or today.year), int(found["q"] or found["q2"])),
        ),
    )
)
_FROM = re.compile(r"(?:seit|ab|nach|since|from|after|>=?) ?(?P<start>.+)")
_UNTIL = re.compile(r"(?:bis|vor|until|before|<=?)(?: zum?)? ?(?P<end>.+)")
_TWO = re.compile(
    r"(?:von |vom |zwischen |from |between )?(?P<start>.+?)"
    r" ?(?:\.\.\.?| bis(?: zum?)? | - | – | und | to | until ) ?(?P<end>.+)"
)


def days(words: str, today: date) -> Range | None:
    """The range of days that ``words`` mean (a day, a week ...), or None when they mean none."""
    plain = " ".join(words.lower().split())
    try:
        return _single(plain, today) or _open(plain, today)
    except (ValueError, OverflowError):  # year 0, before the first day
        return None


def _single(plain: str, today: date) -> Range | None:
    day = whole_date(plain)
    if day is not None:
        return Range(day, day)
    folded = fold(plain)
    for pattern, reader in _READERS:
        found = pattern.fullmatch(folded)
        if found and (meant := reader(found, today)):
            return meant
    return None


def _open(plain: str, today: date) -> Range | None:
    for pattern in (_TWO, _FROM, _UNTIL):
        found = pattern.fullmatch(plain)
        if not found:
            continue
        ends = found.groupdict()
        start = _single(ends["start"].strip(), today) if "start" in ends else Range(EARLIEST, EARLIEST)
        end = _single(ends["end"].strip(), today) if "end" in ends else Range(LATEST, LATEST)
        if start and end and start.first <= end.last:
            return Range(start.first, end.last)
    return None
