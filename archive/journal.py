"""The journal's files: every entry of the database's chain, durable in the store before its commit counts.

    journal/2026-11-25/entries.jsonl   one chained entry a line, in canonical JSON
                       values.jsonl    the values whose salted hashes stand in the entries
                       blocks.jsonl    signatures over the head, every 1,000 entries or 5 minutes
                       stamps.jsonl    time stamps of somebody else over blocks, where that is set up

A past day becomes one OCFL object. The files are the truth that the database is compared with: whoever
has only the database's password cannot change them, and whoever has only the files cannot sign.
"""

from __future__ import annotations

import base64
import fcntl
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive.audit import AuditReport, audit
from archive.merkle import root_of
from archive.segments import BLOCKS, ENTRIES, STAMPS, VALUES, Days, Tail, append_lines, read_lines, tail_of
from archive.signing import Signer, block_payload, is_signed, key_id_of
from archive.store import Store
from archive.timestamps import TimeStamper, moment_of, stamped_bytes
from core.clock import now, stamp
from core.durable import full_disk_is_named, make_folders, remove_tree, sync_folder
from core.errors import IntegrityError
from core.hashing import canonical_json
from core.marks import MARK, need_mark, write_mark
from models import Database, JournalBlock, JournalEntry, JournalValue
from models.chain import CHAINED

BLOCK_ENTRIES = 1000
BLOCK_TIME = timedelta(minutes=5)
_BATCH = 5000  # rows read at once
USER = "aktenlotse"


