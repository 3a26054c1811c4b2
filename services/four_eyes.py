"""Four eyes are two persons: what one proposed, another one has to confirm.

One user, or one account of the operating system, is one person, by whatever names it acted (``--as``) and wherever
(command line, browser). A session of the web belongs to one user, so it is one person already. What no software can
see, one human with two users and two accounts, stands in ``docs/trust.md``.
"""

from __future__ import annotations

from core.errors import Forbidden, UsageError
from models import Actor


def need_person(actor: Actor) -> None:
    """The system neither proposes nor confirms. Raises: Forbidden."""
    if actor.is_system:
        raise Forbidden(actor=actor.name)


def need_second_person(actor: Actor, *, proposed_by: str, proposed_account: str | None, id: str) -> None:
    """``actor`` is a person, and another one than who proposed ``id``. Raises: Forbidden, UsageError."""
    need_person(actor)
    if actor.name == proposed_by:
        raise UsageError("second_person_needed", id=id)
    if actor.hand is not None and actor.hand == proposed_account:
        raise UsageError("second_account_needed", id=id, account=actor.hand)
