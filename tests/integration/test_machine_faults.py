"""Promise 2: a fault of the machine pauses the work, is said, and ends by itself; no letter is charged with it."""

from __future__ import annotations

import errno
import time
from pathlib import Path

import pytest

from tests.conftest import SAMPLE_FILES, SAMPLES, Postgres, json_lines, run_program
from tests.faults import Machine, compiled, faults
from tests.integration.test_killed import assert_nothing_lost
from tests.letters import small_scan, small_text

FINAL = {"filed", "clarify"}
ALL = (
    *(
        "archive",
        "spool",
        "database",
        "jobs",
        "jobs_lost",
        "index",
        "copy",
        "full",
        "read_only",
        "files",
        "device",
        "clock",
    ),
    *("tesseract", "memory"),
)
RECOVERY_SECONDS = 60.0


def deliver(machine: Machine, folder: Path, first: int, count: int) -> dict[str, Path]:
    """Letters for the inbox, renamed into it, mostly texts and each fifth a scan."""
    letters = {}
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        kind = small_scan if number % 5 == 0 else small_text
        suffix = "png" if number % 5 == 0 else "txt"
        path = kind(folder / f"brief-{number:03d}.{suffix}", number)
        part = machine.home / "inbox" / f".{path.name}"
        part.write_bytes(path.read_bytes())
        part.rename(machine.home / "inbox" / path.name)
        letters[path.name] = path
    return letters


def arrived(machine: Machine) -> list[dict[str, object]]:
    lines = json_lines(run_program(machine.home, "list", "--json", env=machine.environment))
    return [line for line in lines if line["state"] in FINAL and line["indexed"]]


def wait_for(machine: Machine, count: int, seconds: float) -> float:
    """Until so many letters are filed and indexed. Returns: the seconds it took."""
    begun = time.monotonic()
    while len(found := arrived(machine)) < count:
        lines = json_lines(run_program(machine.home, "list", "--json", env=machine.environment))
        assert time.monotonic() - begun < seconds, (len(found), [(x["state"], x["step"], x["indexed"]) for x in lines])
        assert machine.process.poll() is None, "watch has ended"
        time.sleep(0.5)
    return time.monotonic() - begun


