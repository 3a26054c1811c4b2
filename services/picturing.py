"""Pages of a PDF/A as pictures, for looking at in the browser: upright, as the PDF's /Rotate says."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from pdf2image import convert_from_path
from pdf2image.exceptions import (
    PDFPageCountError,
    PDFPopplerTimeoutError,
    PDFSyntaxError,
)
from PIL import Image

from core.errors import NotFound, ProgramFailed
from core.program import Limits, launcher_folder

SIZES = (100, 200)  # dpi: to read, to look closely
LONGEST = 3000  # pixels of a side of a page that is too large for its resolution
_SECONDS = 30
_LIMITS = Limits(_SECONDS, _SECONDS)
_QUALITY = 82
_room = threading.BoundedSemaphore(2)  # pages drawn at once


def picture_of(pdf: Path, page: int, dpi: int = SIZES[0]) -> bytes:
    """Page ``page`` (1-based) as JPEG; a page too large for ``dpi`` smaller.

    Raises: NotFound (no such page or size), ProgramMissing, ProgramFailed.
    """
    if dpi not in SIZES:
        raise NotFound(id=f"{page}@{dpi}")
    try:
        with _room:
            found = _drawn(pdf, page, dpi) or _drawn(pdf, page, dpi, LONGEST)
    except (PDFPageCountError, PDFSyntaxError) as error:
        raise ProgramFailed(program="pdftoppm", why="damaged") from error
    except PDFPopplerTimeoutError as error:
        raise ProgramFailed(program="pdftoppm", why="timeout") from error
    if not found:
        raise NotFound(id=f"{page}")
    with found[0] as image, io.BytesIO() as out:
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY, optimize=True)
        return out.getvalue()


def _drawn(pdf: Path, page: int, dpi: int, size: int | None = None) -> list[Image.Image]:
    """The page, if there is one, and if it was drawn: poppler 22.12 makes one pixel of what it has no memory for."""
    found: list[Image.Image] = convert_from_path(
        *(pdf, dpi),
        first_page=page,
        last_page=page,
        size=size,  # type: ignore[arg-type]  # None: as large as ``dpi`` makes it
        timeout=_SECONDS,
        thread_count=1,
        poppler_path=launcher_folder(("pdfinfo", "pdftoppm"), _LIMITS),
    )
    return [image for image in found if image.size != (1, 1)]
