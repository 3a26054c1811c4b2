"""File: the Document's archive object, its EFile and Case, its place in the unit's in-tray."""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive.transfer_note import ScanRecord, transfer_note
from core.clock import now, stamp, today
from core.durable import remove_tree
from core.ids import new_id
from models import (
    SYSTEM,
    Actor,
    Confidentiality,
    Document,
    EFile,
    OrgUnit,
    OutboxEntry,
    State,
    Step,
)
from models.chain import record
from models.references import reference_key
from services.house import House
from services.reading import WORDS, page_texts, readings_of
from services.sealing import PDF, seal_document, verdict_of


def file_document(house: House, document_id: str) -> None:
    """Write the archive object, then commit the final state. Each may run twice with the same result."""
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        if document.state != State.WORKING:
            _sweep(house, document_id)
            return
    if not house.store.exists("document", document_id):
        _write_object(house, document_id)
    object_path = house.store.relative("document", document_id)
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        if document.state != State.WORKING:
            return
        document.object_path = object_path
        if document.valid:
            pdf = house.store.file("document", document_id, PDF)
            document.pdf_path = str(pdf.relative_to(house.settings.archive))
        place(session, SYSTEM, document)
        stale(session, document_id)
        record(
            session,
            SYSTEM,
            "document.file",
            "document",
            document_id,
            data={
                "state": document.state,
                "unit": document.unit_id,
                "efile": document.efile_id,
                "case": document.case_id,
                "valid": document.valid,
                "flavour": document.flavour,
                "confidentiality": document.confidentiality,
                "object": house.store.digest("document", document_id),
            },
        )
    _sweep(house, document_id)


def place(session: Session, actor: Actor, document: Document) -> None:
    """``filed`` in its EFile (else in the unit's yearly one) when it has a unit, ``clarify`` when it has none."""
    document.step, document.updated_at = Step.INDEX, now()
    if document.unit_id is None:
        document.state = State.CLARIFY
        return
    unit = session.get_one(OrgUnit, document.unit_id)
    if unit.confidential:
        document.confidentiality = Confidentiality.CONFIDENTIAL
    efile = session.get(EFile, document.efile_id) if document.efile_id else None
    if efile is None or efile.closed_on is not None:  # closed while the letter was on its way
        document.case_id = None
        document.efile_id = general_efile(session, actor, unit, document.received_on.year).id
    document.state = State.FILED


def general_efile(session: Session, actor: Actor, unit: OrgUnit, year: int) -> EFile:
    """The unit's yearly file "Posteingang" for letters without a known reference; made when first needed.

    That of the running year takes what comes after an older one was closed.
    """
    reference = f"{unit.id}-Posteingang-{year}"
    efile = session.scalar(sa.select(EFile).where(EFile.reference == reference))
    if efile is not None and efile.closed_on is not None:
        return general_efile(session, actor, unit, today().year)
    if efile is None:
        efile = EFile(
            id=new_id(),
            reference=reference,
            reference_key=reference_key(reference),
            title=f"Posteingang {year}",
            unit_id=unit.id,
            general=True,
            opened_on=today(),
        )
        session.add(efile)
        session.flush()
        record(
            session,
            actor,
            "efile.open",
            "efile",
            efile.id,
            data={"reference": reference, "unit": unit.id, "general": True, "plan": None},
            values={"title": efile.title},
        )
    return efile


def stale(session: Session, document_id: str) -> None:
    """The Document's index entry is to be made anew: a row in the outbox, in the caller's transaction."""
    document = session.get_one(Document, document_id)
    document.indexed = False
    row = session.get(OutboxEntry, document_id)
    if row is None:
        session.add(OutboxEntry(document_id=document_id, version=1, since=now()))
    else:
        row.version += 1


def _write_object(house: House, document_id: str) -> None:
    seal_document(house, document_id)  # made again where the work folder was lost
    folder = house.work_folder(document_id)
    readings = readings_of(house, document_id)
    verdict = verdict_of(house, document_id)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        metadata = document_metadata(document, verdict)
        note = _transfer_note(document, verdict)
    files: dict[str, Any] = {
        "metadata.json": json.dumps(metadata, ensure_ascii=False, indent=1).encode(),
        "transfer-note.json": json.dumps(note, ensure_ascii=False, indent=1).encode(),
        "text.txt": "\f".join(page_texts(readings)).encode(),
        WORDS: folder / WORDS,
    }
    if verdict["pdf"]:
        files[PDF] = folder / PDF
    house.store.create("document", document_id, files, message="filed", user="aktenlotse")


def document_metadata(document: Document, verdict: dict[str, Any]) -> dict[str, Any]:
    """The self-describing metadata of a Document's version: what it is, apart from later journal entries."""
    source = document.source
    return {
        "schema": "aktenlotse-document-1",
        "id": document.id,
        "entry_no": source.entry_no,
        "source": {
            "id": source.id,
            "sha256": source.sha256,
            "name": source.name,
            "media_type": source.media_type,
        },
        "received_on": document.received_on.isoformat(),
        "received_at": stamp(document.received_at),
        "confidentiality": document.confidentiality,
        "letter_date": document.letter_date.isoformat() if document.letter_date else None,
        "sender": document.sender,
        "subject": document.subject,
        "file_reference": document.file_reference,
        "foreign_reference": document.foreign_reference,
        "doctype": document.doctype,
        "language": document.language,
        "confidence": document.confidence,
        "warnings": document.warnings,
        "hints": document.hints,
        "timings": document.timings,
        "pdf": verdict,
        "pages": [
            {
                "position": entry.position,
                "source": entry.page.source_id,
                "page": entry.page.number,
                "left_out": entry.left_out,
                "width": entry.page.width,
                "height": entry.page.height,
                "dpi": entry.page.dpi,
                "status": entry.page.status,
                "reason": entry.page.reason,
                "orientation": entry.page.orientation,
                "skew": entry.page.skew,
                "confidence": entry.page.confidence,
                "language": entry.page.language,
                "words_sha256": entry.page.words_sha256,
                "plan": entry.page.plan,
            }
            for entry in document.pages
        ],
    }


def _transfer_note(document: Document, verdict: dict[str, Any]) -> dict[str, Any]:
    batch = document.source.batch
    return transfer_note(
        ScanRecord(
            document_id=document.id,
            source_id=document.source_id,
            source_sha256=document.source.sha256,
            operator=batch.operator,
            device=batch.device,
            profile=batch.profile,
            scanned_at=document.received_at,
            sheets_counted=batch.expected_sheets,
            pages_found=len(document.pages),
            software={
                "aktenlotse": version("aktenlotse"),
                "python": platform.python_version(),
                "validator": f"{verdict['verdict'].get('validator')} {verdict['verdict'].get('version')}",
            },
            anomalies=tuple(document.warnings),
            box=batch.box,
        )
    )


def _sweep(house: House, document_id: str) -> None:
    remove_tree(house.settings.work / document_id)
