"""The letters that were learnt from, as short sparse vectors: for precedents, and to notice what is new.

Only ids are kept, and of each letter its heaviest features, hashed (features.py): a vector cannot be read.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.features import Counts

_KEPT = 250  # features a letter
_AT_ONCE = 256  # letters asked at once: bounds the memory


@dataclass(frozen=True, slots=True)
class Memory:
    """by_feature: (features, letters), columns of length 1; units: unit number of each letter; ids: or ""."""

    by_feature: Counts
    units: npt.NDArray[np.int32]
    ids: tuple[str, ...]

    @classmethod
    def of(cls, features: Counts, units: npt.NDArray[np.int64], ids: tuple[str, ...]) -> Memory:
        """Keep the heaviest features of each letter."""
        return cls(sparse.csr_matrix(_unit_rows(_heaviest(features)).T), units.astype(np.int32), ids)

    def likeness(self, features: Counts) -> Counts:
        """Cosine of each asked letter with each kept one, shape (asked, letters), sparse."""
        likeness: Counts = _unit_rows(features) @ self.by_feature
        return likeness

    def nearest(self, features: Counts) -> npt.NDArray[np.float64]:
        """Cosine of each asked letter with its nearest kept one, shape (asked,)."""
        if not self.by_feature.shape[1]:
            return np.zeros(features.shape[0])
        found = []
        for first in range(0, features.shape[0], _AT_ONCE):
            likeness = self.likeness(features[first : first + _AT_ONCE] if features.shape[0] > _AT_ONCE else features)
            found += [likeness.data[start:end].max(initial=0.0) for start, end in pairwise(likeness.indptr)]
        return np.array(found, dtype=np.float64)


def _unit_rows(matrix: Counts) -> Counts:
    rows = np.repeat(np.arange(matrix.shape[0]), np.diff(matrix.indptr))
    norms = np.sqrt(np.bincount(rows, matrix.data * matrix.data, minlength=matrix.shape[0]))
    scaled = (matrix.data / np.maximum(norms, 1e-9)[rows]).astype(np.float32)
    return sparse.csr_matrix((scaled, matrix.indices, matrix.indptr), shape=matrix.shape)


def _heaviest(matrix: Counts) -> Counts:
    data, indices, ends = [], [], [0]
    for start, end in zip(matrix.indptr[:-1], matrix.indptr[1:], strict=True):
        values, columns = matrix.data[start:end], matrix.indices[start:end]
        if len(values) > _KEPT:
            best = np.sort(np.argpartition(-values, _KEPT)[:_KEPT])
            values, columns = values[best], columns[best]
        data.append(values)
        indices.append(columns)
        ends.append(ends[-1] + len(values))
    if not data:
        return sparse.csr_matrix((0, matrix.shape[1]), dtype=np.float32)
    return sparse.csr_matrix((np.concatenate(data), np.concatenate(indices), np.array(ends)), shape=matrix.shape)
