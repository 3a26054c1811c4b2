"""EFiles as people and machines see them, only those of units that the actor may read."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import today
from models import Actor, Case, Document, EFile, JournalEntry
from models.access import document_tokens, efile_tokens, held_tokens, readable
from models.chain import record
from models.database import pairs
from services.house import House
from services.retention import is_due, kept_until
from services.target import need_efile
from services.view import Json, unit_codes

LIFE = ("efile.open", "efile.change", "efile.close", "efile.reopen", "efile.hold", "efile.unhold")


def list_efiles(house: House, actor: Actor, *, unit: str | None = None, due: bool = False) -> list[Json]:
    """EFiles by reference; ``due``: only those whose retention is over and that no hold keeps."""
    with house.database.read() as session:
        held = held_tokens(session, actor)
        codes = unit_codes(session)
        letters = sa.select(Document.efile_id, sa.func.count()).where(readable(held)).group_by(Document.efile_id)
        counts = pairs(session, letters)
        rows = session.scalars(sa.select(EFile).order_by(EFile.reference))
        return [
            _json(row, codes, counts.get(row.id, 0))
            for row in rows
            if efile_tokens(row) & held
            and (unit is None or codes.get(row.unit_id) == unit)
            and (not due or (is_due(row, today()) and not row.hold))
        ]


def show_efile(house: House, actor: Actor, reference: str) -> Json:
    """An EFile with its Cases, its letters (those that the actor may read) and its life. It is a reading.

    Raises: UsageError (unknown, or not to be seen).
    """
    with house.database.read() as session:
        efile = need_efile(session, actor, reference)
        held = held_tokens(session, actor)
        documents = [
            row
            for row in session.scalars(
                sa.select(Document).where(Document.efile_id == efile.id).order_by(Document.received_on, Document.id)
            )
            if document_tokens(row) & held
        ]
        answer = {
            **_json(efile, unit_codes(session), len(documents)),
            "cases": [_case(case) for case in efile.cases],
            "contents": [
                {
                    "id": row.id,
                    "entry_no": row.source.entry_no,
                    "received_on": row.received_on.isoformat(),
                    "sender": row.sender,
                    "subject": row.subject,
                    "case": row.case.reference if row.case else None,
                }
                for row in documents
            ],
            "life": _life(session, efile),
        }
    with house.database.write() as session:
        record(session, actor, "efile.read", "efile", efile.id)
    return answer


def _json(efile: EFile, codes: dict[str, str], documents: int) -> Json:
    last = kept_until(efile)
    return {
        "reference": efile.reference,
        "title": efile.title,
        "unit": codes.get(efile.unit_id),
        "plan": efile.plan_code,
        "retention_years": efile.plan.retention_years if efile.plan else None,
        "disposal": efile.plan.disposal if efile.plan else None,
        "parties": list(efile.parties),
        "general": efile.general,
        "opened_on": efile.opened_on.isoformat(),
        "closed_on": efile.closed_on.isoformat() if efile.closed_on else None,
        "retain_until": last.isoformat() if last else None,
        "due": is_due(efile, today()),
        "hold": efile.hold,
        "documents": documents,
    }


def _case(case: Case) -> Json:
    return {
        "reference": case.reference,
        "title": case.title,
        "opened_on": case.opened_on.isoformat(),
        "closed_on": case.closed_on.isoformat() if case.closed_on else None,
    }


def _life(session: Session, efile: EFile) -> list[Json]:
    """What happened to the file itself, by whom and why, as the journal says."""
    entries = session.scalars(
        sa.select(JournalEntry)
        .where(JournalEntry.object_id == efile.id, JournalEntry.action.in_(LIFE))
        .order_by(JournalEntry.seq)
    )
    return [{"at": row.at, "action": row.action, "actor": row.actor, "reason": row.purpose} for row in entries]
