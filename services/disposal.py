"""Disposal: what is due, who proposes it, who else releases it. Nothing goes before the end of its retention.

One admin proposes, another one releases; both have to be able to see the file. At the release everything is checked
again under the chain's lock (retention, hold, the file's state), so a hold set after the proposal wins. The release is
the record of the destruction: an entry of the journal with the ids and hashes of all that goes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, stamp, today
from core.errors import NotFound, UsageError
from core.ids import new_id
from models import (
    DOCUMENT,
    FINAL,
    SOURCE,
    Actor,
    Case,
    Disposal,
    DisposalKind,
    DisposalReason,
    Document,
    EFile,
    Outcome,
    Role,
    Source,
    State,
)
from models.access import efile_tokens, held_tokens
from models.chain import lock, record
from models.database import pairs
from services.blanking import pages_to_blank
from services.destroying import delete_rows, finish, goes_with
from services.four_eyes import need_person, need_second_person
from services.house import House
from services.retention import is_due, kept_until
from services.target import need_efile
from services.view import Json, find_document


def due(house: House, actor: Actor, kind: DisposalKind | None = None) -> list[Json]:
    """The EFiles whose retention is over, oldest first, each with its disposal kind. Raises: Forbidden."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    day = today()
    with house.database.read() as session:
        held = held_tokens(session, actor)
        closed = session.scalars(sa.select(EFile).where(EFile.retain_until < day).order_by(EFile.retain_until)).all()
        found = [row for row in closed if is_due(row, day) and efile_tokens(row) & held]
        counts = pairs(
            session,
            sa.select(Document.efile_id, sa.func.count())
            .where(Document.efile_id.is_not(None))
            .group_by(Document.efile_id),
        )
        proposed = set(session.scalars(sa.select(Disposal.target_id).where(Disposal.released_at.is_(None))))
        return [
            {
                "reference": row.reference,
                "title": row.title,
                "unit": row.unit_id,
                "disposal": row.plan.disposal if row.plan else None,
                "closed_on": row.closed_on.isoformat() if row.closed_on else None,
                "retain_until": str(kept_until(row)),
                "documents": counts.get(row.id, 0),
                "hold": row.hold,
                "proposed": row.id in proposed,
            }
            for row in found
            if kind is None or (row.plan and row.plan.disposal == kind)
        ]


def propose(house: House, actor: Actor, reference: str, *, outcome: Outcome | None = None, basis: str = "") -> str:
    """Propose to destroy an EFile whose retention is over. Returns: the id of the proposal.

    ``outcome``: what the public archive said, needed where the plan says archive or appraise.
    Raises: Forbidden, UsageError.
    """
    _need_person(actor)
    with house.database.write() as session:
        lock(session)
        efile = need_efile(session, actor, reference)
        _need_due(efile)
        if efile.plan is not None and efile.plan.disposal != DisposalKind.DESTROY and outcome is None:
            raise UsageError("archive_not_asked", reference=efile.reference)
        return add_proposal(
            session,
            actor,
            Disposal(
                reason=DisposalReason.RETENTION,
                kind="efile",
                target_id=efile.id,
                reference=efile.reference,
                outcome=outcome,
                basis=basis,
            ),
        )


def add_proposal(session: Session, actor: Actor, proposal: Disposal) -> str:
    """Write a proposal down. Returns: its id. Raises: UsageError (there is one)."""
    if session.scalar(
        sa.select(Disposal.id).where(Disposal.target_id == proposal.target_id, Disposal.released_at.is_(None))
    ):
        raise UsageError("already_proposed", reference=proposal.reference)
    proposal.id, proposal.proposed_at, proposal.objects = new_id(8), now(), []
    proposal.proposed_by, proposal.proposed_account = actor.name, actor.hand
    session.add(proposal)
    session.flush()
    record(
        session,
        actor,
        "disposal.propose",
        "disposal",
        proposal.id,
        purpose=proposal.basis,
        data={**_said(proposal), "proposed_account": proposal.proposed_account},
        at=proposal.proposed_at,
    )
    return proposal.id


def release(house: House, actor: Actor, ids: Sequence[str]) -> int:
    """Release proposals of somebody else, and remove what they name. Returns: how many were completed.

    Without ids only what a crash or an unreachable index left over is finished.
    Raises: Forbidden, NotFound, UsageError, EnvironmentProblem (released, but not all is gone: run it again).
    """
    _need_person(actor)
    with house.database.write() as session:
        lock(session)
        for id in ids:
            _release(house, session, actor, id)
    return finish(house)


