"""What a kept child does with a delivered file (``ingest/guarded.py`` asks it): look into it, hand out its pages."""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from ingest import formats
from ingest.formats import FileLimits
from ingest.pages import Grey, PageSource, open_pages

_opened: dict[tuple[Path, str], PageSource] = {}
_files = ExitStack()


def look(path: Path, limits: FileLimits) -> dict[str, Any]:
    """:func:`ingest.formats.inspect` as JSON."""
    return asdict(formats.inspect(path, limits))


def count(path: Path, media_type: str) -> int:
    """How many pages a file has."""
    return _source(path, media_type).count


def page(path: Path, media_type: str, number: int) -> tuple[dict[str, Any], Grey | bytes]:
    """A page's facts as JSON, and its grey values."""
    page = _source(path, media_type).page(number)
    facts = {name: getattr(page, name) for name in ("number", "width", "height", "dpi", "turn", "bilevel")}
    if page.own_text is not None:
        words = [[[(word.text, word.box) for word in line] for line in block] for block in page.own_text]
        facts["own_text"] = words
    return facts, page.grey if page.grey is not None else b""


def _source(path: Path, media_type: str) -> PageSource:
    """The file asked for last stays open: its pages are asked for one after the other."""
    key = path, media_type
    if key not in _opened:
        _files.close()
        _opened.clear()
        _opened[key] = _files.enter_context(open_pages(path, media_type))
    return _opened[key]