def run_through(machine: Machine, folder: Path, fault: str, letters: int, seconds: float) -> None:
    """A fault during an intake: nothing is lost, doubled or charged to a letter, and all go on without a restart."""
    machine.watch(folder / "watch.txt")
    try:
        delivered = deliver(machine, folder / "scanner", 1, 2)
        wait_for(machine, 2, 120)
        delivered |= deliver(machine, folder / "scanner", 3, letters // 3)
        end = faults(machine)[fault]()
        begun = time.monotonic()
        try:
            while (left := letters - len(delivered)) > 0 and time.monotonic() - begun < seconds:
                delivered |= deliver(machine, folder / "scanner", len(delivered) + 1, min(left, max(1, letters // 20)))
                time.sleep(seconds / 20)
            time.sleep(max(0.0, seconds - (time.monotonic() - begun)))
        finally:
            end()
        delivered |= deliver(machine, folder / "scanner", len(delivered) + 1, letters - len(delivered))
        wait_for(machine, letters, RECOVERY_SECONDS)
        status = json_lines(run_program(machine.home, "status", "--json", env=machine.environment))[0]
        assert status["quarantined"] == 0 and status["unexpected"] == 0
    finally:
        code = machine.stop()
    assert code == 0
    assert_nothing_lost(machine.home, delivered, **machine.environment)


@pytest.fixture
def machine(home: Path, tmp_path: Path) -> Machine:
    folder = tmp_path / "machine"
    folder.mkdir()
    return Machine(home, folder)


@pytest.fixture
def machine_on_postgres(tmp_path: Path, postgres: Postgres) -> Machine:
    folder = tmp_path / "machine"
    folder.mkdir()
    found = Machine(tmp_path / "home", folder, postgres)
    samples = [f"--{name}={SAMPLES / file}" for name, file in SAMPLE_FILES.items()]
    run_program(found.home, "init", *samples, env=found.environment)
    return found


@pytest.mark.parametrize("fault", ["archive", "full", "database", "jobs_lost", "read_only", "tesseract"])
def test_a_short_fault_is_outlasted(machine: Machine, tmp_path: Path, fault: str) -> None:
    run_through(machine, tmp_path, fault, letters=10, seconds=5)


def test_a_short_stop_of_postgresql_is_outlasted(machine_on_postgres: Machine, tmp_path: Path) -> None:
    run_through(machine_on_postgres, tmp_path, "database", letters=10, seconds=5)


def test_a_letter_that_our_program_fails_on_is_tried_again_kept_and_told_and_the_others_pass(
    home: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "scanner"
    folder.mkdir()
    for number in (1, 2, 3):
        small_text(folder / f"brief-{number}.txt", number)
    (folder / "brief-4.txt").write_text("Dieser Brief zeigt einen Fehler.\n" * 3, "utf-8")
    (tmp_path / "sitecustomize.py").write_text(BUG, "utf-8")
    result = run_program(home, "ingest", str(folder), "--json", check=False, env={"PYTHONPATH": str(tmp_path)})
    states = {line["source_name"]: (line["state"], line["reason"]) for line in json_lines(result)}
    assert states.pop("brief-4.txt") == ("quarantined", "internal_error")
    assert {state for state, _ in states.values()} <= FINAL
    assert result.returncode == 3
    status = json_lines(run_program(home, "status", "--json"))[0]
    assert status["unexpected"] == 1
    run_program(home, "quarantine", "retry", json_lines(run_program(home, "quarantine", "list", "--json"))[0]["id"])
    assert json_lines(run_program(home, "status", "--json"))[0]["unexpected"] == 0  # mended by an update


def test_what_ails_the_machine_is_a_sentence_and_no_trace(home: Path, tmp_path: Path) -> None:
    library = compiled(tmp_path)
    told = tmp_path / "told"
    env = {"LD_PRELOAD": str(library), "FAULTY": str(told)}
    letter = small_text(tmp_path / "brief.txt", 1)
    for words in (f"{errno.EROFS} {home}/", f"{errno.EIO}r {home / 'aktenlotse.db'}"):
        told.write_text(words)
        for command in (("status",), ("status", "--json"), ("list",), ("ingest", str(letter)), ("watch",), ("doctor",)):
            result = run_program(home, *command, check=False, env=env)
            assert result.returncode == 4, (command, result.stdout, result.stderr)
            assert "Traceback" not in result.stderr and "Logging error" not in result.stderr
            assert result.stderr.strip() or "doctor" in command
    told.unlink()
    (home / "archive").rename(home / "archive.away")
    assert str(home / "archive") in run_program(home, "doctor", check=False, env={"COLUMNS": "400"}).stdout


@pytest.mark.long
@pytest.mark.parametrize("fault", ALL)
def test_a_fault_of_twenty_seconds_is_outlasted(machine: Machine, tmp_path: Path, fault: str) -> None:
    run_through(machine, tmp_path, fault, letters=200, seconds=20)


@pytest.mark.long
@pytest.mark.parametrize("fault", [fault for fault in ALL if not fault.startswith("jobs")])
def test_a_fault_of_twenty_seconds_is_outlasted_on_postgresql(
    machine_on_postgres: Machine, tmp_path: Path, fault: str
) -> None:
    run_through(machine_on_postgres, tmp_path, fault, letters=200, seconds=20)


# a bug in the reading of one letter
BUG = """
import sys
def _arm():
    import ingest.reading as reading
    good = reading._by_own_text
    def bad(page):
        words = [w.text for p in (page.own_text or ()) for line in p for w in line]
        if "zeigt" in words:
            raise TypeError("a bug of ours")
        return good(page)
    reading._by_own_text = bad
class _Hook:
    def find_spec(self, name, path, target=None):
        if name == "services.house":
            sys.meta_path.remove(self)
            _arm()
        return None
sys.meta_path.insert(0, _Hook())
"""
