"""The index follows the database through an outbox; one indexer at a time empties it in batches.

A broken or slow search engine never stops the mail: rows stay in the outbox and are caught up later.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

import sqlalchemy as sa
from sqlalchemy.orm import selectinload

from core.errors import AktenlotseError
from core.faults import machine_fault
from core.logs import log
from ingest import hocr
from ingest.words import PageReading
from models import Document, OutboxEntry, Route, State
from models.access import document_tokens
from search import Entry, SearchIndex
from services.filing import stale
from services.house import House
from services.index_loss import note_whole, refill_if_lost
from services.reading import WORDS

LOG = log(__name__)
BATCH = 200
FINAL = (State.FILED, State.CLARIFY)


def queue_for_index(house: House, document_id: str) -> None:
    """The step ``index``: make sure that the Document is indexed or waits in the outbox."""
    known = sa.select(OutboxEntry.document_id).where(OutboxEntry.document_id == Document.id).exists()
    with house.database.read() as session:
        columns = sa.select(Document.indexed, known).where(Document.id == document_id)
        indexed, waits = session.execute(columns).one()
    if not indexed and not waits:
        with house.database.write() as session:
            stale(session, document_id)


def empty_outbox(house: House, writer: SearchIndex | None = None) -> int:
    """Bring the index up to date, if no other process is at it. Returns: how many Documents were indexed.

    A row that changed meanwhile stays for the next round, and so does a Document whose texts cannot be read: the
    others do not wait for it. Raises: IndexUnreachable; at the end what the texts could not be read for.
    """
    done, left_out = 0, dict[str, Exception]()
    with house.database.leading("indexer") as leading:
        if not leading:
            return 0
        refill_if_lost(house)
        if not _waiting(house, 1):
            return 0
        index = writer or house.open_index(writer=True)
        try:
            while batch := _waiting(house, BATCH, left_out):
                entries, failed = _entries_of(house, [document_id for document_id, _ in batch])
                left_out |= failed
                if len(failed) == len(batch):
                    break  # rather the archive than these letters
                index.put(entries)
                _mark_indexed(house, [row for row in batch if row[0] not in failed])
                done += len(batch) - len(failed)
            note_whole(house, index)
        finally:
            if writer is None:
                index.close()
    for error in left_out.values():
        raise error
    return done


def try_to_empty_outbox(house: House) -> bool:
    """The same for callers who go on without the index; a failure is logged. Returns: whether it worked."""
    try:
        empty_outbox(house)
    except (AktenlotseError, OSError, ValueError) as error:
        LOG.warning("not_indexed", extra={"why": machine_fault(error).code})
        return False
    return True


def _waiting(house: House, limit: int, left_out: Collection[str] = ()) -> list[tuple[str, int]]:
    with house.database.read() as session:
        rows = session.execute(
            sa.select(OutboxEntry.document_id, OutboxEntry.version)
            .where(OutboxEntry.document_id.not_in(left_out))
            .order_by(OutboxEntry.since)
            .limit(limit)
        )
        return [(document_id, version) for document_id, version in rows]


def _mark_indexed(house: House, batch: list[tuple[str, int]]) -> None:
    with house.database.write() as session:
        for document_id, version in batch:
            gone = session.execute(
                sa.delete(OutboxEntry).where(OutboxEntry.document_id == document_id, OutboxEntry.version == version)
            )
            if gone.rowcount:  # type: ignore[attr-defined]
                session.execute(sa.update(Document).where(Document.id == document_id).values(indexed=True))


def _entries_of(house: House, document_ids: list[str]) -> tuple[list[Entry], dict[str, Exception]]:
    """The entries of a batch, and the Documents for which there is none now."""
    try:
        return _entries(house, document_ids), {}
    except (AktenlotseError, OSError, ValueError):
        entries, failed = list[Entry](), dict[str, Exception]()
        for document_id in document_ids:
            try:
                entries += _entries(house, [document_id])
            except (AktenlotseError, OSError, ValueError) as error:
                failed[document_id] = error
        return entries, failed


def _entries(house: House, document_ids: Iterable[str]) -> list[Entry]:
    with house.database.read() as session:
        documents = session.scalars(
            sa.select(Document)
            .where(Document.id.in_(list(document_ids)), Document.state.in_(FINAL))
            .options(selectinload(Document.routes).selectinload(Route.copies))
        ).all()
        return [entry_of(house, document) for document in documents]


def entry_of(house: House, document: Document) -> Entry:
    """A Document's index entry, from its archive object and its row."""
    unit = document.unit
    return Entry(
        id=document.id,
        pages=tuple(texts_of(house, document.id)),
        subject=document.subject or "",
        sender=document.sender or "",
        unit=unit.code if unit else "",
        unit_name=unit.name if unit else "",
        doctype=document.doctype or "",
        state=document.state,
        file_reference=document.file_reference or "",
        foreign_reference=document.foreign_reference or "",
        efile=document.efile.reference if document.efile else "",
        case=document.case.reference if document.case else "",
        source_name=document.source.name,
        entry_no=document.source.entry_no,
        day=document.letter_date,
        received_on=document.received_on,
        tokens=document_tokens(document),
    )


def texts_of(house: House, document_id: str) -> list[str]:
    """The stored text of a Document, page by page."""
    return house.store.file("document", document_id, "text.txt").read_text("utf-8").split("\f")


def words_of(house: House, document_id: str) -> tuple[PageReading, ...]:
    """The stored words of a Document with their boxes."""
    return hocr.read(house.store.file("document", document_id, WORDS).read_bytes())


def all_entries(house: House) -> Iterator[list[Entry]]:
    """Index entries of all Documents in a final state, in batches, for a rebuild."""
    last = ""
    while True:
        with house.database.read() as session:
            ids = session.scalars(
                sa.select(Document.id)
                .where(Document.id > last, Document.state.in_(FINAL))
                .order_by(Document.id)
                .limit(BATCH)
            ).all()
        if not ids:
            return
        yield _entries(house, ids)
        last = ids[-1]
