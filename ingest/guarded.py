"""Strangers' files are opened in a child with limits; what becomes of it is the file's verdict (ADR 0019)."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np

from core.errors import LetterError
from core.kept import Ended, Kept
from core.logs import log
from ingest.formats import FileLimits, Inspection
from ingest.pages import DeliveredPage, PageSource, Remembered
from ingest.words import Word

LOG = log(__name__)


class Guarded:
    """Looks into files and takes pages out of them by the hands of a child."""

    def __init__(self, kept: Kept, limits: FileLimits, seconds: float) -> None:
        """``seconds``: for one look, or one page."""
        self._kept, self._limits, self._seconds = kept, limits, seconds

    def inspect(self, path: Path) -> Inspection:
        """As :func:`ingest.formats.inspect`, and ``too_slow``. Raises: LetterError, EnvironmentProblem."""
        try:
            found, _ = self._kept.call("ingest.inside:look", path, self._limits, seconds=self._seconds)
        except Ended as end:
            raise _verdict(end, "look") from None
        return Inspection(found["media_type"], found["pages"], tuple(found["warnings"]))

    @contextmanager
    def open_pages(self, path: Path, media_type: str) -> Iterator[PageSource]:
        """A file's pages. Raises: LetterError, EnvironmentProblem."""
        try:
            count, _ = self._kept.call("ingest.inside:count", path, media_type, seconds=self._seconds)
        except Ended as end:
            raise _verdict(end, "count") from None
        yield Remembered(path, _Pages(self, path, media_type, int(count)))

    def page(self, path: Path, media_type: str, number: int) -> DeliveredPage:
        """Page ``number`` (1-based). Raises: LetterError, EnvironmentProblem."""
        try:
            facts, pixels = self._kept.call("ingest.inside:page", path, media_type, number, seconds=self._seconds)
        except Ended as end:
            raise _verdict(end, "page") from None
        grey = None
        if pixels:
            grey = np.frombuffer(pixels, np.uint8).reshape(facts["height"], facts["width"])
        blocks = facts.pop("own_text", None)
        return DeliveredPage(grey=grey, **facts, own_text=None if blocks is None else _words(blocks))


class _Pages:
    """The pages of one file."""

    def __init__(self, guarded: Guarded, path: Path, media_type: str, count: int) -> None:
        self._guarded, self._path, self._media_type, self.count = guarded, path, media_type, count

    def page(self, number: int) -> DeliveredPage:
        return self._guarded.page(self._path, self._media_type, number)


def _words(blocks: list[list[list[tuple[str, list[int]]]]]) -> tuple[tuple[tuple[Word, ...], ...], ...]:
    return tuple(
        tuple(tuple(Word(text, (box[0], box[1], box[2], box[3]), 1.0) for text, box in line) for line in block)
        for block in blocks
    )


def _verdict(end: Ended, step: str) -> LetterError:
    LOG.warning("file_ended_child", extra={"step": step, "why": end.why, "trace": end.trace})
    return LetterError({"memory": "too_large", "timeout": "too_slow"}.get(end.why, "damaged"))
