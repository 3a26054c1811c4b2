"""Tesseract through pytesseract; nobody else knows its flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytesseract

from core.errors import ProgramFailed, ProgramMissing
from core.program import Limits, need, write_launcher

PROGRAM = "tesseract"


@dataclass(frozen=True, slots=True)
class Tesseract:
    """A Tesseract behind our launcher (dies with us, limits on time and memory, one thread)."""

    launcher: Path
    languages: str  # codes joined by +
    seconds: int

    @classmethod
    def behind_launcher(cls, folder: Path, languages: str, seconds: int, memory_mb: int) -> Tesseract:
        """Write the launcher into ``folder``. Raises: ProgramMissing."""
        need(PROGRAM)
        limits = Limits(seconds, seconds, memory_mb)
        launcher = write_launcher(folder / "tesseract-launcher", PROGRAM, limits)
        pytesseract.pytesseract.tesseract_cmd = str(launcher)
        return cls(launcher, languages, seconds)

    def hocr(self, image: Path, *, dpi: int, segmentation: int = 3, languages: str | None = None) -> bytes:
        """Read an image file. Returns: hOCR with boxes in its pixels.

        ``segmentation`` is Tesseract's page segmentation mode (3: automatic, 4: one column, 6: one block,
        11: sparse text). Raises: ProgramMissing, ProgramFailed.
        """
        try:
            result = pytesseract.image_to_pdf_or_hocr(
                str(image),
                lang=languages or self.languages,
                config=f"--oem 1 --psm {segmentation} --dpi {dpi}",
                extension="hocr",
                timeout=self.seconds,
            )
        except pytesseract.TesseractNotFoundError:
            raise ProgramMissing(program=PROGRAM) from None
        except pytesseract.TesseractError as error:
            raise ProgramFailed(program=PROGRAM, why=str(error.status)) from None
        except RuntimeError:  # pytesseract's time-out
            raise ProgramFailed(program=PROGRAM, why="timeout") from None
        except FileNotFoundError:  # ended without an output file
            raise ProgramFailed(program=PROGRAM, why="no output") from None
        return bytes(result)
