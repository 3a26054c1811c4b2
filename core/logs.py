"""Structured logs: one JSON object a line. Ids, codes and numbers only, never letter contents."""

from __future__ import annotations

import json
import logging
from contextlib import suppress
from pathlib import Path

from core.clock import now, stamp
from core.foreign import escaped

_STANDARD = set(vars(logging.makeLogRecord({})))


class JsonLines(logging.Formatter):
    """A record as JSON: time, level, logger, event and what was given as ``extra``."""

    def format(self, record: logging.LogRecord) -> str:
        entry: dict[str, object] = {
            "at": stamp(now()),
            "level": record.levelname.lower(),
            "logger": record.name,
            "event": record.getMessage(),
        }
        entry.update({key: value for key, value in vars(record).items() if key not in _STANDARD})
        if record.exc_info and record.exc_info[0]:
            entry["error"] = record.exc_info[0].__name__
            entry["trace"] = self.formatException(record.exc_info)
        return escaped(json.dumps(entry, ensure_ascii=False, default=str))


class LogFile(logging.FileHandler):
    """A log that cannot be written (full disk, read-only home) stops nothing and prints no trace."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line, or leave it out; the next one opens the file anew."""
        with suppress(OSError):
            super().emit(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: ARG002, N802
        """What the base class calls for a line that could not be written."""
        self.stream = None


def configure(file: Path, level: str = "INFO") -> None:
    """Log to ``file``; a second call changes nothing."""
    logger = logging.getLogger("aktenlotse")
    if logger.handlers:
        return
    handler = LogFile(file, encoding="utf-8", delay=True)
    handler.setFormatter(JsonLines())
    logger.addHandler(handler)
    logger.setLevel(level)
    logger.propagate = False


def log(name: str) -> logging.Logger:
    """The logger of a module."""
    return logging.getLogger(f"aktenlotse.{name}")
