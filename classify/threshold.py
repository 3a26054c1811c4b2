"""From an error budget to a threshold on the confidence, with a promise where there are labels enough.

The scores come from letters that the scoring model has not seen (folds.py). Thresholds are tried from the
strictest to the laxest, in a fixed order; each is accepted while the exact upper bound (Clopper and Pearson
1934) of its error lies within the budget, and the first that fails ends the search. Testing in a fixed order
keeps the chance of any broken promise at 1 - confidence (learn then test: Angelopoulos et al. 2021).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.stats import beta

from classify.letters import Budget

NEVER = 1.01  # a threshold that no confidence reaches
_STEPS = 60


@dataclass(frozen=True, slots=True)
class Threshold:
    """Route at or above ``value``. ``provisional``: the best estimate, without the promise."""

    value: float
    provisional: bool
    routed_share: float
    routed_error: float
    n: int


def upper_bound(errors: int, n: int, confidence: float) -> float:
    """Exact upper confidence bound of an error rate after ``errors`` in ``n`` (Clopper-Pearson, one-sided)."""
    return 1.0 if errors >= n else float(beta.ppf(confidence, errors + 1, n - errors))


def find_threshold(
    confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], budget: Budget
) -> Threshold:
    """The threshold for a budget from out-of-fold confidences and whether each first choice was right, (n,) each.

    Where the bound cannot be met (too few labels, or too many errors), the lowest threshold whose middle
    estimate (the bound at 50 %) lies within the budget is returned and called provisional.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    ranked = confidence[order]
    n = len(ranked)
    ends = [i for i in range(n) if i + 1 == n or ranked[i + 1] < ranked[i]]  # never part equal confidences
    least = int(np.ceil(np.log(1 - budget.confidence) / np.log(1 - budget.share)))
    grid = _thinned([i for i in ends if i + 1 >= least])
    promised = None
    for end in grid:
        if upper_bound(int(wrong[end]), end + 1, budget.confidence) > budget.share:
            break
        promised = end
    chosen = promised
    if chosen is None:
        estimates = [i for i in ends if upper_bound(int(wrong[i]), i + 1, 0.5) <= budget.share]
        chosen = max(estimates, default=None)
    if chosen is None:
        return Threshold(NEVER, True, 0.0, 0.0, n)
    below = float(ranked[chosen + 1]) if chosen + 1 < n else 0.0
    value = (float(ranked[chosen]) + below) / 2 if promised is None else float(ranked[chosen])
    return Threshold(value, promised is None, (chosen + 1) / n, float(wrong[chosen] / (chosen + 1)), n)


def _thinned(ends: list[int]) -> list[int]:
    if len(ends) <= _STEPS:
        return ends
    return [ends[i] for i in np.linspace(0, len(ends) - 1, _STEPS).round().astype(int)]


def coverage_at(confidence: npt.NDArray[np.float64], right: npt.NDArray[np.bool_], share: float) -> float:
    """The largest share of letters that can be routed, most confident first, with at most ``share`` wrong."""
    if not len(confidence):
        return 0.0
    order = np.argsort(-confidence, kind="stable")
    rate = np.cumsum(~right[order]) / np.arange(1, len(order) + 1)
    good = np.flatnonzero(rate <= share)
    return float((good[-1] + 1) / len(order)) if len(good) else 0.0
