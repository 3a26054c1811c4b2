"""How much the letter says it has: "Seite 1 von 3", "Anlagen: 2"; and whether it was all there."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.letter import marks
from ingest.letter.facts import Enclosures
from ingest.letter.labels import Label, leading
from ingest.letter.sheet import Row, Sheet
from ingest.letter.slips import as_digits

MAX_PAGES = 400
MAX_NAMES = 30
_PAGE_OF = re.compile(
    r"\b(?:Seite|Blatt|Page|S\.|Bl\.|Seiten?-Nr\.)\s*:?\s*([0-9lIO|]{1,3})\s*(?:von|of|/|v\.)\s*(?:insgesamt\s)?([0-9lIO|]{1,3})\b",
    re.IGNORECASE,
)
_COUNT = re.compile(
    r"^\(?(\d{1,2}|eine?|zwei|drei|vier|fünf|sechs|sieben|acht|neun|zehn)\)?(?:\s*(?:Stück|Anlagen?|Blatt|x))?\.?$",
    re.IGNORECASE,
)
_COUNTED = re.compile(r"^(\d{1,2}|eine?|zwei|drei|vier|fünf|sechs)\s+(?:Anlagen?|Beilagen?|Anl\.)\b", re.IGNORECASE)
_NUMBERS = {
    "ein": 1,
    "eine": 1,
    "zwei": 2,
    "drei": 3,
    "vier": 4,
    "fünf": 5,
    "sechs": 6,
    "sieben": 7,
    "acht": 8,
    "neun": 9,
    "zehn": 10,
}
_BULLET = re.compile(r"^(?:[-–•*·>+o]|\d{1,2}[.)]|[a-z]\)|Anlage\s?\d{1,2}\s*[:.)-]?)\s*")


def pages_announced(sheets: Sequence[Sheet]) -> int | None:
    """The number of pages by the first page that says it."""
    for sheet in sheets:
        for row in sheet.rows:
            match = _PAGE_OF.search(row.text)
            if match is None:
                continue
            number, total = int(as_digits(match[1])), int(as_digits(match[2]))
            if 1 <= number <= total <= MAX_PAGES:
                return total
    return None


def enclosures_announced(rows: Sequence[Row]) -> Enclosures | None:
    """The enclosures of the last list that begins with "Anlagen"."""
    for place in range(len(rows) - 1, -1, -1):
        text = rows[place].text.strip()
        counted = _COUNTED.match(text)
        if counted is not None and len(text) < 40:
            return Enclosures(_number(counted[1]), ())
        label = leading(text)
        if label is None or label.label is not Label.ENCLOSURES or (label.bare and len(text) > 30):
            continue
        found = _listed(text[label.end :].strip(" :"), rows[place], rows[place + 1 :])
        if found is not None:
            return found
    return None


def _listed(rest: str, row: Row, following: Sequence[Row]) -> Enclosures | None:
    count = _COUNT.match(rest)
    names: list[str] = []
    if count is None and rest:
        names = _names(rest)
    block = row.block
    for other in following[:MAX_NAMES]:
        text = other.text.strip()
        if other.block != block and (names or other.block > block + 1) and not _BULLET.match(text):
            break
        if len(text) > 90 or marks.is_closing(text) or marks.is_contact(text) or marks.address_parts(text):
            break
        if rest and not _BULLET.match(text):
            if names and other.block == row.block and rest.rstrip().endswith(","):
                names.extend(_names(text))
                continue
            break
        block = other.block
        name = _BULLET.sub("", text).strip(" ,;")
        if sum(char.isalpha() for char in name) >= 3:
            names.append(name)
    if count is not None:
        return Enclosures(_number(count[1]), tuple(names))
    return Enclosures(len(names), tuple(names)) if names else None


def _names(text: str) -> list[str]:
    depth, start, parts = 0, 0, []
    for place, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if char in ",;" and depth <= 0:
            parts.append(text[start:place])
            start = place + 1
    parts.append(text[start:])
    names = (_BULLET.sub("", part.strip()) for part in parts)
    return [name for name in names if sum(char.isalpha() for char in name) >= 3]


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word.lower()]
