"""Names of delivered files. A name on disk is bytes; what people and the database see is text."""

from __future__ import annotations

import os
from pathlib import Path

LONGEST = 110  # bytes of a stem in the archive


def shown_name(name: str) -> str:
    """A file's name as text: bytes that are no UTF-8 become replacement characters."""
    return os.fsencode(name).decode("utf-8", "replace")


def origin_of(path: Path) -> str:
    """Which very file this is, as text: place, number, time and size. Raises: OSError."""
    stat = path.stat()
    place = os.fsencode(path.resolve()).decode("utf-8", "backslashreplace")
    return f"{place}|{stat.st_ino}|{stat.st_mtime_ns}|{stat.st_size}"


def safe_name(name: str) -> str:
    """A file name without path tricks or control characters, at most 120 bytes, its suffix kept."""
    plain = "".join(char if char.isprintable() and char not in '/\\:*?"<>|' else "_" for char in name).strip(". ")
    stem, dot, suffix = plain.rpartition(".")
    if not dot or len(suffix) > 8:
        stem, suffix = plain, ""
    while len(stem.encode()) > LONGEST:
        stem = stem[:-1]
    return (stem or "eingang") + (f".{suffix}" if suffix else "")
