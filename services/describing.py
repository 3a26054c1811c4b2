"""Describe: what an archive object says of itself, so that it needs neither this software nor its database.

``metadata.json`` follows ``archive/data/metadata.schema.json``, of which a copy lies in the archive's root;
``transfer-note.json`` says how paper became the file (BSI TR-03138).
"""

from __future__ import annotations

import json
import platform
from datetime import date
from functools import cache
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive import write_metadata
from archive.transfer_note import ScanRecord, transfer_note
from core.clock import now, stamp
from ingest.formats import Inspection
from models import Batch, Confidentiality, Document, DocumentPage, JournalEntry

PAGE_FACTS = (
    *("width", "height", "dpi", "status", "reason", "orientation", "skew"),
    *("confidence", "language", "words_sha256", "plan"),
)


def source_metadata(
    source_id: str, sha256: str, name: str, size: int, received_on: date, found: Inspection, batch: Batch
) -> bytes:
    """metadata.json of a Source's object. Its entry number is given later, in the commit, and stands in the journal."""
    return write_metadata(
        {
            "kind": "source",
            "id": source_id,
            "created_at": stamp(now()),
            "sha256": sha256,
            "name": name,
            "size": size,
            "media_type": found.media_type,
            "page_count": found.pages,
            "received_on": received_on.isoformat(),
            "batch": _batch(batch),
        }
    )


def document_metadata(session: Session, document: Document, verdict: dict[str, Any]) -> bytes:
    """metadata.json of a version of a Document's object: its state when the version was written."""
    source, unit = document.source, document.unit
    secret = unit is not None and unit.confidential
    return write_metadata(
        {
            "kind": "document",
            "id": document.id,
            "version": document.version,
            "created_at": stamp(now()),
            "entry_no": source.entry_no,
            "source": {
                "id": source.id,
                "sha256": source.sha256,
                "part": document.part,
                "pages": [entry.page.number for entry in document.pages],
            },
            "scan": {"id": document.scan.id, "sha256": document.scan.sha256} if document.version > 1 else None,
            "name": source.name,
            "media_type": source.media_type,
            "received_on": document.received_on.isoformat(),
            "received_at": stamp(document.received_at),
            "date": document.letter_date.isoformat() if document.letter_date else None,
            "sender": document.sender,
            "subject": document.subject,
            "file_reference": document.file_reference,
            "foreign_reference": document.foreign_reference,
            "doctype": document.doctype,
            "language": document.language,
            "confidentiality": Confidentiality.CONFIDENTIAL if secret else document.confidentiality,
            "filing": _filing(document),
            "batch": _batch(document.scan.batch),
            "confidence": document.confidence,
            "warnings": list(document.warnings),
            "hints": document.hints,
            "timings": document.timings,
            "pages": [_page(entry) for entry in document.pages],
            "pdfa": {name: part for name, part in verdict.items() if name not in ("pdf", "extract")},
            "extract": _extract(document, verdict["extract"]),
            "software": software_of(verdict),
            "history": _history(session, document),
        }
    )


def said_of(metadata: bytes) -> dict[str, Any]:
    """What a metadata.json says."""
    said: dict[str, Any] = json.loads(metadata)
    return said


def general_reference(unit_id: str, year: int) -> str:
    """The reference of a unit's yearly file "Posteingang"."""
    return f"{unit_id}-Posteingang-{year}"


def note_of_scan(document: Document, verdict: dict[str, Any]) -> bytes:
    """The first TransferNote of a version's pages, before anybody compared them with the paper."""
    scan, batch = document.scan, document.scan.batch
    note = transfer_note(
        ScanRecord(
            document_id=document.id,
            source_id=scan.id,
            source_sha256=scan.sha256,
            operator=batch.operator,
            device=batch.device,
            profile=batch.profile,
            scanned_at=scan.received_at,
            sheets_counted=batch.expected_sheets,
            pages_found=len(document.pages),
            software=software_of(verdict),
            anomalies=tuple(document.warnings),
            box=document.source.batch.box,
        )
    )
    return note_bytes(note)


def note_bytes(note: dict[str, Any]) -> bytes:
    """transfer-note.json."""
    return json.dumps(note, ensure_ascii=False, indent=1).encode()


_own_version = cache(version)  # of our distribution: read from its files, once


def software_of(verdict: dict[str, Any]) -> dict[str, str]:
    """What made a version: names to versions."""
    return {
        "aktenlotse": _own_version("aktenlotse"),
        "python": platform.python_version(),
        "validator": f"{verdict['verdict'].get('validator')} {verdict['verdict'].get('version')}",
    }


def _filing(document: Document) -> dict[str, Any] | None:
    if document.unit_id is None:
        return None
    efile, case = document.efile, document.case
    reference = efile.reference if efile else general_reference(document.unit_id, document.received_on.year)
    return {
        "unit": document.unit_id,
        "copies": [copy.unit_id for copy in document.route.copies] if document.route else [],
        "efile": reference,
        "case": case.reference if case else None,
        "plan_code": efile.plan_code if efile else None,
    }


def _batch(batch: Batch) -> dict[str, Any]:
    return {name: getattr(batch, name) for name in ("id", "operator", "device", "profile", "box")}


def _page(entry: DocumentPage) -> dict[str, Any]:
    page = entry.page
    return {
        "number": entry.position,
        "source": page.source_id,
        "source_page": page.number,
        "left_out": entry.left_out,
        **{name: getattr(page, name) for name in PAGE_FACTS},
    }


def _extract(document: Document, made: dict[str, str] | None) -> dict[str, Any] | None:
    """The part's own original; none where the letter is all of its Source."""
    if made is None:
        return None
    pages = [entry.page.number for entry in document.pages]
    return {"name": made["name"], "of": document.scan.sha256, "pages": pages, "sha256": made["sha256"]}


def _history(session: Session, document: Document) -> list[dict[str, str]]:
    rows = session.execute(
        sa.select(JournalEntry.at, JournalEntry.actor, JournalEntry.action)
        .where(JournalEntry.object_id.in_((document.id, document.source_id, document.scan.id)))
        .order_by(JournalEntry.seq)
    )
    return [{"at": at, "actor": actor, "action": action} for at, actor, action in rows]
