"""Trying a step: the machine's faults are waited for and never charged; ours are counted; only the letter's refuse."""

from __future__ import annotations

import errno
import threading
from collections.abc import Callable
from typing import Any

import pytest

from core.errors import EnvironmentProblem, LetterError, NotFound, UnexpectedProblem, UnforeseenLetterError
from core.open_faults import OpenFaults
from jobs import trying
from jobs.outcome import OK, outcome_line, outcome_of_line, run_step
from jobs.supervision import Supervisor
from jobs.trying import Trying


def raising(error: Exception) -> Callable[[str], None]:
    def step(_id: str) -> None:
        raise error

    return step


class Ward:
    """A machine whose health a test decides."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(trying, "PAUSES", (0.0, 0.0, 0.0))
        monkeypatch.setattr(trying, "LOOK_SECONDS", 0.001)
        self.ill: Exception | None = None
        self.stumbles: list[str] = []
        self.most = 4
        self.faults = OpenFaults()
        self.trying = Trying(self.faults, self.probe, self.stumbled)

    def probe(self) -> None:
        if self.ill is not None:
            raise self.ill

    def stumbled(self, kind: str, id: str, problem: EnvironmentProblem) -> None:
        self.stumbles.append(id)
        if len(self.stumbles) >= self.most:
            raise UnforeseenLetterError(kind=problem.details.get("kind", "?"))

    def run(self, step: Callable[[str], None]) -> dict[str, Any]:
        return self.trying.run("document", "read", "d-1", lambda: run_step(step, "d-1"))

    def codes(self) -> list[str]:
        return [fault.code for fault in self.faults.listed()]


@pytest.fixture
def ward(monkeypatch: pytest.MonkeyPatch) -> Ward:
    return Ward(monkeypatch)


def test_only_an_error_of_the_letter_refuses_it(ward: Ward) -> None:
    assert ward.run(raising(LetterError("damaged", page=3))) == {"ok": False, "code": "damaged", "details": {"page": 3}}
    for error in (OSError(errno.EIO, "x"), NotFound(id="x"), OSError(errno.EMFILE, "x")):
        with pytest.raises(EnvironmentProblem):
            ward.run(raising(error))
    assert ward.stumbles == []


def test_a_letter_is_not_damaged_when_no_file_could_be_opened(ward: Ward) -> None:
    def step(_id: str) -> None:
        try:
            raise OSError(errno.EMFILE, "x")
        except OSError:
            raise LetterError("damaged") from None

    with pytest.raises(EnvironmentProblem):
        ward.run(step)
    assert ward.codes() == ["too_many_open_files"]


def test_a_step_waits_until_the_machine_is_well_and_then_goes_on(ward: Ward) -> None:
    asked = threading.Event()
    ward.ill = OSError(errno.EROFS, "x")

    def probe() -> None:
        if ward.ill is not None:
            asked.set()
            raise ward.ill

    ward.trying = Trying(ward.faults, probe, ward.stumbled)

    def step(_id: str) -> None:
        if ward.ill is not None:
            raise TypeError("a bug, or what the fault made of it")

    outcomes: list[dict[str, Any]] = []
    thread = threading.Thread(target=lambda: outcomes.append(ward.run(step)), daemon=True)
    thread.start()
    assert asked.wait(10)
    assert outcomes == []
    ward.ill = None
    thread.join(10)
    assert outcomes == [OK]
    assert ward.stumbles == [] and ward.codes() == []


def test_an_error_that_nobody_foresaw_is_counted_on_a_machine_that_is_well_and_refuses_at_last(ward: Ward) -> None:
    for _ in range(ward.most - 1):
        with pytest.raises(UnexpectedProblem):
            ward.run(raising(TypeError("x")))
        assert ward.codes() == ["unexpected"]
    outcome = ward.run(raising(TypeError("x")))
    assert outcome == {"ok": False, "code": "internal_error", "details": {"kind": "TypeError"}}
    assert ward.codes() == []


def test_who_waits_ends_with_the_process(ward: Ward) -> None:
    ward.ill = OSError(errno.EROFS, "x")
    ward.trying.end()
    with pytest.raises(EnvironmentProblem):
        ward.run(raising(OSError(errno.EROFS, "x")))


def test_the_outcome_of_a_lone_process_says_the_same() -> None:
    assert outcome_of_line(outcome_line([lambda _id: None], "x").encode()) == OK
    with pytest.raises(UnexpectedProblem):
        outcome_of_line(outcome_line([raising(KeyError("x"))], "x").encode())
    with pytest.raises(EnvironmentProblem) as caught:
        outcome_of_line(outcome_line([raising(OSError(errno.ENOSPC, "x", "/y"))], "x").encode())
    assert caught.value.code == "storage_full"
    assert not outcome_of_line(outcome_line([raising(LetterError())], "x").encode())["ok"]


def test_a_loop_outlives_whatever_its_rounds_raise(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jobs.supervision.LONGEST_PAUSE", 0.01)
    faults, seen, well = OpenFaults(), threading.Event(), threading.Event()
    errors: list[BaseException] = [OSError(errno.ENOENT, "x", "/archive"), KeyError("x"), MemoryError()]
    supervisor = Supervisor(faults)

    def act() -> None:
        if errors:
            raise errors.pop(0)
        seen.set()

    supervisor.start("index", act, 0.01)
    assert seen.wait(10)
    supervisor.start("quiet", well.set, 0.01)
    assert well.wait(10)
    supervisor.close()
    loop = supervisor.loops[0]
    assert loop.restarts == 3 and loop.failure is None and faults.listed() == []


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_dead_thread_is_started_again() -> None:
    supervisor, again = Supervisor(OpenFaults()), threading.Event()
    deaths = [SystemExit("as a panic of a native library ends a thread")]

    def act() -> None:
        if deaths:
            raise deaths.pop()
        again.set()

    supervisor.start("index", act, 0.01)
    thread = supervisor.loops[0].thread
    assert thread is not None
    thread.join(10)
    supervisor.look()
    assert again.wait(10)
    supervisor.close()
    assert supervisor.loops[0].restarts == 1


def test_a_fault_is_said_once_at_its_begin_and_once_at_its_end(caplog: pytest.LogCaptureFixture) -> None:
    faults = OpenFaults()
    with caplog.at_level("WARNING"):
        for _ in range(1000):
            faults.note("seal", EnvironmentProblem("database", why="x"))
            faults.note("index", EnvironmentProblem("database", why="x"))
        (fault,) = faults.listed()
        assert fault.count == 2000
        faults.over("seal")
        assert [one.code for one in faults.listed()] == ["database"]
        faults.over("index")
    assert faults.listed() == []
