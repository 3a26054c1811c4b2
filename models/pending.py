"""What waits for its way: plain words between those who know the letters and the engine that runs the steps."""

from __future__ import annotations

from dataclasses import dataclass

SOURCE, DOCUMENT = "source", "document"


@dataclass(frozen=True, slots=True)
class Pending:
    """Something that is in no final state, and the attempt that it is in (part of its workflow's id)."""

    kind: str  # source | document
    id: str
    attempt: int
    urgent: bool = False

    @property
    def workflow(self) -> str:
        return f"{self.kind}-{self.id}-{self.attempt}"
