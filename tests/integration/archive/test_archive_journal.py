"""The journal's files: durable, chained, signed; whatever is tampered with before the last anchor is found."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from archive import JournalFiles
from archive.merkle import root_of
from archive.signing import Signer, block_payload
from core.durable import make_folders
from core.errors import IntegrityError
from core.hashing import canonical_json
from models import SYSTEM
from models.chain import entry_hash, record
from tests.integration.archive.journal_home import Home


@pytest.fixture
def home(tmp_path: Path) -> Home:
    return Home(tmp_path)


def test_key_is_private_and_stays(home: Home) -> None:
    key = home.folder / "keys" / "journal.pem"
    before = key.read_bytes()
    assert key.stat().st_mode & 0o777 == 0o600
    home.again().initialise()
    assert key.read_bytes() == before


def test_entries_come_back_with_their_values(home: Home) -> None:
    home.write(5)
    entries = list(home.again().entries())
    assert [entry["seq"] for entry in entries] == [1, 2, 3, 4, 5]
    assert entries[1]["values"] == {"title": "Name 1"} and entries[0]["values"] == {}
    report = home.journal.verify(home.database)
    assert report.ok and report.entries == 5 and report.unproved == (1, 5)


def test_blocks_are_due_by_time_or_number(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(3)
    assert home.journal.sign(home.database) is not None  # the first is due at once
    home.write(1, 3)
    assert home.journal.sign(home.database) is None
    monkeypatch.setattr("archive.journal.BLOCK_ENTRIES", 1)
    block = home.journal.sign(home.database)
    assert block is not None and (block.first, block.last) == (4, 4)
    home.write(1, 4)
    monkeypatch.setattr("archive.journal.BLOCK_ENTRIES", 1000)
    later = datetime.now(UTC) + timedelta(minutes=6)
    monkeypatch.setattr("archive.journal.now", lambda: later)
    assert home.journal.sign(home.database) is not None
    report = home.journal.verify(home.database)
    assert report.ok and report.blocks == 3 and report.unproved is None


def test_many_threads_and_instances_write_each_entry_once(home: Home) -> None:
    others = [home.journal, home.again(), home.again()]

    def work(number: int) -> None:
        with home.database.write() as session:
            record(session, SYSTEM, "document.read", "document", f"d{number}")
        others[number % 3].catch_up(home.database)

    with ThreadPoolExecutor(6) as threads:
        list(threads.map(work, range(60)))
    assert [entry["seq"] for entry in home.again().entries()] == list(range(1, 61))
    assert home.again().verify(home.database).ok


@pytest.mark.parametrize("torn", [b'{"seq":', b'{"seq": 6}\n', b"\0" * 40, b"\0" * 40 + b"\n", b"rubbish\n"])
def test_torn_end_is_cut_and_written_again(torn: bytes, home: Home) -> None:
    home.write(5)
    with home.file("entries.jsonl").open("ab") as file:
        file.write(torn)
    with home.file("values.jsonl").open("ab") as file:
        file.write(b'{"field":"title","salt":"00","seq":6,"value":"halb"}\n{"se')
    home.journal = home.again()
    home.write(2, 5)
    assert [entry["seq"] for entry in home.again().entries()] == list(range(1, 8))
    assert home.again().verify(home.database).ok


def test_lost_lines_are_written_again(home: Home) -> None:
    home.write(5)
    path = home.file("entries.jsonl")
    path.write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[:3]))
    home.again().catch_up(home.database)
    assert home.again().verify(home.database).ok


Tamper = Callable[[Home], object]


def rewrite(home: Home, change: Callable[[list[dict[str, object]]], list[dict[str, object]]]) -> None:
    """Change the segment's lines and make the chain fit again, as somebody with all files would."""
    path = home.file("entries.jsonl")
    lines = change([json.loads(line) for line in path.read_bytes().splitlines()])
    head = "0" * 64
    for number, line in enumerate(lines, 1):
        line["seq"], line["prev_hash"] = number, head
        head = str(entry_hash(line))
        line["hash"] = head
    path.write_text("".join(json.dumps(line, ensure_ascii=False, sort_keys=True) + "\n" for line in lines))


