"""Learn a few letters at once, between two trainings: small steps where a person's decision disagrees.

Each new letter moves the coefficients of its unit and of the strongest rival just so far that its own lead
becomes the wanted one (passive-aggressive, Crammer et al. 2006, PA-I with a limit on the step). It becomes a
precedent at once. What only a training can do: new units, new words, calibration and thresholds. As these
were measured before the step, the thresholds are called provisional until the next training.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.card import fingerprint
from classify.errors import RetrainAdvised
from classify.features import Counts, count
from classify.letters import Example
from classify.linear import Linear, passive_aggressive_step
from classify.memory import Memory
from classify.router import TrainedRouter

_LEAD = 0.6  # wanted between a letter's unit and its rival
_STEP = 0.3  # the most that one letter may move
_LEAST, _SHARE = 25, 0.1  # updates since the last training: so many, or this share of its letters
_MOST = 200  # a process that starts learns them anew, and shall not take long


def room_for_updates(router: TrainedRouter) -> int:
    """How many more letters a quick update is good for, until the next training."""
    card = router.card
    return int(min(_MOST, max(_LEAST, _SHARE * (card.n - card.updates)))) - card.updates


def update(router: TrainedRouter, new: Sequence[Example]) -> TrainedRouter:
    """A new router that has also learnt the labelled letters of ``new``; the old one stays as it is.

    Raises: RetrainAdvised, when a label names a unit that the router does not know, or when more letters were
    learnt this way than a quick step is good for.
    """
    labelled = [e for e in new if e.unit]
    card = router.card
    if not labelled:
        return router
    if any(e.unit not in router.units for e in labelled):
        raise RetrainAdvised("retrain_for_unit")
    updates = card.updates + len(labelled)
    if len(labelled) > room_for_updates(router):
        raise RetrainAdvised
    features = router.weighting.apply(count(labelled))
    target = _columns_of(router, labelled, features)
    coef = router.linear.coef.copy()
    for row, unit in enumerate(target.tolist()):
        letter = features[row]
        passive_aggressive_step(coef, router.linear.intercept, letter.indices, letter.data, unit, _LEAD, _STEP)
    counts = Counter(card.counts)
    counts.update(e.unit or "" for e in labelled)
    return replace(
        router,
        card=replace(
            card,
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            training_sha256=hashlib.sha256((card.training_sha256 + fingerprint(labelled)).encode()).hexdigest(),
            n=card.n + len(labelled),
            counts=dict(sorted(counts.items())),
            thresholds={share: replace(t, provisional=True) for share, t in card.thresholds.items()},
            updates=updates,
        ),
        linear=Linear(coef, router.linear.intercept),
        memory=_joined(router.memory, Memory.of(features, target, tuple(e.id for e in labelled))),
    )


def _columns_of(router: TrainedRouter, labelled: Sequence[Example], features: Counts) -> npt.NDArray[np.int64]:
    """The column of each letter's unit; where a unit has several, the one that speaks most for it."""
    scores = router.linear.scores(features) if router.classes else None
    found = []
    for row, letter in enumerate(labelled):
        own = router.columns_of(letter.unit or "")
        found.append(own[0] if scores is None else max(own, key=lambda i: scores[row, i]))
    return np.array(found, dtype=np.int64)


def _joined(old: Memory, new: Memory) -> Memory:
    return Memory(
        sparse.csr_matrix(sparse.hstack([old.by_feature, new.by_feature])),
        np.concatenate([old.units, new.units]),
        old.ids + new.ids,
    )
