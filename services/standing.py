"""How does it stand? What the operator asks all day: counts, who works, which faults are open, is all well."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, stamp
from core.i18n import text
from ingest.inbox import files_below
from jobs.liveness import living
from jobs.refusing import count_refused
from models import (
    Document,
    Executor,
    FaultSeen,
    LoopBeat,
    OutboxEntry,
    Source,
    State,
)
from models.database import pairs
from services.copying import copy_state
from services.house import House
from services.progress import pages_read
from services.receiving import inbox_state
from services.reception import STUMBLED
from services.view import Json
from services.watching import concerns

SILENT = timedelta(minutes=1)  # of a loop, or of a fault that lasts: then it is not well
OURS = (STUMBLED, "internal_error")  # reasons that say: our program's fault


def status(house: House) -> Json:
    """Counts of states, what waits for the index, who works, what is old, which faults are open."""
    with house.database.read() as session:
        documents = pairs(session, sa.select(Document.state, sa.func.count()).group_by(Document.state))
        kept = sa.select(Source.state, sa.func.count()).where(Source.discarded_at.is_(None))
        sources = pairs(session, kept.group_by(Source.state))
        waiting = session.scalar(sa.select(sa.func.count(OutboxEntry.document_id))) or 0
        workers = session.execute(sa.select(Executor.id, Executor.task, Executor.seen_at)).all()
        working = sa.select(Document.step, sa.func.count()).where(Document.state == State.WORKING)
        steps = pairs(session, working.group_by(Document.step))
        oldest = session.scalar(sa.select(sa.func.min(Document.received_on)).where(Document.state == State.CLARIFY))
        unexpected = _unexpected(session)
    read, pages = pages_read(house)
    door = inbox_state(house.settings)
    return {
        "inbox": sum(1 for _, status in files_below(house.settings.inbox) if not isinstance(status, str)),
        "inbox_paused": door["paused"],
        "inbox_waiting": door["waiting"],
        "inbox_unready": dict(Counter(one["code"] for one in door["unready"])),
        "working": documents.get(State.WORKING, 0) + sources.get(State.WORKING, 0),
        "steps": steps,
        "pages_read": read,
        "pages_working": pages,
        "filed": documents.get(State.FILED, 0),
        "clarify": documents.get(State.CLARIFY, 0),
        "quarantined": documents.get(State.QUARANTINED, 0) + sources.get(State.QUARANTINED, 0),
        "unexpected": unexpected,
        "oldest_clarification": oldest.isoformat() if oldest else None,
        "not_indexed": waiting,
        "jobs_refused": count_refused(house.settings.jobs_url),
        "copy": copy_state(house),
        "watch": [concern.as_json() for concern in concerns(house)],
        "workers": [{"id": id, "task": task, "seen_at": seen.isoformat()} for id, task, seen in workers],
        **health(house),
    }


def health(house: House) -> Json:
    """``healthy``, ``unwell`` (sentences that say why not), ``faults`` that are open and ``loops`` with their beats."""
    moment = now()
    with house.database.read() as session:
        alive = living(session)
        seen = pairs(session, sa.select(Executor.id, Executor.seen_at).where(Executor.id.in_(alive)))
        loops = session.scalars(
            sa.select(LoopBeat).where(LoopBeat.executor_id.in_(alive)).order_by(LoopBeat.executor_id, LoopBeat.name)
        ).all()
        faults = _merged(session.scalars(sa.select(FaultSeen).where(FaultSeen.executor_id.in_(alive))))
    beats = [(loop.name, loop.executor_id, loop.beat_at) for loop in loops]
    beats += [("keeper", id, at) for id, at in seen.items() if id not in {loop.executor_id for loop in loops}]
    unwell = [
        text("status.loop_silent", None, loop=name, worker=executor, since=stamp(at))
        for name, executor, at in beats
        if moment - min(at, seen[executor]) > SILENT  # a keeper that is dead tells nothing of the others
    ]
    unwell += [
        fault["sentence"]
        for fault in faults
        if fault["code"] != "unexpected" and fault["lasts"] > SILENT.total_seconds()
    ]
    return {
        "healthy": not unwell,
        "unwell": unwell,
        "faults": faults,
        "loops": [
            {
                "worker": loop.executor_id,
                "name": loop.name,
                "beat_at": stamp(loop.beat_at),
                "restarts": loop.restarts,
                "failure": loop.failure,
            }
            for loop in loops
        ],
    }


def _merged(rows: Iterable[FaultSeen]) -> list[Json]:
    """One entry a code, whichever processes meet it."""
    merged: dict[str, Json] = {}
    for row in sorted(rows, key=lambda row: row.since):
        found = merged.setdefault(
            row.code,
            {
                "code": row.code,
                "sentence": text(f"error.{row.code}", None, **row.details),
                "since": stamp(row.since),
                "lasts": (now() - row.since).total_seconds(),
                "count": 0,
                "where": [],
            },
        )
        found["count"] += row.count
        found["where"] = sorted({*found["where"], *(place.split()[0] for place in row.places)})
    return list(merged.values())


def _unexpected(session: Session) -> int:
    """Letters that our program failed on: tried again, or in quarantine for it."""
    documents = sa.select(sa.func.count(Document.id)).where(Document.reason.in_(OURS))
    sources = sa.select(sa.func.count(Source.id)).where(Source.reason.in_(OURS), Source.discarded_at.is_(None))
    return (session.scalar(documents) or 0) + (session.scalar(sources) or 0)
