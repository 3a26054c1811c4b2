"""Receive: a delivered file becomes a Source, by the commit protocol of promise 1.

The bytes lie in the store (archive or quarantine), fsynced, read back and hash-checked, and the row is committed with
its entry number, before anything happens to the delivered file. The Source's id follows from its bytes, so a crash
between any two lines is healed by doing the same again.
"""

from __future__ import annotations

import json
import stat
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, today
from core.durable import copy_checked, make_folders, move_into, remove_tree, sync_folder, write_whole
from core.errors import EnvironmentProblem, IntegrityError, LetterError, UsageError
from core.hashing import sha256_file
from core.ids import id_of_bytes, new_id
from core.names import origin_of, safe_name, shown_name
from ingest.formats import Inspection
from models import (
    Actor,
    Batch,
    Confidentiality,
    Delivery,
    Document,
    EntryCounter,
    JournalEntry,
    Source,
    State,
    Step,
)
from models.chain import lock, record
from services.describing import source_metadata
from services.house import House
from services.identity import need


@dataclass(frozen=True, slots=True)
class Received:
    """What became of a delivered file. ``known``: its bytes were here before. ``origin``: which very file it was."""

    source_id: str
    name: str
    origin: str
    known: bool
    state: State
    attempt: int


@dataclass(frozen=True, slots=True)
class BatchFacts:
    """Who scanned what with what, for the TransferNote."""

    operator: str | None = None
    device: str | None = None
    profile: str | None = None
    box: str | None = None
    expected_sheets: int | None = None


def start_batch(house: House, actor: Actor, facts: BatchFacts) -> str:
    """A new Batch. Returns: its id."""
    batch = Batch(
        id=new_id(),
        started_at=now(),
        operator=facts.operator,
        device=facts.device,
        profile=facts.profile,
        box=facts.box,
        expected_sheets=facts.expected_sheets,
    )
    with house.database.write() as session:
        session.add(batch)
        details = {name: getattr(facts, name) for name in ("device", "profile", "box", "expected_sheets")}
        values = {"operator": facts.operator} if facts.operator else None
        record(session, actor, "batch.start", "batch", batch.id, data=details, values=values, at=batch.started_at)
    return batch.id


def receive(house: House, actor: Actor, path: Path, batch_id: str, received_on: date | None = None) -> Received:
    """Take one delivered file. The file itself stays where it is.

    Raises: UsageError (no file), IntegrityError when it changed while it was copied, StorageFull, OSError,
    EnvironmentProblem when the same bytes are being destroyed at this moment (the next try takes them as new).
    """
    name = shown_name(path.name)
    if not stat.S_ISREG(path.stat().st_mode):
        raise UsageError("no_regular_file", name=name)  # a pipe would be waited for without end
    origin = origin_of(path)
    scratch = house.settings.staging / f"in-{new_id()}"
    make_folders(scratch)
    try:
        copy = scratch / "content"
        sha256 = copy_checked(path, copy)
        if origin_of(path) != origin:
            raise IntegrityError("changed_while_read", name=name)
        return _take(house, actor, copy, sha256, name, origin, batch_id, received_on or today())
    finally:
        remove_tree(scratch)


def put_away(house: House, path: Path, origin: str) -> None:
    """Move a received file to done/, under the day of its move. Only a disposal deletes it.

    Raises: IntegrityError when another file stands there by now, or more was written: that was not received.
    """
    if origin_of(path) != origin:
        raise IntegrityError("changed_while_read", name=shown_name(path.name))
    move_into(path, house.settings.done / today().isoformat())


def _take(
    house: House,
    actor: Actor,
    copy: Path,
    sha256: str,
    name: str,
    origin: str,
    batch_id: str,
    received_on: date,
) -> Received:
    source_id = id_of_bytes(sha256)
    with house.database.read() as session:
        known = session.get(Source, source_id)
    if known is None:
        named = copy.with_name(safe_name(name))
        copy.rename(named)
        found, failure = look_into(house, named)
        place = None
        if found:
            place = archive_source(
                house, source_id, sha256, named, name, found, batch_id=batch_id, received_on=received_on
            )
        if failure:
            put_into_quarantine(house, source_id, named, failure)
    moment = now()
    with house.database.write() as session:
        lock(session)
        source = session.get(Source, source_id)
        if source is None and known is not None:
            raise EnvironmentProblem("being_destroyed", name=name)
        known = source
        if source is None:
            if found and not house.store.exists("source", source_id):  # the old object was destroyed meanwhile
                place = archive_source(
                    house, source_id, sha256, named, name, found, batch_id=batch_id, received_on=received_on
                )
            if failure and not (house.settings.quarantine / source_id).exists():  # erased meanwhile
                put_into_quarantine(house, source_id, named, failure)
            source = add_source(
                house,
                session,
                actor,
                id=source_id,
                sha256=sha256,
                name=name,
                size=named.stat().st_size,
                media_type=found.media_type if found else None,
                batch_id=batch_id,
                received_on=received_on,
                received_at=moment,
                state=State.QUARANTINED if failure else State.WORKING,
                step=Step.RECEIVE if failure else Step.OPEN,
                reason=failure.code if failure else None,
                reason_details=dict(failure.details) if failure else {},
                object_path=place,
                quarantine_path=f"{source_id}/{named.name}" if failure else None,
                warnings=list(found.warnings) if found else [],
            )
        _note_delivery(session, actor, source_id, batch_id, name, origin, duplicate=known is not None)
        return Received(source_id, name, origin, known is not None, State(source.state), source.attempt)


