"""Turn letters into numbers: hashed word stems and character n-grams, each zone of a letter for itself.

A feature is a position in a table of 2**22 buckets, found by hashing; no word of any letter is stored in a
model. Character n-grams inside word borders carry German compounds ("Hundesteuerstelle" shares most of its
n-grams with "Hundesteuer") and survive single OCR slips. N-grams are hashed by a polynomial over the code
points in numpy (Karp and Rabin 1987), about 20 times faster than the analyser of scikit-learn.

Weights follow tf-idf with sublinear counts (Salton and Buckley 1988), each block scaled to length 1 and then
to its own weight, as sklearn.pipeline.FeatureUnion(transformer_weights=...) would.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import regex
from scipy import sparse

from classify.focus import focus, without_addressee
from classify.letters import Example
from classify.senders import kinds_in
from classify.stopwords import STOPWORDS
from classify.zones import Zones, part
from core.stemming import stem

BUCKETS = 1 << 22
_MASK = np.uint64(BUCKETS - 1)
_ROWS_AT_ONCE = 1000  # bounds the memory of weighting
_LIMIT = 12_000  # characters of the body that are read; later pages are enclosures as a rule
_WORD = regex.compile(r"\p{L}{2,}")
_FOLD = str.maketrans({"ß": "ss", "ſ": "s"})

Columns = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float32]
Counts: TypeAlias = "sparse.csr_matrix"


@dataclass(frozen=True, slots=True)
class Block:
    """One family of features: where it looks, how it cuts, and its weight in the union."""

    name: str
    weight: float


BLOCKS = (
    Block("words", 0.9),
    Block("chars", 1.0),
    Block("subject_words", 0.1),
    Block("subject_chars", 0.15),
    Block("asks_words", 0.3),
    Block("asks_chars", 0.4),
    Block("settled", 0.2),
    Block("addressee", 0.2),
    Block("sender", 0.2),
    Block("reference", 1.0),
)
_TEXT_BLOCKS = ("words", "chars", "subject_words", "subject_chars", "asks_words", "asks_chars")
_REFERENCE = next(i for i, block in enumerate(BLOCKS) if block.name == "reference")
_SALT = {block.name: np.uint64(zlib.crc32(block.name.encode()) * 0x9E3779B97F4A7C15 & (2**64 - 1)) for block in BLOCKS}


def words_of(text: str) -> list[str]:
    """The words of a text that may matter, lower case, in their order."""
    return [word for word in _WORD.findall(text.lower()) if word not in STOPWORDS]


def _word_hashes(words: Iterable[str]) -> npt.NDArray[np.uint64]:
    return np.fromiter((zlib.crc32(word.encode()) for word in words), dtype=np.uint64)


def ngram_hashes(words: Sequence[str], low: int = 3, high: int = 5) -> npt.NDArray[np.uint64]:
    """Hashes of all character n-grams that lie within a lower-case word and the blanks around it.

    Returns: shape (number of n-grams,), repeated n-grams repeated.
    """
    return _ngrams(words, low, high)[0]


def _ngrams(words: Sequence[str], low: int = 3, high: int = 5) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64]]:
    """The hashes, and the place of each one's word among ``words``."""
    padded = f" {' '.join(words)} ".translate(_FOLD)
    codes = np.frombuffer(padded.encode("utf-32-le"), dtype=np.uint32).astype(np.uint64)
    blank = codes == 32
    word = np.cumsum(blank) - 1  # the blank before a word belongs to it
    found, whose = [], []
    with np.errstate(over="ignore"):
        rolling = codes.copy()
        inner = np.zeros(len(codes), dtype=bool)  # a blank strictly inside the window
        for size in range(2, high + 1):
            if len(rolling) < 2:
                break
            inner = inner[:-1]
            if size > 2:
                inner = inner | blank[size - 2 : len(codes) - 1]
            rolling = rolling[:-1] * np.uint64(1_000_003) + codes[size - 1 :]
            if size >= low:
                found.append(rolling[~inner] ^ np.uint64(size * 0x51ED27))
                whose.append(word[: len(rolling)][~inner])
    if not found:
        return np.zeros(0, dtype=np.uint64), np.zeros(0, dtype=np.int64)
    return np.concatenate(found), np.concatenate(whose)


