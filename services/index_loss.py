"""An index that is gone, emptied or not ours is noticed, and filled again through the outbox; it never answers "none".

The database keeps the mark of the index that once held everything. An index begun in its place has another one.
"""

from __future__ import annotations

import time

import sqlalchemy as sa

from core.clock import now
from core.errors import IndexUnreachable
from core.logs import log
from models import FINAL, Document, Identity, OutboxEntry, State
from search import SearchIndex
from services.house import House

LOG = log(__name__)
LOST = ""  # in place of the mark, until the index holds everything again
COUNT_EVERY = 300.0  # seconds between two counts of both sides
_ENDED = tuple(state for state in FINAL if state != State.QUARANTINED)
_INDEXED = (Document.state.in_(_ENDED), Document.indexed)


def refill_if_lost(house: House) -> None:
    """Called by the indexer before its work: put all Documents into the outbox when the index does not hold them.

    Raises: IndexUnreachable.
    """
    known = _known(house)
    if known == LOST:
        return
    found = house.reader.mark()
    if found == known and (time.monotonic() < house.count_index_at or not _is_short(house)):
        return
    if known is None and not _is_short(house):  # not looked at before
        if found is not None and _indexed(house):
            _remember(house, found)
        return
    LOG.warning("index_lost", extra={"had": known, "has": found})
    with house.database.write() as session:
        waiting = sa.select(OutboxEntry.document_id)
        session.execute(
            sa.insert(OutboxEntry).from_select(
                ["document_id", "version", "since"],
                sa.select(Document.id, sa.literal(1), sa.literal(now(), OutboxEntry.since.type)).where(
                    Document.state.in_(_ENDED), Document.id.not_in(waiting)
                ),
            )
        )
        session.execute(sa.update(Document).where(Document.state.in_(_ENDED)).values(indexed=False))
        session.execute(sa.update(Identity).values(index_mark=LOST))


def note_whole(house: House, index: SearchIndex) -> None:
    """The index holds everything that was to be in it: from now on it is known by its mark."""
    with house.database.read() as session:
        if session.scalar(sa.select(OutboxEntry.document_id).limit(1)) is not None:
            return
    found = index.mark()
    if found is not None and found != _known(house):
        _remember(house, found)


def need_index(house: House) -> None:
    """Nothing was found: because nothing is there, or because the index is lost? Raises: IndexUnreachable."""
    known = _known(house)
    lost = known == LOST or (known is not None and house.reader.mark() != known)
    if lost or (_indexed(house) and not house.reader.count()):
        raise IndexUnreachable("index_lost")


def _is_short(house: House) -> bool:
    """Whether the index holds fewer Documents than the database says. Looked at by one process, the indexer."""
    house.count_index_at = time.monotonic() + COUNT_EVERY
    with house.database.read() as session:
        wanted = session.scalar(sa.select(sa.func.count(Document.id)).where(*_INDEXED)) or 0
    return bool(wanted) and house.reader.count() < wanted


def _indexed(house: House) -> bool:
    with house.database.read() as session:
        return session.scalar(sa.select(Document.id).where(*_INDEXED).limit(1)) is not None


def _known(house: House) -> str | None:
    with house.database.read() as session:
        return session.scalar(sa.select(Identity.index_mark))


def _remember(house: House, mark: str) -> None:
    with house.database.write() as session:
        session.execute(sa.update(Identity).values(index_mark=mark))