def rehash_database(home: Home) -> None:
    """Somebody with the database's password changes an entry and chains all later ones anew."""
    with home.database.engine.connect().execution_options(writes=True) as connection:
        rows = connection.execute(sa.text("select * from journal_entries order by seq")).mappings().all()
        head = "0" * 64
        for row in rows:
            entry = {**row, "data": json.loads(row["data"]), "hashes": json.loads(row["hashes"]), "prev_hash": head}
            if entry["seq"] == 4:
                entry["actor"] = "boese"
            head = entry_hash(entry)
            connection.execute(
                sa.text("update journal_entries set actor=:a, prev_hash=:p, hash=:h where seq=:s"),
                {"a": entry["actor"], "p": entry["prev_hash"], "h": head, "s": entry["seq"]},
            )
        connection.execute(sa.text("update journal_head set hash=:h"), {"h": head})
        connection.commit()


DATABASE: dict[str, tuple[Tamper, str]] = {
    "changed": (lambda home: home.sql("update journal_entries set actor='boese' where seq=4"), "J006"),
    "removed": (
        lambda home: (
            home.sql("delete from journal_values where seq=4"),
            home.sql("delete from journal_entries where seq=4"),
        )[0],
        "J007",
    ),
    "inserted": (
        lambda home: home.sql(
            "insert into journal_entries select 99, at, actor, action, kind, object_id, purpose, data, hashes,"
            " prev_hash, hash from journal_entries where seq=4"
        ),
        "J008",
    ),
    "swapped": (
        lambda home: home.sql(
            "update journal_entries set object_id=case seq when 4 then 'd4' else 'd3' end where seq in (4,5)"
        ),
        "J006",
    ),
    "chained anew": (rehash_database, "J006"),
    "value": (lambda home: home.sql("update journal_values set value='\"anders\"' where seq=4"), "J006"),
    "head": (lambda home: home.sql("update journal_head set seq=3"), "J009"),
    "block": (lambda home: home.sql("update journal_blocks set head='00'"), "J010"),
    "root": (lambda home: home.sql("update journal_blocks set root='00'"), "J010"),
}


@pytest.mark.parametrize("name", DATABASE)
def test_tampering_in_the_database_is_found(name: str, home: Home) -> None:
    home.write(8)
    home.journal.sign(home.database, force=True)
    assert home.codes() == set()
    tamper, code = DATABASE[name]
    tamper(home)
    assert code in home.codes()
    assert home.codes(database=False) == set()  # the files are as they were


FILES: dict[str, tuple[Callable[[list[dict[str, object]]], list[dict[str, object]]], str]] = {
    "changed": (lambda lines: [{**line, "actor": "boese"} if line["seq"] == 4 else line for line in lines], "J004"),
    "removed": (lambda lines: [line for line in lines if line["seq"] != 4], "J004"),
    "inserted": (lambda lines: [*lines[:4], dict(lines[2]), *lines[4:]], "J004"),
    "swapped": (lambda lines: [*lines[:3], lines[4], lines[3], *lines[5:]], "J004"),
}


@pytest.mark.parametrize("name", FILES)
def test_tampering_in_the_files_is_found_even_when_chained_anew(name: str, home: Home) -> None:
    home.write(8)
    home.journal.sign(home.database, force=True)
    change, code = FILES[name]
    rewrite(home, change)
    assert code in home.codes(database=False)
    assert {"J006", "J007", "J008"} & home.codes()


def test_a_root_that_is_not_that_of_the_entries_is_found_even_when_signed(home: Home) -> None:
    home.write(8)
    home.journal.sign(home.database, force=True)
    (block,) = [json.loads(line) for line in home.file("blocks.jsonl").read_bytes().splitlines()]
    block["root"] = "00" * 32
    block["signature"] = Signer.load(home.folder / "keys" / "journal.pem").sign(block_payload(block))
    home.file("blocks.jsonl").write_bytes(canonical_json(block) + b"\n")
    assert home.codes(database=False) == {"J004"}


