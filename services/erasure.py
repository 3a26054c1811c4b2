"""Erasure of what the town must not have (GDPR art. 17 (1) d): a Document that was misdelivered or filed unlawfully,
or the bytes of a Source in quarantine.

It is the one way to destroy something before the end of a retention, since none ever applied to it. It needs a reason
in words and two persons, a hold stops it, and it leaves the same record as any disposal.
"""

from __future__ import annotations

from core.errors import UsageError
from models import DOCUMENT, SOURCE, Actor, Disposal, DisposalReason, Document, Role
from models.chain import lock
from services.disposal import add_proposal, need_erasable
from services.four_eyes import need_person
from services.house import House


def propose_erasure(house: House, actor: Actor, id: str, *, basis: str) -> str:
    """Propose to erase what is here unlawfully, by id or entry number. Returns: the id of the proposal, which another
    admin releases with :func:`services.disposal.release`.

    Raises: Forbidden, NotFound, UsageError (no reason, a hold, still on its way).
    """
    actor.need(Role.ADMIN)
    need_person(actor)
    if not basis.strip():
        raise UsageError("reason_needed")
    with house.database.write() as session:
        lock(session)
        found = need_erasable(session, actor, id)
        source = found.source if isinstance(found, Document) else found
        return add_proposal(
            session,
            actor,
            Disposal(
                reason=DisposalReason.UNLAWFUL,
                kind=DOCUMENT if isinstance(found, Document) else SOURCE,
                target_id=found.id,
                reference=source.entry_no,
                outcome=None,
                basis=basis,
            ),
        )
