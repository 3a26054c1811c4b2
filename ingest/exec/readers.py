"""Reading processes kept at hand: Tesseract's library with the language loaded once, not once a page (ADR 0010).

Each dies with us and has a limit of memory; a page that takes too long ends its process.
"""

from __future__ import annotations

import json
import re
import shutil
import sys
import threading
import time
from importlib.util import find_spec
from pathlib import Path

from core.errors import ProgramFailed, ProgramMissing
from core.kept import KeptProcess
from core.program import Limits, run, small_environment

PAGES = 500  # after which a process is replaced, whatever it may have gathered
READER = Path(__file__).with_name("reader.py")
SYSTEM_PATH = "/usr/bin:/bin"


def language_data(program: str) -> Path | None:
    """The folder of the language data where the library may stand in for ``program``, else None.

    Only for the distribution's own program: who puts another one first in PATH wants that one.
    """
    found = shutil.which(program)
    if found is None or found != shutil.which(program, path=SYSTEM_PATH) or find_spec("tesserocr") is None:
        return None
    named = re.search(r'"(.+)"', list_languages(program)[0])  # Tesseract 5 tells it in its first line
    return Path(named[1]) if named else None


def list_languages(program: str) -> list[str]:
    """A heading, then the languages that ``program`` has; the heading is empty where it does not run."""
    try:
        return run([program, "--list-langs"], Limits(20, 20)).decode().rstrip("\n").split("\n")
    except (ProgramMissing, ProgramFailed):
        return [""]


class Readers:
    """As many reading processes as pages are read at once."""

    def __init__(self, data: Path, seconds: float, memory_mb: int) -> None:
        self._data, self._seconds, self._memory_mb = data, seconds, memory_mb
        self._idle: list[_Reader] = []
        self._lock = threading.Lock()

    def hocr(self, image: Path, *, dpi: int, segmentation: int, languages: str) -> bytes:
        """Read a binary PGM. Raises: ProgramFailed (``details['why']`` is ``timeout`` or ``ended``)."""
        question = {"image": str(image), "dpi": dpi, "segmentation": segmentation, "languages": languages}
        with self._lock:
            reader = self._idle.pop() if self._idle else None
        reader = reader or _Reader(self._data, self._memory_mb)
        try:
            answer = reader.ask(question, self._seconds)
        except ProgramFailed:
            reader.end()
            raise
        if reader.asked < PAGES:
            with self._lock:
                self._idle.append(reader)
        else:
            reader.end()
        return answer

    def close(self) -> None:
        """End all processes."""
        with self._lock:
            while self._idle:
                self._idle.pop().end()


class _Reader(KeptProcess):
    """One process."""

    def __init__(self, data: Path, memory_mb: int) -> None:
        command = [sys.executable, "-I", str(READER), str(data)]
        super().__init__(command, Limits(cpu_seconds=0, memory_mb=memory_mb), small_environment())

    def ask(self, question: dict[str, object], seconds: float) -> bytes:
        self.asked += 1
        deadline = time.monotonic() + seconds
        answer = bytearray()
        try:
            self.write(json.dumps(question).encode() + b"\n")
            while b"\n" not in answer or len(answer) < _length_of(answer):
                answer += self.read(deadline)
        except (BrokenPipeError, EOFError):
            raise ProgramFailed(program=READER.name, why="ended") from None
        except TimeoutError:
            raise ProgramFailed(program=READER.name, why="timeout") from None
        return bytes(answer[answer.index(b"\n") + 1 :])


def _length_of(answer: bytearray) -> int:
    head, _, _ = answer.partition(b"\n")
    return len(head) + 1 + int(head)
