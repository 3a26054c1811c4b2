"""The audit of the journal: chain, values, signatures, and the database against the files."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from archive.findings import Finding
from archive.merkle import root_of
from archive.segments import BLOCKS, ENTRIES, STAMPS, VALUES, Days, read_lines
from archive.signing import block_payload, is_signed, key_id_of
from archive.timestamps import check_stamp, stamped_bytes
from core.errors import IntegrityError
from models import Database, JournalBlock, JournalEntry, JournalHead, JournalValue
from models.chain import CHAINED, GENESIS, entry_hash, value_hash

BLOCK = ("first", "last", "head", "key_id", "signature", "root")  # what database and files both say of a block


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the audit found. Entries after ``anchored`` (the last signed block) are chained but not yet
    proved.
    """

    findings: tuple[Finding, ...]
    entries: int
    head: str
    anchored: int  # number of the last entry under a signature
    anchored_head: str
    blocks: int
    erased_values: int
    compared: bool  # with the database
    stamps: int = 0  # time stamps that fit their block
    stamped: int = 0  # number of the last entry under a time stamp

    @property
    def ok(self) -> bool:
        return not self.findings

    @property
    def unproved(self) -> tuple[int, int] | None:
        """First and last entry that no signature covers yet."""
        return (self.anchored + 1, self.entries) if self.entries > self.anchored else None


@dataclass(slots=True)
class _Audit:
    days: Days
    key: Ed25519PublicKey
    findings: list[Finding] = field(default_factory=list)
    seq: int = 0
    head: str = GENESIS
    heads: dict[int, str] = field(default_factory=dict)  # of entries that end a block
    roots: dict[int, str] = field(default_factory=dict)  # likewise, over the entries since the block before
    since: list[str] = field(default_factory=list)  # hashes of those entries
    hashes: dict[tuple[int, str], str] = field(default_factory=dict)  # of values, of the day being read
    expected_values: int = 0
    values: int = 0

    def say(self, code: str, where: str, **details: Any) -> None:
        self.findings.append(Finding(code, where, details))


def audit(days: Days, key: Ed25519PublicKey, database: Database | None, roots: bytes | None = None) -> AuditReport:
    """Walk the whole chain, then the signatures, then the database."""
    days.rescan()
    work = _Audit(days, key)
    blocks = _blocks(work)
    ends = {block.get("last") for block in blocks}
    for day in days.all_days():
        _walk_day(work, day, ends)
    anchored, anchored_head = _check_blocks(work, blocks)
    stamps = _check_stamps(work, blocks, roots)
    if database is not None:
        _compare(work, database)
        _compare_blocks(work, database, blocks)
    return AuditReport(
        tuple(work.findings),
        work.seq,
        work.head,
        anchored,
        anchored_head,
        len(blocks),
        work.expected_values - work.values,
        database is not None,
        len(stamps),
        max(stamps, default=0),
    )


def _blocks(work: _Audit) -> list[dict[str, Any]]:
    found = []
    for day in work.days.all_days():
        try:
            found += list(read_lines(work.days.path(day, BLOCKS)))
        except IntegrityError as error:
            work.say("J011", f"{day}/{BLOCKS}", line=error.details.get("line"))
    return found


def _walk_day(work: _Audit, day: str, ends: set[Any]) -> None:
    work.hashes.clear()
    try:
        for entry in read_lines(work.days.path(day, ENTRIES)):
            _walk_entry(work, entry, ends)
        for line in read_lines(work.days.path(day, VALUES)):
            work.values += 1
            wanted = work.hashes.get((line["seq"], line["field"]))
            if wanted != value_hash(line["salt"], line["value"]):
                work.say("J005", f"{line['seq']}/{line['field']}")
    except IntegrityError as error:
        work.say("J011", day, line=error.details.get("line"))
    except (KeyError, TypeError, ValueError) as error:
        work.say("J011", day, line=type(error).__name__)


def _walk_entry(work: _Audit, entry: dict[str, Any], ends: set[Any]) -> None:
    seq = entry["seq"]
    if entry_hash(entry) != entry["hash"]:
        work.say("J001", str(seq))
    if seq != work.seq + 1 or entry["prev_hash"] != work.head:
        work.say("J002", str(seq), expected=work.seq + 1)
    work.seq, work.head = seq, entry["hash"]
    work.since.append(entry["hash"])
    if seq in ends:
        work.heads[seq], work.roots[seq] = entry["hash"], root_of(work.since)
        work.since.clear()
    for name, digest in entry["hashes"].items():
        work.hashes[seq, name] = digest
        work.expected_values += 1


