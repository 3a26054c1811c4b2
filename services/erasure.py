"""Erasure of one Document that the town must not have (GDPR art. 17 (1) d): misdelivered or filed unlawfully.

It is the one way to destroy something before the end of a retention, since none ever applied to it. It needs a reason
in words and two persons, a hold stops it, and it leaves the same record as any disposal.
"""

from __future__ import annotations

from core.errors import UsageError
from models import Actor, Disposal, DisposalReason, Role, State
from models.chain import lock
from services.disposal import add_proposal, need_no_hold
from services.house import House
from services.view import need_document


def propose_erasure(house: House, actor: Actor, id: str, *, basis: str) -> str:
    """Propose to erase a Document that is here unlawfully. Returns: the id of the proposal, which another admin
    releases with :func:`services.disposal.release`.

    Raises: Forbidden, NotFound, UsageError (no reason, a hold, still on its way).
    """
    actor.need(Role.ADMIN)
    if not basis.strip():
        raise UsageError("reason_needed")
    with house.database.write() as session:
        lock(session)
        document = need_document(session, actor, id)
        if document.state not in (State.FILED, State.CLARIFY, State.QUARANTINED):
            raise UsageError("not_yet_archived", id=id)
        need_no_hold(document)
        return add_proposal(
            session,
            actor,
            Disposal(
                reason=DisposalReason.UNLAWFUL,
                kind="document",
                target_id=document.id,
                reference=document.source.entry_no,
                outcome=None,
                basis=basis,
            ),
        )
