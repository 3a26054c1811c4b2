"""A router after a reorganisation: what it learnt of units that merged, split or got another code stays learnt."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import numpy as np

from classify.card import ModelCard
from classify.features import count
from classify.knowledge import hints_from_duties, load_catalogue
from classify.letters import Example, UnitProfile
from classify.linear import Linear, passive_aggressive_step
from classify.memory import Memory
from classify.router import TrainedRouter
from classify.training import fit_once

_LEAD, _STEP, _PASSES = 0.6, 0.3, 3  # as in updating.py; a split sees each letter three times
_NEEDED = 3  # known letters of each part, before they are learnt from
SURE_LEAD = 0.8  # of a part over the others, by duty texts: measured on sample letters, see the ADR


@dataclass(frozen=True, slots=True)
class Part:
    """Which part of a split unit a letter belongs to. ``sure``: so clearly that nobody needs to look."""

    unit: str
    sure: bool


def merged(router: TrainedRouter, heirs: Mapping[str, str], profiles: Sequence[UnitProfile]) -> TrainedRouter:
    """The same router, where each unit of ``heirs`` (code to code) is called by its heir.

    The columns of merged units stay apart: what speaks for one of them speaks for the heir, so nothing is lost.
    """
    classes = tuple(heirs.get(code, code) for code in router.columns)
    units = tuple(dict.fromkeys(classes))
    counts: Counter[str] = Counter()
    for code, number in router.card.counts.items():
        counts[heirs.get(code, code)] += number
    return replace(
        router,
        card=_card(router, dict(sorted(counts.items())), len(units)),
        units=units,
        classes=classes if classes != units else (),
        profiles=tuple(profiles),
    )


def parts_of(parts: Sequence[UnitProfile], known: Sequence[Example], asked: Sequence[Example]) -> list[Part]:
    """Which part each letter of a split unit belongs to, by duties, catalogue and ``known`` letters of parts."""
    each = Counter(letter.unit for letter in known)
    enough = all(each[part.code] >= _NEEDED for part in parts)  # fewer, of one part alone, would draw all to it
    codes, scores = fit_once(known if enough else [], parts, load_catalogue(), [*asked, Example("")])
    if len(codes) < 2:
        return [Part(codes[0], sure=True) for _ in asked]
    scores = scores[:-1] - scores[-1]  # only what the words say, not what a part gets without any
    order = np.sort(scores, axis=1)
    leads = order[:, -1] - order[:, -2]
    best = scores.argmax(axis=1)
    return [Part(codes[b], bool(lead >= SURE_LEAD)) for b, lead in zip(best, leads, strict=True)]


def split(
    router: TrainedRouter,
    code: str,
    parts: Sequence[UnitProfile],
    letters: Sequence[Example],
    profiles: Sequence[UnitProfile],
) -> TrainedRouter:
    """A router in which the parts (``code`` may be one) stand for the unit.

    Each part starts from all that was learnt for the unit; duty texts and ``letters`` (labelled with parts) then set
    the parts apart from one another. Letters of the unit that are not among ``letters`` are precedents of no unit.
    """
    old = router.columns_of(code)
    kept = [i for i in range(len(router.columns)) if i not in old]
    classes = [router.columns[i] for i in kept] + [part.code for part in parts for _ in old]
    coef = np.hstack([router.linear.coef[:, kept], *(router.linear.coef[:, old] for _ in parts)])
    intercept = np.concatenate([router.linear.intercept[kept], *(router.linear.intercept[old] for _ in parts)])
    hints = [Example(hint.text, hint.unit) for hint in hints_from_duties(parts)]
    taught = [*hints, *letters]
    features = router.weighting.apply(count(taught))
    columns = {part.code: [i for i, name in enumerate(classes) if name == part.code] for part in parts}
    for _ in range(_PASSES):
        for row, letter in enumerate(taught):
            own = columns[letter.unit or ""]
            values, places = features[row].data, features[row].indices
            target = max(own, key=lambda i: float(values @ coef[places, i]) + float(intercept[i]))
            passive_aggressive_step(coef, intercept, places, values, target, _LEAD, _STEP)
    units = tuple(dict.fromkeys(classes))
    counts = {name: number for name, number in router.card.counts.items() if name != code}
    counts |= Counter(letter.unit or "" for letter in letters)
    return replace(
        router,
        card=_card(router, dict(sorted(counts.items())), len(units)),
        linear=Linear(coef.astype(np.float32), intercept.astype(np.float32)),
        memory=_moved(router, kept, old, {letter.id: columns[letter.unit or ""][0] for letter in letters if letter.id}),
        units=units,
        classes=tuple(classes) if tuple(classes) != units else (),
        profiles=tuple(profiles),
    )


def _moved(router: TrainedRouter, kept: list[int], old: list[int], assigned: Mapping[str, int]) -> Memory:
    """The memory with the new numbers of the columns; -1: of no unit that exists."""
    place = {column: number for number, column in enumerate(kept)}
    units = [
        assigned.get(id, -1) if unit in old else place.get(unit, -1)
        for id, unit in zip(router.memory.ids, router.memory.units.tolist(), strict=True)
    ]
    return replace(router.memory, units=np.array(units, dtype=np.int32))


def _card(router: TrainedRouter, counts: dict[str, int], units: int) -> ModelCard:
    """The card of a changed router: no promise holds until it is measured again."""
    return replace(
        router.card,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        counts=counts,
        n=sum(counts.values()),
        thresholds={share: replace(t, provisional=True) for share, t in router.card.thresholds.items()},
        size={**router.card.size, "units": units},
    )
