"""Tesseract: its library in a process kept at hand, its program through pytesseract. Nobody else knows its flags."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytesseract

from core.errors import ProgramFailed, ProgramMissing
from core.program import Limits, need, write_launcher
from ingest.exec.readers import Readers, language_data

PROGRAM = "tesseract"
NOT_STARTED = (126, 127)  # exit codes of a shell whose program cannot be run, or is not there (POSIX sh, 2.8.2)


@dataclass(frozen=True, slots=True)
class Tesseract:
    """A Tesseract that dies with us, has limits on time and memory, and one thread."""

    launcher: Path
    languages: str  # codes joined by +
    seconds: int
    readers: Readers | None  # None: only the program reads

    @classmethod
    def behind_launcher(cls, folder: Path, languages: str, seconds: int, memory_mb: int) -> Tesseract:
        """Write the launcher into ``folder``. Raises: ProgramMissing."""
        need(PROGRAM)
        limits = Limits(seconds, seconds, memory_mb)
        launcher = write_launcher(folder / "tesseract-launcher", PROGRAM, limits)
        pytesseract.pytesseract.tesseract_cmd = str(launcher)
        data = language_data(PROGRAM)
        return cls(launcher, languages, seconds, Readers(data, seconds, memory_mb) if data else None)

    def close(self) -> None:
        """End the processes that are kept at hand."""
        if self.readers:
            self.readers.close()

    def hocr(self, image: Path, *, dpi: int, segmentation: int = 3) -> bytes:
        """Read a binary PGM. Returns: hOCR with boxes in its pixels.

        ``segmentation`` is Tesseract's page segmentation mode (3: automatic, 4: one column, 6: one block,
        11: sparse text). A page at which the library's process ended is read by the program.
        Raises: ProgramMissing, ProgramFailed.
        """
        if self.readers:
            try:
                return self.readers.hocr(image, dpi=dpi, segmentation=segmentation, languages=self.languages)
            except ProgramFailed as error:
                if error.details["why"] == "timeout":
                    raise
        return self._by_program(image, dpi, segmentation)

    def _by_program(self, image: Path, dpi: int, segmentation: int) -> bytes:
        try:
            result = pytesseract.image_to_pdf_or_hocr(
                str(image),
                lang=self.languages,
                config=f"--oem 1 --psm {segmentation} --dpi {dpi} -c textord_all_prop=1",
                extension="hocr",
                timeout=self.seconds,
            )
        except pytesseract.TesseractNotFoundError:
            raise ProgramMissing(program=PROGRAM) from None
        except pytesseract.TesseractError as error:
            if error.status in NOT_STARTED:
                raise ProgramMissing(program=PROGRAM) from None
            raise ProgramFailed(program=PROGRAM, why=str(error.status)) from None
        except RuntimeError:  # pytesseract's time-out
            raise ProgramFailed(program=PROGRAM, why="timeout") from None
        except FileNotFoundError:  # ended without an output file
            raise ProgramFailed(program=PROGRAM, why="no output") from None
        return bytes(result)
