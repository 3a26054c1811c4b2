"""The door never closes: whatever lies in the inbox, ``watch`` goes on, takes the good letters and names the rest."""

from __future__ import annotations

import json
import os
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.conftest import PROGRAM, ROOT, json_lines, run_program
from tests.letters import text_of

LONG = "x" * 251 + ".txt"  # 255 bytes


@contextmanager
def watching(home: Path) -> Iterator[subprocess.Popen[str]]:
    """``watch`` in a process of its own, ended as an operator ends it."""
    quick = {"AKTENLOTSE_QUIET_SECONDS": "0.3", "AKTENLOTSE_SCAN_SECONDS": "0.3", "AKTENLOTSE_INCOMPLETE_SECONDS": "5"}
    process = subprocess.Popen(
        [*PROGRAM, "--home", str(home), "watch"],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        cwd=ROOT,
        env={**os.environ, **quick},
    )
    try:
        holder = home / "inbox.lock"
        until(lambda: holder.is_file() and f'"pid": {process.pid}' in holder.read_text())
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        said, _ = process.communicate(timeout=90)
        assert process.returncode == 0, said


def until(reached: Callable[[], bool], seconds: float = 60) -> None:
    """Wait for a condition; it is an error when it does not come."""
    end = time.monotonic() + seconds
    while not reached():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.1)


def status(home: Path) -> dict[str, Any]:
    return dict(json.loads(run_program(home, "status", "--json").stdout))


def letters(home: Path) -> list[dict[str, Any]]:
    return json_lines(run_program(home, "list", "--json"))


def done(home: Path) -> list[bytes]:
    return [os.fsencode(path.name) for path in (home / "done").rglob("*") if path.is_file()]


def write_bytes_name(folder: Path, name: bytes, text: str) -> None:
    with open(os.fsencode(folder) + b"/" + name, "w") as file:  # noqa: PTH123  (a name that is no text)
        file.write(text)


def test_hostile_names_and_things_stop_nothing_at_any_start(home: Path) -> None:
    inbox = home / "inbox"
    write_bytes_name(inbox, b"Stra\xdfe.txt", text_of(1))
    os.mkdir(os.fsencode(inbox) + b"/Ordner-\xe4")  # noqa: PTH102
    write_bytes_name(Path(os.fsdecode(os.fsencode(inbox) + b"/Ordner-\xe4")), b"Brief.txt", text_of(2))
    (inbox / LONG).write_text(text_of(3))
    (inbox / "schleife").symlink_to(inbox)
    (inbox / "woanders.txt").symlink_to(inbox / "gibt-es-nicht.txt")
    os.mkfifo(inbox / "rohr.txt")
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(inbox / "s"))
    (inbox / "leer.txt").write_text("")
    (inbox / "gerade.pdf.part").write_text("noch nicht")
    (inbox / "Scan.pd~").write_text("noch nicht")
    for number in range(10):
        (inbox / f"gut-{number}.txt").write_text(text_of(10 + number))
    with watching(home):
        until(lambda: len(done(home)) >= 14)
    (inbox / LONG).write_text(text_of(4))  # the same name of 255 bytes again
    with watching(home):
        until(lambda: len(done(home)) >= 15)
        told = status(home)
    with watching(home):
        pass
    assert told["inbox_unready"] == {"no_file": 4, "scratch": 2}
    assert {os.fsencode(path.name) for path in inbox.iterdir() if not path.is_dir()} >= {b"Scan.pd~", b"rohr.txt"}
    found = letters(home)
    assert sum(line["state"] in ("filed", "clarify") for line in found) == 14
    assert sum(line["state"] == "quarantined" for line in found) == 1
    assert "Stra\ufffde.txt" in {line["source_name"] for line in found}
    assert all(len(name) <= 255 for name in done(home))


def test_what_cannot_be_moved_is_taken_once_and_shown(home: Path) -> None:
    file = home / "inbox" / "fest.txt"
    file.write_text(text_of(1))
    blocked = home / "done"
    blocked.rmdir()
    blocked.write_text("an obstacle in place of the folder")  # also for root, whom no permission stops
    with watching(home):
        until(lambda: status(home)["inbox_paused"] is not None)
        until(lambda: len(letters(home)) == 1)
        told = status(home)
        blocked.unlink()
        blocked.mkdir()
        until(lambda: not file.exists())
    assert told["inbox_waiting"][0]["received"]
    assert told["inbox_waiting"][0]["name"] == "fest.txt"
    assert len(letters(home)) == 1
    entries = (home / "journal").rglob("entries.jsonl")
    assert sum(path.read_text().count('"source.deliver"') for path in entries) == 1


def test_a_second_watch_says_who_holds_the_inbox(home: Path) -> None:
    with watching(home) as first:
        second = run_program(home, "watch", check=False)
        assert second.returncode == 4
        assert str(first.pid) in second.stdout + second.stderr
        assert "Traceback" not in second.stderr


def test_a_lock_left_by_a_killed_watch_holds_nothing(home: Path) -> None:
    (home / "inbox.lock").write_text('{"host": "x", "pid": 1, "since": "y"}')
    (home / "inbox" / "a.txt").write_text(text_of(1))
    with watching(home):
        until(lambda: len(done(home)) == 1)


def test_a_folder_that_comes_and_goes_stops_nothing(home: Path) -> None:
    inbox = home / "inbox"
    with watching(home):
        for number in range(300):
            (inbox / f"f{number}" / "a" / "b").mkdir(parents=True)
            (inbox / f"f{number}" / "a" / "b" / "c.txt").touch()
            shutil.rmtree(inbox / f"f{number}")
        (inbox / "gut.txt").write_text(text_of(1))
        until(lambda: b"gut.txt" in done(home))


def test_ingest_goes_on_behind_a_file_that_cannot_be_taken(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "scans"
    folder.mkdir()
    os.mkfifo(folder / "a-rohr.txt")
    (folder / "b-weg.txt").symlink_to(folder / "gibt-es-nicht")
    write_bytes_name(folder, b"c-\xff.txt", text_of(1))
    (folder / "d.txt").write_text(text_of(2))
    result = run_program(home, "ingest", str(folder), "--json", check=False)
    lines = json_lines(result)
    assert [line["state"] for line in lines][:2] == ["not_taken", "not_taken"]
    assert {line["state"] for line in lines[2:]} <= {"filed", "clarify"}
    assert len(lines) == 4
    assert result.returncode == 4
    assert "no_regular_file" in {line["reason"] for line in lines[:2]}


def test_a_scan_written_with_pauses_is_one_file(home: Path, tmp_path: Path) -> None:
    """Page by page, each time the file as far as it is, with pauses longer than the quiet time."""
    whole = next((ROOT / "samples" / "scans").glob("*.pdf")).read_bytes()
    target = home / "inbox" / "stapel.pdf"
    with watching(home):
        for part in (0.3, 0.6, 0.9, 1.0):
            target.write_bytes(whole[: int(len(whole) * part)])
            if part < 1:
                time.sleep(1.5)  # the writer's own pause
        until(lambda: not target.exists(), 90)
    found = letters(home)
    assert len(found) == 1
    assert found[0]["state"] != "quarantined"
