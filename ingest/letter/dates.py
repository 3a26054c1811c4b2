"""Dates in all German spellings (and English ones), with slips of OCR.

Own expressions instead of ``dateparser``: that takes 1 to 20 ms a line, reads "Am Wehr 12" or a
reference as a date, and knows no slips of OCR. A letter has some fifty lines, and the
whole of it shall take less than 30 ms.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

from ingest.letter.slips import as_digits, fold

FIRST_YEAR, LAST_YEAR = 1900, 2099
_MONTHS = {
    1: "januar jänner jan january",
    2: "februar feber feb february",
    3: "märz maerz mär mrz march",
    4: "april apr",
    5: "mai may",
    6: "juni juno jun june",
    7: "juli julei jul july",
    8: "august aug",
    9: "september sept sep",
    10: "oktober okt october oct",
    11: "november nov",
    12: "dezember dez december dec",
}
_MONTH_OF = {fold(word): number for number, words in _MONTHS.items() for word in words.split()}
_ROMAN = {
    "I": 1,
    "II": 2,
    "III": 3,
    "IV": 4,
    "V": 5,
    "VI": 6,
    "VII": 7,
    "VIII": 8,
    "IX": 9,
    "X": 10,
    "XI": 11,
    "XII": 12,
}
_DIGIT = "[0-9OolI|]"
_YEAR = rf"(?P<year>(?:[12l|]{_DIGIT}|['’])?\s?{_DIGIT}{{2}})(?![0-9A-Za-z])"
_SPELLINGS = (
    # 03.03.2025, 3.3.25, 3 . 3 . 2025, 03,03.2025, 3/3/2025, 03-03-2025
    re.compile(
        rf"(?<![0-9A-Za-z.,/-])(?P<day>{_DIGIT}{{1,2}})\s?[.,]\s?(?P<month>{_DIGIT}{{1,2}})\s?[.,]\s?{_YEAR}(?![-/][0-9])"
    ),
    re.compile(
        rf"(?<![0-9A-Za-z.,/-])(?P<day>{_DIGIT}{{1,2}})(?P<sep>[/-])(?P<month>{_DIGIT}{{1,2}})(?P=sep)(?P<year>[12]{_DIGIT}{{3}})(?![0-9A-Za-z/-])"
    ),
    # 2025-03-03
    re.compile(
        rf"(?<![0-9A-Za-z.,/-])(?P<year>(?:19|20|2O){_DIGIT}{{2}})-(?P<month>{_DIGIT}{{2}})-(?P<day>{_DIGIT}{{2}})(?![0-9A-Za-z/-])"
    ),
    # 3. März 2025, 3.Mrz. 25, 3 March 2025
    re.compile(
        rf"(?<![0-9A-Za-z.,/-])(?P<day>{_DIGIT}{{1,2}})(?:st|nd|rd|th)?\s?[.,]?\s?(?P<name>[A-Za-zÄÖÜäöü]{{3,10}})\.?\s{{0,2}}{_YEAR}(?![-/.]?[0-9])"
    ),
    re.compile(
        rf"(?<![0-9A-Za-z.,/-])(?P<day>{_DIGIT}{{1,2}})\s?[.,]?\s?(?P<name>[A-Za-zÄÖÜäöü]{{3,10}}),\s{{0,2}}(?P<year>(?:19|20){_DIGIT}{{2}})(?![-/.]?[0-9])"
    ),
    # 3. III. 2025
    re.compile(rf"(?<![0-9A-Za-z.,/-])(?P<day>{_DIGIT}{{1,2}})\s?\.\s?(?P<roman>[IVX]{{1,4}})\.?\s?{_YEAR}"),
    # March 3, 2025
    re.compile(
        rf"(?<![A-Za-z])(?P<name>[A-Za-z]{{3,10}})\.?\s(?P<day>{_DIGIT}{{1,2}})(?:st|nd|rd|th)?,?\s(?P<year>[12]{_DIGIT}{{3}})(?![0-9])"
    ),
)


@dataclass(frozen=True, slots=True)
class Found:
    """A date in a text and where it stands."""

    day: date
    start: int
    end: int


def find_dates(text: str) -> list[Found]:
    """All whole dates (day, month and year) of a text, in their order."""
    found: list[Found] = []
    for spelling in _SPELLINGS:
        for match in spelling.finditer(text):
            day = _day(match)
            if day is not None and not any(match.start() < other.end and other.start < match.end() for other in found):
                found.append(Found(day, match.start(), match.end()))
    return sorted(found, key=lambda item: item.start)


def month_of(name: str) -> int | None:
    """The month of a name, an abbreviation or a name with one wrong letter."""
    folded = fold(name)
    if folded in _MONTH_OF:
        return _MONTH_OF[folded]
    near = {number for word, number in _MONTH_OF.items() if len(word) >= 5 and one_slip(word, folded)}
    return near.pop() if len(near) == 1 else None


def one_slip(word: str, other: str) -> bool:
    """Whether at most one letter differs: another one, one more, or one less."""
    if abs(len(word) - len(other)) > 1:
        return False
    start = 0
    while start < min(len(word), len(other)) and word[start] == other[start]:
        start += 1
    return (
        word[start + 1 :] == other[start + 1 :]
        or word[start:] == other[start + 1 :]
        or word[start + 1 :] == other[start:]
    )


def _day(match: re.Match[str]) -> date | None:
    groups = match.groupdict()
    if groups.get("name") is not None:
        month = month_of(groups["name"])
    elif groups.get("roman") is not None:
        month = _ROMAN.get(groups["roman"])
    else:
        month = int(as_digits(groups["month"]))
    year = int(as_digits(re.sub(r"[\s'’]", "", groups["year"])))
    if year < 100:
        year += 2000 if year < 60 else 1900
    if month is None or not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, int(as_digits(groups["day"])))
    except ValueError:
        return None


def days(text: str) -> Iterator[date]:
    """The dates of a text alone."""
    return (found.day for found in find_dates(text))
