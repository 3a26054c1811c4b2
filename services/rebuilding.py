"""Rebuild: the database from archive objects and journal alone (promise 5). The index follows by its outbox.

Passwords, tokens and job state are not there; they live in the backup. The journal is replayed entry by entry, by
:mod:`services.replaying`; what a Document says of itself is read from its object.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive.audit import BLOCK
from core.clock import now
from core.durable import remove_tree
from core.errors import IntegrityError, UsageError
from core.ids import new_id
from core.settings import Settings
from jobs.liveness import living
from models import (
    Actor,
    Base,
    Database,
    Document,
    EntryCounter,
    JournalBlock,
    JournalEntry,
    JournalHead,
    JournalValue,
    Role,
    Source,
    State,
)
from models.chain import CHAINED, GENESIS
from services.destroying import PURGED
from services.filing import stale
from services.house import House, make_home, open_house
from services.identity import need_files, settle
from services.indexing import empty_outbox
from services.replaying import Replay
from services.view import Json

NOT_REBUILT = {
    *("executors", "takeovers", "loops", "faults", "index_outbox", "alembic_version"),
    *("web_sessions", "sign_in_tries"),
}
NOT_COMPARED = {  # what lives in the backup only, or says when a row was last touched
    "users": {"password_hash"},
    "sources": {"updated_at", "attempt", "step"},
    "documents": {"updated_at", "attempt", "timings", "step", "indexed"},
    "grants": {"id"},
    "identity": {"index_mark"},
    "journal_blocks": {"anchored_at", "signed_at"},
}


def rebuild(house: House, progress: Callable[[int], None] = lambda _entries: None) -> Json:
    """Fill the empty database of ``house`` from its archive and journal. Returns: what was rebuilt.

    Raises: UsageError when the database is not empty, IntegrityError when objects are missing or damaged.
    """
    house.store.recover()
    house.database.migrate()
    with house.database.read() as session:
        if session.scalar(sa.select(sa.func.count(JournalEntry.seq))) or session.scalar(
            sa.select(sa.func.count(Source.id))
        ):
            raise UsageError("database_not_empty")
    return _replay(house, progress)


def catch_up(house: House, progress: Callable[[int], None] = lambda _entries: None) -> Json:
    """Replay onto an older database (a restored backup) what the journal's files know beyond it.

    Values that were erased since then go again. Returns: what :func:`rebuild` returns. Raises: IntegrityError
    (``journal_fork``: the database is no earlier state of these files), UsageError (other processes run).
    """
    house.store.recover()
    house.database.migrate_if_needed()
    need_nobody_working(house)
    answer = _replay(house, progress)
    if _drop_erased_values(house) or answer["destroyed"]:
        house.database.scrub(PURGED)
    return answer


def need_nobody_working(house: House) -> None:
    """Raises: UsageError when another process (watch, worker, serve) works in this home."""
    with house.database.read() as session:
        if living(session):
            raise UsageError("others_running")


def _replay(house: House, progress: Callable[[int], None]) -> Json:
    """Apply the entries after the database's head, in one transaction."""
    entries, destroyed = 0, 0
    with house.database.write() as session:
        head = session.scalar(sa.select(JournalHead).with_for_update())
        start, expected = (head.seq, head.hash) if head else (0, GENESIS)
        replay = Replay(session, house)
        for entry in house.journal.entries():
            if entry["seq"] <= start:
                continue
            if entry["prev_hash"] != expected:
                raise IntegrityError("journal_fork", seq=entry["seq"])
            expected = entry["hash"]
            _copy_entry(session, entry)
            replay.apply(entry)
            session.flush()  # each entry stands on those before it
            entries += 1
            destroyed += entry["action"] == "disposal.done"
            if entries % 500 == 0:
                session.expunge_all()  # what was replayed need not stay in memory
                progress(entries)
        replay.finish()
        _copy_beside(session, house, start)
        for document_id in session.scalars(
            sa.select(Document.id).where(Document.state.in_((State.FILED, State.CLARIFY)))
        ).all():
            stale(session, document_id)
        return {
            "entries": entries,
            "destroyed": destroyed,
            "sources": session.scalar(sa.select(sa.func.count(Source.id))),
            "documents": session.scalar(sa.select(sa.func.count(Document.id))),
            "last_numbers": {row.year: row.last for row in session.scalars(sa.select(EntryCounter))},
        }


