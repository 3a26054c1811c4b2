"""Splits that do not flatter: by author or source of the label, else by time, else by families of letters.

Letters of one hand share names and phrases, and letters of one day share occasions; random folds put both on
both sides and promise too much.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from classify.features import BUCKETS, Counts
from classify.letters import Example

_GROUP_SHARE = 0.05  # a group smaller than this share of all letters is no author of its own
_DATED_SHARE = 0.8
_FEW, _PLENTY = 1000, 4000
_BANDS, _ROWS = 16, 10  # letters that share 8 of 10 words meet at 84 %, 3 of 10 at 0.01 %


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers to learn from and to score."""

    learn: npt.NDArray[np.int64]
    score: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Splits:
    """``kind``: "groups", "time" or "families"."""

    kind: str
    parts: tuple[Split, ...]


def splits(examples: Sequence[Example], counts: Counts, seed: int) -> Splits:
    """The splits for out-of-fold scores of labelled letters; counts: (letters, features)."""
    folds = 5 if len(examples) < _PLENTY else 3
    sizes = Counter(e.group for e in examples if e.group)
    large = [g for g, n in sizes.most_common() if n >= max(10, _GROUP_SHARE * len(examples))]
    if len(large) >= 2 and sum(sizes[g] for g in large) >= 0.5 * len(examples):
        number = {g: i for i, g in enumerate(large)}
        # small groups and letters without one are spread; a group stays whole
        fold = np.array([number.get(e.group, _spread(e.group or e.text, len(large))) for e in examples])
        if len(large) > folds:
            fold %= folds
        return Splits("groups", _leave_out(fold))
    dated = [i for i, e in enumerate(examples) if e.day is not None]
    if len(dated) >= _DATED_SHARE * len(examples) and len({examples[i].day for i in dated}) >= 10:
        return Splits("time", _forward(examples, dated))
    return Splits("families", _leave_out(_families(counts, seed) % folds))


def _spread(key: str, folds: int) -> int:
    return sum(key.encode()) % folds


def _leave_out(fold: npt.NDArray[np.int64]) -> tuple[Split, ...]:
    return tuple(Split(np.flatnonzero(fold != f), np.flatnonzero(fold == f)) for f in np.unique(fold))


def _forward(examples: Sequence[Example], dated: list[int]) -> tuple[Split, ...]:
    """Learn from the past, score the next stretch of time: four stretches of 15 %, or two of 20 % of plenty.

    With few letters, 40 % are too little to learn from: each fifth of the time is scored by the others.
    """
    order = np.array(sorted(dated, key=lambda i: (examples[i].day, i)))
    undated = np.setdiff1d(np.arange(len(examples)), order)
    if len(examples) < _FEW:
        fifth = np.full(len(examples), -1)
        fifth[order] = np.arange(len(order)) * 5 // len(order)
        return tuple(Split(np.flatnonzero(fifth != f), np.flatnonzero(fifth == f)) for f in range(5))
    shares = [0.4, 0.55, 0.7, 0.85, 1.0] if len(examples) < _PLENTY else [0.6, 0.8, 1.0]
    ends = (np.array(shares) * len(order)).astype(int)
    return tuple(
        Split(np.sort(np.concatenate([undated, order[:start]])), np.sort(order[start:end]))
        for start, end in pairwise(ends)
        if end > start
    )


def _families(counts: Counts, seed: int) -> npt.NDArray[np.int64]:
    """Number of the family of each letter: letters with most words in common (MinHash, Broder 1997)."""
    random = np.random.default_rng(seed)
    multiplier = random.integers(1, 2**31, _BANDS * _ROWS, dtype=np.int64) | 1
    offset = random.integers(0, 2**31, _BANDS * _ROWS, dtype=np.int64)
    n = counts.shape[0]
    parent = np.arange(n)

    def root(i: int) -> int:
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = int(parent[i])
        return i

    seen: dict[tuple[int, ...], int] = {}
    for i in range(n):
        columns = counts.indices[counts.indptr[i] : counts.indptr[i + 1]].astype(np.int64)
        columns = columns[columns < BUCKETS]  # the first block: words
        if not len(columns):
            continue
        signature = ((columns[:, None] * multiplier + offset) % 2147483647).min(axis=0)
        for band in range(_BANDS):
            key = (band, *signature[band * _ROWS : (band + 1) * _ROWS].tolist())
            first = seen.setdefault(key, i)
            parent[root(i)] = root(first)
    roots = np.array([root(i) for i in range(n)])
    shuffled = random.permutation(n)
    families: npt.NDArray[np.int64] = shuffled[roots]
    return families
