"""The door: the loop that takes what arrives in the inbox, and never ends because of one file or a fault.

One outer boundary around each file and each round: whatever happens is that file's state, or the machine's, with its
sentence and a growing pause. What waits, and why, is written to a small file in the home, so that ``status`` can tell
it from another process, also while the database is away.
"""

from __future__ import annotations

import fcntl
import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any

from core.clock import now, stamp, today
from core.durable import write_whole
from core.errors import AktenlotseError, EnvironmentProblem, UnexpectedProblem
from core.faults import machine_fault
from core.i18n import text
from core.logs import log
from core.names import origin_of, shown_name
from core.settings import Settings
from ingest.inbox import Inbox
from ingest.watch import nudged
from models import Actor
from services.house import House
from services.intake import BatchFacts, Received, put_away, receive, start_batch

LOG = log(__name__)
FIRST_PAUSE, LONGEST_PAUSE = 2.0, 300.0  # seconds after a fault; doubled each time
STATE, HOLDER = "inbox.json", "inbox.lock"
MOST_TOLD = 200  # files of which the state tells each

Json = dict[str, Any]


@dataclass(slots=True)
class Waiting:
    """A file, or the whole intake, that could not be served and is tried again."""

    fault: EnvironmentProblem
    since: str
    tries: int = 1
    next: float = 0.0  # monotonic
    received: str = ""  # the very file (origin) that was received, and could not be moved to done/

    def again(self, fault: EnvironmentProblem) -> None:
        """It failed once more: the next pause is longer."""
        self.fault, self.tries = fault, self.tries + 1
        self.postpone()

    def postpone(self) -> None:
        """The next try comes after a pause that has doubled with each."""
        self.next = time.monotonic() + min(FIRST_PAUSE * 2 ** min(self.tries - 1, 16), LONGEST_PAUSE)


def waiting_now(fault: EnvironmentProblem, received: str = "") -> Waiting:
    """The first failure of something."""
    waiting = Waiting(fault, stamp(now()), received=received)
    waiting.postpone()
    return waiting


@dataclass(slots=True)
class Door:
    """Takes the files of a home's inbox. ``submit`` sends a Source on its way, ``tell`` prints a line for the operator:
    a key of the catalogue and its details.
    """

    house: House
    actor: Actor
    facts: BatchFacts
    submit: Callable[[Received], None]
    tell: Callable[..., None]
    files: dict[Path, Waiting] = field(default_factory=dict)
    intake: Waiting | None = None  # the machine's fault that stops every file
    unready: tuple[tuple[Path, str], ...] = ()
    _batch: tuple[str, str] = ("", "")  # day and id
    _told: str = ""

    def run(self, stop: threading.Event) -> None:
        """Take what arrives until ``stop``. Raises: EnvironmentProblem when another process holds the inbox."""
        settings = self.house.settings
        inbox = Inbox(settings.inbox, settings.quiet_seconds, settings.incomplete_seconds)
        with held(settings), nudged(settings.inbox) as wake:
            while not stop.is_set():
                wake.clear()
                self.round(inbox, stop)
                if wake.wait(settings.scan_seconds) and not stop.is_set():
                    stop.wait(settings.quiet_seconds)  # let the file become quiet
        self.unready = ()
        self._write_state()

    def round(self, inbox: Inbox, stop: threading.Event) -> None:
        """One look at the inbox, and a try for each file that is ready. Nothing ends it."""
        try:
            view = inbox.look()
            self.unready = view.unready
            there = {*view.ready, *dict(view.unready)}
            self.files = {path: one for path, one in self.files.items() if path in there}
            if not view.ready:
                self._is_over()  # nothing that a fault could stop
            self._write_state()
            for path in view.ready:
                if stop.is_set() or not self._may_try(path) or not inbox.is_as_seen(path):
                    continue
                if self.serve(path):
                    inbox.took(path)
        except Exception as error:  # noqa: BLE001  (the boundary of a round: said by _pause, logged with its trace)
            self._pause(error)
        self._write_state()

    def _may_try(self, path: Path) -> bool:
        moment = time.monotonic()
        if self.intake is not None and moment < self.intake.next:
            return False
        return path not in self.files or moment >= self.files[path].next

    def serve(self, path: Path) -> bool:
        """Receive one file and move it to done/. Returns: whether it is gone from the inbox."""
        waited = self.files.get(path)
        received = waited.received if waited else ""
        try:
            if received != origin_of(path):  # also where another file took the place of one that was received
                received = ""
                arrival = receive(self.house, self.actor, path, self._batch_of_today())
                received = arrival.origin
                if not arrival.known:
                    self.submit(arrival)
            put_away(self.house, path, received)
        except Exception as error:  # noqa: BLE001  (the boundary of a file: it waits, with its sentence)
            if os.path.lexists(path):
                self._failed(path, error, received)
                return False
            if not received:
                return False  # somebody took it away
        self._is_over()
        self.files.pop(path, None)
        self.tell("watch.taken", name=shown_name(path.name))
        return True

    def _failed(self, path: Path, error: Exception, received: str) -> None:
        """The file waits; where the fault is not of this file alone, so does the intake. It is not received twice."""
        fault, own = machine_fault(error), _is_of_the_file(error, path)
        if not own:
            self._pause(error)
        elif received:
            self._is_over()
        if own or received:
            self._wait(path, fault, received, error)
        self._write_state()

    def _wait(self, path: Path, fault: EnvironmentProblem, received: str, error: Exception) -> None:
        waited = self.files.get(path)
        if waited is not None:
            waited.again(fault)
            waited.received = received
            return
        self.files[path] = waiting_now(fault, received)
        LOG.warning("file_waits", extra={"code": fault.code, "received": bool(received)}, exc_info=error)
        self.tell("watch.not_moved" if received else "watch.failed", name=shown_name(path.name), why=fault.sentence())

    def _pause(self, error: Exception) -> None:
        """A fault of the machine: said once, with a count at its end."""
        fault = machine_fault(error)
        self.house.faults.note("inbox", fault)
        if self.intake is None:
            self.intake = waiting_now(fault)
            self.tell("watch.paused", why=fault.sentence())
        else:
            self.intake.again(fault)

    def _is_over(self) -> None:
        if self.intake is not None:
            self.house.faults.over("inbox")
            self.tell("watch.goes_on", tries=self.intake.tries)
            self.intake = None

    def _batch_of_today(self) -> str:
        day = today().isoformat()
        if self._batch[0] != day:
            self._batch = day, start_batch(self.house, self.actor, self.facts)
        return self._batch[1]

    def _write_state(self) -> None:
        """For ``status``. A disk that cannot be written is told elsewhere."""
        state = {
            "paused": _told("", self.intake) if self.intake else None,
            "waiting": [_told(shown_name(path.name), one) for path, one in list(self.files.items())[:MOST_TOLD]],
            "unready": [
                {"name": shown_name(path.name), "code": code, "sentence": text(f"inbox.{code}")}
                for path, code in self.unready[:MOST_TOLD]
            ],
        }
        said = json.dumps(state, ensure_ascii=False)
        if said == self._told:
            return
        with suppress(OSError, EnvironmentProblem):
            write_whole(self.house.settings.home / STATE, said.encode(), sync=False)
            self._told = said


