"""Pages of a PDF/A as pictures, for looking at in the browser: upright, as the PDF's /Rotate says."""

from __future__ import annotations

import io
import threading
from pathlib import Path

from pdf2image import convert_from_path
from pdf2image.exceptions import PDFPageCountError, PDFPopplerTimeoutError, PDFSyntaxError

from core.errors import NotFound, ProgramFailed
from core.program import Limits, launcher_folder

SIZES = (100, 200)  # dpi: to read, to look closely
_SECONDS = 30
_LIMITS = Limits(cpu_seconds=_SECONDS, memory_mb=3000)
_QUALITY = 82
_room = threading.BoundedSemaphore(2)  # pages drawn at once


def picture_of(pdf: Path, page: int, dpi: int = SIZES[0]) -> bytes:
    """Page ``page`` (1-based) as JPEG.

    Raises: NotFound (no such page or size), ProgramMissing, ProgramFailed.
    """
    if dpi not in SIZES:
        raise NotFound(id=f"{page}@{dpi}")
    try:
        with _room:
            programs = launcher_folder(("pdfinfo", "pdftoppm"), _LIMITS)
            found = convert_from_path(
                pdf, dpi=dpi, first_page=page, last_page=page, timeout=_SECONDS, thread_count=1, poppler_path=programs
            )
    except (PDFPageCountError, PDFSyntaxError) as error:
        raise ProgramFailed(program="pdftoppm", why="damaged") from error
    except PDFPopplerTimeoutError as error:
        raise ProgramFailed(program="pdftoppm", why="timeout") from error
    if not found:
        raise NotFound(id=f"{page}")
    with found[0] as image, io.BytesIO() as out:
        image.convert("RGB").save(out, "JPEG", quality=_QUALITY, optimize=True)
        return out.getvalue()
