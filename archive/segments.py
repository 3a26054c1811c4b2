"""Journal segments on disk: JSON lines that survive a torn end, open days in a folder, closed days in the
store.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from archive.store import Store
from core.durable import sync_folder, write_whole
from core.errors import IntegrityError
from core.hashing import canonical_json
from models.chain import GENESIS, entry_hash

ENTRIES, VALUES, BLOCKS = "entries.jsonl", "values.jsonl", "blocks.jsonl"
STAMPS = "stamps.jsonl"
CLOSED = "closed-days.txt"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Tail:
    """The last entry in the files; ``day`` is the earliest segment that may take the next ("": any)."""

    seq: int
    hash: str
    day: str


class Days:
    """Where the lines of a day lie: in the open folder, else in the day's OCFL object."""

    def __init__(self, folder: Path, store: Store) -> None:
        self.folder = folder
        self._store = store

    def open_days(self) -> list[str]:
        """The days that have a folder, in order."""
        with os.scandir(self.folder) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir() and _DAY.fullmatch(entry.name))

    def closed_days(self) -> list[str]:
        """The days that are objects, in order, by the list that :meth:`closed` and :meth:`rescan` keep."""
        listed = self.folder / CLOSED
        return sorted(set(listed.read_text().split())) if listed.is_file() else self.rescan()

    def rescan(self) -> list[str]:
        """List the days that are objects anew, from the store itself."""
        days = sorted(object_id for kind, object_id in self._store.objects() if kind == "journal")
        write_whole(self.folder / CLOSED, "".join(f"{day}\n" for day in days).encode())
        return days

    def closed(self, day: str) -> None:
        """A day has become an object."""
        days = sorted({*self.closed_days(), day})
        write_whole(self.folder / CLOSED, "".join(f"{day}\n" for day in days).encode())

    def state(self) -> tuple[object, ...]:
        """Something that changes whenever any process has written an entry."""
        days = self.open_days()
        return (*days, _size(self.folder / CLOSED), _size(self.folder / days[-1] / ENTRIES) if days else -1)

    def all_days(self) -> list[str]:
        """All days, in order."""
        return sorted({*self.open_days(), *self.closed_days()})

    def path(self, day: str, name: str) -> Path | None:
        """Where a day's file lies; None when it has none. An object counts before a folder left beside it."""
        if self._store.exists("journal", day):
            names = self._store.names("journal", day)
            return self._store.file("journal", day, name) if name in names else None
        path = self.folder / day / name
        return path if path.is_file() else None

    def last_block(self) -> dict[str, Any] | None:
        """The newest signed block."""
        for day in reversed(self.all_days()):
            found = list(read_lines(self.path(day, BLOCKS)))
            if found:
                return found[-1]
        return None

    def hashes(self, first: int, last: int) -> list[str] | None:
        """The hashes of the entries from ``first`` to ``last``; None: the files do not hold all of them in order."""
        entries: list[dict[str, Any]] = []
        for day in reversed(self.all_days()):
            try:
                entries = _entries_from(self.path(day, ENTRIES), first) + entries
            except (ValueError, KeyError, TypeError):
                return None  # damaged: the audit says where
            if entries and entries[0]["seq"] == first:
                break
        entries = [entry for entry in entries if entry["seq"] <= last]
        if [entry["seq"] for entry in entries] != list(range(first, last + 1)):
            return None
        return [str(entry["hash"]) for entry in entries]

    def rewrite_values(self, day: str, data: bytes, user: str) -> None:
        """Put ``data`` in the place of a day's values, in every version of its object."""
        if self._store.exists("journal", day):
            self._store.redact("journal", day, VALUES, message="values erased", user=user, replacement=data)
        else:
            write_whole(self.folder / day / VALUES, data)


def _day_after(day: str) -> str:
    return (date.fromisoformat(day) + timedelta(days=1)).isoformat()


def _size(path: Path) -> int:
    return path.stat().st_size if path.is_file() else -1


