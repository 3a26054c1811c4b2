"""Take letters out of a model version whose learning cannot be done again at once.

A version holds no word of any letter: hashed features (features.py), one linear weight for each and each unit, and of
each letter that it learnt from a short vector of such features with the letter's id (memory.py). Forgetting takes away
the vectors and ids of the letters, and every feature that no other kept vector has: so a word that only they used
has neither a weight nor a column afterwards. What stays is their share in the weights of features that other
letters have too; it cannot be told apart any more, and goes with the next training.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace

import numpy as np
from scipy import sparse

from classify.features import BLOCKS, BUCKETS, Weighting
from classify.linear import Linear
from classify.memory import Memory
from classify.router import TrainedRouter


def knows(router: TrainedRouter, ids: Collection[str]) -> bool:
    """Whether the version learnt from one of the letters."""
    return not set(ids).isdisjoint(router.memory.ids)


def forget(router: TrainedRouter, ids: Collection[str]) -> TrainedRouter:
    """The version without the letters of these ids. Calibration and thresholds stay as they were measured."""
    gone = np.isin(np.array(router.memory.ids, dtype=object), list(ids))
    kept = sparse.csr_matrix(router.memory.by_feature[:, np.flatnonzero(~gone)])
    lost = sparse.csr_matrix(router.memory.by_feature[:, np.flatnonzero(gone)])
    stays = ~((np.diff(lost.indptr) > 0) & (np.diff(kept.indptr) == 0))
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
