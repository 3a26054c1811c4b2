"""Rebuild: the database from archive objects and journal alone (promise 5). The index follows by its outbox.

Passwords, tokens and job state are not there; they live in the backup. The journal is replayed entry by entry, by
:mod:`services.replaying`; what a Document says of itself is read from its object.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa

from core.clock import now
from core.durable import remove_tree
from core.errors import UsageError
from core.ids import new_id
from core.settings import Settings
from models import (
    Actor,
    Base,
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
from models.chain import CHAINED
from services.filing import stale
from services.house import House, make_home, open_house
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
    entries = 0
    with house.database.write() as session:
        replay = Replay(session, house)
        for entry in house.journal.entries():
            _copy_entry(session, entry)
            replay.apply(entry)
            session.flush()  # each entry stands on those before it
            entries += 1
            if entries % 500 == 0:
                session.expunge_all()  # what was replayed need not stay in memory
                progress(entries)
        replay.finish()
        for line in house.journal.raw_values():
            session.add(JournalValue(seq=line["seq"], field=line["field"], salt=line["salt"], value=line["value"]))
        for block in house.journal.blocks():
            fields = {name: block[name] for name in ("first", "last", "head", "key_id", "signature")}
            session.add(JournalBlock(**fields, signed_at=now(), anchored_at=now()))
        session.flush()
        for document_id in session.scalars(
            sa.select(Document.id).where(Document.state.in_((State.FILED, State.CLARIFY)))
        ).all():
            stale(session, document_id)
        return {
            "entries": entries,
            "sources": session.scalar(sa.select(sa.func.count(Source.id))),
            "documents": session.scalar(sa.select(sa.func.count(Document.id))),
            "last_numbers": {row.year: row.last for row in session.scalars(sa.select(EntryCounter))},
        }


def _copy_entry(session: Any, entry: dict[str, Any]) -> None:
    fields = {name: entry[name] for name in CHAINED}
    session.add(JournalEntry(**fields, hash=entry["hash"]))
    head = session.get(JournalHead, 1)
    if head is None:
        head = JournalHead(id=1, seq=0, hash="")
        session.add(head)
    head.seq, head.hash = entry["seq"], entry["hash"]


def restore(settings: Settings, progress: Callable[[int], None]) -> Json:
    """Rebuild a home whose database is lost, index included. Raises: UsageError, IntegrityError, IndexUnreachable."""
    with open_house(settings) as house:
        answer = rebuild(house, progress)
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
        rows = [_rows(house, columns) for house in (one, other)]
        count = sum(rows[0].get(row, 0) != rows[1].get(row, 0) for row in rows[0].keys() | rows[1].keys())
        if count:
            found[name] = count
    return found


def _rows(house: House, columns: list[sa.Column[Any]]) -> dict[str, int]:
    counted: dict[str, int] = {}
    with house.database.read() as session:
        for row in session.execute(sa.select(*columns)):
            text = repr(tuple(_plain(value) for value in row))
            counted[text] = counted.get(text, 0) + 1
    return counted


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return sorted((name, _plain(part)) for name, part in value.items())
    if isinstance(value, list):
        return [_plain(part) for part in value]
    return str(value) if isinstance(value, str) else value
