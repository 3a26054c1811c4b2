"""Spelled differently: how far two words are apart, and which slips of the reading are likely."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import lru_cache

from search.german import CACHE

# pairs that OCR takes for each other; both directions are tried
SLIPS = (
    ("rn", "m"),
    ("cl", "d"),
    ("vv", "w"),
    ("li", "h"),
    ("ii", "n"),
    ("in", "m"),
    ("l", "1"),
    ("i", "1"),
    ("l", "i"),
    ("o", "0"),
    ("s", "5"),
    ("b", "8"),
    ("e", "c"),
    ("f", "s"),
    ("h", "b"),
    ("ae", "a"),
    ("oe", "o"),
    ("ue", "u"),
    ("ss", "b"),
)
MOST_VARIANTS = 40


def allowed_edits(word: str) -> int:
    """How many edits a word of this length forgives; numbers forgive none."""
    if any(sign.isdigit() for sign in word) and not any(sign.isalpha() for sign in word):
        return 0
    return 0 if len(word) < 4 else 1 if len(word) < 8 else 2


def slips(word: str) -> tuple[str, ...]:
    """How OCR may have read ``word``, one slip each: ``rechnung`` as ``rechmung``."""
    found = dict.fromkeys(one for one in _slips(word) if one != word)
    return tuple(found)[:MOST_VARIANTS]


def _slips(word: str) -> Iterator[str]:
    for one, other in SLIPS:
        for seen, meant in ((one, other), (other, one)):
            place = word.find(seen)
            while place >= 0:
                yield word[:place] + meant + word[place + len(seen) :]
                place = word.find(seen, place + 1)


def nearest(word: str, candidates: Iterable[str], most: int) -> list[tuple[int, str]]:
    """The candidates within ``most`` edits (one OCR slip counts as one), nearest first."""
    slipped = frozenset(slips(word))
    letters = _letters(word)
    found: list[tuple[int, str]] = []
    for one in candidates:
        if one in slipped:
            found.append((1, one))
        elif abs(len(one) - len(word)) <= most and (_letters(one) ^ letters).bit_count() <= 2 * most:
            apart = edits(word, one, most)
            if apart <= most:
                found.append((apart, one))
    return sorted(found)


@lru_cache(maxsize=CACHE)
def _letters(word: str) -> int:
    """Which letters a word has, as bits: an edit changes two at most."""
    bits = 0
    for sign in word:
        bits |= 1 << (ord(sign) & 63)
    return bits


def edits(one: str, other: str, most: int) -> int:
    """Edits (insert, delete, replace, swap of neighbours) between two words; ``most + 1`` when more."""
    if abs(len(one) - len(other)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(other) + 1))
    for i, sign in enumerate(one, start=1):
        older, before, row = before, row, [i]
        for j, wanted in enumerate(other, start=1):
            cost = min(before[j] + 1, row[j - 1] + 1, before[j - 1] + (sign != wanted))
            if i > 1 and j > 1 and sign == other[j - 2] and one[i - 2] == wanted:
                cost = min(cost, older[j - 2] + 1)
            row.append(cost)
        if min(row) > most:
            return most + 1
    return min(row[-1], most + 1)
