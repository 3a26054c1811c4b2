"""What is known before the first label: the offices' own duty texts and the catalogue of municipal tasks.

Both become short examples. Their weight fades as a unit's real labels come in (training.py): a prior in the
sense of pseudo-counts.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from importlib import resources

import numpy as np
import numpy.typing as npt
import regex

from classify.errors import BadCatalogue
from classify.features import Weighting, count
from classify.letters import Example, Task, UnitProfile

_PHRASE = regex.compile(r"[,;]|\s+und\s+")
_KIND_LIKENESS, _KIND_LEAD = 0.7, 1.3  # a kind of office that this town has
_TASK_LIKENESS, _TASK_LEAD = 0.3, 2.0  # a task that names its unit by itself

Likeness = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Hint:
    """A short example that no person labelled: ``weight`` relative to one real letter."""

    text: str
    unit: str
    weight: float


def load_catalogue(source: str | None = None) -> tuple[Task, ...]:
    """Read the catalogue: the one that is shipped, or JSON text in the same form.

    Raises: BadCatalogue, when it is not a list of tasks.
    """
    if source is None:
        shipped = resources.files("classify") / "data" / "tasks.json"
        if not shipped.is_file():
            return ()
        source = shipped.read_text(encoding="utf-8")
    try:
        rows = json.loads(source)
        return tuple(
            Task(
                str(r["office_kind"]),
                str(r["task"]),
                tuple(map(str, r["official"])),
                tuple(map(str, r["lay"])),
            )
            for r in rows
        )
    except (ValueError, KeyError, TypeError) as error:
        raise BadCatalogue(why=str(error)) from error


def hints_from_duties(units: Sequence[UnitProfile]) -> list[Hint]:
    """One hint from the whole duty text of a unit, and one from each phrase in it."""
    hints = []
    for unit in units:
        hints.append(Hint(f"{unit.name}: {unit.responsible_for}", unit.code, 1.0))
        phrases = [p.strip() for p in _PHRASE.split(unit.responsible_for) if len(p.strip()) > 3]
        hints.extend(Hint(phrase, unit.code, 0.5) for phrase in phrases)
    return hints


def match_tasks(tasks: Sequence[Task], units: Sequence[UnitProfile]) -> list[tuple[Task, str]]:
    """Give each task to the unit whose name and duties it resembles; leave out what fits none well.

    The tasks that the catalogue puts under one kind of office are judged together, by the likeness of the
    kind's name and task names, and by the mean likeness of its tasks. A task that clearly resembles another
    unit by itself goes there: towns cut their offices differently.
    """
    if not tasks or not units:
        return []
    duties = count([Example(f"{u.name} {u.name} {u.responsible_for}") for u in units])
    weighting = Weighting.fit(duties)

    def likeness(texts: list[str]) -> Likeness:
        return np.asarray((weighting.apply(count([Example(t) for t in texts])) @ weighting.apply(duties).T).todense())

    own = likeness([f"{t.task} {' '.join(t.official)} {' '.join(t.lay)}" for t in tasks])
    members: dict[str, list[int]] = {}
    for i, task in enumerate(tasks):
        members.setdefault(task.office_kind, []).append(i)
    named = likeness([f"{kind} {kind} " + " ".join(tasks[i].task for i in rows) for kind, rows in members.items()])
    matched = []
    for row, rows in zip(named, members.values(), strict=True):
        together = _clear(row + 2 * own[rows].mean(axis=0), _KIND_LIKENESS, _KIND_LEAD)
        for i in rows:
            itself = _clear(own[i], _TASK_LIKENESS, _TASK_LEAD)
            best = itself if itself is not None else together
            if best is not None:
                matched.append((tasks[i], units[best].code))
    return matched


def _clear(likeness: Likeness, least: float, lead: float) -> int | None:
    """The unit that is likest, if it is like enough and clearly liker than the second. likeness: (units,)."""
    order = np.argsort(-likeness)
    second = float(likeness[order[1]]) if len(order) > 1 else 0.0
    first = float(likeness[order[0]])
    return int(order[0]) if first >= least and first >= lead * second else None


def hints_from_tasks(tasks: Sequence[Task], units: Sequence[UnitProfile]) -> list[Hint]:
    """Two hints a task: one in the words of officials, one in the words of lay people."""
    hints = []
    for task, unit in match_tasks(tasks, units):
        hints.append(Hint(f"{task.task}. {', '.join(task.official)}", unit, 0.5))
        hints.append(Hint(f"{task.task}: {', '.join(task.lay)}", unit, 0.5))
    return hints
