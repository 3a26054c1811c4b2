"""How far a delivered file has come, for those who wait for it."""

from __future__ import annotations

import sqlalchemy as sa

from models import FINAL, OF_NOW, Document, DocumentPage, Page, Source, State
from services.house import House
from services.view import Json, document_json, source_json

PATIENCE = 3  # attempts after which a problem of the machine is told in place of waiting on


def outcome_of(house: House, source_id: str, *, duplicate: bool, name: str, indexed: bool) -> list[Json] | None:
    """The lines that came of a file, or None while it is on its way.

    ``duplicate``: the answer names the first Document of the same bytes. ``indexed``: wait for the index too.
    """
    with house.database.read() as session:
        state, attempt = session.execute(sa.select(Source.state, Source.attempt).where(Source.id == source_id)).one()
        parts = session.execute(
            sa.select(Document.state, Document.attempt, Document.indexed).where(Document.source_id == source_id)
        ).all()
        if attempt <= PATIENCE and all(part.attempt <= PATIENCE for part in parts):
            if state == State.WORKING or any(part.state not in FINAL for part in parts):
                return None
            if indexed and any(not part.indexed and part.state != State.QUARANTINED for part in parts):
                return None
        source = session.get_one(Source, source_id)
        documents = session.scalars(
            sa.select(Document).where(Document.source_id == source_id).order_by(Document.part)
        ).all()
        if not documents:
            return [{**source_json(source, duplicate_of=source.id if duplicate else None), "source_name": name}]
        return [
            {**document_json(session, row, duplicate_of=row.id if duplicate else None), "source_name": name}
            for row in documents
        ]


def all_arrived(house: House) -> bool:
    """Whether no letter of the home is on its way."""
    with house.database.read() as session:
        for kind in (Document, Source):
            if session.scalar(sa.select(kind.id).where(kind.state == State.WORKING).limit(1)) is not None:
                return False
        return True


def document_outcome(house: House, document_id: str, attempt: int) -> Json | None:
    """The line of a Document that was sent on its way again with ``attempt``, or None while it is on it."""
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        if document.state not in FINAL and document.attempt < attempt + PATIENCE:
            return None
        return document_json(session, document)


def pages_read(house: House, source_id: str | None = None) -> tuple[int, int]:
    """Pages that are read, and pages in all, of the Documents of a Source (none: of all) that are on their way."""
    with house.database.read() as session:
        query = (
            sa.select(sa.func.count(Page.status), sa.func.count(Page.id))
            .join(DocumentPage, DocumentPage.page_id == Page.id)
            .join(Document, OF_NOW)
            .where(Document.state == State.WORKING)
        )
        if source_id is not None:
            query = query.where(Document.source_id == source_id)
        read, of = session.execute(query).one()
        return read, of
