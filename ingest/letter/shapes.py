"""What references look like: "32.4-OWi-55021873", "KZ 4402.1187.6"; and what only looks like one.

File references of German towns begin with the number of a unit or of a file plan entry ("50.2/Wg-18840").
Dockets of courts (Aktenordnung) have a chamber, a register sign, a number and a year ("4 K 318/24").
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from ingest.letter.slips import fold, repair_numbers

MAX_LENGTH = 34
_NUMBERED = r"(?:KZ|Kz|PNr\.?|PK|Pers\.-Nr\.?|Kennziffer|Kassenzeichen)"  # a bare number follows
_ABBREVIATION = rf"(?:{_NUMBERED}|[A-Z][a-zäöü]{{0,5}}[A-Z][A-Za-zäöü]{{0,6}}|[A-Z]{{1,4}})"
_CHARS = "[0-9A-Za-zÄÖÜäöüß|]+"
_TOKEN = re.compile(
    rf"(?:(?P<word>{_ABBREVIATION})\s)?"
    rf"(?P<core>{_CHARS}(?:[-/._–]{{1,2}}{_CHARS})+"
    r"(?:(?<=[.A-Za-zäöüß])(?P<apart>\.?\s(?:[0-9]{3,}|[0-9]{2}(?=[-/.]))(?:[-/.][0-9A-Za-z]+)*))?)"
    rf"|(?P<short>(?:{_NUMBERED}|G|StA|FE)\s[0-9OolI]{{2,}}[0-9OolI./-]*[0-9OolI])"
)
_UNIT_FIRST = r"[0-9]{2,3}(?:\.[0-9]{1,2})?[-/][A-Za-zÄÖÜäöüß]"
_OF_TOWN = re.compile(rf"{_UNIT_FIRST}|(?!0)[0-9]{{2,3}}(?:\.[0-9]{{1,2}})?-[0-9]+[-/.]")
_REGISTERS = "AL|AR|AS|BV|Ca|Cs|Ds|HRB|IK|IN|Js|Kg|KR|LG|Ls|NC|OWi|Qs|SO|Sa|VI|XVI|XVII|ZB|ZR|[ABCEFKLMNORSTUWZ]"
DOCKET = re.compile(
    rf"(?<![\w/.-])(?:\d{{1,4}}|[IVX]+)\s(?:[IVX]+\s)?(?:{_REGISTERS})\s"
    r"(?:[A-Z]\s|[IVX]+\s)?\d{1,6}/\d{2,4}"
    r"(?:[.\s][A-Z]{1,3})?(?![\w/])"
)
_LABEL_WORDS = {fold(word) for word in ("aktenzeichen", "az", "gz", "akz")}
_DAY = r"\d{1,2}\.\d{1,2}\.?(?:\d{2,4})?"
_SHAPES = (  # the first that fits counts; on the token without its abbreviation
    (0.0, re.compile(r"[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}\s?\d{1,4}[EH]?")),  # number plate
    (
        0.0,
        re.compile(r"(?=(?:\D*\d){0,4}\D*$).*(?:[a-zäöüß]{4}|[A-ZÄÖÜ][a-zäöüß]{3}).*"),
    ),  # 200-Meter-Streifen
    (2.4, re.compile(rf"(?=(?:\D*\d){{3}}){_UNIT_FIRST}.*")),
    (0.0, re.compile(r"(?:\D*\d){0,2}\D*|[^-/.]+|.*\.(?:de|com|pdf|net|org)")),
    (0.0, re.compile(r"0\d{2,5}[-/]\d[\d-]*|\d{1,3}(?:\.\d{3})+")),  # telephone, amount
    (
        0.2,
        re.compile(r"(?:19|20)\d{2}[-/](?:19|20)?\d{2}|\d{1,4}[-/]\d{1,4}"),
    ),  # years, house numbers, a plot
    (0.0, re.compile(rf"{_DAY}(?:[-/–]{_DAY})?")),
    (2.1, re.compile(rf"(?=(?:\D*\d){{6}})(?:{_OF_TOWN.pattern}).*")),
    (1.2, re.compile(r"\d{1,4}(?:\.\d{2,4}){2,}(?:\.\d)?")),
    (1.3, re.compile(r"(?=(?:\D*\d){4})[A-Z]{1,5}[-/.].*")),
    (1.0, re.compile(r".*[A-Za-z].*")),
    (0.8, re.compile(r"(?:\D*\d){6,}\D*")),
)
_ABBREVIATED_MOST = 1.5  # points of a token that an abbreviation stands before


def is_docket(text: str) -> bool:
    """Whether a docket of a court stands in it."""
    return DOCKET.search(text) is not None


def is_of_town(text: str) -> bool:
    """Whether it begins as file references of towns do."""
    return _OF_TOWN.match(text) is not None


def has_shape(text: str) -> bool:
    """Whether it begins like any reference."""
    return _TOKEN.match(text) is not None or sum(char.isdigit() for char in text) >= 5


def tokens(text: str) -> Iterator[tuple[str, int, int]]:
    """Everything with the make-up of a reference: as printed, where it begins and ends.

    A number that stands apart belongs to a reference ("70-1/Geb. 20417"), not to a word ("Kita-Akte 51.3").
    """
    position = 0
    while (match := _TOKEN.search(text, position)) is not None:
        apart = match.start("apart")
        if match["apart"] and not any(char.isdigit() for char in text[match.start("core") : apart]):
            position = apart + 1
            continue
        yield _trimmed(match), match.start(), match.end()
        position = match.end()


def _trimmed(match: re.Match[str]) -> str:
    if match["short"]:
        return repair_numbers(" ".join(match["short"].split()))
    core = repair_numbers(" ".join(match["core"].strip(".-/_").split()))
    word = match["word"]
    if word and fold(word).strip(".") not in _LABEL_WORDS and not re.match(_UNIT_FIRST, core):
        return f"{word} {core}"
    return core


def shape_points(token: str) -> float:
    """How much a token looks like a file reference of a town: 0 not at all, 2 and more surely."""
    if re.match(_NUMBERED, token):
        return 2.2 if sum(char.isdigit() for char in token) >= 4 else 0.0
    word = re.match(rf"{_ABBREVIATION}\s", token)
    core = token[word.end() :] if word else token
    if len(core) > MAX_LENGTH:
        return 0.0
    points = next((points for points, shape in _SHAPES if shape.fullmatch(token) or shape.fullmatch(core)), 0.0)
    return min(points, _ABBREVIATED_MOST) if word else points
