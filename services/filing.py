"""File: the Document's archive object, its EFile and Case, its place in the unit's in-tray."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, today
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
from services.describing import document_metadata, general_reference, note_of_scan, said_of
from services.house import House
from services.reading import WORDS, page_texts, readings_of
from services.sealing import EXTRACTS, PDF, VERDICT, seal_document, verdict_of


def file_document(house: House, document_id: str) -> None:
    """Write the archive object, then commit the final state. Each may run twice with the same result."""
    with house.database.read() as session:
        columns = sa.select(Document.state, Document.version).where(Document.id == document_id)
        state, version = session.execute(columns).one()
    if state != State.WORKING:
        _sweep(house, document_id)
        return
    if _version_written(house, document_id) < version:
        _write_object(house, document_id)
    object_path = house.store.relative("document", document_id)
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        if document.state != State.WORKING:
            return
        document.object_path = object_path
        document.pdf_path = None
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
                "object_version": house.store.version("document", document_id),
            },
        )
    _sweep(house, document_id)


def place(session: Session, actor: Actor, document: Document) -> None:
    """``filed`` in its EFile (else in the unit's yearly one) when it has a unit, ``clarify`` when it has none."""
    document.step, document.updated_at = Step.INDEX, now()
    document.reason, document.reason_details = None, {}  # of tries that failed
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
    reference = general_reference(unit.id, year)
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


def _version_written(house: House, document_id: str) -> int:
    """The version of the Document's pages that its object holds; 0: there is no object yet."""
    if not house.store.exists("document", document_id):
        return 0
    return int(said_of(house.store.file("document", document_id, "metadata.json").read_bytes())["version"])


def _write_object(house: House, document_id: str) -> None:
    folder = house.work_folder(document_id)
    if not (folder / VERDICT).is_file():  # the work folder was lost
        seal_document(house, document_id)
    readings = readings_of(house, document_id)
    verdict = verdict_of(house, document_id)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        metadata = document_metadata(session, document, verdict)
        note = note_of_scan(document, verdict)
        rescanned = document.version > 1
    files: dict[str, Any] = {
        "metadata.json": metadata,
        "transfer-note.json": note,
        "text.txt": "\f".join(page_texts(readings)).encode(),
        WORDS: folder / WORDS,
    }
    if verdict["pdf"]:
        files[PDF] = folder / PDF
    if verdict["extract"]:
        files[verdict["extract"]["name"]] = folder / verdict["extract"]["name"]
    if rescanned:
        changes = {PDF: None, **dict.fromkeys(EXTRACTS), **files}  # what is not made anew must not stand for new pages
        house.store.add_version("document", document_id, changes, message="rescanned", user="aktenlotse")
        return
    house.store.create("document", document_id, files, message="filed", user="aktenlotse")


def _sweep(house: House, document_id: str) -> None:
    remove_tree(house.settings.work / document_id)