def _copy_entry(session: Session, entry: dict[str, Any]) -> None:
    fields = {name: entry[name] for name in CHAINED}
    session.add(JournalEntry(**fields, hash=entry["hash"]))
    head = session.get(JournalHead, 1)
    if head is None:
        head = JournalHead(id=1, seq=0, hash="")
        session.add(head)
    head.seq, head.hash = entry["seq"], entry["hash"]


def _copy_beside(session: Session, house: House, start: int) -> None:
    """The values of the entries after ``start``, and the blocks that the database lacks."""
    for line in house.journal.raw_values():
        if line["seq"] > start:
            session.add(JournalValue(seq=line["seq"], field=line["field"], salt=line["salt"], value=line["value"]))
    known = set(session.scalars(sa.select(JournalBlock.last)))
    for block in house.journal.blocks():
        if block["last"] not in known:
            fields = {name: block.get(name) for name in BLOCK}
            session.add(JournalBlock(**fields, signed_at=now(), anchored_at=now()))
    session.flush()


def _drop_erased_values(house: House) -> int:
    """Values that the files have no more: erased after this database was saved. Returns: how many."""
    kept = {(line["seq"], line["field"]) for line in house.journal.raw_values()}
    with house.database.write() as session:
        there = session.execute(sa.select(JournalValue.seq, JournalValue.field)).all()
        gone = [(seq, field) for seq, field in there if (seq, field) not in kept]
        for seq, field in gone:
            session.execute(sa.delete(JournalValue).where(JournalValue.seq == seq, JournalValue.field == field))
    return len(gone)


def restore(settings: Settings, progress: Callable[[int], None], *, older: bool = False) -> Json:
    """Rebuild a home whose database is lost, or (``older``) bring an older one up to its files; index included.

    Raises: UsageError, IntegrityError, EnvironmentProblem, IndexUnreachable.
    """
    with open_house(settings) as house:
        need_files(house)
        answer = catch_up(house, progress) if older else rebuild(house, progress)
        settle(house)
        empty_outbox(house)
        return answer


def rehearse(house: House, actor: Actor, progress: Callable[[int], None]) -> Json:
    """The drill: rebuild in a scratch home from this one's archive and journal, and compare every table.

    Changes nothing here. Returns: counts, and ``different``: table -> number of rows that differ. Raises: Forbidden.
    """
    actor.need(Role.ADMIN, Role.AUDITOR)
    scratch = house.settings.staging / f"drill-{new_id()}"
    house.journal.catch_up(house.database)
    make_home(scratch)
    for name in ("archive", "journal", "keys", "quarantine", "routing-models"):
        remove_tree(scratch / name)
        (scratch / name).symlink_to(house.settings.home / name)
    try:
        with open_house(Settings(home=scratch, verapdf=house.settings.verapdf)) as copy:
            counts = rebuild(copy, progress)
            different = differences(house, copy)
        return {**counts, "different": different, "ok": not different}
    finally:
        remove_tree(scratch)


def differences(one: House, other: House) -> dict[str, int]:
    """Rows that are not equal, by table; what cannot be rebuilt is left out."""
    found = {}
    for name, table in Base.metadata.tables.items():
        if name in NOT_REBUILT:
            continue
        columns = [column for column in table.columns if column.name not in NOT_COMPARED.get(name, set())]
        rows = [rows_of(house.database, columns) for house in (one, other)]
        count = sum(rows[0].get(row, 0) != rows[1].get(row, 0) for row in rows[0].keys() | rows[1].keys())
        if count:
            found[name] = count
    return found


def rows_of(database: Database, columns: list[sa.Column[Any]]) -> dict[str, int]:
    """Each row as a text that is the same from every kind of database, and how often it is there."""
    counted: dict[str, int] = {}
    with database.read() as session:
        for row in session.execute(sa.select(*columns)):
            text = repr(tuple(_plain(value) for value in row))
            counted[text] = counted.get(text, 0) + 1
    return counted


def _plain(value: Any) -> Any:
    """The same text for the same value from each database: a moment may come in another zone, a text as its enum."""
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return sorted((name, _plain(part)) for name, part in value.items())
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value