def _release(house: House, session: Session, actor: Actor, id: str) -> None:
    proposal = session.get(Disposal, id)
    if proposal is None:
        raise NotFound(id=id)
    if proposal.released_at is not None:
        raise UsageError("already_released", id=id)
    need_second_person(
        actor, proposed_by=proposal.proposed_by, proposed_account=proposal.proposed_account, id=proposal.id
    )
    facts: Json
    sources: list[str] = []
    if proposal.kind == "efile":
        efile = need_efile(session, actor, proposal.reference)
        _need_due(efile)
        documents = session.scalars(sa.select(Document).where(Document.efile_id == efile.id)).all()
        if any(document.state != State.FILED for document in documents):
            raise UsageError("file_has_unfiled", reference=efile.reference)
        cases = session.scalars(sa.select(Case.id).where(Case.efile_id == efile.id)).all()
        files = [efile.id, *cases]
        facts = {
            "plan": efile.plan_code,
            "disposal": efile.plan.disposal if efile.plan else None,
            "closed_on": str(efile.closed_on),
            "retain_until": str(kept_until(efile)),
        }
    else:
        found = need_erasable(session, actor, proposal.target_id)
        documents = [found] if isinstance(found, Document) else []
        sources = [found.id] if isinstance(found, Source) else []
        files, facts = [], {}
    objects = _objects(house, session, [document.id for document in documents], sources)
    proposal.released_by, proposal.released_at, proposal.objects = actor.name, now(), objects
    delete_rows(session, objects, files[0] if files else None)
    counts = {kind: sum(item["kind"] == kind for item in objects) for kind in (DOCUMENT, SOURCE)}
    record(
        session,
        actor,
        "disposal.release",
        "disposal",
        proposal.id,
        purpose=proposal.basis,
        data={
            **_said(proposal),
            "proposed_by": proposal.proposed_by,
            "files": files,
            "documents": counts[DOCUMENT],
            "sources": counts[SOURCE],
            "objects": objects,
            **facts,
        },
        at=proposal.released_at,
    )


def _said(proposal: Disposal) -> Json:
    """What proposal and release both write into the journal."""
    return {name: getattr(proposal, name) for name in ("reason", "kind", "target_id", "reference", "outcome")}


def _objects(house: House, session: Session, documents: list[str], sources: list[str]) -> list[dict[str, Any]]:
    """What goes, ``sources`` and those that no other letter needs; and the pages of Sources that stay.

    Of each object the digest of its inventory, of each Source the hash and size of its bytes too.
    """
    listed: list[dict[str, Any]] = [{"kind": DOCUMENT, "id": id} for id in sorted(documents)]
    sources = [*sources, *goes_with(session, documents)]
    for id in sources:
        source = session.get_one(Source, id)
        listed.append({"kind": SOURCE, "id": id, "sha256": source.sha256, "size": source.size})
    for item in listed:
        there = house.store.exists(item["kind"], item["id"])
        item["object"] = house.store.digest(item["kind"], item["id"]) if there else None
    return listed + pages_to_blank(house, session, documents, sources)


def listing(house: House, actor: Actor) -> list[Json]:
    """Proposals, releases and records of destruction, newest first. Raises: Forbidden."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    with house.database.read() as session:
        rows = session.scalars(sa.select(Disposal).order_by(Disposal.proposed_at.desc())).all()
    return [
        {
            "id": row.id,
            "state": "proposed" if not row.released_at else "released" if not row.completed_at else "destroyed",
            "reason": row.reason,
            "kind": row.kind,
            "reference": row.reference,
            "outcome": row.outcome,
            "basis": row.basis,
            "proposed_by": row.proposed_by,
            "proposed_account": row.proposed_account,
            "proposed_at": stamp(row.proposed_at),
            "released_by": row.released_by,
            "released_at": stamp(row.released_at) if row.released_at else None,
            "completed_at": stamp(row.completed_at) if row.completed_at else None,
            "documents": sum(item["kind"] == DOCUMENT for item in row.objects),
            "sources": sum(item["kind"] == SOURCE for item in row.objects),
        }
        for row in rows
    ]


def _need_person(actor: Actor) -> None:
    """An admin, and a person: the system disposes of nothing. Raises: Forbidden."""
    actor.need(Role.ADMIN)
    need_person(actor)


def _need_due(efile: EFile) -> None:
    """Its retention is over and no hold stands. Raises: UsageError."""
    if efile.hold:
        raise UsageError("file_held", reference=efile.reference)
    last = kept_until(efile)
    if last is None:
        raise UsageError("file_not_closed", reference=efile.reference)
    if not is_due(efile, today()):
        raise UsageError("retention_runs", reference=efile.reference, day=f"{last:%d.%m.%Y}")


def need_erasable(session: Session, actor: Actor, id: str) -> Document | Source:
    """A Document, or a Source in quarantine that no Document came of, on which no work and no hold stands.

    Raises: NotFound, UsageError.
    """
    found = find_document(session, actor, id)
    final = FINAL if isinstance(found, Document) else (State.QUARANTINED,)
    if found.state not in final:
        raise UsageError("not_yet_archived", id=id)
    if isinstance(found, Document) and found.efile is not None and found.efile.hold:
        raise UsageError("file_held", reference=found.efile.reference)
    return found
