"""Trying a step: a fault of the machine pauses the work, an error that nobody foresaw is counted against our program.

While the machine is not well, no step is tried and nothing is counted: the steps wait, and go on when it is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from core.errors import EnvironmentProblem, LetterError, UnexpectedProblem
from core.faults import machine_fault
from core.open_faults import OpenFaults
from jobs.outcome import refused

Outcome = dict[str, Any]
PAUSES = (1.0, 2.0, 4.0)  # seconds between tries, while the letter keeps its place
LOOK_SECONDS = 1.0  # between two looks at a machine that is not well
MACHINE = "machine"


class Trying:
    """Tries steps until they work, the letter is refused, or others should have the place.

    ``probe`` raises what the machine suffers from now; ``stumbled`` counts an unforeseen error against a letter, and
    raises UnforeseenLetterError when it was tried often enough.
    """

    def __init__(
        self,
        faults: OpenFaults,
        probe: Callable[[], None],
        stumbled: Callable[[str, str, EnvironmentProblem], None],
    ) -> None:
        self._faults, self._probe, self._stumbled = faults, probe, stumbled
        self._end = threading.Event()
        self._looking = threading.Lock()
        self._looked = 0.0
        self._well = True
        self._unwell_since: float | None = None

    def run(self, kind: str, name: str, id: str, step: Callable[[], Outcome]) -> Outcome:
        """Run one step of one letter. Raises: EnvironmentProblem; the letter is to be tried again later."""
        for pause in (*PAUSES, 0.0):
            try:
                outcome = step()
            except EnvironmentProblem as error:
                problem = error
            else:
                self._faults.over(name)
                self._faults.over(f"{name} {id}")
                return outcome
            ours = isinstance(problem, UnexpectedProblem) or problem.code == "memory"
            self._faults.note(f"{name} {id}" if ours else name, problem)
            if self._is_well(anew=True):
                if ours:
                    return self._count(kind, name, id, problem)
                if not pause or self._end.wait(pause):
                    raise problem
            elif not self._wait_until_well():
                raise problem
        raise problem

    def unwell_seconds(self) -> float:
        """How long the machine has not been well; 0 when it is."""
        since = self._unwell_since
        return time.monotonic() - since if since is not None else 0.0

    def is_well(self) -> bool:
        """Whether the machine was well a moment ago; looks when that was longer ago."""
        return self._is_well(anew=False)

    def end(self) -> None:
        """Let nobody wait any longer."""
        self._end.set()

    def _count(self, kind: str, name: str, id: str, problem: EnvironmentProblem) -> Outcome:
        try:
            self._stumbled(kind, id, problem)
        except LetterError as error:
            self._faults.over(f"{name} {id}")
            return refused(error)
        raise problem

    def _wait_until_well(self) -> bool:
        """Returns: False when the process ends first."""
        while not self._is_well(anew=False):
            if self._end.wait(LOOK_SECONDS):
                return False
        return True

    def _is_well(self, *, anew: bool) -> bool:
        """One look for all who ask within a moment."""
        asked = time.monotonic()
        with self._looking:
            if self._looked > (asked if anew else asked - LOOK_SECONDS):
                return self._well
            try:
                self._probe()
            except Exception as error:  # noqa: BLE001  whatever ails the machine, noted and counted
                self._faults.note(MACHINE, machine_fault(error))
                self._well = False
                self._unwell_since = self._unwell_since or time.monotonic()
            else:
                self._faults.over(MACHINE)
                self._well, self._unwell_since = True, None
            self._looked = time.monotonic()
            return self._well