def test_a_block_over_midnight_has_a_root_over_both_days(home: Home) -> None:
    home.write(3)
    day = home.file("entries.jsonl").parent
    day.rename(day.with_name("2020-01-01"))
    home.journal = home.again()
    home.write(3, 3)
    block = home.journal.sign(home.database, force=True)
    assert block is not None and block.root == root_of([entry["hash"] for entry in home.journal.entries()])
    assert home.codes() == set()


def test_a_block_after_megabytes_of_entries_has_the_root_of_its_own(home: Home) -> None:
    home.write(2)
    home.journal.sign(home.database, force=True)
    with home.database.write() as session:
        for number in range(3):
            record(session, SYSTEM, "test.long", "test", str(number), data={"long": "x" * 700_000})
    block = home.journal.sign(home.database, force=True)
    assert block is not None and block.first == 3
    assert block.root == root_of([entry["hash"] for entry in home.journal.entries()][2:])


def test_damaged_files_are_signed_without_a_root_and_named(home: Home) -> None:
    home.write(8)
    file = home.file("entries.jsonl")
    file.write_bytes(file.read_bytes().replace(b'{"action"', b'{"action', 1))
    block = home.journal.sign(home.database, force=True)
    assert block is not None and block.root is None
    assert "J011" in home.codes()


def test_plain_edits_of_the_files_are_found(home: Home) -> None:
    home.write(8)
    home.journal.sign(home.database, force=True)
    for name, old, new, code in (
        ("entries.jsonl", b'"system"', b'"systen"', "J001"),
        ("values.jsonl", b"Name 3", b"Name 9", "J005"),
        ("blocks.jsonl", b'"first":1', b'"first":2', "J003"),
        ("entries.jsonl", b'{"action"', b'{"action', "J011"),
    ):
        path = home.file(name)
        before = path.read_bytes()
        path.write_bytes(before.replace(old, new, 1))
        assert code in home.codes(), name
        path.write_bytes(before)
    assert home.codes() == set()


def test_foreign_key_is_found(home: Home, tmp_path: Path) -> None:
    home.write(3)
    home.journal.sign(home.database, force=True)
    other = JournalFiles(home.folder / "journal", home.store, tmp_path / "other" / "key.pem")
    with pytest.raises(IntegrityError):
        other.initialise()  # makes no key for a journal that another one signed
    make_folders(tmp_path / "other")
    Signer.initialise(tmp_path / "other" / "key.pem")
    assert {finding.code for finding in other.verify(None).findings} == {"J012"}


def test_database_that_does_not_continue_the_files_is_refused(home: Home) -> None:
    home.write(4)
    home.sql("delete from journal_values where seq>2")
    home.sql("delete from journal_entries where seq>2")
    home.sql("update journal_head set seq=2, hash=(select hash from journal_entries where seq=2)")
    for number in range(4):  # an old backup, worked on
        with home.database.write() as session:
            record(session, SYSTEM, "document.read", "document", f"x{number}")
    with pytest.raises(IntegrityError):
        home.journal.catch_up(home.database)


