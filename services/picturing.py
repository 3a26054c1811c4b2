"""Pages of a PDF/A as pictures, for looking at in the browser: upright, as the PDF's /Rotate says."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from pdf2image import convert_from_path
from pdf2image.exceptions import (
    PDFInfoNotInstalledError,
    PDFPageCountError,
    PDFPopplerTimeoutError,
    PDFSyntaxError,
)
from PIL import Image

from core.errors import NotFound, ProgramFailed, ProgramMissing
from core.program import Limits, need, write_launcher

SIZES = (100, 200)  # dpi: to read, to look closely
LONGEST = 3000  # pixels of a side of a page that is too large for its resolution
_SECONDS = 30
_LIMITS = Limits(_SECONDS, _SECONDS)
_QUALITY = 82
_room = threading.BoundedSemaphore(2)  # pages drawn at once


def poppler_behind_launchers(folder: Path) -> Path:
    """Write launchers of the programs that pdf2image calls. Returns: their folder. Raises: ProgramMissing."""
    folder.mkdir(exist_ok=True)
    for program in ("pdfinfo", "pdftoppm"):
        write_launcher(folder / program, need(program), _LIMITS)
    return folder


def picture_of(poppler: Path, pdf: Path, page: int, dpi: int = SIZES[0]) -> bytes:
    """Page ``page`` (1-based) as JPEG; a page too large for ``dpi`` smaller. ``poppler``: the launchers' folder.

    Raises: NotFound (no such page or size), ProgramMissing, ProgramFailed.
    """
    if dpi not in SIZES:
        raise NotFound(id=f"{page}@{dpi}")
    try:
        with _room:
            found = _drawn(poppler, pdf, page, dpi) or _drawn(poppler, pdf, page, dpi, LONGEST)
    except PDFInfoNotInstalledError as error:
        raise ProgramMissing("program_missing_apt", program="pdftoppm", package="poppler-utils") from error
    except (PDFPageCountError, PDFSyntaxError) as error:
        raise ProgramFailed(program="pdftoppm", why="damaged") from error
    except PDFPopplerTimeoutError as error:
        raise ProgramFailed(program="pdftoppm", why="timeout") from error
    if not found:
        raise NotFound(id=f"{page}")
    with found[0] as image, io.BytesIO() as out:
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY, optimize=True)
        return out.getvalue()


def _drawn(poppler: Path, pdf: Path, page: int, dpi: int, size: int | None = None) -> list[Image.Image]:
    """The page, if there is one, and if it was drawn: poppler 22.12 makes one pixel of what it has no memory for."""
    found: list[Image.Image] = convert_from_path(
        *(pdf, dpi),
        first_page=page,
        last_page=page,
        size=size,  # type: ignore[arg-type]  # None: as large as ``dpi`` makes it
        timeout=_SECONDS,
        thread_count=1,
        poppler_path=poppler,
    )
    return [image for image in found if image.size != (1, 1)]
