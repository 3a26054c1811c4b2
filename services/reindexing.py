"""Rebuild the index from the archive into a new generation; compare it with the archive and mend it."""

from __future__ import annotations

from dataclasses import asdict

import sqlalchemy as sa

from core.errors import EnvironmentProblem
from models import Actor, Document, Role, State
from services.filing import stale
from services.house import House
from services.index_loss import note_whole
from services.indexing import all_entries, empty_outbox
from services.view import Json


def rebuild(house: House, actor: Actor) -> int:
    """A new generation of the index, swapped in when it is whole. Returns: how many Documents it holds.

    Raises: Forbidden, IndexUnreachable, EnvironmentProblem when another process writes the index.
    """
    actor.need(Role.ADMIN)
    with house.database.leading("indexer") as leading:
        if not leading:
            raise EnvironmentProblem("index_busy")
        count = _write_anew(house, afresh=False)
    empty_outbox(house)
    return count


def renew(house: House) -> None:
    """The same as an act of the system: waits for its turn, so that nothing of the old index is left afterwards.

    Raises: IndexUnreachable.
    """
    with house.database.exclusively("indexer"):
        _write_anew(house, afresh=True)
    empty_outbox(house)


def _write_anew(house: House, *, afresh: bool) -> int:
    index = house.open_index(writer=True, renew=True)
    try:
        if afresh:
            index.abort_generation()  # what a crash left may hold what has gone since
        generation = index.begin_generation()
        count = 0
        for entries in all_entries(house):
            generation.put(entries)
            count += len(entries)
        index.commit_generation()
        note_whole(house, index)
    finally:
        index.close()
    return count


def overview(house: House, actor: Actor) -> list[Json]:
    """The indices that are there, with those of other homes. Raises: Forbidden, IndexUnreachable."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    return [{**asdict(one), "ours": one.identity == house.identity} for one in house.reader.overview()]


def verify(house: House, actor: Actor, *, mend: bool) -> Json:
    """Compare ids of index and archive; with ``mend`` bring both together. Raises: Forbidden, IndexUnreachable."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    with house.database.read() as session:
        wanted = set(
            session.scalars(sa.select(Document.id).where(Document.state.in_((State.FILED, State.CLARIFY)))).all()
        )
    index = house.open_index(writer=mend)
    try:
        there = set(index.ids())
        missing, surplus = sorted(wanted - there), sorted(there - wanted)
        if mend and surplus:
            index.remove(surplus)
    finally:
        index.close()
    if mend and missing:
        with house.database.write() as session:
            for document_id in missing:
                stale(session, document_id)
        empty_outbox(house)
    return {"documents": len(wanted), "missing": len(missing), "surplus": len(surplus), "mended": mend}
