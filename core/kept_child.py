"""What a kept child does: it calls a function, says what came of it, and waits for the next. See ``core/kept.py``.

Questions are pickled (the parent is trusted), answers are JSON (this process has read a stranger's file).
"""

from __future__ import annotations

import errno
import importlib
import json
import os
import pickle
import sys
import traceback
from pathlib import Path
from typing import Any, BinaryIO

from core import logs
from core.errors import AktenlotseError
from core.faults import of_system

MEMORY = "memory"
_SIZE = 8
_pipes: list[BinaryIO] = []


def main() -> None:
    """Answer until the input ends. Arguments: the file to log to, modules to load first."""
    _pipes[:] = os.fdopen(os.dup(0), "rb"), os.fdopen(os.dup(1), "wb")
    nothing = os.open(os.devnull, os.O_RDWR)
    os.dup2(nothing, 0)
    os.dup2(2, 1)  # whatever a library prints is no answer
    logs.configure(Path(sys.argv[1]))
    for module in sys.argv[2:]:
        importlib.import_module(module)
    _frame(b"")
    while head := _pipes[0].read(_SIZE):
        function, arguments = pickle.loads(_pipes[0].read(int.from_bytes(head, "big")))
        said, beside = _called(function, arguments)
        _frame(said)
        _frame(beside)


def ask(question: Any) -> Any:
    """Ask the parent back, out of a function that it called."""
    _frame(json.dumps({"ask": question}).encode())
    _frame(b"")
    return pickle.loads(_pipes[0].read(int.from_bytes(_pipes[0].read(_SIZE), "big")))


def _called(function: str, arguments: tuple[Any, ...]) -> tuple[bytes, Any]:
    """What came of a call, as JSON, and the bytes beside it."""
    module, _, name = function.partition(":")
    beside: Any = b""
    try:
        result = getattr(importlib.import_module(module), name)(*arguments)
        if isinstance(result, tuple):
            result, beside = result
        return json.dumps({"ok": result}).encode(), beside
    except Exception as error:  # noqa: BLE001  the one boundary: the parent decides whose fault it is
        said = _told(error)
    return json.dumps(said, default=str).encode(), b""


def _told(error: Exception) -> dict[str, Any]:
    memory = isinstance(error, MemoryError) or getattr(error, "errno", None) == errno.ENOMEM  # our own limit
    known = of_system(error) if isinstance(error, OSError) and not memory else error
    if isinstance(known, AktenlotseError):
        kind = next(cls.__name__ for cls in type(known).__mro__ if cls.__module__ == "core.errors")
        return {"error": kind, "code": known.code, "details": known.details}
    lines = traceback.format_tb(error.__traceback__)[-6:]  # without its message, which may quote the letter
    return {"why": MEMORY if memory else type(error).__name__, "trace": "".join(lines)}


def _frame(data: Any) -> None:
    view = memoryview(data).cast("B")
    _pipes[1].write(len(view).to_bytes(_SIZE, "big"))
    _pipes[1].write(view)
    _pipes[1].flush()
