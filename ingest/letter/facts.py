"""What a letter says about itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal

PAGES_MISSING = "pages_missing"
ENCLOSURES_MAYBE_MISSING = "enclosures_maybe_missing"


@dataclass(frozen=True, slots=True)
class Deadline:
    """A term that the letter sets. ``date``: None where it runs from an event ("binnen zwei Wochen")."""

    date: date | None
    words: str


@dataclass(frozen=True, slots=True)
class Enclosures:
    """Enclosures that the letter announces; ``names`` as far as it lists them."""

    count: int
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class LetterFacts:
    """Everything is as printed; what the letter does not say is None or empty.

    ``own_references`` are the town's, the surest first; ``foreign_references`` are the sender's.
    """

    sender: str | None = None
    sender_lines: tuple[str, ...] = ()
    recipient_lines: tuple[str, ...] = ()
    letter_date: date | None = None
    subject: str | None = None
    own_references: tuple[str, ...] = ()
    foreign_references: tuple[str, ...] = ()
    doctype: str | None = None
    ibans: tuple[str, ...] = ()
    amounts: tuple[Decimal, ...] = ()
    deadlines: tuple[Deadline, ...] = ()
    pages_announced: int | None = None
    enclosures_announced: Enclosures | None = None
    warnings: tuple[str, ...] = ()