def _check_blocks(work: _Audit, blocks: list[dict[str, Any]]) -> tuple[int, str]:
    anchored, head = 0, GENESIS
    own = key_id_of(work.key)
    for block in blocks:
        where = f"{block.get('first')}-{block.get('last')}"
        try:
            payload, signature = block_payload(block), block["signature"]
        except KeyError:
            work.say("J004", where)
            continue
        if block["key_id"] != own:
            work.say("J012", where, key=block["key_id"])
        elif not is_signed(work.key, payload, signature):
            work.say("J003", where)
        elif block["first"] != anchored + 1 or not _fits(work, block):
            work.say("J004", where)
        anchored, head = block["last"], block["head"]
    return anchored, head


def _fits(work: _Audit, block: dict[str, Any]) -> bool:
    """Whether head and root (blocks of before have none) are those of the entries."""
    last = block["last"]
    return work.heads.get(last) == block["head"] and block.get("root") in (None, work.roots.get(last))


def _check_stamps(work: _Audit, blocks: list[dict[str, Any]], roots: bytes | None) -> list[int]:
    """The last entries of blocks whose time stamp holds."""
    by_last = {block.get("last"): block for block in blocks}
    good = []
    for day in work.days.all_days():
        try:
            for line in read_lines(work.days.path(day, STAMPS)):
                block = by_last.get(line.get("last"))
                if block is not None and "signature" in block and check_stamp(line, stamped_bytes(block), roots):
                    good.append(int(line["last"]))
                else:
                    work.say("J014", str(line.get("last")))
        except IntegrityError as error:
            work.say("J011", f"{day}/{STAMPS}", line=error.details.get("line"))
    return good


def _compare(work: _Audit, database: Database) -> None:
    """The rows against the files, entry by entry."""
    with database.read() as session:
        names = (*CHAINED, "hash")
        query = sa.select(*(getattr(JournalEntry, name) for name in names)).order_by(JournalEntry.seq)
        rows = (dict(row._mapping) for row in session.execute(query.execution_options(yield_per=2000)))
        last = 0
        for row, entry in _paired(rows, _entries(work)):
            if row is None:
                work.say("J007", str(entry["seq"]) if entry else "")
            elif entry is None:
                work.say("J008", str(row["seq"]))
            elif row != {name: entry.get(name) for name in names}:
                work.say("J006", str(row["seq"]))
            if row is not None:
                last = row["seq"]
        head = session.scalar(sa.select(JournalHead))
        if (head.seq if head else 0) != last or (head and last == work.seq and head.hash != work.head):
            work.say("J009", str(head.seq if head else 0))
        _compare_values(work, session)


def _compare_values(work: _Audit, session: Any) -> None:
    """Values in the database must have the hashes that the files' entries give them."""
    query = sa.select(JournalValue.seq, JournalValue.field, JournalValue.salt, JournalValue.value)
    wanted = {(entry["seq"], name): digest for entry in _entries(work) for name, digest in entry["hashes"].items()}
    for row in session.execute(query.execution_options(yield_per=2000)):
        if wanted.get((row.seq, row.field)) != value_hash(row.salt, row.value):
            work.say("J006", f"{row.seq}/{row.field}")


def _entries(work: _Audit) -> Iterator[dict[str, Any]]:
    for day in work.days.all_days():
        try:
            yield from read_lines(work.days.path(day, ENTRIES))
        except IntegrityError:
            continue  # told of already


def _paired(
    rows: Iterator[dict[str, Any]], entries: Iterator[dict[str, Any]]
) -> Iterator[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Rows and entries of the same number; None for what the other side lacks."""
    row, entry = next(rows, None), next(entries, None)
    while row is not None or entry is not None:
        if entry is None or (row is not None and row["seq"] < entry["seq"]):
            yield row, None
            row = next(rows, None)
        elif row is None or entry["seq"] < row["seq"]:
            yield None, entry
            entry = next(entries, None)
        else:
            yield row, entry
            row, entry = next(rows, None), next(entries, None)


def _compare_blocks(work: _Audit, database: Database, blocks: list[dict[str, Any]]) -> None:
    with database.read() as session:
        rows = session.scalars(sa.select(JournalBlock).order_by(JournalBlock.last)).all()
        stored = [tuple(getattr(row, name) for name in BLOCK) for row in rows]
    files = {tuple(block.get(name) for name in BLOCK) for block in blocks}
    for row in stored:
        if row not in files:
            work.say("J010", f"{row[0]}-{row[1]}")
