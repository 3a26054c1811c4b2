"""Promise 1 and 2 under kill -9: each letter is there exactly once, whole, in a final state; nobody is blamed."""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import PROGRAM, ROOT, json_lines, run_program
from tests.letters import some_letters

FINAL = {"filed", "clarify"}


class Workers:
    """Processes that are killed at random and started again."""

    def __init__(self, home: Path, **environment: str) -> None:
        self.home, self.environment = home, environment
        self.running: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, task: str) -> None:
        self.running[task] = subprocess.Popen(
            [*PROGRAM, "--home", str(self.home), task],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=ROOT,
            env={**os.environ, **self.environment},
            start_new_session=True,
        )

    def kill_one(self, dice: random.Random) -> None:
        task = dice.choice(sorted(self.running))
        self.running[task].kill()
        self.running[task].wait()
        self.start(task)

    def stop(self) -> None:
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(timeout=120)


def kill_loop(home: Path, letters: dict[str, Path], kills: int, lose_jobs: Callable[[], None], **env: str) -> None:
    """Deliver letters bit by bit while ``watch`` and ``worker`` are killed ``kills`` times, then let them finish."""
    dice = random.Random(20261125)
    inbox, waiting = home / "inbox", sorted(letters.values())
    workers = Workers(home, AKTENLOTSE_QUIET_SECONDS="0.2", AKTENLOTSE_SCAN_SECONDS="0.5", **env)
    for task in ("watch", "worker"):
        workers.start(task)
    try:
        for number in range(kills):
            for _ in range(-(-len(waiting) // max(1, kills - number))):
                path = waiting.pop()
                part = inbox / f".{path.name}"
                part.write_bytes(path.read_bytes())
                part.rename(inbox / path.name)
            time.sleep(dice.choice((0.3, 0.8, 2.0, 4.0, 6.0)))
            if number == kills // 2:
                for process in workers.running.values():
                    process.kill()
                    process.wait()
                lose_jobs()
                for task in list(workers.running):
                    workers.start(task)
            workers.kill_one(dice)
        end = time.monotonic() + 60 + 6 * len(letters)
        while time.monotonic() < end:
            lines = json_lines(run_program(home, "list", "--json", env=env))
            if len(lines) == len(letters) and all(line["state"] in FINAL and line["indexed"] for line in lines):
                break
            time.sleep(2)
    finally:
        workers.stop()


def assert_nothing_lost(home: Path, letters: dict[str, Path], **env: str) -> None:
    lines = json_lines(run_program(home, "list", "--json", env=env))
    wanted = {name: hashlib.sha256(path.read_bytes()).hexdigest() for name, path in letters.items()}
    assert {line["source_name"]: line["sha256"] for line in lines} == wanted
    assert len(lines) == len(letters)
    assert {line["state"] for line in lines} <= FINAL
    assert not json_lines(run_program(home, "quarantine", "list", "--json", env=env))
    numbers = sorted(int(line["entry_no"].split("-")[1]) for line in lines)
    assert numbers == list(range(1, len(letters) + 1))
    archived = [path for path in (home / "archive").rglob("content/original/*") if path.is_file()]
    assert sorted(hashlib.sha256(path.read_bytes()).hexdigest() for path in archived) == sorted(wanted.values())
    assert not [path for path in (home / "inbox").rglob("*") if path.is_file()]
    done = [hashlib.sha256(path.read_bytes()).hexdigest() for path in (home / "done").rglob("*") if path.is_file()]
    assert sorted(done) == sorted(wanted.values())
    for line in lines:
        pdf = home / "archive" / line["archive"]["pdf"]
        assert pdf.read_bytes()[:5] == b"%PDF-"
    assert run_program(home, "audit", "verify", env=env).returncode == 0
    found = run_program(home, "search", "Hundesteuer", "--json", "--limit", "200", env=env)
    assert f'"total": {len(letters)}' in found.stdout


def _forget_jobs(home: Path) -> None:
    for name in ("jobs.db", "jobs.db-wal", "jobs.db-shm"):
        (home / name).unlink(missing_ok=True)


def test_twenty_kills_lose_and_double_nothing(home: Path, tmp_path: Path) -> None:
    letters = some_letters(tmp_path / "scanner", 15)
    kill_loop(home, letters, 20, lambda: _forget_jobs(home))
    assert_nothing_lost(home, letters)


@pytest.mark.long
def test_two_hundred_kills_lose_and_double_nothing(home: Path, tmp_path: Path) -> None:
    letters = some_letters(tmp_path / "scanner", 50)
    kill_loop(home, letters, 200, lambda: _forget_jobs(home))
    assert_nothing_lost(home, letters)


def test_kills_on_postgresql_lose_and_double_nothing(tmp_path: Path, postgres: Callable[[], str]) -> None:
    address, jobs = postgres(), postgres()
    env = {
        "AKTENLOTSE_DATABASE": f"postgresql+psycopg://test@{address}",
        "AKTENLOTSE_JOBS": f"postgresql://test@{jobs}",
    }
    home = tmp_path / "home"
    run_program(home, "init", "--units", str(ROOT / "samples" / "units.json"), env=env)
    letters = some_letters(tmp_path / "scanner", 8)
    kill_loop(home, letters, 6, lambda: None, **env)
    assert_nothing_lost(home, letters, **env)


def test_a_letter_that_kills_its_worker_twice_alone_goes_to_quarantine_and_the_others_do_not(
    home: Path, tmp_path: Path
) -> None:
    letters = some_letters(tmp_path / "scanner", 3)
    poison = tmp_path / "scanner" / "gift.txt"
    poison.write_text("Dieser Brief bringt das Programm um.\n" * 3, "utf-8")
    for path in (poison, *letters.values()):
        (home / "inbox" / path.name).write_bytes(path.read_bytes())
    environment = {**os.environ, "AKTENLOTSE_QUIET_SECONDS": "0.1", "AKTENLOTSE_SCAN_SECONDS": "0.5"}
    environment["PYTHONPATH"] = str(tmp_path)
    (tmp_path / "sitecustomize.py").write_text(POISON, "utf-8")
    end = time.monotonic() + 240
    process = None
    try:
        while time.monotonic() < end:
            if process is None or process.poll() is not None:
                process = subprocess.Popen(
                    [sys.executable, "-m", "cli", "--home", str(home), "watch"],
                    cwd=ROOT,
                    env=environment,
                    stdout=subprocess.DEVNULL,
                    stderr=subprocess.DEVNULL,
                )
            lines = json_lines(run_program(home, "list", "--json"))
            states = {line["source_name"]: line["state"] for line in lines}
            if len(states) == 4 and set(states.values()) <= FINAL | {"quarantined"}:
                break
            time.sleep(1)
    finally:
        if process is not None:
            process.terminate()
            process.wait(timeout=90)
    assert {name for name, state in states.items() if state == "quarantined"} == {"gift.txt"}
    (line,) = json_lines(run_program(home, "quarantine", "list", "--json"))
    assert line["reason"] == "crashes_the_worker"


# a fault in the reading of one letter, as a native library would crash: the process is gone at once
POISON = """
import os, signal, threading
def _arm():
    import ingest.reading as reading
    good = reading._by_own_text
    def bad(page):
        words = [w.text for p in (page.own_text or ()) for line in p for w in line]
        if "bringt" in words and "um." in words:
            os.kill(os.getpid(), signal.SIGSEGV)
        return good(page)
    reading._by_own_text = bad
import sys
class _Hook:
    def find_spec(self, name, path, target=None):
        if name == "services.house":
            sys.meta_path.remove(self)
            _arm()
        return None
sys.meta_path.insert(0, _Hook())
"""
