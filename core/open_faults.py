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
    """A fault by its code, how often it was met since it began, and where (steps, loops) it still is."""

    code: str
    details: Mapping[str, object]  # of the first time
    since: datetime
    last: datetime
    count: int = 0
    places: dict[str, float] = field(default_factory=dict)  # and when it was last met there (monotonic)
    said: float = field(default_factory=time.monotonic)


class OpenFaults:
    """The open faults of this process. May be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._open: dict[str, OpenFault] = {}

    def note(self, where: str, problem: EnvironmentProblem) -> None:
        """A fault was met at ``where``."""
        moment, event = now(), None
        with self._lock:
            fault = self._open.get(problem.code)
            if fault is None:
                details = {name: str(value) for name, value in problem.details.items()}
                fault = self._open[problem.code] = OpenFault(problem.code, details, moment, moment)
                event = "fault_began"
            elif time.monotonic() - fault.said > AGAIN_SECONDS:
                event, fault.said = "fault_lasts", time.monotonic()
            fault.count, fault.last = fault.count + 1, moment
            fault.places[where] = time.monotonic()
            said = _said(fault)
        if event is not None:
            bug = isinstance(problem, UnexpectedProblem)
            LOG.warning(event, extra=said, exc_info=problem.__cause__ if bug else None)

    def over(self, where: str) -> None:
        """The work at ``where`` went well: its faults are over there."""
        if self._open:
            self._end(lambda place, _met: place == where)

    def end_silent(self) -> None:
        """What nobody met for long is over (another process did the work, or the letter was settled)."""
        self._end(lambda _place, met: time.monotonic() - met > SILENT_SECONDS)

    def listed(self) -> list[OpenFault]:
        """The open faults, oldest first."""
        with self._lock:
            return sorted(self._open.values(), key=lambda fault: fault.since)

    def _end(self, which: Callable[[str, float], bool]) -> None:
        ended = []
        with self._lock:
            for fault in list(self._open.values()):
                said = _said(fault)
                for place, met in list(fault.places.items()):
                    if which(place, met):
                        del fault.places[place]
                if not fault.places:
                    ended.append(said)
                    del self._open[fault.code]
        for said in ended:
            LOG.warning("fault_ended", extra=said)


def _said(fault: OpenFault) -> dict[str, object]:
    return {"code": fault.code, "why": fault.details, "count": fault.count, "where": sorted(fault.places)}
