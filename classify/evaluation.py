"""How good a router is on labelled letters that it has not seen, in numbers that an admin can act on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from classify.letters import Budget, Example
from classify.router import TrainedRouter
from classify.threshold import coverage_at

_SHARES = (0.01, 0.02, 0.05)
_CURVE_POINTS = 100
_CONFUSIONS = 20
_BINS = 10


@dataclass(frozen=True, slots=True)
class UnitMeasures:
    """How a unit fares: n letters that are truly its own."""

    n: int
    precision: float
    recall: float
    f1: float


@dataclass(frozen=True, slots=True)
class Confusion:
    """``n`` letters of ``truth`` that the router would give to ``guess``."""

    truth: str
    guess: str
    n: int


@dataclass(frozen=True, slots=True)
class Evaluation:
    """Accuracy counts the first choice of all letters; ``curve`` is (share routed, share wrong of those).

    ``calibration`` is (mean confidence, share right, letters) for tenths of the confidence. ``learnt_share``: of the
    letters that the router has learnt from; they flatter.
    """

    n: int
    accuracy: float
    macro_f1: float
    top3: float
    threshold: float
    provisional: bool
    routed_share: float
    routed_error: float
    unknown_share: float
    coverage: dict[str, float]
    per_unit: dict[str, UnitMeasures]
    confusions: tuple[Confusion, ...]
    curve: tuple[tuple[float, float], ...]
    calibration: tuple[tuple[float, float, int], ...] = ()
    learnt_share: float = 0.0

    def as_json(self) -> dict[str, Any]:
        """The evaluation as JSON types."""
        return asdict(self)


def evaluate(router: TrainedRouter, examples: Sequence[Example], budget: Budget) -> Evaluation:
    """Measure on labelled letters (others are left out), as ``decide`` would act under the budget.

    Macro-F1 is over the units that the letters belong to. Raises: ValueError, when no letter has a label.
    """
    labelled = [e for e in examples if e.unit]
    if not labelled:
        raise ValueError("no labelled letters to evaluate on")
    scored = router.score(labelled)
    truth = np.array([e.unit for e in labelled])
    units = np.array(router.units)
    order = np.argsort(-scored.confidence, axis=1, kind="stable")
    guess = units[order[:, 0]]
    first = scored.confidence[np.arange(len(truth)), order[:, 0]]
    right = guess == truth
    known = scored.unknown <= router.card.unknown_above
    threshold, provisional = router.threshold(budget)
    routed = (first >= threshold) & known
    present = sorted(set(truth.tolist()))
    from sklearn.metrics import precision_recall_fscore_support  # a second to import, and only evaluating needs it

    precision, recall, f1, support = precision_recall_fscore_support(truth, guess, labels=present, zero_division=0)
    ranked = np.where(known, first, first - 1.0)  # what is unknown is routed last, whatever its confidence
    wrong = Counter(zip(truth[~right].tolist(), guess[~right].tolist(), strict=True))
    return Evaluation(
        n=len(truth),
        accuracy=float(right.mean()),
        macro_f1=float(np.mean(f1)),
        top3=float((units[order[:, :3]] == truth[:, None]).any(axis=1).mean()),
        threshold=threshold,
        provisional=provisional,
        routed_share=float(routed.mean()),
        routed_error=float((~right[routed]).mean()) if routed.any() else 0.0,
        unknown_share=float((~known).mean()),
        coverage={f"{share:.2f}": coverage_at(ranked, right, share) for share in _SHARES},
        per_unit={
            code: UnitMeasures(int(n), float(p), float(r), float(f))
            for code, n, p, r, f in zip(present, support, precision, recall, f1, strict=True)
        },
        confusions=tuple(Confusion(t, g, n) for (t, g), n in wrong.most_common(_CONFUSIONS)),
        curve=_curve(ranked, right),
        calibration=_calibration(first, right),
        learnt_share=len({e.id for e in labelled if e.id} & set(router.memory.ids)) / len(labelled),
    )


def _curve(
    ranked: np.ndarray[Any, np.dtype[np.float64]], right: np.ndarray[Any, np.dtype[np.bool_]]
) -> tuple[tuple[float, float], ...]:
    order = np.argsort(-ranked, kind="stable")
    n = np.arange(1, len(order) + 1)
    rate = np.cumsum(~right[order]) / n
    at = np.unique(np.linspace(0, len(order) - 1, min(_CURVE_POINTS, len(order))).astype(int))
    return tuple((float(n[i] / len(order)), float(rate[i])) for i in at)


def _calibration(
    confidence: np.ndarray[Any, np.dtype[np.float64]], right: np.ndarray[Any, np.dtype[np.bool_]]
) -> tuple[tuple[float, float, int], ...]:
    tenth = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    found = []
    for number in range(_BINS):
        inside = tenth == number
        if inside.any():
            found.append((float(confidence[inside].mean()), float(right[inside].mean()), int(inside.sum())))
    return tuple(found)
