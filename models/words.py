"""The closed lists of words: states, steps, page statuses, kinds. ``docs/glossary.md`` explains them."""

from __future__ import annotations

from enum import StrEnum


class State(StrEnum):
    """State of a Source or Document. A Source whose Documents exist is ``opened``."""

    WORKING = "working"
    OPENED = "opened"
    FILED = "filed"
    CLARIFY = "clarify"
    QUARANTINED = "quarantined"


FINAL = (State.FILED, State.CLARIFY, State.QUARANTINED)
NEXT: dict[State, frozenset[State]] = {
    State.WORKING: frozenset({State.OPENED, *FINAL}),
    State.OPENED: frozenset({State.QUARANTINED}),
    State.CLARIFY: frozenset({State.FILED, State.WORKING}),
    State.FILED: frozenset({State.FILED, State.WORKING}),
    State.QUARANTINED: frozenset({State.WORKING}),
}


class Step(StrEnum):
    """The steps of the way, in their order."""

    RECEIVE = "receive"
    OPEN = "open"
    READ = "read"
    ROUTE = "route"
    SEAL = "seal"
    FILE = "file"
    INDEX = "index"


class PageStatus(StrEnum):
    """How the reading of a page ended. A page never ends without one."""

    OK = "ok"
    LOW_CONFIDENCE = "low_confidence"
    BLANK = "blank"
    UNREADABLE = "unreadable"


class DecidedBy(StrEnum):
    """What decided a Route."""

    REFERENCE = "reference"
    RULE = "rule"
    MODEL = "model"
    PERSON = "person"


class LabelKind(StrEnum):
    """How a person came to give a label."""

    CORRECTION = "correction"
    CONFIRMATION = "confirmation"
    MISDELIVERY = "misdelivery"
    CLARIFICATION = "clarification"


class Confidentiality(StrEnum):
    """Who may read: the unit (``normal``) or persons named for it (``confidential``)."""

    NORMAL = "normal"
    CONFIDENTIAL = "confidential"


class Role(StrEnum):
    """Roles of users. What they may read is said by grants; these say which acts they may do."""

    ADMIN = "admin"
    OPERATOR = "operator"
    POST_ROOM = "post_room"
    CASEWORKER = "caseworker"
    AUDITOR = "auditor"


class ProtectionNeed(StrEnum):
    """Protection need of what was scanned (BSI TR-03138), which says how much of it is compared with the paper."""

    NORMAL = "normal"
    HIGH = "high"
    VERY_HIGH = "very_high"


class Permission(StrEnum):
    """What a grant allows in its units."""

    READ = "read"
    WORK = "work"


class DisposalKind(StrEnum):
    """What the file plan says of a file whose retention is over."""

    ARCHIVE = "archive"  # offered to the public archive, which takes it over or declines
    DESTROY = "destroy"
    APPRAISE = "appraise"  # the public archive looks at each file and decides


class Outcome(StrEnum):
    """What the public archive answered to an offer."""

    TAKEN_OVER = "taken_over"
    DECLINED = "declined"


class DisposalReason(StrEnum):
    """Why something is destroyed."""

    RETENTION = "retention"  # the retention is over
    UNLAWFUL = "unlawful"  # the town must not have it: filed unlawfully, meant for somebody else