def _buckets(hashes: npt.NDArray[np.uint64], block: str) -> npt.NDArray[np.int64]:
    with np.errstate(over="ignore"):
        mixed = (hashes ^ _SALT[block]) * np.uint64(0xBF58476D1CE4E5B9)
        mixed ^= mixed >> np.uint64(31)
        mixed *= np.uint64(0x94D049BB133111EB)
    return ((mixed ^ (mixed >> np.uint64(29))) & _MASK).astype(np.int64)


def reference_columns(codes: Sequence[str]) -> Columns:
    """The column of a file reference that begins with each code, before weighting; shape (codes,)."""
    return _buckets(_word_hashes(codes), "reference") + _REFERENCE * BUCKETS


def _hashes(zones: Zones) -> Iterator[tuple[str, npt.NDArray[np.uint64]]]:
    plain, offices = without_addressee(zones.subject)
    parted = focus(zones.body[:_LIMIT])
    subject = words_of(plain)
    words = subject + words_of(parted.matter + "\n" + zones.enclosures[:1000])
    asks = words_of(parted.asks)
    yield "words", _word_hashes(stem(word) for word in words)
    yield "chars", ngram_hashes(words)
    yield "asks_words", _word_hashes(stem(word) for word in asks)
    yield "asks_chars", ngram_hashes(asks)
    yield "settled", _word_hashes(stem(word) for word in words_of(parted.settled))
    yield "addressee", ngram_hashes(words_of(offices))
    yield "subject_words", _word_hashes(stem(word) for word in subject)
    yield "subject_chars", ngram_hashes(subject)
    yield "sender", _word_hashes(kinds_in(zones.head))
    yield "reference", _word_hashes(zones.references)


def text_of_zones(letter: Example) -> str:
    """The masked text that features are made of, as one string."""
    zones = part(letter)
    return f"{zones.subject}\n{zones.body[:_LIMIT]}\n{zones.enclosures[:1000]}"


def count(letters: Sequence[Example]) -> Counts:
    """Count the features of letters. Returns: (letters, BLOCKS x BUCKETS), float32; weights come later."""
    indices, ends = [np.zeros(0, np.int32)], [0]
    for letter in letters:
        found = dict(_hashes(part(letter)))
        columns = np.concatenate([_buckets(found[b.name], b.name) + i * BUCKETS for i, b in enumerate(BLOCKS)])
        indices.append(columns.astype(np.int32))
        ends.append(ends[-1] + len(columns))
    columns = np.concatenate(indices)
    counts = sparse.csr_matrix(
        (np.ones(len(columns), np.float32), columns, np.array(ends)), shape=(len(letters), len(BLOCKS) * BUCKETS)
    )
    counts.sum_duplicates()
    return counts


@lru_cache(maxsize=4)
def count_one(letter: Example) -> Counts:
    """As ``count([letter])``; the same letter is ranked, explained and compared one after the other."""
    return count([letter])


def columns_by_word(words: Sequence[str]) -> tuple[Columns, Columns]:
    """The columns that each word brings into the blocks of running text, before weighting, and whose they are.

    Returns: columns and places among ``words``, of one shape; a word with a hyphen brings those of its parts.
    """
    pieces = [(piece, place) for place, word in enumerate(words) for piece in words_of(word)]
    owner = np.array([place for _, place in pieces], dtype=np.int64)
    stems = _word_hashes(stem(piece) for piece, _ in pieces)
    grams, whose = _ngrams([piece for piece, _ in pieces])
    columns, owners = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for place, block in enumerate(BLOCKS):
        if block.name in _TEXT_BLOCKS:
            by_stem = block.name.endswith("words")
            columns.append(_buckets(stems if by_stem else grams, block.name) + place * BUCKETS)
            owners.append(owner if by_stem else owner[whose])
    return np.concatenate(columns), np.concatenate(owners)


