"""From an error budget to a threshold on the confidence, with a promise where there are labels enough.

The scores come from letters that the scoring model has not seen (folds.py). A threshold is promised when two
things hold for the letters at or above it: the exact upper bound of their error (Clopper and Pearson 1934)
lies within the budget at its confidence, and of a further 500 routed letters more than the budget are wrong
with a small chance only (beta-binomial, as in the guarantees of Park et al. 2020 for a finite batch). The
second matters where labels are many: the bound alone then ends at a true error just under the budget, which
half of all months would exceed. Of the promised thresholds the lowest is taken. Trying several and taking
one costs some confidence (learn then test: Angelopoulos et al. 2021); the batch condition more than pays it,
as 20 random splits show (the ADR on routing, tests).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classify.letters import Budget

NEVER = 1.01  # a threshold that no confidence reaches
CAUTION = 0.95
_BATCH = 500
_STEPS = 60
_ESTIMATE = 0.7  # confidence of the best estimate, where nothing can be promised


@dataclass(frozen=True, slots=True)
class Threshold:
    """Route at or above ``value``. ``provisional``: the best estimate, without the promise."""

    value: float
    provisional: bool
    routed_share: float
    routed_error: float
    n: int


def upper_bound(errors: int, n: int, confidence: float) -> float:
    """Exact one-sided upper bound of an error rate after ``errors`` in ``n`` (Clopper-Pearson)."""
    from scipy.stats import beta  # a second to import, and only training needs it

    return 1.0 if errors >= n else float(beta.ppf(confidence, errors + 1, n - errors))


def find_threshold(
    confidence: npt.NDArray[np.float64],
    right: npt.NDArray[np.bool_],
    budget: Budget,
    caution: float = CAUTION,
) -> Threshold:
    """The threshold for a budget from out-of-fold confidences and whether each first choice was right, (n,).

    ``caution``: how sure a further batch must be to keep the budget. Where nothing can be promised (too few
    labels, or too many errors), the lowest threshold whose estimate (the bound at 70 %) lies within the budget
    is returned and called provisional.
    """
    order = np.argsort(-confidence, kind="stable")
    wrong = np.cumsum(~right[order])
    ranked = confidence[order]
    n = len(ranked)
    ends = [i for i in range(n) if i + 1 == n or ranked[i + 1] < ranked[i]]  # never part equal confidences
    least = int(np.ceil(np.log(1 - budget.confidence) / np.log(1 - budget.share)))
    tried = _thinned([i for i in ends if i + 1 >= least])
    promised = max((i for i in tried if _promised(int(wrong[i]), i + 1, budget, caution)), default=None)
    chosen = promised
    if chosen is None:
        estimates = [i for i in ends if upper_bound(int(wrong[i]), i + 1, _ESTIMATE) <= budget.share]
        chosen = max(estimates, default=None)
    if chosen is None:
        return Threshold(NEVER, True, 0.0, 0.0, n)
    share, error = (chosen + 1) / n, float(wrong[chosen] / (chosen + 1))
    return Threshold(float(ranked[chosen]), promised is None, share, error, n)


def _promised(wrong: int, n: int, budget: Budget, caution: float) -> bool:
    if wrong > budget.share * n or upper_bound(wrong, n, budget.confidence) > budget.share:
        return False
    from scipy.stats import betabinom

    exceeds = betabinom.sf(int(budget.share * _BATCH + 1e-9), _BATCH, wrong + 1, n - wrong)
    return wrong == 0 or float(exceeds) <= 1 - caution


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
