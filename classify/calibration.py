"""From raw scores to confidences that mean what they say: of letters with 0.9, nine in ten are right.

Fitted on out-of-fold scores only. The confidence of the first choice is a logistic function of its score, its
lead over the second, and the likeness to the nearest known letter, each with a slope of at least zero
(Platt 1999, with more than one input); the rest is shared among the others by a softmax.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
from scipy.special import expit, log_softmax, softmax

Array = npt.NDArray[np.float64]

_PRIOR_SLOPES = (1.0, 3.0, 1.0)
_PRIOR_INTERCEPT = -0.5
_PULL = 0.5  # how strongly few letters are pulled to the prior
_LEAST = 30


@dataclass(frozen=True, slots=True)
class Calibration:
    """slopes: for score, lead and likeness; sharpness: of the softmax over all units."""

    slopes: tuple[float, float, float] = _PRIOR_SLOPES
    intercept: float = _PRIOR_INTERCEPT
    sharpness: float = 4.0

    def first(self, scores: Array, nearest: Array) -> Array:
        """Confidence that the first choice is right, shape (letters,)."""
        chance: Array = expit(signals(scores, nearest) @ np.array(self.slopes) + self.intercept)
        return chance

    def all(self, scores: Array, nearest: Array) -> Array:
        """Confidence of each unit, shape (letters, units); a row sums to at most 1."""
        shares: Array = softmax(scores * self.sharpness, axis=1)
        best = scores.argmax(axis=1)
        rows = np.arange(len(scores))
        first = self.first(scores, nearest)
        rest = 1.0 - shares[rows, best]
        shares *= ((1.0 - first) / np.maximum(rest, 1e-12))[:, None]
        np.minimum(shares, first[:, None], out=shares)
        shares[rows, best] = first
        return shares

    def as_json(self) -> dict[str, object]:
        """For the model file."""
        return asdict(self)


def signals(scores: Array, nearest: Array) -> Array:
    """What confidence rests on: score of the first, its lead, likeness; shape (letters, 3)."""
    if scores.shape[1] == 1:
        return np.column_stack([scores[:, 0], np.ones(len(scores)), nearest])
    top = np.partition(scores, -2, axis=1)
    return np.column_stack([top[:, -1], top[:, -1] - top[:, -2], nearest])


def fit_calibration(scores: Array, nearest: Array, truth: npt.NDArray[np.int64]) -> Calibration:
    """From out-of-fold scores (letters, units), likeness (letters,) and unit numbers (letters,)."""
    if len(truth) < _LEAST or scores.shape[1] < 2:
        return Calibration()
    right = scores.argmax(axis=1) == truth
    slopes, intercept = _logistic(signals(scores, nearest), right)

    def loss(log_sharpness: float) -> float:
        logs = log_softmax(scores * np.exp(log_sharpness), axis=1)
        return float(-logs[np.arange(len(truth)), truth].mean())

    from scipy.optimize import minimize_scalar

    best = minimize_scalar(loss, bounds=(-1.0, 4.0), method="bounded")
    return Calibration(slopes, intercept, float(np.exp(best.x)))


def fit_novelty(known: Array, known_nearest: Array, strange: Array, strange_nearest: Array) -> Calibration:
    """A calibration whose ``first`` is the chance that a letter is of a known kind.

    From out-of-fold scores of letters of known units and of units kept from the model, (letters, units) each.
    """
    if min(len(known), len(strange)) < _LEAST:
        return Calibration()
    inputs = np.vstack([signals(known, known_nearest), signals(strange, strange_nearest)])
    slopes, intercept = _logistic(inputs, np.arange(len(inputs)) < len(known))
    return Calibration(slopes, intercept)


def _logistic(inputs: Array, right: npt.NDArray[np.bool_]) -> tuple[tuple[float, float, float], float]:
    prior = np.array([*_PRIOR_SLOPES, _PRIOR_INTERCEPT])
    design = np.column_stack([inputs, np.ones(len(inputs))])
    sign = np.where(right, 1.0, -1.0)

    def loss(theta: Array) -> tuple[float, Array]:
        margin = sign * (design @ theta)
        away = theta - prior
        gradient = -(design * (sign * expit(-margin))[:, None]).sum(axis=0) + 2 * _PULL * away
        return float(np.logaddexp(0, -margin).sum() + _PULL * away @ away), gradient

    from scipy.optimize import minimize

    found = minimize(loss, prior, jac=True, method="L-BFGS-B", bounds=[(0, None)] * 3 + [(None, None)]).x
    return (float(found[0]), float(found[1]), float(found[2])), float(found[3])
