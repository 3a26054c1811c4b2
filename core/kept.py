"""Processes of our own kept at hand, for what may go wrong with a file that strangers made (ADR 0019).

``Kept`` calls a function in a child with limits on memory and time. Whatever the child does, an exception, a signal,
too much memory, no answer in time, is one error, :class:`Ended`; a child that does not even start is the machine's.
"""

from __future__ import annotations

import fcntl
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

import core.errors
from core.errors import AktenlotseError, EnvironmentProblem
from core.kept_child import MEMORY
from core.program import Limits, limited, small_environment

CALLS = 200  # after which a child is replaced, whatever it may have gathered
MAIN = "from core.kept_child import main; main()"
_START_SECONDS = 60.0
_PIPE = 1 << 20  # bytes that a pipe holds: a page's pixels go through it
_SIZE = 8  # bytes of a frame's length
_MOST = 1 << 28  # bytes of an answer; a page has 36 million


class Ended(Exception):
    """A call that brought no answer. ``why``: ``memory``, ``timeout``, ``signal N``, or the class of an error."""

    def __init__(self, why: str, trace: str = "") -> None:
        super().__init__(why)
        self.why, self.trace = why, trace


class KeptProcess:
    """One child that answers on its standard output what it is asked on its standard input."""

    def __init__(self, command: list[str], limits: Limits, environment: dict[str, str]) -> None:
        self.asked = 0
        self._process = subprocess.Popen(
            limited(command, limits),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            bufsize=0,
            start_new_session=True,
            env=environment,
        )
        assert self._process.stdout is not None
        with suppress(OSError):  # not granted: slower
            fcntl.fcntl(self._process.stdout, fcntl.F_SETPIPE_SZ, _PIPE)

    @property
    def alive(self) -> bool:
        return self._process.poll() is None

    def write(self, data: bytes) -> None:
        """Raises: BrokenPipeError."""
        assert self._process.stdin is not None
        view = memoryview(data)
        while view:
            view = view[self._process.stdin.write(view) :]

    def read(self, deadline: float) -> bytes:
        """What comes next. Raises: TimeoutError, EOFError."""
        into = bytearray(_PIPE)
        return bytes(into[: self._read_into(memoryview(into), deadline)])

    def _read_into(self, place: memoryview, deadline: float) -> int:
        pipe = self._process.stdout
        assert pipe is not None
        if not select.select([pipe], [], [], max(0.0, deadline - time.monotonic()))[0]:
            raise TimeoutError
        size = os.readv(pipe.fileno(), [place])
        if not size:
            raise EOFError
        return size

    def frame(self, deadline: float) -> bytearray:
        """A length and so many bytes. Raises: TimeoutError, EOFError."""
        return self._exactly(int.from_bytes(self._exactly(_SIZE, deadline), "big"), deadline)

    def _exactly(self, size: int, deadline: float) -> bytearray:
        if size > _MOST:  # a child that we need not believe
            raise EOFError
        got = bytearray(size)
        left = memoryview(got)
        while left:
            left = left[self._read_into(left, deadline) :]
        return got

    def end(self, *, grace: float = 0.0) -> int:
        """Kill it, if it has not ended after ``grace`` seconds. Returns: its exit code (negative: the signal)."""
        with self._process as process:  # closes the pipes, waits
            try:
                process.wait(grace)
            except subprocess.TimeoutExpired:
                process.kill()
        return process.returncode


class Kept:
    """As many children as are asked at once, each kept for the next call."""

    def __init__(self, memory_mb: int, scratch: Path, log_file: Path, modules: Sequence[str] = ()) -> None:
        """``memory_mb``: of one child and of each program that it starts; ``scratch``: for its temporary files;
        ``modules``: what it loads before it is asked.
        """
        self._memory_mb = memory_mb
        self._command = [sys.executable, "-I", "-c", MAIN, str(log_file), *modules]
        self._environment = {**small_environment(), "TMPDIR": str(scratch), "OPENBLAS_NUM_THREADS": "1"}
        self._idle: list[KeptProcess] = []
        self._lock = threading.Lock()
        self._starter = ThreadPoolExecutor(1, "kept")  # a child dies with the thread that started it

    def call(
        self,
        function: str,
        *arguments: object,
        seconds: float,
        answer: Callable[[Any], object] | None = None,
    ) -> tuple[Any, bytearray]:
        """Call ``module:function`` in a child; a child that is killed is asked once more in a new one.

        ``answer``: what the parent says when the function asks back (``kept_child.ask``).
        Returns: what it returned (JSON), and the bytes beside it, if any.
        Raises: Ended; the error of our tree that it raised; EnvironmentProblem when no child can be started.
        """
        question = _framed(pickle.dumps((function, arguments)))
        for last in (False, True):
            child = self._take()
            try:
                said, beside = self._ask(child, question, seconds, answer)
            except TimeoutError:
                child.end()
                raise Ended("timeout") from None
            except (EOFError, BrokenPipeError):
                code = child.end(grace=1.0)
                if last:
                    raise Ended(f"signal {-code}" if code < 0 else "exit") from None
                continue
            except BaseException:
                child.end()
                raise
            self._give_back(child, spent=said.get("why") == MEMORY)
            return _result(said), beside
        raise AssertionError

    def warm_up(self) -> None:
        """Start a child now, without waiting for it; whether that works, the first call will tell."""

        def start() -> None:
            with suppress(EnvironmentProblem):
                self._give_back(self._start(), spent=False)

        self._starter.submit(start)

    def close(self) -> None:
        """End all children."""
        self._starter.shutdown()
        with self._lock:
            while self._idle:
                self._idle.pop().end()

    def _take(self) -> KeptProcess:
        with self._lock:
            while self._idle:
                child = self._idle.pop()
                if child.alive:
                    return child
                child.end()
        return self._starter.submit(self._start).result()

    def _start(self) -> KeptProcess:
        limits = Limits(cpu_seconds=0, memory_mb=0, data_mb=self._memory_mb)
        try:
            child = KeptProcess(self._command, limits, self._environment)
        except OSError as error:
            raise EnvironmentProblem("child_not_started", why=error.strerror or type(error).__name__) from error
        try:
            child.frame(time.monotonic() + _START_SECONDS)
        except (EOFError, TimeoutError):
            raise EnvironmentProblem("child_not_started", why=str(child.end(grace=1.0))) from None
        return child

    def _give_back(self, child: KeptProcess, *, spent: bool) -> None:
        if spent or child.asked >= CALLS:
            child.end()
            return
        with self._lock:
            self._idle.append(child)

    @staticmethod
    def _ask(
        child: KeptProcess, question: bytes, seconds: float, answer: Callable[[Any], object] | None
    ) -> tuple[dict[str, Any], bytearray]:
        child.asked += 1
        deadline = time.monotonic() + seconds
        child.write(question)
        while True:
            said: dict[str, Any] = json.loads(child.frame(deadline))
            beside = child.frame(deadline)
            if "ask" not in said:
                return said, beside
            assert answer is not None
            child.write(_framed(pickle.dumps(answer(said["ask"]))))


def _framed(data: bytes) -> bytes:
    return len(data).to_bytes(_SIZE, "big") + data


def _result(said: dict[str, Any]) -> Any:
    if "ok" in said:
        return said["ok"]
    if "why" in said:
        raise Ended(said["why"], said["trace"])
    kind = getattr(core.errors, said["error"])
    assert issubclass(kind, AktenlotseError)
    raise kind(said["code"], **said["details"])
