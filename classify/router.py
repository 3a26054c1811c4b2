"""What a model version is: an immutable value that ranks units for a letter and says why."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from classify.calibration import Calibration
from classify.card import ModelCard
from classify.evidence import evidence
from classify.features import Weighting, count, count_one
from classify.letters import Budget, Example, UnitProfile
from classify.linear import Linear
from classify.memory import Memory
from classify.threshold import NEVER


@dataclass(frozen=True, slots=True)
class Candidate:
    """A unit and the calibrated probability that it is the responsible one."""

    unit: str
    confidence: float


@dataclass(frozen=True, slots=True)
class Ranking:
    """Units for one letter, best first. ``unknown``: 0 like what was learnt, 1 like nothing ever seen."""

    candidates: tuple[Candidate, ...]
    unknown: float


@dataclass(frozen=True, slots=True)
class Scored:
    """Many letters at once. confidence: (letters, units); unknown: (letters,)."""

    confidence: npt.NDArray[np.float64]
    unknown: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class TrainedRouter:
    """Model version n. Never changed: training, updating and remapping give a new one.

    ``classes``: the unit of each column of coefficients, where merged units keep their columns; else empty.
    """

    card: ModelCard
    units: tuple[str, ...]
    weighting: Weighting = field(repr=False)
    linear: Linear = field(repr=False)
    memory: Memory = field(repr=False)
    calibration: Calibration
    novelty: Calibration
    profiles: tuple[UnitProfile, ...] = field(default=(), repr=False)
    classes: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The unit of each column of coefficients."""
        return self.classes or self.units

    def columns_of(self, unit: str) -> list[int]:
        """The columns that speak for a unit: one, and more after a merge."""
        return [i for i, code in enumerate(self.columns) if code == unit]

    def score(self, letters: Sequence[Example]) -> Scored:
        """Confidences of all units for many letters, columns in the order of ``units``."""
        features = self.weighting.apply(count_one(letters[0]) if len(letters) == 1 else count(letters))
        raw = self._by_unit(self.linear.scores(features))
        nearest = self.memory.nearest(features)
        return Scored(self.calibration.all(raw, nearest), 1.0 - self.novelty.first(raw, nearest))

    def _by_unit(self, raw: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Scores of columns (letters, columns) as scores of units: what speaks most for one of its columns."""
        if not self.classes:
            return raw
        return np.column_stack([raw[:, self.columns_of(unit)].max(axis=1) for unit in self.units])

    def rank(self, letter: Example) -> Ranking:
        """All units for one letter, the likeliest first."""
        scored = self.score([letter])
        order = np.argsort(-scored.confidence[0], kind="stable")
        shares = scored.confidence[0, order].tolist()
        candidates = tuple(Candidate(self.units[i], share) for i, share in zip(order.tolist(), shares, strict=True))
        return Ranking(candidates, float(scored.unknown[0]))

    def explain(self, letter: Example, unit: str, limit: int = 8) -> tuple[str, ...]:
        """Words of the letter, as written there, that spoke most for the unit (against all units' mean)."""
        if unit not in self.units:
            return ()
        own = self.columns_of(unit)
        if len(own) > 1:
            scores = self.linear.scores(self.weighting.apply(count_one(letter)))[0]
            own.sort(key=lambda i: -scores[i])
        return evidence(letter, self.weighting, self.linear.coef, own[0], limit)

    def unknown_words(self, letter: Example) -> float:
        """Share of the letter's different words that the router has never seen."""
        return float(self.weighting.unknown_words(count_one(letter))[0])

    def similar(self, letter: Example, limit: int = 5) -> tuple[tuple[str, float], ...]:
        """Ids of the most similar letters that were learnt from, with their cosine, the nearest first."""
        likeness = self.memory.likeness(self.weighting.apply(count_one(letter)))
        order = np.argsort(-likeness.data, kind="stable")
        found = ((self.memory.ids[likeness.indices[i]], float(likeness.data[i])) for i in order)
        return tuple([(i, s) for i, s in found if i][:limit])

    def learnt(self) -> frozenset[tuple[str, str]]:
        """Which letters (ids) were learnt from, and for which unit."""
        columns = self.columns
        pairs = zip(self.memory.ids, self.memory.units.tolist(), strict=True)
        return frozenset((id, columns[unit]) for id, unit in pairs if id and unit >= 0)

    def threshold(self, budget: Budget) -> tuple[float, bool]:
        """Threshold and whether it is provisional. A budget between the known ones takes the stricter one."""
        fitting = [(float(k), t) for k, t in self.card.thresholds.items() if float(k) <= budget.share + 1e-9]
        if not fitting:
            return NEVER, True
        chosen = max(fitting, key=lambda pair: pair[0])[1]
        return chosen.value, chosen.provisional
