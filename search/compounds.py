"""Taking compounds apart: ``gebuehrenbescheid`` is ``gebuehr`` + ``bescheid``.

The word list in ``data/`` was learnt from the nouns of Wikidata's lexemes (CC0): which forms begin compounds,
which nouns end them, and in how many different ones each was seen (``data/README.md``). A split is made of
known beginnings and a known end; of several, the one with the fewest and then the most productive parts wins,
and its parts are split again, down to words that do not split.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from search.german import CACHE, stem

SHORTEST = 6  # letters of a word that may be a compound
PARTS = 5  # at most, in one cut
SURE = math.log(40)  # how productive beginning and end must be together: product of their counts
SEEDED = 60  # count of a word of administration.txt
_PREFIXES = (
    "vor",
    "voraus",
    "nach",
    "rueck",
    "ab",
    "an",
    "auf",
    "aus",
    "ein",
    "um",
    "zu",
    "unter",
    "ueber",
    "ver",
)
_LINKS = ("s", "es", "n", "en", "ens", "er", "e")


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What compounds are made of: weights are logarithms of counts."""

    modifiers: dict[str, float]
    heads: dict[str, float]  # by stem
    whole: frozenset[str]


@cache
def vocabulary() -> Vocabulary:
    """The shipped word list, read once."""
    data = files("search") / "data"
    modifiers = _counts((data / "modifiers.txt").read_text("ascii"))
    plain = _counts((data / "heads.txt").read_text("ascii"))
    whole: set[str] = set()
    for line in (data / "administration.txt").read_text("utf-8").splitlines():
        kind, _, words = line.partition(":")
        for word in words.split() if not line.startswith("#") else ():
            if kind == "whole":
                whole.add(word)
            else:
                known = plain if kind == "heads" else modifiers
                known[word] = max(known.get(word, 0), SEEDED)
    heads: dict[str, float] = {}
    for word, count in plain.items():
        root = stem(word)
        heads[root] = max(heads.get(root, 0.0), math.log(count))
    return Vocabulary({word: math.log(count) for word, count in modifiers.items()}, heads, frozenset(whole))


def _counts(text: str) -> dict[str, int]:
    return {word: int(count) for word, count in (line.split() for line in text.splitlines())}


@lru_cache(maxsize=CACHE)
def parts(folded: str) -> tuple[str, ...]:
    """The stems of the parts of a folded word, in order; one stem when it does not split.

    >>> parts("hundesteuerbescheide")
    ('hund', 'steu', 'bescheid')
    """
    found = cut(folded)
    if found is None:
        return (stem(folded),)
    *modifiers, head = found
    return (*(small for form in modifiers for small in _modifier(form)), *parts(head))


@lru_cache(maxsize=CACHE)
def _modifier(form: str) -> tuple[str, ...]:
    """The parts of a beginning: without its linking letters when that splits, else its stem."""
    for link in _LINKS:
        if form.endswith(link) and cut(base := form[: -len(link)]):
            return parts(base)
    return parts(form)


@lru_cache(maxsize=CACHE)
def cut(word: str) -> tuple[str, ...] | None:
    """The best cut into beginnings and an end, as spelled (``gebuehren``, ``bescheid``), or None."""
    known = vocabulary()
    if len(word) < SHORTEST or not word.isalpha() or word in known.whole:
        return None
    best: dict[int, tuple[int, float, tuple[str, ...]]] = {0: (0, 0.0, ())}  # by place: parts, -weight, cut
    for start in range(len(word) - 2):
        if start not in best or best[start][0] >= PARTS - 1:
            continue
        count, weight, cut = best[start]
        for end in range(start + 3, len(word) - 2):
            more = known.modifiers.get(word[start:end])
            if more is not None:
                grown = (count + 1, weight - more, (*cut, word[start:end]))
                if end not in best or grown[:2] < best[end][:2]:
                    best[end] = grown
    if len(best) == 1 or stem(word) in _whole_stems():
        return None
    whole: tuple[int, float, tuple[str, ...]] | None = None
    for start, (count, weight, cut) in best.items():
        ending = _ending(word[start:]) if start else None
        if ending is None or -weight + ending < SURE:
            continue
        grown = (count, weight - ending, (*cut, word[start:]))
        if whole is None or grown[:2] < whole[:2]:
            whole = grown
    return whole[2] if whole else None


def _ending(word: str) -> float | None:
    """How productive ``word`` is as an end (also as ``voraus`` + ``zahlung``); None: it is none."""
    heads = vocabulary().heads
    weight = heads.get(stem(word))
    if weight is None:
        for prefix in _PREFIXES:
            if word.startswith(prefix) and len(word) > len(prefix) + 4:
                weight = heads.get(stem(word[len(prefix) :]))
                if weight is not None:
                    return weight
    return weight


@cache
def _whole_stems() -> frozenset[str]:
    return frozenset(stem(word) for word in vocabulary().whole)
