"""How accuracy grows with the letters that a router learns from, asked about letters kept from it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classify.knowledge import load_catalogue
from classify.letters import Example, UnitProfile
from classify.training import fit_once

_SHARES = (0.0, 0.125, 0.25, 0.5, 1.0)
_MOST = 4000  # letters learnt from: beyond, a curve costs minutes


def accuracy_after(learn: Sequence[Example], units: Sequence[UnitProfile], asked: Sequence[Example]) -> float:
    """Accuracy on ``asked`` (all with a unit) of a router that learnt from ``learn``, duties and catalogue."""
    codes, scores = fit_once(learn, units, load_catalogue(), asked)
    guess = np.array(codes)[scores.argmax(axis=1)]
    return float((guess == np.array([e.unit for e in asked])).mean())


def learning_curve(
    learn: Sequence[Example], units: Sequence[UnitProfile], asked: Sequence[Example], seed: int = 0
) -> tuple[tuple[int, float], ...]:
    """(letters learnt from, accuracy on ``asked``), from duties alone up to all of ``learn`` (at most 4,000)."""
    order = np.random.default_rng(seed).permutation(len(learn))[:_MOST]
    points = sorted({round(len(order) * share) for share in _SHARES})
    return tuple((n, accuracy_after([learn[i] for i in order[:n]], units, asked)) for n in points)