def _is_of_the_file(error: Exception, path: Path) -> bool:
    """Whether the others can be taken all the same: it changed meanwhile, it cannot be read, or our program fails."""
    if isinstance(error, AktenlotseError) and not isinstance(error, EnvironmentProblem):
        return True
    if isinstance(machine_fault(error), UnexpectedProblem):
        return True
    name = error.filename if isinstance(error, OSError) else None
    return name is not None and os.fsencode(name) == os.fsencode(path)


def _told(name: str, waiting: Waiting) -> Json:
    return {
        "name": name,
        "code": waiting.fault.code,
        "sentence": waiting.fault.sentence(),
        "tries": waiting.tries,
        "since": waiting.since,
        "received": bool(waiting.received),
    }


@contextmanager
def held(settings: Settings) -> Iterator[None]:
    """Hold the inbox, so that no second process watches it. Raises: EnvironmentProblem, which says who does."""
    with (settings.home / HOLDER).open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise EnvironmentProblem("inbox_held", **_holder(file)) from None
        file.seek(0)
        file.truncate()
        json.dump({"host": os.uname().nodename, "pid": os.getpid(), "since": stamp(now())}, file)
        file.flush()
        yield


def _holder(file: IO[str]) -> dict[str, object]:
    file.seek(0)
    try:
        said = json.loads(file.read())
        return {name: said[name] for name in ("host", "pid", "since")}
    except (ValueError, KeyError, TypeError):  # it writes this very moment
        return {"host": "?", "pid": "?", "since": "?"}


def inbox_state(settings: Settings) -> Json:
    """What the process that watches said last: ``paused``, ``waiting``, ``unready``; empty where nobody watched."""
    try:
        state: Json = json.loads((settings.home / STATE).read_bytes())
    except (OSError, ValueError):
        return {"paused": None, "waiting": [], "unready": []}
    return state


def patiently(take: Callable[[], Received], end: float, pause: Callable[[float], None] = time.sleep) -> Received:
    """Take one file now, for a command that waits: a fault of the machine is waited out until ``end`` (monotonic).

    Raises: EnvironmentProblem, when it is not over by then or is of this file alone.
    """
    waits = FIRST_PAUSE / 4
    while True:
        try:
            return take()
        except Exception as error:
            fault = machine_fault(error)
            waits_help = isinstance(error, EnvironmentProblem) or not isinstance(error, AktenlotseError)
            gone = isinstance(error, FileNotFoundError | PermissionError)
            if gone or not waits_help or isinstance(fault, UnexpectedProblem) or time.monotonic() + waits > end:
                LOG.warning("file_not_taken", extra={"code": fault.code}, exc_info=error)
                raise fault from error
        pause(waits)
        waits *= 2
