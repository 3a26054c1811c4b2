"""Several processes on one home: nobody ever hears "database is locked"."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from pathlib import Path

import sqlalchemy as sa

from core.settings import Settings
from models import JournalEntry
from services.house import open_house
from tests.conftest import PROGRAM, ROOT, json_lines, run_program
from tests.letters import some_letters


def test_watch_worker_and_readers_share_one_sqlite_without_locks(home: Path, tmp_path: Path) -> None:
    letters = some_letters(home / "inbox", 12)
    environment = {**os.environ, "AKTENLOTSE_QUIET_SECONDS": "0.2", "AKTENLOTSE_SCAN_SECONDS": "0.5"}
    logs = {task: (tmp_path / f"{task}.txt").open("wb") for task in ("watch", "worker")}
    running = [
        subprocess.Popen([*PROGRAM, "--home", str(home), task], stdout=log, stderr=log, cwd=ROOT, env=environment)
        for task, log in logs.items()
    ]
    said = ""
    try:
        end = time.monotonic() + 180
        while time.monotonic() < end:
            listed = run_program(home, "list", "--json")
            status = run_program(home, "status", "--json")
            said += listed.stderr + status.stderr
            states = [line["state"] for line in json_lines(listed)]
            if len(states) == len(letters) and set(states) <= {"filed", "clarify"}:
                break
        assert len(states) == len(letters)
        assert set(states) <= {"filed", "clarify"}
    finally:
        for process in running:
            process.send_signal(signal.SIGTERM)
        for process, log in zip(running, logs.values(), strict=True):
            assert process.wait(timeout=90) == 0
            log.close()
    said += "".join((tmp_path / f"{task}.txt").read_text() for task in logs)
    log_file = home / "aktenlotse.log"
    said += log_file.read_text() if log_file.exists() else ""
    assert "locked" not in said
    assert "Traceback" not in said


def test_the_same_letter_from_two_processes_is_one_document(home: Path, tmp_path: Path) -> None:
    (letter,) = some_letters(tmp_path / "scanner", 1).values()
    calls = [
        subprocess.Popen(
            [*PROGRAM, "--home", str(home), "ingest", str(letter), "--json"], stdout=subprocess.PIPE, cwd=ROOT
        )
        for _ in range(2)
    ]
    answers = [call.communicate(timeout=240)[0].decode() for call in calls]
    assert [call.returncode for call in calls] == [0, 0]
    assert len(json_lines(run_program(home, "list", "--json"))) == 1
    assert sum('"duplicate_of": null' in answer for answer in answers) == 1


def test_what_was_opened_is_read_before_more_is_opened(home: Path, tmp_path: Path) -> None:
    letters = some_letters(tmp_path / "stack", 16)
    run_program(home, "ingest", str(tmp_path / "stack"))
    with open_house(Settings.load(home, {})) as house, house.database.read() as session:
        wanted = JournalEntry.action.in_(("source.open", "document.file"))
        actions = session.scalars(sa.select(JournalEntry.action).where(wanted).order_by(JournalEntry.seq)).all()
        at_once = house.settings.workers + 2
    opened = waiting = most = 0
    for action in actions:
        opened += action == "source.open"
        waiting += 1 if action == "source.open" else -1
        most = max(most, waiting)
    assert opened == len(letters)
    assert most <= at_once + 2  # with one queue for all and no order in it, nearly all are opened first
