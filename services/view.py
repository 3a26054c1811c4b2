"""What people and machines see of a Document: the JSON of the contract, only for those who may."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import stamp
from core.errors import NotFound
from core.i18n import text
from models import Actor, Document, OrgUnit, Source, State
from models.access import EVERYTHING, document_tokens, held_tokens, readable
from models.database import pairs

Json = dict[str, Any]


def find_document(session: Session, actor: Actor, id: str) -> Document | Source:
    """A Document by its id, or the first of an entry number (or Source) that the actor may read; a Source without
    Documents by its own. Raises: NotFound (unknown or unseen).
    """
    tokens = held_tokens(session, actor)
    wanted = id.strip()
    exact = session.get(Document, wanted)
    documents = (
        [exact]
        if exact is not None
        else session.scalars(
            sa.select(Document)
            .join(Source, Source.id == Document.source_id)
            .where(sa.or_(Source.entry_no == wanted, Source.id == wanted))
            .order_by(Document.part)
        ).all()
    )
    if documents:
        for document in documents:
            if tokens & document_tokens(document):
                return document
        raise NotFound(id=id)
    source = session.scalar(sa.select(Source).where(sa.or_(Source.id == wanted, Source.entry_no == wanted)))
    if source is None or not tokens & {"intake", EVERYTHING}:
        raise NotFound(id=id)
    return source


def need_document(session: Session, actor: Actor, id: str) -> Document:
    """Like :func:`find_document`, for acts that need a Document. Raises: NotFound."""
    found = find_document(session, actor, id)
    if isinstance(found, Source):
        raise NotFound(id=id)
    return found


def document_json(
    session: Session, document: Document, tokens: Collection[str], *, duplicate_of: str | None = None
) -> Json:
    """A Document as the command line and web API show it (unknown is null) to a holder of ``tokens``."""
    source, route = document.source, document.route
    named = [copy.unit_id for copy in route.copies] + [unit for unit, _ in route.candidates] if route else []
    codes = unit_codes(session, {document.unit_id, route.unit_id if route else None, *named})
    return {
        "id": document.id,
        "entry_no": source.entry_no,
        "source": {
            "id": source.id,
            "part": document.part,
            "pages": [entry.page.number for entry in document.pages],
        },
        "source_name": source.name,
        "sha256": source.sha256,
        "duplicate_of": duplicate_of,
        "batch": source.batch_id,
        "state": document.state,
        "step": document.step,
        "reason": document.reason if document.state in (State.QUARANTINED, State.WORKING) else None,
        "warnings": list(document.warnings),
        "indexed": document.indexed,
        "pages": len(document.pages),
        "page_status": [entry.page.status for entry in document.pages],
        "unread": _unread(document),
        "received_on": document.received_on.isoformat(),
        "received_at": stamp(document.received_at),
        "unit": codes.get(document.unit_id or ""),
        "copies": [codes[copy.unit_id] for copy in route.copies] if route else [],
        "route": {
            "unit": codes.get(route.unit_id or ""),
            "confidence": route.confidence,
            "decided_by": route.decided_by,
            "reasons": _shown_reasons(session, route.reasons, tokens),
        }
        if route
        else None,
        "candidates": [
            {"unit": codes.get(unit), "confidence": confidence}
            for unit, confidence in (route.candidates if route else [])
        ],
        "date": document.letter_date.isoformat() if document.letter_date else None,
        "sender": document.sender,
        "subject": document.subject,
        "file_reference": document.file_reference,
        "foreign_reference": document.foreign_reference,
        "efile": document.efile.reference if document.efile else None,
        "case": document.case.reference if document.case else None,
        "doctype": document.doctype,
        "language": document.language,
        "confidentiality": document.confidentiality,
        "ocr_confidence": document.confidence,
        "archive": {
            "object": document.object_path,
            "pdf": document.pdf_path,
            "flavour": document.flavour,
            "valid": document.valid,
        }
        if document.object_path
        else None,
        "timings": document.timings,
    }


def _shown_reasons(session: Session, reasons: list[Any], tokens: Collection[str]) -> list[Any]:
    """The reasons of a Route, precedents only where they may be read; of the others that there are some."""
    precedents = {reason["document"] for reason in reasons if "document" in reason}
    if not precedents:
        return reasons
    seen = set(session.scalars(sa.select(Document.id).where(Document.id.in_(precedents), readable(tokens))))
    shown = [reason for reason in reasons if reason.get("document", "") in {"", *seen}]
    return shown if seen == precedents else [*shown, {"code": "similar"}]


def _unread(document: Document) -> Json | None:
    """Print that was seen and not read: its share on the worst page, and in how many places; None: not looked for."""
    pages = [entry.page.plan["unread"] for entry in document.pages if "unread" in entry.page.plan]
    if not pages:
        return None
    return {"share": max(page["share"] for page in pages), "regions": sum(len(page["regions"]) for page in pages)}


def source_json(source: Source, *, duplicate_of: str | None = None) -> Json:
    """A Source that has no Documents (quarantined, or still on its way), in the same shape."""
    empty = dict.fromkeys(
        (
            "unit",
            "route",
            "date",
            "sender",
            "subject",
            "file_reference",
            "foreign_reference",
            "efile",
            "case",
            "doctype",
            "language",
            "ocr_confidence",
            "archive",
        )
    )
    return {
        "id": source.id,
        "entry_no": source.entry_no,
        "source": {"id": source.id, "part": None, "pages": []},
        "source_name": source.name,
        "sha256": source.sha256,
        "duplicate_of": duplicate_of,
        "batch": source.batch_id,
        "state": source.state,
        "step": source.step,
        "reason": source.reason if source.state in (State.QUARANTINED, State.WORKING) else None,
        "warnings": list(source.warnings),
        "indexed": False,
        "pages": len(source.pages),
        "page_status": [],
        "unread": None,
        "received_on": source.received_on.isoformat(),
        "received_at": stamp(source.received_at),
        "copies": [],
        "candidates": [],
        "confidentiality": source.confidentiality,
        "timings": {},
        **empty,
    }


def unit_codes(session: Session, ids: Iterable[str | None] | None = None) -> dict[str, str]:
    """Unit ids (None: all) to the codes that people know."""
    query = sa.select(OrgUnit.id, OrgUnit.code)
    return pairs(session, query if ids is None else query.where(OrgUnit.id.in_({id for id in ids if id})))


def reason_sentence(line: Mapping[str, Any]) -> str:
    """Why something lies in quarantine, and what the operator should do. ``line``: its JSON, ``details`` if there."""
    details = {
        "suffix": Path(line["source_name"]).suffix or "–",
        "signal": "?",
        "kind": "?",
        **(line.get("details") or {}),
    }
    return text(f"reason.{line['reason']}", None, **details)
