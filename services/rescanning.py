"""Rescan: the pages of a new scan take the place of a letter's pages, by the durable steps of its first way."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from sqlalchemy.orm import Session

from core.clock import now, today
from core.durable import copy_checked, make_folders, remove_tree
from core.errors import UsageError
from core.ids import id_of_bytes, new_id
from core.names import safe_name
from models import (
    DOCUMENT,
    Actor,
    Document,
    DocumentPage,
    Page,
    Paper,
    Pending,
    Source,
    State,
    Step,
)
from models.chain import lock, record
from services.house import House
from services.intake import BatchFacts, add_source, archive_source, start_batch
from services.paper import ARCHIVED, KEEPERS, document_of, refuse_destroyed
from services.target import need_open_around
from services.view import Json


def rescan(house: House, actor: Actor, id: str, file: Path, facts: BatchFacts) -> Pending:
    """Put the pages of a new scan in the place of a letter's pages; it is read and sealed again, and compared again.

    The first scan stays in the archive. Returns: what is to be enqueued.
    Raises: Forbidden, NotFound, UsageError (not archived yet, paper destroyed, these bytes are known), LetterError
    (the new file is bad), StorageFull.
    """
    actor.need(*KEEPERS)
    with house.database.read() as session:
        document = document_of(session, id)
        need_open_around(document)
        refuse_destroyed(session.get(Paper, document.id))
        if document.state not in ARCHIVED:
            raise UsageError("not_yet_archived", id=id)
    scratch = house.settings.staging / f"in-{new_id()}"
    make_folders(scratch)
    try:
        copy = scratch / safe_name(file.name)
        sha256 = copy_checked(file, copy)
        found = house.guarded.inspect(copy)
        source_id = id_of_bytes(sha256)
        with house.database.read() as session:
            if session.get(Source, source_id) is not None:
                raise UsageError("rescan_known", id=source_id)
        batch_id = start_batch(house, actor, facts)
        place = archive_source(house, source_id, sha256, copy, file.name, found, batch_id=batch_id, received_on=today())
        size = copy.stat().st_size
    finally:
        remove_tree(scratch)
    remove_tree(house.settings.work / document.id)  # what the first reading left
    moment = now()
    with house.database.write() as session:
        lock(session)
        document = document_of(session, id)
        need_open_around(document)
        if document.state not in ARCHIVED:
            raise UsageError("not_yet_archived", id=id)
        add_source(
            house,
            session,
            actor,
            id=source_id,
            sha256=sha256,
            name=file.name,
            size=size,
            media_type=found.media_type,
            batch_id=batch_id,
            received_on=today(),
            received_at=moment,
            state=State.OPENED,
            step=Step.OPEN,
            reason=None,
            reason_details={},
            object_path=place,
            quarantine_path=None,
            warnings=list(found.warnings),
        )
        data = {
            "source": source_id,
            "pages": found.pages,
            "version": document.version + 1,
            "attempt": document.attempt + 1,
            "warnings": list(found.warnings),
        }
        note_rescan(session, document, data, moment)
        record(session, actor, "document.rescan", "document", document.id, data=data, at=moment)
        return Pending(DOCUMENT, document.id, document.attempt, urgent=True)


def note_rescan(session: Session, document: Document, data: Json, at: datetime) -> None:
    """A rescan's rows (also for the replay): new pages, back on its way, and its comparison open again."""
    pages = [Page(source_id=data["source"], number=number) for number in range(1, data["pages"] + 1)]
    session.add_all(pages)
    session.flush()
    session.add_all(
        DocumentPage(document_id=document.id, version=data["version"], position=page.number, page_id=page.id)
        for page in pages
    )
    document.version, document.attempt = data["version"], data["attempt"]
    document.state, document.step, document.warnings = State.WORKING, Step.READ, data["warnings"]
    document.updated_at = at
    paper = session.get(Paper, document.id)
    if paper is not None:
        paper.chosen = paper.sample_id is not None
        paper.passed = paper.checked_by = paper.checked_at = paper.agreement = None
        paper.settles = []
        paper.noted = paper.sample_id is None
    session.flush()
    session.expire(document, ["pages"])
