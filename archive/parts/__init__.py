"""Parts: the letter of a stack by itself. Its extract is its original, its PDF/A is made from the extract alone."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from PIL import Image

from archive import images
from archive.exec import poppler
from archive.objects import MALFORMED
from archive.parts import tiff
from archive.parts.files import IN_SOURCE, is_mentioned
from archive.parts.foreign import ForeignContent, check_part
from archive.parts.pdf import extract_pages
from core.logs import log

PDF, TIFF = "application/pdf", "image/tiff"
CONVERTED = "extract_converted"
_DPI, _MAX_PIXELS = 300, 40_000_000
_LOG = log(__name__)


@dataclass(frozen=True, slots=True)
class Extract:
    """A part's own original. ``path`` ends in the suffix of ``media_type``."""

    path: Path
    media_type: str
    warnings: frozenset[str]


def extract(original: Path, media_type: str, pages: Sequence[int], text: str, folder: Path) -> Extract:
    """Make the extract of some pages (1-based) of ``original`` as ``folder``/extract.pdf or extract.tif.

    PDF and TIFF keep their coded streams; of other files with several pictures the samples are kept, in a PDF, and so
    it is, as pictures, where a PDF is too broken to be parted; then a warning says so. ``text``: what the pages say.
    Raises: ImageUnusable, ProgramMissing, ProgramFailed, OSError.
    """
    target = folder / ("extract.tif" if media_type == TIFF else "extract.pdf")
    try:
        if media_type == TIFF:
            tiff.extract_frames(original, pages, target)
            return Extract(target, TIFF, frozenset())
        if media_type == PDF:
            found = extract_pages(original, pages, target, lambda name: is_mentioned(name, text))
            return Extract(target, PDF, frozenset(found))
    except MALFORMED as error:
        _LOG.warning("extract_converted", extra={"why": type(error).__name__}, exc_info=error)
        target.unlink(missing_ok=True)
    target = folder / "extract.pdf"
    if media_type == PDF:
        _rendered(original, pages, target)
    else:
        target.write_bytes(images.chosen_frames(original, pages))
    return Extract(target, PDF, frozenset({CONVERTED}))


def blanked(original: Path, media_type: str, pages: Collection[int], text: str, target: Path) -> None:
    """Write ``original`` as ``target``, its ``pages`` (1-based) empty and everything else as it was coded.

    What hangs at the stack as a whole goes too, and so do embedded files that ``text`` (of the pages) names: they may
    speak of the pages. Raises: ImageUnusable, ProgramMissing, ProgramFailed, OSError.
    """
    if media_type not in (PDF, TIFF):
        images.blanked_frames(original, pages, target)
        return
    if media_type == TIFF:
        try:
            tiff.extract_frames(original, None, target, pages)
        except tiff.ERRORS as error:
            _LOG.warning("blanked_anew", extra={"why": type(error).__name__}, exc_info=error)
            images.blanked_frames(original, pages, target)
        return
    with pikepdf.open(original, suppress_warnings=True) as pdf:
        every = range(1, len(pdf.pages) + 1)
    try:
        extract_pages(original, every, target, lambda name: not is_mentioned(name, text), pages)
    except MALFORMED as error:
        _LOG.warning("blanked_as_pictures", extra={"why": type(error).__name__}, exc_info=error)
        _rendered(original, every, target, pages)


def _rendered(original: Path, pages: Sequence[int], target: Path, blank: Collection[int] = ()) -> None:
    """Pages of a broken PDF as pictures, as large as they are, unturned."""
    folder = target.parent
    paths, sizes = [], []
    with pikepdf.open(original, suppress_warnings=True) as pdf:
        for number in pages:
            page = pdf.pages[number - 1]
            turn = int(page.rotation) % 360
            x0, y0, x1, y1 = (float(value) for value in page.cropbox)
            size = abs(x1 - x0), abs(y1 - y0)
            dpi = min(_DPI, int((_MAX_PIXELS / max(1.0, size[0] * size[1])) ** 0.5 * 72))
            path = poppler.render(original, folder, "extract", number, dpi=max(20, dpi), grey=False)
            if number in blank:
                with Image.open(path) as shown:
                    Image.new("1", shown.size, 1).save(path)
            if turn:
                with Image.open(path) as shown:
                    shown.rotate(turn, expand=True).save(path)
            paths.append(path)
            sizes.append(size)
    target.write_bytes(images.png_pages(paths, sizes))
    for path in paths:
        path.unlink()


__all__ = ["CONVERTED", "IN_SOURCE", "Extract", "ForeignContent", "blanked", "check_part", "extract"]
