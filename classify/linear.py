"""The scoring of units: one linear function a unit, learnt twice and added up.

A linear support vector machine (one against the rest; Fan et al. 2008, liblinear) is sharp where there are
many letters; complement naive Bayes (Rennie et al. 2003) is robust where there are few. Both are linear in
the features, so their sum is one matrix: one sparse product answers, and a feature's share of the answer is
exact.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.features import Counts, Floats

SVC_UNITS = 80  # above, one classifier a unit costs minutes: then one for all is learnt in a few passes
_PASSES, _STEP = 4, 0.1
_C = 2.0
_SMOOTHING = 0.05
_TOLERANCE = 0.1  # of liblinear; finer costs up to three times as long and moves a letter in a hundred
_BAYES_LABELS = 20.0  # up to so many labels a unit, naive Bayes counts as much as the machine; then it fades


Numbers = npt.NDArray[np.int64]
Reals = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Linear:
    """coef: shape (features, units), float32; intercept: shape (units,)."""

    coef: Floats
    intercept: Floats

    def scores(self, features: Counts) -> npt.NDArray[np.float64]:
        """Shape (letters, units); higher is likelier, about 1 for a clear yes and -1 for a clear no."""
        return np.asarray(features @ self.coef + self.intercept, dtype=np.float64)


def without_columns(features: Counts, start: int) -> Counts:
    """The features with the columns from ``start`` on set to 0."""
    return sparse.csr_matrix(
        (np.where(features.indices < start, features.data, 0), features.indices, features.indptr),
        features.shape,
    )


_one_fit = (
    threading.Lock()
)  # liblinear has one generator of random numbers a process: two fits at once disturb each other


def fit_linear(
    features: Counts, target: npt.NDArray[np.int64], weight: npt.NDArray[np.float64], units: int, seed: int
) -> Linear:
    """Learn from features (rows, features), unit numbers and row weights (rows,); unseen units score low."""
    seen = np.unique(target)
    coef = np.zeros((features.shape[1], units), dtype=np.float32)
    intercept = np.full(units, -2.0, dtype=np.float32)
    if len(seen) == 1:
        intercept[seen] = 1.0
        return Linear(coef, intercept)
    from sklearn.naive_bayes import ComplementNB  # a second to import, and only training needs it
    from sklearn.svm import LinearSVC  # a second to import, and only training needs it

    bayes = ComplementNB(alpha=_SMOOTHING).fit(features, target, sample_weight=weight)
    second = bayes.feature_log_prob_ - bayes.feature_log_prob_.mean(axis=0)
    if len(seen) > SVC_UNITS:
        first, bias = _passive_aggressive(features, np.searchsorted(seen, target), weight, len(seen), seed)
    else:
        with _one_fit:
            svc = LinearSVC(C=_C, tol=_TOLERANCE, random_state=seed).fit(features, target, sample_weight=weight)
        first, bias = svc.coef_, svc.intercept_
        if len(seen) == 2:
            first, bias = np.vstack([-first, first]), np.concatenate([-bias, bias])
    scale = np.linalg.norm(first, axis=1).mean() / max(np.linalg.norm(second, axis=1).mean(), 1e-9)
    share = min(1.0, _BAYES_LABELS * len(seen) / max(float(weight.sum()), 1.0))
    coef[:, seen] = ((first + share * scale * second) * (2 / (1 + share))).T
    intercept[seen] = bias * (2 / (1 + share))
    return Linear(coef, intercept)


def _passive_aggressive(
    features: Counts, target: Numbers, weight: Reals, units: int, seed: int
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """One multi-class machine, learnt in four passes (Crammer et al. 2006, PA-I), from the centroids on.

    target: numbers below ``units``. Its cost hardly grows with the number of units. Returns: (units, features)
    and (units,).
    """
    member = sparse.csr_matrix((weight, (target, np.arange(len(target)))), shape=(units, len(target)))
    coef = np.asarray((member @ features).todense(), dtype=np.float32)
    coef /= np.maximum(np.linalg.norm(coef, axis=1, keepdims=True), 1e-9)
    coef = np.ascontiguousarray(coef.T)
    random = np.random.default_rng(seed)
    for _ in range(_PASSES):
        for row in random.permutation(features.shape[0]):
            start, end = features.indptr[row], features.indptr[row + 1]
            passive_aggressive_step(
                coef,
                0.0,
                features.indices[start:end],
                features.data[start:end],
                int(target[row]),
                1.0,
                _STEP * weight[row],
            )
    return coef.T, np.zeros(units, dtype=np.float32)


def passive_aggressive_step(
    coef: Floats, intercept: Floats | float, columns: Numbers, values: Floats, unit: int, lead: float, most: float
) -> None:
    """Move ``coef`` (features, units) in place, until the letter's unit leads its rival by ``lead``.

    ``columns`` and ``values`` are the letter's features; ``most`` is the largest step that one letter may ask for.
    """
    scores = values @ coef[columns] + intercept
    own = float(scores[unit])
    scores[unit] = -np.inf
    rival = int(scores.argmax())
    lack = lead - (own - float(scores[rival]))
    norm = 2 * float(values @ values)
    if rival == unit or lack <= 0 or norm == 0:
        return
    step = min(most, lack / norm)
    coef[columns, unit] += step * values
    coef[columns, rival] -= step * values
