"""Poppler's tools: the text of a PDF, its words with boxes, its pages as images."""

from __future__ import annotations

import re
from pathlib import Path
from xml.etree import ElementTree

from core.program import Limits, run

_LIMITS = Limits(seconds=30, cpu_seconds=30)
_XHTML = "{http://www.w3.org/1999/xhtml}"
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]")

Box = tuple[float, float, float, float]


def text(pdf: Path) -> list[str]:
    """The text of each page, in the order of the content. Raises: ProgramMissing, ProgramFailed."""
    return (
        run(["pdftotext", "-raw", "-enc", "UTF-8", str(pdf), "-"], _LIMITS).decode("utf-8", "replace").split("\f")[:-1]
    )


def words(pdf: Path) -> list[list[list[tuple[str, Box]]]]:
    """Pages of lines of words with boxes (points, y downwards). Raises: ProgramMissing, ProgramFailed."""
    xml = run(["pdftotext", "-bbox-layout", "-enc", "UTF-8", str(pdf), "-"], _LIMITS)
    root = ElementTree.fromstring(_CONTROL.sub(b"", xml))
    return [[_words(line) for line in page.iter(f"{_XHTML}line")] for page in root.iter(f"{_XHTML}page")]


def _words(line: ElementTree.Element) -> list[tuple[str, Box]]:
    return [
        (
            "".join(word.itertext()),
            (
                float(word.get("xMin", 0)),
                float(word.get("yMin", 0)),
                float(word.get("xMax", 0)),
                float(word.get("yMax", 0)),
            ),
        )
        for word in line.iter(f"{_XHTML}word")
    ]


def render(pdf: Path, folder: Path, name: str, page: int, *, dpi: int, grey: bool) -> Path:
    """Page ``page`` (1-based) as an image: PGM when ``grey``, else PNG. Raises: ProgramMissing,
    ProgramFailed.
    """
    target = folder / f"{name}-{page}"
    kind = ["-gray"] if grey else ["-png"]
    pages = ["-f", str(page), "-l", str(page), "-singlefile"]
    run(["pdftoppm", "-r", str(dpi), *kind, *pages, str(pdf), str(target)], _LIMITS)
    return target.with_name(target.name + (".pgm" if grey else ".png"))


def render_all(pdf: Path, folder: Path, name: str, pages: tuple[int, int], *, dpi: int) -> list[Path]:
    """Pages first..last as grey PGM images, in their order. Raises: ProgramMissing, ProgramFailed."""
    first, last = pages
    target = folder / name
    run(
        ["pdftoppm", "-r", str(dpi), "-gray", "-f", str(first), "-l", str(last), str(pdf), str(target)],
        _LIMITS,
    )
    return sorted(folder.glob(f"{name}-*.pgm"), key=lambda path: int(path.stem.rsplit("-", 1)[1]))
