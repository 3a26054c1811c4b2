"""The inbox as it stands now: which files are ready to be taken, which are waited for, which nobody will take.

One walk a look. Whatever cannot be looked at is said, and stops nothing.
"""

from __future__ import annotations

import math
import os
import stat
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from ingest.complete import has_its_end, is_open_for_writing

SCRATCH = (".part", ".tmp", ".crdownload", ".filepart", ".swp", ".download", ".partial", "~")
LONGEST_PAUSE = 120.0  # seconds that a writer's pauses can make us wait
# A file of the same name so soon after the one that was taken: its writer only paused. Not longer, for a device that
# gives each letter the same name must not make us wait until the next one has overwritten the last.
CAME_BACK_SECONDS = 30.0

SCRATCH_FILE, NO_FILE, NOT_READABLE = "scratch", "no_file", "not_readable"  # never taken as they are
GROWING, INCOMPLETE = "growing", "incomplete"  # waited for


@dataclass(frozen=True, slots=True)
class View:
    """What one look saw. ``ready``: oldest first; ``unready``: (path, code) of the others."""

    ready: tuple[Path, ...]
    unready: tuple[tuple[Path, str], ...]


@dataclass(slots=True)
class _Seen:
    size: int
    written: float  # as the file system says
    changed: float  # likewise; also by a change of rights or name
    noticed: float  # by our own clock: a share's may differ


@dataclass(slots=True)
class Inbox:
    """A watched folder, and what is known of those who write into it. ``clock``: seconds, as the file system's."""

    folder: Path
    quiet_seconds: float
    incomplete_seconds: float  # that a file without its format's end is waited for
    clock: Callable[[], float] = time.time
    _seen: dict[Path, _Seen] = field(default_factory=dict)
    _pauses: dict[Path, float] = field(default_factory=dict)  # folder -> longest pause that was seen
    _taken: dict[Path, float] = field(default_factory=dict)  # when the file that was taken from here had changed last

    def look(self) -> View:
        """Walk the folder once. Raises: OSError when the inbox itself cannot be read."""
        os.scandir(self.folder).close()  # its own fault is no empty inbox
        moment = self.clock()
        ready: list[tuple[float, Path]] = []
        unready: list[tuple[Path, str]] = []
        seen: dict[Path, _Seen] = {}
        for path, status in files_below(self.folder):
            if not isinstance(status, os.stat_result):
                unready.append((path, status))
                continue
            seen[path] = self._noticed(path, status, moment)
            try:
                why = self._why_not_yet(path, seen[path], moment)
            except FileNotFoundError:
                continue
            except OSError:
                why = NOT_READABLE
            if why is None:
                ready.append((seen[path].changed, path))
            else:
                unready.append((path, why))
        self._seen = seen
        self._taken = {path: at for path, at in self._taken.items() if moment - at < CAME_BACK_SECONDS}
        return View(tuple(path for _, path in sorted(ready)), tuple(unready))

    def took(self, path: Path) -> None:
        """A file was taken from here; when its name comes back soon, its writer had only paused."""
        self._taken[path] = self._seen[path].changed if path in self._seen else self.clock()

    def is_as_seen(self, path: Path) -> bool:
        """Whether a file is still as the last look saw it: a long round may come to it much later."""
        seen = self._seen.get(path)
        try:
            status = path.lstat()
        except OSError:
            return False
        return seen is not None and (seen.size, seen.changed) == (status.st_size, _changed(status))

    def needed(self, folder: Path) -> float:
        """Seconds that a file in ``folder`` has to be still: twice the longest pause that its writers have made."""
        return max(self.quiet_seconds, min(2 * self._pauses.get(folder, 0.0), LONGEST_PAUSE))

    def _noticed(self, path: Path, status: os.stat_result, moment: float) -> _Seen:
        changed = _changed(status)
        before = self._seen.get(path)
        if before is None:
            pause = changed - self._taken.pop(path, -math.inf)
            if pause < CAME_BACK_SECONDS:
                self._learn(path.parent, pause)
            return _Seen(status.st_size, status.st_mtime, changed, min(moment, changed))
        if (before.size, before.changed) == (status.st_size, changed):
            return before
        if (before.size, before.written) != (status.st_size, status.st_mtime):  # not its rights alone
            self._learn(path.parent, changed - before.changed)
        return _Seen(status.st_size, status.st_mtime, changed, moment)

    def _learn(self, folder: Path, pause: float) -> None:
        if self._pauses.get(folder, 0.0) < pause <= LONGEST_PAUSE:
            self._pauses[folder] = pause

    def _why_not_yet(self, path: Path, seen: _Seen, moment: float) -> str | None:
        still = moment - seen.noticed
        if still < self.needed(path.parent) or is_open_for_writing(path):
            return GROWING
        if still < self.incomplete_seconds and not has_its_end(path):
            return INCOMPLETE
        return None


def _changed(status: os.stat_result) -> float:
    return max(status.st_mtime, status.st_ctime)


def files_below(folder: Path) -> Iterator[tuple[Path, os.stat_result | str]]:
    """Every file in a folder and the folders in it, each with its status, or with the code of why it is none to take.

    Hidden files and folders are left out. Symbolic links are not followed. What vanishes meanwhile is left out.
    """
    folders = [folder]
    while folders:
        place = folders.pop()
        try:
            with os.scandir(place) as entries:
                listed = sorted(entries, key=lambda entry: os.fsencode(entry.name))
        except FileNotFoundError:
            continue
        except OSError:
            yield place, NOT_READABLE
            continue
        for entry in listed:
            if entry.name.startswith("."):
                continue
            try:
                status = entry.stat(follow_symlinks=False)
            except FileNotFoundError:
                continue
            except OSError:
                yield Path(entry.path), NOT_READABLE
                continue
            if stat.S_ISDIR(status.st_mode):
                folders.append(Path(entry.path))
            else:
                yield Path(entry.path), _why_never(entry.name, status) or status


def _why_never(name: str, status: os.stat_result) -> str | None:
    if not stat.S_ISREG(status.st_mode):
        return NO_FILE
    return SCRATCH_FILE if name.startswith("~$") or name.lower().endswith(SCRATCH) else None