def add_source(house: House, session: Session, actor: Actor, **facts: Any) -> Source:
    """A Source's row with its entry number and its journal entry, in the caller's transaction."""
    moment: datetime = facts["received_at"]
    entry_no = _next_entry_number(house, session, facts["received_on"].year)
    source = Source(entry_no=entry_no, confidentiality=Confidentiality.NORMAL, updated_at=moment, **facts)
    # the same bytes again after a destruction: the workflows of the first time have ended, so these need other ids
    source.attempt = 1 + _times_received(session, source.id)
    session.add(source)
    session.flush()
    record(
        session,
        actor,
        "source.receive",
        "source",
        source.id,
        data={
            "entry_no": entry_no,
            "sha256": source.sha256,
            "size": source.size,
            "media_type": source.media_type,
            "batch": source.batch_id,
            "received_on": source.received_on.isoformat(),
            "state": source.state,
            "reason": source.reason,
            "reason_details": source.reason_details,
            "warnings": source.warnings,
            "quarantined": source.quarantine_path is not None,
            "object": house.store.digest("source", source.id) if source.object_path else None,
        },
        values={"name": source.name},
        at=moment,
    )
    return source


def _times_received(session: Session, source_id: str) -> int:
    entries = sa.select(sa.func.count(JournalEntry.seq)).where(
        JournalEntry.object_id == source_id, JournalEntry.action == "source.receive"
    )
    return int(session.scalars(entries).one())


def _note_delivery(
    session: Session, actor: Actor, source_id: str, batch_id: str, name: str, origin: str, *, duplicate: bool
) -> None:
    """A crash before the move to done/ brings the very same file again: that is no new delivery."""
    if session.scalar(sa.select(Delivery.id).where(Delivery.origin == origin)) is not None:
        return
    moment = now()
    session.add(
        Delivery(
            source_id=source_id,
            batch_id=batch_id,
            name=name,
            origin=origin,
            delivered_at=moment,
            duplicate=duplicate,
        )
    )
    record(
        session,
        actor,
        "source.deliver",
        "source",
        source_id,
        data={"batch": batch_id, "duplicate": duplicate},
        values={"name": name, "origin": origin},
        at=moment,
    )


def look_into(house: House, path: Path) -> tuple[Inspection | None, LetterError | None]:
    """What the file is, or why it cannot be processed. Raises: EnvironmentProblem."""
    try:
        return house.guarded.inspect(path), None
    except LetterError as error:
        return None, error


def archive_source(
    house: House,
    source_id: str,
    sha256: str,
    file: Path,
    name: str,
    found: Inspection,
    *,
    batch_id: str,
    received_on: date,
) -> str:
    """The Source's archive object; one that a crash left without its row is used again."""
    store = house.store
    if store.exists("source", source_id):
        if sha256_file(_original(house, source_id)) != sha256:
            raise IntegrityError("source_differs", id=source_id)
        return store.relative("source", source_id)
    with house.database.read() as session:
        batch = session.get_one(Batch, batch_id)
    metadata = source_metadata(source_id, sha256, name, file.stat().st_size, received_on, found, batch)
    return store.create(
        "source",
        source_id,
        {
            f"original/{file.name}": file,
            "metadata.json": metadata,
        },
        message="received",
        user="aktenlotse",
    )


def original_file(house: House, source: Source) -> Path:
    """The delivered bytes of a Source that lies in the archive. Raises: IntegrityError when they are gone."""
    return _original(house, source.id)


def _original(house: House, source_id: str) -> Path:
    names = [name for name in house.store.names("source", source_id) if name.startswith("original/")]
    if len(names) != 1:
        raise IntegrityError("original_missing", id=source_id)
    return house.store.file("source", source_id, names[0])


def put_into_quarantine(house: House, source_id: str, file: Path, why: LetterError) -> None:
    """Keep the bytes untouched under quarantine/<id>/, with the reason beside them; the same fsync and hash rules."""
    folder = house.settings.quarantine / source_id
    make_folders(folder)
    copy_checked(file, folder / file.name)
    note = {"reason": why.code, "sentence": why.sentence(), "file": file.name}
    write_whole(folder / "grund.json", json.dumps(note, ensure_ascii=False, indent=1).encode())
    sync_folder(house.settings.quarantine)


def _next_entry_number(house: House, session: Session, year: int) -> str:
    """Never one that the journal has given, whatever the counter says. Raises: EnvironmentProblem, IntegrityError."""
    need(house, session)
    counter = session.scalar(sa.select(EntryCounter).where(EntryCounter.year == year).with_for_update())
    if counter is None:
        counter = EntryCounter(year=year, last=0)
        session.add(counter)
    counter.last = max(counter.last, _last_in_journal(session, year)) + 1
    session.flush()
    return f"{year}-{counter.last:06d}"


def _last_in_journal(session: Session, year: int) -> int:
    number = JournalEntry.data["entry_no"].as_string()
    newest = session.scalar(
        sa.select(number)
        .where(JournalEntry.action == "source.receive", number.startswith(f"{year}-"))
        .order_by(JournalEntry.seq.desc())
        .limit(1)
    )
    return int(newest.split("-")[1]) if newest else 0


def first_document(session: Session, source_id: str) -> Document | None:
    """The first Document that came of a Source."""
    return session.scalar(sa.select(Document).where(Document.source_id == source_id).order_by(Document.part))