def append_lines(path: Path, lines: Iterable[Mapping[str, Any]]) -> None:
    """Append canonical JSON lines and make them durable; on an error nothing of them stays. Raises:
    OSError.
    """
    data = b"".join(canonical_json(dict(line)) + b"\n" for line in lines)
    new = not path.exists()
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        try:
            written = 0
            while written < len(data):
                written += os.write(descriptor, data[written:])
            os.fsync(descriptor)
        except OSError:
            os.ftruncate(descriptor, size)
            raise
    finally:
        os.close(descriptor)
    if new:
        sync_folder(path.parent)


def read_lines(path: Path | None) -> Iterator[dict[str, Any]]:
    """The lines of a file; a torn last line (no line end) is left out. Raises: IntegrityError
    (``segment``).
    """
    if path is None or not path.is_file():
        return
    with path.open("rb") as stream:
        for number, line in enumerate(stream, 1):
            if not line.endswith(b"\n"):
                return
            try:
                value = json.loads(line)
            except ValueError:
                raise IntegrityError("segment", path=path.name, line=number) from None
            if not isinstance(value, dict):
                raise IntegrityError("segment", path=path.name, line=number)
            yield value


def _entries_from(path: Path | None, seq: int) -> list[dict[str, Any]]:
    """The entries of a file from number ``seq`` on, read from its end. Raises: ValueError, KeyError, TypeError."""
    if path is None:
        return []
    size = 1 << 20
    with path.open("rb") as stream:
        end = stream.seek(0, os.SEEK_END)
        while True:
            start = max(0, end - size)
            stream.seek(start)
            lines = stream.read(end - start).split(b"\n")[1 if start else 0 : -1]
            if not start or (lines and json.loads(lines[0])["seq"] <= seq):
                return [entry for entry in map(json.loads, lines) if entry["seq"] >= seq]
            size *= 4


def tail_of(days: Days) -> Tail:
    """The last entry in the files; what a crash tore off after it is cut away. Raises: IntegrityError."""
    for day in reversed(days.open_days()):
        folder = days.folder / day
        last = _cut(folder / ENTRIES)
        for name in (VALUES, BLOCKS, STAMPS):
            _cut(folder / name)
        if last is not None:
            _drop_values_after(folder / VALUES, last["seq"])
            return Tail(last["seq"], last["hash"], day)
    for day in reversed(days.closed_days()):
        entries = list(read_lines(days.path(day, ENTRIES)))
        if entries:
            return Tail(entries[-1]["seq"], entries[-1]["hash"], _day_after(day))
    return Tail(0, GENESIS, "")


def _cut(path: Path) -> dict[str, Any] | None:
    """Cut a file after its last whole line. Returns: that line."""
    if not path.is_file():
        return None
    with path.open("r+b") as stream:
        size = stream.seek(0, os.SEEK_END)
        end, line = _last_line(stream, size)
        while line is not None and not _is_whole(line, path.name):
            end, line = _last_line(stream, end - len(line))
        if end < size:
            stream.truncate(end)
            os.fsync(stream.fileno())
    return None if line is None else json.loads(line)


def _last_line(stream: Any, size: int) -> tuple[int, bytes | None]:
    """The end of the last line that has a line end before ``size``, and the line with it."""
    block, data, start = 8192, b"", size
    while start > 0:
        step = min(block, start)
        start -= step
        stream.seek(start)
        data = stream.read(step) + data
        end = data.rfind(b"\n")
        if end < 0:
            continue
        begin = data.rfind(b"\n", 0, end)
        if begin >= 0 or start == 0:
            return start + end + 1, data[begin + 1 : end + 1]
    return 0, None


def _is_whole(line: bytes, name: str) -> bool:
    try:
        value = json.loads(line)
        return name != ENTRIES or entry_hash(value) == value["hash"]
    except (ValueError, KeyError, TypeError):
        return False


def _drop_values_after(path: Path, seq: int) -> None:
    """Values whose entry was not written any more will come again."""
    lines = list(read_lines(path))
    kept = [line for line in lines if line["seq"] <= seq]
    if len(kept) < len(lines):
        write_whole(path, b"".join(canonical_json(line) + b"\n" for line in kept))
