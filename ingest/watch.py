"""The watched folder: events of the operating system, and a reconcile scan that always runs beside them."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from core.logs import log
from ingest.complete import is_candidate, is_quiet

LOG = log(__name__)


class _Nudge(FileSystemEventHandler):
    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "modified", "moved", "closed"):
            self._wake.set()


def waiting_files(inbox: Path, quiet_seconds: float) -> list[Path]:
    """Complete files in the inbox and its folders, oldest first. A file that vanishes meanwhile is left out."""
    found: list[tuple[float, Path]] = []
    for path in inbox.rglob("*"):
        if any(part.startswith(".") for part in path.relative_to(inbox).parts):
            continue
        try:
            if is_candidate(path) and is_quiet(path, quiet_seconds):
                found.append((path.stat().st_mtime, path))
        except FileNotFoundError:
            continue
        except PermissionError:
            LOG.warning("inbox_file_not_readable")
    return [path for _, path in sorted(found)]


def watch(
    inbox: Path,
    take: Callable[[Path], None],
    stop: threading.Event,
    *,
    quiet_seconds: float,
    scan_seconds: float,
) -> None:
    """Call ``take`` for each complete file until ``stop``. Events only wake the scan earlier, so none is needed."""
    wake = threading.Event()
    observer = Observer()
    observer.daemon = True
    try:
        observer.schedule(_Nudge(wake), str(inbox), recursive=True)
        observer.start()
    except OSError:
        LOG.warning("inbox_events_unavailable")  # the scan alone finds everything
    try:
        while not stop.is_set():
            wake.clear()
            for path in waiting_files(inbox, quiet_seconds):
                if stop.is_set():
                    break
                take(path)
            nudged = wake.wait(scan_seconds)
            if nudged:
                stop.wait(quiet_seconds)  # let the file become quiet
    finally:
        if observer.is_alive():
            observer.stop()
            observer.join()
