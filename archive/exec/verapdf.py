"""veraPDF as one long-lived JVM behind a line protocol (``Validator.java``); nobody else knows how it is
called.
"""

from __future__ import annotations

import json
import os
import selectors
import signal
import subprocess
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import quote

from core.errors import ProgramMissing, ValidatorUnavailable
from core.program import Limits, limited, need, small_environment

SET_UP = "archive/exec/setup_verapdf.sh"
SAMPLE = Path(__file__).parent.parent / "data" / "sample.pdf"
_JVM_SECONDS = 86_400  # CPU seconds of one JVM; it is started anew after that
_START_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What veraPDF says of one file. ``error`` is set when it could not say anything; then it is not
    valid.
    """

    flavour: str | None
    valid: bool
    checks: int = 0
    failed: Mapping[str, int] = field(default_factory=dict)  # "6.2.4.3-2": count; clause of ISO 19005 and test
    seconds: float = 0.0
    version: str = ""
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """The verdict as it is stored with the document."""
        stored = asdict(self)
        profile = f"PDF/A-{self.flavour.upper()}" if self.flavour else None
        return {"validator": "veraPDF", "profile": profile, **stored, "seconds": round(self.seconds, 3)}


class Validates(Protocol):
    """Who gives verdicts: the validator, or who asks it."""

    def validate(self, pdf: Path, flavour: str = "auto") -> Verdict:
        """As :meth:`Validator.validate`."""


class Validator:
    """One JVM, started at the first question, restarted when it died or hung; may be asked from any thread.

    All talk runs on one thread of its own: the JVM is killed when the thread that started it ends
    (pdeathsig), and it ends by itself when its stdin does.
    """

    def __init__(self, home: Path, *, seconds: float = 60.0, heap_mb: int = 512) -> None:
        self._home = home
        self._seconds = seconds
        self._heap_mb = heap_mb
        self._thread = ThreadPoolExecutor(1, "verapdf")
        self._process: subprocess.Popen[bytes] | None = None
        self._version = ""

    def validate(self, pdf: Path, flavour: str = "auto") -> Verdict:
        """Validate a file against ``flavour`` ("2b", ...), or against what it claims to be.

        A file that the JVM cannot digest (time, memory, a fault of its own) gets a verdict with ``error``.
        Raises: ProgramMissing (not set up), ValidatorUnavailable (it does not start).
        """
        return self._thread.submit(self._validate, pdf, flavour).result()

    def warm_up(self) -> None:
        """Start the JVM now and let it see a first file, without waiting for it."""
        self._thread.submit(self._validate, SAMPLE, "auto")

    def close(self) -> None:
        """End the JVM."""
        self._thread.submit(self._stop).result()
        self._thread.shutdown()

    def _validate(self, pdf: Path, flavour: str) -> Verdict:
        for attempt in (1, 2):  # a JVM that died before (killed, out of memory) is not this file's fault
            started = time.monotonic()
            process = self._running()
            try:
                answer = self._ask(process, f"{flavour}\t{quote(str(pdf.resolve()))}\n", self._seconds)
            except TimeoutError:
                self._stop()
                return Verdict(None, False, seconds=self._seconds, version=self._version, error="timeout")
            except (EOFError, BrokenPipeError):
                self._stop()
                if attempt == 2:
                    return Verdict(None, False, version=self._version, error="validator_died")
                continue
            break
        return Verdict(
            flavour=answer.get("flavour"),
            valid=bool(answer.get("valid", False)),
            checks=answer.get("checks", 0),
            failed=answer.get("failed", {}),
            seconds=time.monotonic() - started,
            version=self._version,
            error=answer.get("error"),
        )

    def _running(self) -> subprocess.Popen[bytes]:
        if self._process is None or self._process.poll() is not None:
            self._stop()
            self._process = self._start()
        return self._process

    def _start(self) -> subprocess.Popen[bytes]:
        need("java")
        jars = sorted((self._home / "lib").glob("*.jar"))
        if not (self._home / "lib" / "aktenlotse-validator.jar").is_file():
            raise ProgramMissing(program=f"veraPDF ({SET_UP})")
        archive = self._home / "verapdf.jsa"
        options = [f"-Xmx{self._heap_mb}m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto"]
        options += [
            "-XX:+ExitOnOutOfMemoryError",
            "-Xss4m",
            "-Dfile.encoding=UTF-8",
            "-Djava.awt.headless=true",
        ]
        if archive.is_file():
            options.append(f"-XX:SharedArchiveFile={archive}")
        path = "".join(f"{jar}:" for jar in jars)  # as in setup_verapdf.sh: the class data archive holds it
        process = subprocess.Popen(
            limited(["java", *options, "-cp", path, "Validator"], Limits(cpu_seconds=_JVM_SECONDS, memory_mb=0)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=small_environment(),
        )
        try:
            self._version = self._read_line(process, _START_SECONDS)["ready"]
        except (EOFError, TimeoutError):
            _kill(process)
            raise ValidatorUnavailable from None
        return process

    def _ask(self, process: subprocess.Popen[bytes], request: str, seconds: float) -> dict[str, Any]:
        assert process.stdin is not None
        process.stdin.write(request.encode())
        process.stdin.flush()
        return self._read_line(process, seconds)

    def _read_line(self, process: subprocess.Popen[bytes], seconds: float) -> dict[str, Any]:
        """One line of the JVM. Raises: TimeoutError, EOFError."""
        assert process.stdout is not None
        deadline = time.monotonic() + seconds
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(process.stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, deadline - time.monotonic())):
                    raise TimeoutError
                piece = os.read(process.stdout.fileno(), 65536)
                if not piece:
                    raise EOFError
                line += piece
        answer: dict[str, Any] = json.loads(line)
        return answer

    def _stop(self) -> None:
        if self._process is not None:
            _kill(self._process)
            self._process = None


def _kill(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            try:
                stream.close()
            except BrokenPipeError:
                continue
