"""German words as the index knows them: tokens with their place in the text, folding, stems.

Three levels, from strict to wide: the *exact* form (folded spelling), the *stem*, the *parts* of a compound
(:mod:`search.compounds`). Both engines get these terms ready-made, so that both find the same.
"""

from __future__ import annotations

import re
import sys
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from importlib.resources import files
from typing import NamedTuple

from core.stemming import stem as german_stem

CACHE = 1 << 18  # distinct words kept analysed: a town's letters have fewer common ones
LONGEST = 60  # letters of a term: longer ones are noise of the reading

_LETTERS = r"(?:[^\W_]++|[\u0300-\u036f]++)++"
# a word broken at the line end: soft hyphen, or hyphen, line end, small letter (but not "Grund-⏎und ...")
_BREAK = (
    r"(?:\u00ad\s*|¬\s*"
    r"|[-‐]\s*?\r?\n\s*(?!(?:und|oder|bzw|sowie|u|als|bis)\b)(?=[a-zäöüßſ]))"
)
_TOKEN = re.compile(f"{_LETTERS}(?:{_BREAK}{_LETTERS})*")
_BREAKS = re.compile(_BREAK)
_FOLD = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ß": "ss", "ſ": "s", "æ": "ae", "œ": "oe", "ø": "oe"})
_TRIPLE = re.compile(r"([bcdfghjklmnpqrstvwxz])\1\1")
# spellings before 1996 (and 1901), as they look folded, and what they are today
_OLD = (
    (re.compile(r"(?<=[oae])graph(?=ie|isch|$)"), "graf"),
    (re.compile(r"^(foto|photo|tele|stenos?)?ph(?=oto|on)"), r"\1f"),
    (re.compile(r"^thuer|^thor(?=e?s?$|wart)"), lambda found: found[0].replace("th", "t")),
    (re.compile(r"^thal(?=$|e|s)"), "tal"),
    (re.compile(r"theil"), "teil"),
    (re.compile(r"selbstaend"), "selbststaend"),
    (re.compile(r"numerier"), "nummerier"),
    (re.compile(r"placier|plazier"), "platzier"),
    (re.compile(r"aufwendig"), "aufwaendig"),
    (re.compile(r"potential"), "potenzial"),
    (re.compile(r"potentiell"), "potenziell"),
    (re.compile(r"substantiell"), "substanziell"),
    (re.compile(r"differential"), "differenzial"),
    (re.compile(r"behende"), "behaende"),
    (re.compile(r"^rauh(?=$|e|h|p)"), "rau"),
    (re.compile(r"^tips$"), "tipps"),
)
_MAYBE_OLD = re.compile("ph|^th|theil|selbstae|numeri|pla[cz]i|aufwend|[nt]ti[ae]l|behende|^rauh|^tips$")
STOP_WORDS = frozenset((files("search") / "data" / "stopwords.txt").read_text("ascii").split())


class Token(NamedTuple):
    """One word of a text: as written (line-end hyphen removed) and where it stands (characters)."""

    surface: str
    start: int
    end: int


def tokens(text: str, start: int = 0, end: int = sys.maxsize) -> Iterator[Token]:
    """The words of ``text`` (or of a part of it) in order; numbers are words too, punctuation separates."""
    for found in _TOKEN.finditer(text, start, end):
        yield Token(unbroken(found[0]), *found.span())


def words(text: str) -> list[str]:
    """The words of ``text`` as written, those broken at a line end with their break."""
    return _TOKEN.findall(text)


def places(text: str) -> list[tuple[int, int]]:
    """Where the :func:`words` stand."""
    return [found.span() for found in _TOKEN.finditer(text)]


def unbroken(word: str) -> str:
    """A word without its break at a line end."""
    return word if word.isalnum() else _BREAKS.sub("", word)


@lru_cache(maxsize=CACHE)
def fold(word: str) -> str:
    """The exact form: small letters, ä = ae, ß = ss, no accents, long s, spelling of today.

    >>> fold("Daß"), fold("Gebühr"), fold("GEBUEHR"), fold("Schiffahrt") == fold("Schifffahrt")
    ('dass', 'gebuehr', 'gebuehr', True)
    """
    plain = unicodedata.normalize("NFC", word).lower().translate(_FOLD)
    if not plain.isascii():
        spread = unicodedata.normalize("NFKD", plain)
        plain = "".join(sign for sign in spread if not unicodedata.combining(sign)).lower()
    plain = _TRIPLE.sub(r"\1\1", plain)
    if _MAYBE_OLD.search(plain):
        for old, new in _OLD:
            plain = old.sub(new, plain)
    return plain[:LONGEST]


def stem(folded: str) -> str:
    """The stem of a folded word; what is not all letters stays as it is."""
    return (german_stem(folded) or folded) if folded.isalpha() else folded
