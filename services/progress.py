"""How far a delivered file has come, for those who wait for it."""

from __future__ import annotations

from enum import Enum

import sqlalchemy as sa

from models import FINAL, OF_NOW, Actor, Document, DocumentPage, Page, Source, State
from models.access import held_tokens
from services.house import House
from services.reception import TRIES
from services.view import Json, document_json, source_json

PATIENCE = TRIES + 1  # attempts after which a problem of the machine is told in place of waiting on


class Reached(Enum):
    """How far a delivered file has come."""

    WORKING = "working"
    END = "end"
    INDEX = "index"  # or nothing more to wait for


def reached(house: House, source_id: str) -> Reached:
    """How far a file has come. One statement: who waits asks often."""
    query = (
        sa.select(Source.state, Source.attempt, Document.state, Document.attempt, Document.indexed)
        .outerjoin(Document, Document.source_id == Source.id)
        .where(Source.id == source_id)
    )
    with house.database.read() as session:
        rows = session.execute(query).all()
    if any(attempt > PATIENCE or (tries or 0) > PATIENCE for _, attempt, _, tries, _ in rows):
        return Reached.INDEX
    parts = [(state, indexed) for _, _, state, _, indexed in rows if state is not None]
    if rows[0][0] == State.WORKING or any(state not in FINAL for state, _ in parts):
        return Reached.WORKING
    missing = any(not indexed and state != State.QUARANTINED for state, indexed in parts)
    return Reached.END if missing else Reached.INDEX


def outcome_of(house: House, actor: Actor, source_id: str, *, duplicate: bool, name: str) -> list[Json]:
    """The lines of a file. ``duplicate``: the answer names the first Document of the same bytes."""
    with house.database.read() as session:
        source, tokens = session.get_one(Source, source_id), held_tokens(session, actor)
        documents = session.scalars(
            sa.select(Document).where(Document.source_id == source_id).order_by(Document.part)
        ).all()
        if not documents:
            return [{**source_json(source, duplicate_of=source.id if duplicate else None), "source_name": name}]
        return [
            {**document_json(session, row, tokens, duplicate_of=row.id if duplicate else None), "source_name": name}
            for row in documents
        ]


def all_arrived(house: House) -> bool:
    """Whether no letter of the home is on its way."""
    with house.database.read() as session:
        for kind in (Document, Source):
            if session.scalar(sa.select(kind.id).where(kind.state == State.WORKING).limit(1)) is not None:
                return False
        return True


def document_outcome(house: House, actor: Actor, document_id: str, attempt: int) -> Json | None:
    """The line of a Document that was sent on its way again with ``attempt``, or None while it is on it."""
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        if document.state not in FINAL and document.attempt < attempt + PATIENCE:
            return None
        return document_json(session, document, held_tokens(session, actor))


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