@dataclass(frozen=True, slots=True)
class Weighting:
    """Which columns count and how much: fitted on training counts, applied to any counts.

    columns: sorted column numbers that are kept, shape (kept,); idf: shape (kept,).
    """

    columns: npt.NDArray[np.int32]
    idf: Floats
    starts: npt.NDArray[np.int64]  # first kept column of each block, and the end; shape (blocks + 1,)
    weights: tuple[float, ...] = tuple(block.weight for block in BLOCKS)

    @classmethod
    def fit(cls, counts: Counts, *, least: int = 1, most: int = 10**9, always: Columns | None = None) -> Weighting:
        """Keep the columns that occur in ``least`` rows, at most the ``most`` frequent, and ``always`` some."""
        used, occurrences = np.unique(counts.indices, return_counts=True)
        if always is not None and len(always):
            missing = np.setdiff1d(always, used)
            order = np.argsort(np.concatenate([used, missing]))
            used = np.concatenate([used, missing])[order]
            occurrences = np.concatenate([occurrences, np.zeros(len(missing), dtype=occurrences.dtype)])[order]
        if len(occurrences) > most:
            least = max(least, int(np.partition(occurrences, -most)[-most]) + 1)
        keep = occurrences >= least
        if always is not None:
            keep |= np.isin(used, always)
        columns = used[keep].astype(np.int32)
        idf = np.log((1 + counts.shape[0]) / (1 + occurrences[keep])) + 1
        starts = np.searchsorted(columns, np.arange(len(BLOCKS) + 1) * BUCKETS)
        return cls(columns, idf.astype(np.float32), starts)

    def unknown_words(self, counts: Counts) -> npt.NDArray[np.float64]:
        """Share of each letter's different words that are none of the kept ones, shape (rows,); 0 without words."""
        words = counts.indices < BUCKETS  # the first block
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(counts.indptr))[words]
        at = np.minimum(np.searchsorted(self.columns, counts.indices[words]), max(len(self.columns) - 1, 0))
        strange = self.columns[at] != counts.indices[words] if len(self.columns) else np.ones(len(at), bool)
        each = np.bincount(rows, minlength=counts.shape[0])
        return np.bincount(rows, strange, minlength=counts.shape[0]) / np.maximum(each, 1)

    def apply(self, counts: Counts) -> Counts:
        """Weighted features, shape (rows, kept)."""
        if counts.shape[0] <= _ROWS_AT_ONCE:
            return self._apply(counts)
        starts = range(0, counts.shape[0], _ROWS_AT_ONCE)
        return sparse.csr_matrix(sparse.vstack([self._apply(counts[i : i + _ROWS_AT_ONCE]) for i in starts]))

    def _apply(self, counts: Counts) -> Counts:
        at = np.minimum(np.searchsorted(self.columns, counts.indices), max(len(self.columns) - 1, 0))
        known = self.columns[at] == counts.indices if len(self.columns) else np.zeros(len(at), bool)
        running = np.concatenate(([0], np.cumsum(known)))
        indptr = running[counts.indptr]
        indices = at[known].astype(np.int32)
        data = (1 + np.log(counts.data[known])) * self.idf[indices]
        rows = np.repeat(np.arange(counts.shape[0]), np.diff(indptr))
        block = np.searchsorted(self.starts, indices, side="right") - 1
        cell = rows * len(BLOCKS) + block
        norms = np.sqrt(np.bincount(cell, data * data, minlength=counts.shape[0] * len(BLOCKS)))
        scale = np.array(self.weights, dtype=np.float32)[block] / norms[cell]
        return sparse.csr_matrix(
            ((data * scale).astype(np.float32), indices, indptr), shape=(counts.shape[0], len(self.columns))
        )
