"""How a step ended, as plain JSON: it goes into the job database and over the pipe of a lone process."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from core.errors import AktenlotseError, EnvironmentProblem, UsageError
from core.logs import log

LOG = log(__name__)
OK: dict[str, Any] = {"ok": True}
CRASHED = "crashes_the_worker"
INTERNAL = "internal_error"


def run_step(step: Callable[[str], None], id: str) -> dict[str, Any]:
    """Run one step. Returns: its outcome, ``ok`` or a reason code with details.

    Raises: EnvironmentProblem, where waiting helps. A bug is logged with its trace and becomes the visible
    reason ``internal_error``: one bad letter never stops the others.
    """
    try:
        step(id)
    except EnvironmentProblem:
        raise
    except AktenlotseError as error:
        details = {name: value for name, value in error.details.items() if isinstance(value, str | int | float)}
        return {"ok": False, "code": error.code, "details": details}
    except Exception as error:
        LOG.exception("step_failed", extra={"id": id, "step": getattr(step, "__name__", "?")})
        return {"ok": False, "code": INTERNAL, "details": {"kind": type(error).__name__}}
    return OK


def retryable(error: BaseException) -> bool:
    """Whether waiting and trying again can help."""
    return isinstance(error, EnvironmentProblem) and not isinstance(error, UsageError)