def test_past_days_become_objects(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(4)
    home.journal.sign(home.database, force=True)
    home.write(3, 4)
    today = home.file("").name
    for day in (1, 2):
        monkeypatch.setattr("archive.journal.now", lambda day=day: datetime.now(UTC) + timedelta(days=day))
        monkeypatch.setattr("models.chain.now", lambda day=day: datetime.now(UTC) + timedelta(days=day))
        closed = home.journal.close_days(home.database)
        assert len(closed) == 1 and home.store.exists("journal", closed[0])
        if day == 1:
            assert closed == [today]
        home.write(2, 10 * day)
        assert home.journal.close_days(home.database) == []
    report = home.again().verify(home.database)
    assert report.ok and report.entries == 11 and report.unproved == (10, 11)
    assert [entry["seq"] for entry in home.again().entries()] == list(range(1, 12))
    assert not (home.folder / "journal" / today).exists()
    target = home.store.file("journal", today, "entries.jsonl")
    target.write_bytes(target.read_bytes().replace(b'"d2"', b'"d9"'))
    assert "J001" in home.codes()


def test_block_over_midnight(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Entries of yesterday that a block of today covers are not signed a second time."""
    home.write(3)
    for module in ("archive.journal", "models.chain"):
        monkeypatch.setattr(f"{module}.now", lambda: datetime.now(UTC) + timedelta(days=1))
    home.write(2, 3)
    assert home.journal.sign(home.database, force=True).last == 5  # type: ignore[union-attr]
    assert len(home.journal.close_days(home.database)) == 1
    home.write(1, 5)
    report = home.again().verify(home.database)
    assert report.ok and report.blocks == 1 and report.unproved == (6, 6)


def test_close_day_may_run_twice(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """A crash between the object and the removal of the folder."""
    home.write(3)
    monkeypatch.setattr("archive.journal.now", lambda: datetime.now(UTC) + timedelta(days=1))
    with monkeypatch.context() as patch:
        patch.setattr("archive.journal.remove_tree", lambda folder: None)
        assert len(home.journal.close_days(home.database)) == 1
    home.file("entries.jsonl").unlink()  # half removed
    assert len(home.again().close_days(home.database)) == 1
    assert home.again().verify(home.database).ok
    home.write(2, 3)
    assert home.again().verify(home.database).ok


def test_erased_values_are_nowhere_and_the_chain_stays(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    home.write(4)
    monkeypatch.setattr("archive.journal.now", lambda: datetime.now(UTC) + timedelta(days=1))
    monkeypatch.setattr("models.chain.now", lambda: datetime.now(UTC) + timedelta(days=1))
    home.journal.close_days(home.database)
    home.write(4, 4)
    assert home.journal.erase_values(home.database, {2: {"title"}, 6: {"title"}}, user="dsb") == 2
    report = home.again().verify(home.database)
    assert report.ok and report.erased_values == 2
    for path in home.folder.rglob("*.jsonl"):
        assert b"Name 1" not in path.read_bytes() and b"Name 5" not in path.read_bytes()
    assert home.store.verify("journal", next(iter(home.journal.entries()))["at"][:10]) == []


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from archive import JournalFiles, Store
    from models import SYSTEM, Database
    from models.chain import record
    home = Path(sys.argv[1])
    journal = JournalFiles(home / "journal", Store(home / "archive", home / "staging"), home / "keys" / "journal.pem")
    database = Database(f"sqlite:///{home / 'a.db'}", home)
    print("ready", flush=True)
    while True:
        with database.write() as session:
            seq = record(session, SYSTEM, "a", "document", "d", values={"x": "y" * 300})
        journal.catch_up(database)
        print(seq, flush=True)
        if seq % 7 == 0:
            journal.sign(database, force=True)
    """
)


def test_kill_at_any_moment_loses_no_acknowledged_entry(home: Home) -> None:
    dice = random.Random(3)
    for _ in range(int(os.environ.get("ARCHIVE_KILL_ROUNDS", "10"))):
        process = subprocess.Popen([sys.executable, "-c", KILLED, str(home.folder)], stdout=subprocess.PIPE)
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0.0, 0.3))
        process.send_signal(signal.SIGKILL)
        numbers = [int(line) for line in process.stdout.read().splitlines() if line.isdigit()]
        process.wait()
        process.stdout.close()
        seqs = [entry["seq"] for entry in home.again().entries()]
        assert seqs == list(range(1, len(seqs) + 1))
        assert len(seqs) >= max(numbers, default=0)
        home.again().catch_up(home.database)
        assert home.again().verify(home.database).ok
