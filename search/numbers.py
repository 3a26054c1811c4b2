"""Dates, amounts and references, whatever way they are written: one *mark* each, the same for text and query.

12.03.2025   12. März 2025   2025-03-12   ->  d20250312
1.234,50     1234,50 EUR     1 234,50 €   ->  n1234.50
22.3-HuSt-2025-0417   223HuSt20250417     ->  223hust20250417 (and o223hu5t20250417, blind to O/0, l/1, S/5)
E-Mail-Adresse                            ->  emailadresse
Grund- und Gewerbesteuer                  ->  grundsteuer (and its stem)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date
from typing import NamedTuple

from search.compounds import cut
from search.german import Token, fold, stem, tokens

MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "januar jan jaenner january",
            "februar feb febr feber february",
            "maerz mrz mar march",
            "april apr",
            "mai may",
            "juni jun june",
            "juli jul july",
            "august aug",
            "september sep sept",
            "oktober okt october oct",
            "november nov",
            "dezember dez december dec",
        ),
        start=1,
    )
    for name in names.split()
}
_DATES = re.compile(
    r"(?<![\d.])(?P<day>\d{1,2})\.\s{0,2}(?:(?P<month>\d{1,2})\.\s{0,2}|(?P<name>[^\W\d_]{3,9})\.?\s{1,2})"
    r"(?P<year>\d{4}|'?\d{2})(?![\d])"
    r"|(?<![\d-])(?P<y>\d{4})-(?P<m>\d{2})-(?P<d>\d{2})(?![\d-])"
)
_AMOUNTS = re.compile(
    r"(?<![\w.,/-])(?P<whole>\d{1,3}(?:[. \u00a0\u202f']\d{3})+|\d+)(?:,(?P<cents>\d{2}|--?|—|–))?"
    r"(?P<money>\s?(?:€|EUR\b|Euro\b))?(?![\w/]|[.,-]\d)"
)
_LEFT_OUT = re.compile(
    r"\b(?P<short>[^\W\d_]{2,})[-‐]\s{1,3}(?:und|oder|sowie|bzw\.?|u\.|als auch|und/oder)\s{1,3}"
    r"(?P<whole>[^\W\d_]{6,})"
)
_OPEN_END = re.compile(r"[-‐]\s")
_CENTURY = 70  # two-digit years from here are 19xx
_JOINT = re.compile(r"[-‐‑–./_:+&]")
_DIGIT = re.compile(r"\d")
_SPOT = r"(?<!\S)(?=\S*?(?:\d|[^\W_][-‐‑–./_:+&][^\W_])|\W*[^\W\d_]{1,4}[A-ZÄÖÜ])\S+"
_GROUP = re.compile(f"{_SPOT}(?:[ \\t]{{1,3}}(?:[-/–][ \\t]{{1,2}})?{_SPOT})*")
_GAP = re.compile(r"[ \t./\-–_:]{1,3}")
_BLIND = str.maketrans("oilsbz", "011582")
LONGEST_REFERENCE = 40
_SHORTEST_RUN = 5
_RUN = 8  # pieces of a reference at most


class Mark(NamedTuple):
    """A normal form and the place of what was written."""

    term: str
    start: int
    end: int


def marks(text: str) -> Iterator[Mark]:
    """All marks of ``text``: dates, amounts, references, words joined by hyphens."""
    if _DIGIT.search(text):
        yield from dates(text)
        yield from amounts(text)
    yield from joined(text)
    yield from left_out(text)


def left_out(text: str) -> Iterator[Mark]:
    """Compounds whose end stands only in the next word."""
    if not _OPEN_END.search(text):
        return
    for found in _LEFT_OUT.finditer(text):
        pieces = cut(fold(found["whole"]))
        if pieces:
            word = fold(found["short"]) + "".join(pieces[1:])
            for term in dict.fromkeys((word, stem(word))):
                yield Mark(term, found.start(), found.end())


def dates(text: str) -> Iterator[Mark]:
    """Complete dates in German or ISO spelling; impossible ones are left out."""
    for found in _DATES.finditer(text):
        day = date_of(found)
        if day is not None:
            yield Mark(f"d{day:%Y%m%d}", found.start(), found.end())


def date_of(found: re.Match[str]) -> date | None:
    """The day that a match of the date pattern means, or None when there is no such day."""
    if found["y"]:
        year, month, day = int(found["y"]), int(found["m"]), int(found["d"])
    else:
        month = MONTHS.get(fold(found["name"]), 0) if found["name"] else int(found["month"])
        year, day = int(found["year"].lstrip("'")), int(found["day"])
        if year < 100:
            year += 1900 if year >= _CENTURY else 2000
    try:
        return date(year, month, day)
    except ValueError:
        return None


def whole_date(text: str) -> date | None:
    """The day when ``text`` is one date and nothing else."""
    found = _DATES.fullmatch(text.strip())
    return date_of(found) if found else None


def amounts(text: str) -> Iterator[Mark]:
    """Numbers with thousands, cents or a currency; plain numbers are words and need no mark."""
    for found in _AMOUNTS.finditer(text):
        whole = re.sub(r"\D", "", found["whole"])
        if found["cents"] is None and found["money"] is None and whole == found["whole"]:
            continue
        cents = found["cents"] if (found["cents"] or "").isdigit() else "00"
        yield Mark(f"n{int(whole)}.{cents}", found.start(), found.end())


def joined(text: str) -> Iterator[Mark]:
    """References and hyphenated words, without what separates their pieces."""
    for group in _GROUP.finditer(text):
        run: list[Token] = []
        for token in tokens(text, group.start(), group.end()):
            if run and not _belongs(text[run[-1].end : token.start], run[-1], token):
                yield from _run_marks(text, run)
                run = []
            run.append(token)
        yield from _run_marks(text, run)


def _belongs(gap: str, before: Token, after: Token) -> bool:
    if len(gap) == 1 and _JOINT.match(gap):
        return True
    return bool(_GAP.fullmatch(gap)) and "\n" not in gap and _like_reference(before) and _like_reference(after)


def _like_reference(token: Token) -> bool:
    """Digits, or a short word with a capital besides its first letter (``HuSt``, ``AZ``, ``KG``)."""
    word = token.surface
    return _has_digit(token) or (len(word) <= 5 and word[1:].lower() != word[1:])


def _has_digit(token: Token) -> bool:
    return not token.surface.isalpha() and _DIGIT.search(token.surface) is not None


def _run_marks(text: str, run: list[Token]) -> Iterator[Mark]:
    if not run:
        return
    if len(run) == 1:
        if _has_digit(run[0]):
            yield from _reference(run)
        return
    if any(map(_has_digit, run)):
        if len(run) <= _RUN:
            yield from _reference(run)
        first = next(place for place, token in enumerate(run) if _has_digit(token))
        if 0 < first < len(run) - 1 and len(run) - first <= _RUN:  # "IBAN DE12 ...", "AZ 22.3 HuSt ..."
            yield from _reference(run[first:])
        yield from _tight_runs(text, run)
    elif all(text[one.end] in "-‐‑–" for one in run[:-1]):
        yield _mark(run, "".join(fold(token.surface) for token in run))


def _tight_runs(text: str, run: list[Token]) -> Iterator[Mark]:
    """The pieces of a run that are joined without blanks (``Az. 22.3-HuSt-1 vom`` -> ``22.3-HuSt-1``)."""
    start = 0
    for place in range(1, len(run) + 1):
        if place == len(run) or not _JOINT.fullmatch(text[run[place - 1].end : run[place].start]):
            tight = run[start:place]
            if len(tight) < len(run) or len(run) > _RUN:
                yield from _reference(tight)
            start = place


def _reference(run: list[Token]) -> Iterator[Mark]:
    term = "".join(fold(token.surface) for token in run)
    if _SHORTEST_RUN <= len(term) <= LONGEST_REFERENCE and any(sign.isdigit() for sign in term):
        yield _mark(run, term)
        yield _mark(run, "o" + blind(term))


def blind(term: str) -> str:
    """A reference without the differences that OCR does not see: O/0, l/i/1, S/5, B/8, Z/2."""
    return term.translate(_BLIND)


def _mark(run: list[Token], term: str) -> Mark:
    return Mark(term[:LONGEST_REFERENCE], run[0].start, run[-1].end)
