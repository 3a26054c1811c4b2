"""Matching a quoted file reference against the register, in spite of OCR.

Letters and digits that OCR takes for one another fold to one sign; separators do not count. What then still differs
is counted as slips. A digit read as another digit that it does not look like is no slip but another file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from models.references import reference_key

_LOOKALIKE = {
    frozenset(pair)
    for pair in (
        "38",
        "56",
        "68",
        "17",
        "4A",
        "6G",
        "08",
        "06",
        "09",
        "CG",
        "UV",
        "VY",
        "EF",
        "RK",
        "HN",
        "T7",
        "PF",
        "MN",
    )
}
_TOKEN = re.compile(r"[A-ZÄÖÜa-zäöüß0-9][A-ZÄÖÜa-zäöüß0-9./\-–_|]*(?: ?[./\-–] ?[A-Za-z0-9|]+)*")
_DIGIT = re.compile(r"\d")
MAX_WORDS, MAX_LENGTH = 4, 40  # of a reference in running text
MAX_SLIPS = 2
ENDING = 3  # signs at the end of a key of which none may be misread, where the first one is
MIN_KEY = 5


def quoted_keys(text: str) -> list[str]:
    """Keys of everything in a text that looks like a reference: it has a digit and is long enough."""
    keys: dict[str, None] = {}
    for line in text.splitlines():
        words = line.split()
        digits = [place for place, word in enumerate(words) if _DIGIT.search(word)]
        pieces = {(start, place) for place in digits for start in range(max(0, place - MAX_WORDS + 1), place + 1)}
        for start, place in sorted(pieces):
            for end in range(place + 1, min(len(words), start + MAX_WORDS) + 1):
                piece = " ".join(words[start:end]).strip(".,;:()[]\"'„“")
                if len(piece) <= MAX_LENGTH and _TOKEN.fullmatch(piece):
                    key = reference_key(piece)
                    if len(key) >= MIN_KEY:
                        keys[key] = None
    return list(keys)


@dataclass(frozen=True, slots=True)
class Match:
    """A register entry that a quoted reference means. ``slips``: how many signs were read differently."""

    target: str
    slips: int


def match(quoted: Sequence[str], in_text: Iterable[str], register: Mapping[str, str]) -> Match | None:
    """The one register entry that is meant, or None when there is none or more than one.

    ``quoted``: references that the letter calls so (matched with slips); ``in_text``: keys of
    :func:`quoted_keys` (matched exactly); ``register``: key -> id of EFile or Case.
    """
    keys = [key for reference in quoted if len(key := reference_key(reference)) >= MIN_KEY]
    for exact in (keys, list(in_text)):
        hits = {register[key] for key in exact if key in register}
        if len(hits) == 1:
            return Match(hits.pop(), 0)
        if hits:
            return None
    best: dict[str, int] = {}
    for key in keys:
        for known, target in register.items():
            if abs(len(known) - len(key)) > MAX_SLIPS:
                continue
            slips = _slips(key, known)
            if slips is not None and slips <= MAX_SLIPS:
                best[target] = min(slips, best.get(target, slips))
    if not best:
        return None
    fewest = min(best.values())
    nearest = [target for target, slips in best.items() if slips <= fewest + 1]
    return Match(nearest[0], fewest) if len(nearest) == 1 else None


def _slips(read: str, known: str) -> int | None:
    """Slips between two keys; None when they differ in a way that OCR does not explain."""
    if read[:1] != known[:1] and read[-ENDING:] != known[-ENDING:]:
        return None
    slips = 0
    for kind, a0, a1, b0, b1 in SequenceMatcher(None, read, known, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        left, right = read[a0:a1], known[b0:b1]
        if kind == "replace" and len(left) == len(right):
            for one, other in zip(left, right, strict=True):
                both_digits = one.isdigit() and other.isdigit()
                if both_digits and frozenset(one + other) not in _LOOKALIKE:
                    return None
                slips += 1
        else:
            if any(char.isdigit() for char in left + right):
                return None  # a digit lost or won makes another number
            slips += max(len(left), len(right))
    return slips


def same_party(sender: str, parties: Sequence[str]) -> bool:
    """Whether the sender is one of a matter's parties, OCR slips and order of names aside."""
    words = set(re.findall(r"\w{3,}", sender.lower()))
    for party in parties:
        names = set(re.findall(r"\w{3,}", party.lower()))
        if names and len(names & words) >= min(2, len(names)):
            return True
        if SequenceMatcher(None, sender.lower(), party.lower()).ratio() > 0.8:
            return True
    return False
