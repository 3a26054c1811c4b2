"""Events of the watched folder. They only wake the look earlier: none is needed, and shares give none."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from core.logs import log

LOG = log(__name__)


class _Nudge(FileSystemEventHandler):
    def __init__(self, wake: threading.Event) -> None:
        self._wake = wake

    def on_any_event(self, event: FileSystemEvent) -> None:
        if event.event_type in ("created", "modified", "moved", "closed"):
            self._wake.set()


@contextmanager
def nudged(inbox: Path) -> Iterator[threading.Event]:
    """An event that is set when something happens in ``inbox``, where the system tells."""
    wake = threading.Event()
    observer = Observer()
    observer.daemon = True
    try:
        observer.schedule(_Nudge(wake), str(inbox), recursive=True)
        observer.start()
    except OSError:
        LOG.warning("inbox_events_unavailable")  # the look alone finds everything
    try:
        yield wake
    finally:
        if observer.is_alive():
            observer.stop()
            observer.join()
