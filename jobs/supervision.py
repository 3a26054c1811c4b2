"""Loops that stay: whatever ends a round is logged and counted, and the next one comes after a growing pause."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime

from core.clock import now
from core.faults import machine_fault
from core.open_faults import OpenFaults

LONGEST_PAUSE = 15.0  # seconds; what is over is noticed as soon as that


@dataclass
class Loop:
    """An act that is done again and again, and how it stands. ``failure``: the code of what its last round met."""

    name: str
    act: Callable[[], object]
    seconds: float
    beat_at: datetime = field(default_factory=now)
    restarts: int = 0
    failure: str | None = None
    thread: threading.Thread | None = None


class Supervisor:
    """Runs each loop in a thread of its own until it is closed."""

    def __init__(self, faults: OpenFaults) -> None:
        self.loops: list[Loop] = []
        self._faults = faults
        self._end = threading.Event()

    def start(self, name: str, act: Callable[[], object], seconds: float) -> None:
        """Do ``act`` every ``seconds`` from now on."""
        loop = Loop(name, act, seconds)
        self.loops.append(loop)
        self._run(loop)

    def look(self) -> None:
        """Start again what is dead though nothing should have ended it."""
        for loop in self.loops:
            if loop.thread is not None and not loop.thread.is_alive() and not self._end.is_set():
                loop.restarts += 1
                self._run(loop)

    def close(self) -> None:
        """End all loops after their round."""
        self._end.set()
        for loop in self.loops:
            if loop.thread is not None:
                loop.thread.join(timeout=10)

    def _run(self, loop: Loop) -> None:
        loop.thread = threading.Thread(target=self._round_and_round, args=(loop,), name=loop.name, daemon=True)
        loop.thread.start()

    def _round_and_round(self, loop: Loop) -> None:
        pause = loop.seconds
        while not self._end.wait(pause):
            try:
                loop.act()
            except Exception as error:  # noqa: BLE001  the outer boundary of this kind of work, noted and counted
                fault = machine_fault(error)
                self._faults.note(loop.name, fault)
                loop.failure = fault.code
                loop.restarts += 1
                pause = min(max(pause, 1.0) * 2, LONGEST_PAUSE)
            else:
                self._faults.over(loop.name)
                loop.failure = None
                pause = loop.seconds
            loop.beat_at = now()
