"""The frozen values that the room takes in: letters, units, tasks of the catalogue, error budgets."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True, slots=True)
class Example:
    """One letter, for learning (with ``unit``) or for asking (without).

    ``text`` is the whole text, pages parted by form feeds. ``group`` names who wrote or confirmed the label
    (author, file, user); it keeps one hand's letters on one side of a split. Of all this only ``id`` is ever
    stored in a model.
    """

    text: str
    unit: str | None = None
    subject: str = ""
    sender: str = ""
    day: date | None = None
    group: str = ""
    id: str = ""


@dataclass(frozen=True, slots=True)
class UnitProfile:
    """What an office says of itself: its code, its name and its duties as one sentence."""

    code: str
    name: str
    responsible_for: str
    parent: str | None = None


@dataclass(frozen=True, slots=True)
class Task:
    """One task of a German town: how offices call it and how lay people write about it."""

    office_kind: str
    task: str
    official: tuple[str, ...]
    lay: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Budget:
    """At most ``share`` of the letters routed without a person may be wrong, promised with ``confidence``."""

    share: float = 0.02
    confidence: float = 0.90

    def __post_init__(self) -> None:
        if not 0.0 < self.share < 1.0 or not 0.0 < self.confidence < 1.0:
            raise ValueError("budget share and confidence lie between 0 and 1")
