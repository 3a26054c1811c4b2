"""The faults of the machine that are open now: said once when one begins, once an hour while it lasts, once at its end.

In memory, so that it works while nothing can be written; the keeper brings it into the database when that is there.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from core.clock import now
from core.errors import EnvironmentProblem, UnexpectedProblem
from core.logs import log

LOG = log(__name__)
AGAIN_SECONDS = 3600.0  # until the log says once more that a fault lasts
SILENT_SECONDS = 300.0  # what was not met for so long is over: what waits for its end is tried more often


@dataclass(slots=True)
class OpenFault:
    """A fault at one place of the work (a step, a loop), and how often it was met since it began."""

    where: str
    code: str
    details: Mapping[str, object]
    since: datetime
    last: datetime
    count: int = 1
    said: float = field(default_factory=time.monotonic)
    met: float = field(default_factory=time.monotonic)


class OpenFaults:
    """The open faults of this process. May be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[tuple[str, str], OpenFault] = {}

    def note(self, where: str, problem: EnvironmentProblem) -> None:
        """A fault was met at ``where``."""
        moment = now()
        with self._lock:
            fault = self._open.get((where, problem.code))
            if fault is None:
                details = {name: str(value) for name, value in problem.details.items()}
                fault = OpenFault(where, problem.code, details, moment, moment)
                self._open[where, problem.code] = fault
                event = "fault_began"
            else:
                fault.count, fault.last, event = fault.count + 1, moment, "fault_lasts"
                fault.met = time.monotonic()
                if time.monotonic() - fault.said < AGAIN_SECONDS:
                    return
                fault.said = time.monotonic()
        bug = isinstance(problem, UnexpectedProblem)
        LOG.warning(event, extra=_said(fault), exc_info=problem.__cause__ if bug else None)

    def over(self, where: str) -> None:
        """The work at ``where`` went well: its faults are over."""
        if self._open:
            self._end(lambda fault: fault.where == where)

    def end_silent(self) -> None:
        """What nobody met for long is over (another process did the work, or the letter was settled)."""
        self._end(lambda fault: time.monotonic() - fault.met > SILENT_SECONDS)

    def _end(self, which: Callable[[OpenFault], bool]) -> None:
        with self._lock:
            ended = [self._open.pop(key) for key, fault in list(self._open.items()) if which(fault)]
        for fault in ended:
            LOG.warning("fault_ended", extra=_said(fault))

    def listed(self) -> list[OpenFault]:
        """The open faults, oldest first."""
        with self._lock:
            return sorted(self._open.values(), key=lambda fault: fault.since)


def _said(fault: OpenFault) -> dict[str, object]:
    return {"where": fault.where, "code": fault.code, "why": fault.details, "count": fault.count}
