"""How a step ended, as plain JSON: it goes into the job database and over the pipe of a lone process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from core.errors import EnvironmentProblem, LetterError, UnexpectedProblem
from core.faults import fault_behind, machine_fault

OK: dict[str, Any] = {"ok": True}
CRASHED = "crashes_the_worker"


def run_step(step: Callable[[str], None], id: str) -> dict[str, Any]:
    """Run one step. Returns: its outcome, ``ok`` or the reason code of a LetterError with details.

    Raises: EnvironmentProblem for everything else, also for a bug (UnexpectedProblem): the letter stays ``working``.
    """
    try:
        step(id)
    except LetterError as error:
        mistaken = fault_behind(error)  # by a library or by us: "damaged", where no file could be opened
        if mistaken is not None:
            raise mistaken from error
        return refused(error)
    except Exception as error:
        raise machine_fault(error) from error
    return OK


def refused(error: LetterError) -> dict[str, Any]:
    """The outcome of a letter that goes to quarantine."""
    details = {name: value for name, value in error.details.items() if isinstance(value, str | int | float)}
    return {"ok": False, "code": error.code, "details": details}


def outcome_line(steps: Iterable[Callable[[str], None]], id: str) -> str:
    """Run steps in this (lone) process, up to the first that fails, and say the outcome as one line of JSON."""
    try:
        for step in steps:
            outcome = run_step(step, id)
            if not outcome["ok"]:
                return json.dumps(outcome)
        return json.dumps(OK)
    except EnvironmentProblem as error:
        details = {name: str(value) for name, value in error.details.items()}
        return json.dumps({"ok": False, "retry": True, "code": error.code, "details": details})


def outcome_of_line(line: bytes) -> dict[str, Any]:
    """What :func:`outcome_line` said. Raises: EnvironmentProblem as there, ValueError when it is none."""
    outcome: dict[str, Any] = json.loads(line)
    if outcome.get("retry"):
        kind = UnexpectedProblem if outcome["code"] == UnexpectedProblem.code else EnvironmentProblem
        raise kind(outcome["code"], **outcome["details"])
    return outcome