class JournalFiles:
    """The segments under ``folder``, the closed days in ``store``; one instance a process, for all its
    threads.
    """

    def __init__(self, folder: Path, store: Store, key_file: Path, stamp_roots: Path | None = None) -> None:
        self._folder = folder
        self._store = store
        self._key_file = key_file
        self.identity: str | None = None  # of the home that it must belong to, once that has one
        self._stamp_roots = stamp_roots  # PEM, whose time stamps are believed
        self._days = Days(folder, store)
        self._thread = threading.Lock()
        self._tail: Tail | None = None
        self._state: tuple[object, ...] = ()

    def initialise(self) -> None:
        """Make the folder and the signing key (Ed25519, 0600). On existing ones nothing changes.

        Raises: IntegrityError (``foreign_key``): what lies there was signed by another key.
        """
        make_folders(self._folder)
        make_folders(self._key_file.parent)
        if self.last_block() is None:
            Signer.initialise(self._key_file)
        else:
            self.need_own_key()
        if self.identity is not None:
            write_mark(self.mark, self.identity)

    @property
    def mark(self) -> Path:
        """The file that says whose journal this is."""
        return self._folder / MARK

    def need_own_key(self) -> None:
        """Raises: IntegrityError when the newest block was signed by another key than ours, or ours is missing."""
        block = self.last_block()
        if block is not None and block["key_id"] != key_id_of(Signer.public_key(self._key_file)):
            raise IntegrityError("foreign_key", path=str(self._key_file), key=block["key_id"])

    def need_continued(self, session: Session) -> None:
        """The database holds the last entry of the files: it is no older, and no other, than they.

        Raises: IntegrityError (``database_older``, ``journal_fork``), EnvironmentProblem (another home's, not there).
        """
        tail, state = self._tail, self._state
        if tail is None or state != self._days.state():
            with self._writing() as newest:
                tail = newest
        _need_continued(session, tail)

    def catch_up(self, database: Database) -> int:
        """Write all rows after the last one in the files, durably. Returns: the number of the last entry.

        Called after each commit: when another process has already written them, it costs a lock and a query.
        Raises: IntegrityError (``journal_fork``) when the database does not continue the files, StorageFull.
        """
        with self._writing() as tail, database.read() as session:
            return self._append_rows(session, tail).seq

    def sign(self, database: Database, *, force: bool = False) -> JournalBlock | None:
        """Sign the head, when 1,000 entries or 5 minutes have passed since the last block (or ``force``).

        The block lies in the segment, fsynced, before its row is committed. Returns: the block, None: not
        due. Raises: IntegrityError, StorageFull, EnvironmentProblem.
        """
        with self._writing() as before:
            with database.read() as session:
                tail = self._append_rows(session, before)
            line = self._sign(tail, force=force)
            if line is None:
                return None
        return self._record_block(database, line)

    def close_days(self, database: Database) -> list[str]:
        """Turn the segments of past days into one OCFL object each, signed to their last entry. Returns:
        the days.

        Raises: IntegrityError, StorageFull, EnvironmentProblem.
        """
        closed = []
        today = now().astimezone(UTC).date().isoformat()
        for day in self._days.open_days():
            if day >= today:
                continue
            with self._writing():
                line = None
                if not self._store.exists("journal", day):
                    line = self._sign_day(day)
                    self._store_day(day)
                self._days.closed(day)
                remove_tree(self._folder / day)
                sync_folder(self._folder)
                self._tail = None
            if line is not None:
                self._record_block(database, line)
            closed.append(day)
        return closed

    def verify(self, database: Database | None) -> AuditReport:
        """Check chain, values and signatures of the files, and the database against them.

        Without a database only the files are checked.
        """
        roots = self._stamp_roots.read_bytes() if self._stamp_roots else None
        return audit(self._days, Signer.public_key(self._key_file), database, roots)

    def stamp(self, stamper: TimeStamper) -> bool:
        """Have the newest block stamped, unless it is. Returns: whether a stamp was added.

        Raises: EnvironmentProblem (the service does not answer), IntegrityError, StorageFull.
        """
        days = self._days.open_days()
        blocks = list(read_lines(self._days.path(days[-1], BLOCKS))) if days else []
        if not blocks:
            return False
        block, path = blocks[-1], self._folder / days[-1] / STAMPS
        if any(line["last"] == block["last"] for line in read_lines(path)):
            return False
        answer = stamper.stamp(stamped_bytes(block))
        if answer is None:
            return False
        token = base64.b64encode(answer).decode()
        line = {"last": block["last"], "tsa": stamper.name, "at": stamp(moment_of(answer)), "token": token}
        with self._writing():
            if not path.parent.is_dir():
                return False  # the day was closed meanwhile; a later block's stamp covers it
            append_lines(path, [line])
        return True

    def entries(self) -> Iterator[dict[str, Any]]:
        """Every entry in order, with its ``values`` (erased ones are left out), for the rebuild."""
        for day in self._days.all_days():
            values: dict[int, dict[str, Any]] = {}
            for line in read_lines(self._days.path(day, VALUES)):
                values.setdefault(line["seq"], {})[line["field"]] = line["value"]
            for entry in read_lines(self._days.path(day, ENTRIES)):
                yield {**entry, "values": values.get(entry["seq"], {})}

    def raw_values(self) -> Iterator[dict[str, Any]]:
        """Every value line (seq, field, salt, value), for the rebuild of the rows."""
        for day in self._days.all_days():
            yield from read_lines(self._days.path(day, VALUES))

    def open_days(self) -> list[str]:
        """The days whose segments lie in the folder, in order."""
        return self._days.open_days()

    def closed_days(self) -> list[str]:
        """The days that are objects of the store, in order."""
        return self._days.closed_days()

    def blocks(self) -> Iterator[dict[str, Any]]:
        """Every signed block, in order."""
        for day in self._days.all_days():
            yield from read_lines(self._days.path(day, BLOCKS))

    def confirm(self, block: Mapping[str, Any], hashes: Sequence[str]) -> dict[str, Any]:
        """A statement over a block that was signed without a root: the same entries, with their root, signed now.

        ``hashes``: those of its entries, in order. Raises: IntegrityError (``journal_block``) when the block's own
        signature or head does not hold, so that nothing changed since is ever confirmed.
        """
        key = Signer.public_key(self._key_file)
        if block["head"] != hashes[-1] or not is_signed(key, block_payload(block), block["signature"]):
            raise IntegrityError("journal_block", first=block["first"], last=block["last"])
        facts = {name: block[name] for name in ("first", "last", "head")}
        return self._signed({**facts, "root": root_of(hashes), "confirms": block["signed_at"]})

    def last_block(self) -> dict[str, Any] | None:
        """The newest signed block; None: nothing is signed yet."""
        return self._days.last_block()

    def public_key_hex(self) -> str:
        """The key that signs the blocks, 64 hex digits. Raises: IntegrityError."""
        return Signer.public_key(self._key_file).public_bytes_raw().hex()

    def head(self) -> tuple[int, str]:
        """Number and hash of the last entry in the files: the line to print and keep elsewhere."""
        with self._writing() as tail:
            return tail.seq, tail.hash

    def erase_values(self, database: Database, fields: Mapping[int, set[str]], *, user: str) -> int:
        """Lawful erasure of values (entry number to its fields) from files, objects and database; the
        chain stays.

        Returns: how many values were erased. Raises: IntegrityError, StorageFull, EnvironmentProblem.
        """
        erased = 0
        with self._writing():
            for day in self._days.all_days():
                path = self._days.path(day, VALUES)
                lines = list(read_lines(path))
                kept = [line for line in lines if line["field"] not in fields.get(line["seq"], set())]
                if len(kept) == len(lines):
                    continue
                erased += len(lines) - len(kept)
                self._days.rewrite_values(day, b"".join(canonical_json(line) + b"\n" for line in kept), user)
        with database.write() as session:
            for seq, names in fields.items():
                session.execute(sa.delete(JournalValue).where(JournalValue.seq == seq, JournalValue.field.in_(names)))
        return erased

    # --- inside -----------------------------------------------------------------------------------

    @contextmanager
    def _writing(self) -> Iterator[Tail]:
        """Hold the journal's lock (threads and processes). Yields: the last entry in the files.

        Raises: EnvironmentProblem when the folder is not there or another home's.
        """
        if self.identity is not None:
            need_mark(self.mark, self.identity)
        with self._thread, (self._folder / ".lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            with full_disk_is_named(self._folder):
                yield self._current_tail()

    def _current_tail(self) -> Tail:
        """The last entry: remembered, unless another process has written since."""
        if self._tail is None or self._state != self._days.state():
            self._remember(tail_of(self._days))
        assert self._tail is not None
        return self._tail

    def _remember(self, tail: Tail) -> None:
        self._tail, self._state = tail, self._days.state()

    def _append_rows(self, session: Session, tail: Tail) -> Tail:
        _need_continued(session, tail)
        while rows := _rows_after(session, tail.seq):
            day = max(rows[0]["at"][:10], tail.day)
            batch = rows[: _prefix(rows, day, tail.day)]
            expected = tail.hash
            for row in batch:
                if row["prev_hash"] != expected:
                    raise IntegrityError("journal_fork", seq=row["seq"])
                expected = row["hash"]
            hashed = [row["seq"] for row in batch if row["hashes"]]
            values = _values_between(session, hashed[0], hashed[-1]) if hashed else []
            folder = self._folder / day
            make_folders(folder)
            if values:
                append_lines(folder / VALUES, values)
            append_lines(folder / ENTRIES, batch)
            tail = Tail(batch[-1]["seq"], batch[-1]["hash"], day)
            self._remember(tail)
            if len(batch) == len(rows) < _BATCH:  # nothing more was there
                break
        return tail

    def _sign(self, tail: Tail, *, force: bool) -> dict[str, Any] | None:
        last = self._days.last_block()
        signed = last["last"] if last else 0
        if tail.seq <= signed:
            return None
        waited = now() - datetime.fromisoformat(last["signed_at"]) if last else BLOCK_TIME
        if not force and tail.seq - signed < BLOCK_ENTRIES and waited < BLOCK_TIME:
            return None
        return self._write_block(tail.day, signed + 1, tail.seq, tail.hash)

    def _sign_day(self, day: str) -> dict[str, Any] | None:
        """Sign what is left unsigned of a past day."""
        entries = list(read_lines(self._folder / day / ENTRIES))
        last = self._days.last_block()  # may lie in a later day
        signed = last["last"] if last else 0
        if not entries or entries[-1]["seq"] <= signed:
            return None
        return self._write_block(day, signed + 1, entries[-1]["seq"], entries[-1]["hash"])

    def _store_day(self, day: str) -> None:
        paths = {name: self._folder / day / name for name in (ENTRIES, VALUES, BLOCKS, STAMPS)}
        files = {name: path for name, path in paths.items() if path.is_file()}
        self._store.create("journal", day, files, message=f"journal of {day}", user=USER)

    def _write_block(self, day: str, first: int, last: int, head: str) -> dict[str, Any]:
        hashes = self._days.hashes(first, last)
        root = {"root": root_of(hashes)} if hashes else {}  # damaged files get none: the audit names them
        line = self._signed({"first": first, "last": last, "head": head, **root})
        append_lines(self._folder / day / BLOCKS, [line])
        return line

    def _signed(self, facts: Mapping[str, Any]) -> dict[str, Any]:
        signer = Signer.load(self._key_file)
        line = {**facts, "key_id": signer.key_id, "signed_at": stamp(now())}
        return {**line, "signature": signer.sign(block_payload(line))}

    def _record_block(self, database: Database, line: Mapping[str, Any]) -> JournalBlock:
        signed_at = datetime.fromisoformat(line["signed_at"])
        block = JournalBlock(**{**line, "signed_at": signed_at, "anchored_at": now()})
        with database.write() as session:
            session.merge(block)
        return block


def _need_continued(session: Session, tail: Tail) -> None:
    if not tail.seq:
        return
    found = session.scalar(sa.select(JournalEntry.hash).where(JournalEntry.seq == tail.seq))
    if found is None:
        newest = session.scalar(sa.select(sa.func.max(JournalEntry.seq))) or 0
        raise IntegrityError("database_older", seq=newest, files=tail.seq)
    if found != tail.hash:
        raise IntegrityError("journal_fork", seq=tail.seq)


def _prefix(rows: list[dict[str, Any]], day: str, tail_day: str) -> int:
    """How many of ``rows``, from the first, belong to ``day`` (days never go back)."""
    for place, row in enumerate(rows):
        if max(row["at"][:10], tail_day) > day:
            return place
    return len(rows)


def _rows_after(session: Session, seq: int) -> list[dict[str, Any]]:
    columns = [getattr(JournalEntry, name) for name in (*CHAINED, "hash")]
    query = sa.select(*columns).where(JournalEntry.seq > seq).order_by(JournalEntry.seq).limit(_BATCH)
    return [dict(row._mapping) for row in session.execute(query)]


def _values_between(session: Session, first: int, last: int) -> list[dict[str, Any]]:
    query = (
        sa.select(JournalValue.seq, JournalValue.field, JournalValue.salt, JournalValue.value)
        .where(JournalValue.seq >= first, JournalValue.seq <= last)
        .order_by(JournalValue.seq, JournalValue.field)
    )
    return [dict(row._mapping) for row in session.execute(query)]
