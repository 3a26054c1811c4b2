"""Take letters out of a model version whose learning cannot be done again at once.

A version holds no word of any letter: hashed features (features.py), one linear weight for each and each unit, and of
each letter that it learnt from a short vector of such features with the letter's id (memory.py). Forgetting takes away
the vectors and ids of the letters, and every feature that only they had: so a word that only they used has neither
a weight nor a column afterwards. What stays is their share in the weights of features that other letters have too;
it cannot be told apart any more, and goes with the next training.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.features import BLOCKS, BUCKETS, Weighting, count
from classify.letters import Example
from classify.linear import Linear
from classify.memory import Memory
from classify.router import TrainedRouter


def knows(router: TrainedRouter, ids: Collection[str]) -> bool:
    """Whether the version learnt from one of the letters."""
    return not set(ids).isdisjoint(router.memory.ids)


def forget(router: TrainedRouter, ids: Collection[str], letters: Sequence[Example]) -> TrainedRouter:
    """The version without the letters of these ids; ``letters``: their texts, as far as they are still there.

    Calibration and thresholds stay as they were measured.
    """
    gone = np.isin(np.array(router.memory.ids, dtype=object), list(ids))
    kept = sparse.csr_matrix(router.memory.by_feature[:, np.flatnonzero(~gone)])
    lost = sparse.csr_matrix(router.memory.by_feature[:, np.flatnonzero(gone)])
    stays = ~((np.diff(lost.indptr) > 0) & (np.diff(kept.indptr) == 0)) & ~_rare_in(router.weighting, letters)
    columns = router.weighting.columns[stays]
    return replace(
        router,
        weighting=Weighting(
            columns,
            router.weighting.idf[stays],
            np.searchsorted(columns, np.arange(len(BLOCKS) + 1) * BUCKETS),
            router.weighting.weights,
        ),
        linear=Linear(router.linear.coef[stays], router.linear.intercept),
        memory=Memory(
            sparse.csr_matrix(kept[np.flatnonzero(stays)]),
            router.memory.units[~gone],
            tuple(id for id, left in zip(router.memory.ids, gone, strict=True) if not left),
        ),
    )


def _rare_in(weighting: Weighting, letters: Sequence[Example]) -> npt.NDArray[np.bool_]:
    """Features that occurred in no more training letters than in ``letters``, by their idf; shape (kept,).

    A feature of one letter alone has the greatest idf. Not asked of the last block: it keeps columns without any.
    """
    words = int(weighting.starts[-2])
    rare = np.zeros(len(weighting.columns), bool)
    if not letters or not words:
        return rare
    used, times = np.unique(count(letters).indices, return_counts=True)
    at = np.minimum(np.searchsorted(weighting.columns, used), len(weighting.columns) - 1)
    known = weighting.columns[at] == used
    place, times = at[known], times[known]
    once = float(weighting.idf[:words].max())
    rare[place] = (weighting.idf[place] >= once + np.log(2 / (1 + times)) - 1e-4) & (place < words)
    return rare
