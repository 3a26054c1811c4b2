"""Running external programs: own process group, dies with us, limits on time and memory, one thread, a small
environment: what we know by our environment (keys, database passwords) is none of their business."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from core.errors import ProgramFailed, ProgramMissing
from core.ids import new_id

HANDED_ON = (  # of our environment to programs of others: where things are, language, time zone
    *("PATH", "HOME", "TMPDIR", "LANG", "LC_ALL", "LC_CTYPE", "TZ"),
    *("LD_LIBRARY_PATH", "TESSDATA_PREFIX", "JAVA_HOME"),
)
ONE_THREAD = {"OMP_THREAD_LIMIT": "1", "OMP_NUM_THREADS": "1"}  # the pages run in parallel, not the lines


@dataclass(frozen=True, slots=True)
class Limits:
    """What a program may use: wall seconds; CPU seconds, address space and memory of its own in MiB (0: no limit).

    Address space counts what is only reserved, too; ``data_mb`` counts what a program can fill.
    """

    seconds: float = 120.0
    cpu_seconds: int = 120
    memory_mb: int = 1000
    data_mb: int = 0


def limited(command: Sequence[str], limits: Limits) -> list[str]:
    """``command`` behind the launcher of util-linux: it dies with its parent and keeps to its limits."""
    prefix = ["setpriv", "--pdeathsig", "KILL", "prlimit", "--core=0"]
    if limits.cpu_seconds:
        prefix.append(f"--cpu={_at_most(resource.RLIMIT_CPU, limits.cpu_seconds)}")
    if limits.memory_mb:
        prefix.append(f"--as={_at_most(resource.RLIMIT_AS, limits.memory_mb << 20)}")
    if limits.data_mb:
        prefix.append(f"--data={_at_most(resource.RLIMIT_DATA, limits.data_mb << 20)}")
    return [*prefix, *command]


def _at_most(kind: int, wanted: int) -> int:
    """``wanted``, or our own hard limit where that is lower: a limit can be lowered by anybody, raised by few."""
    hard = resource.getrlimit(kind)[1]
    return wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)


def small_environment() -> dict[str, str]:
    """What a program of others gets of our environment, with OpenMP held to one thread."""
    return {name: os.environ[name] for name in HANDED_ON if name in os.environ} | ONE_THREAD


def need(program: str) -> str:
    """The path of a program. Raises: ProgramMissing."""
    path = shutil.which(program)
    if path is None:
        raise ProgramMissing(program=program)
    return path


def run(command: Sequence[str], limits: Limits, *, stdin: bytes | None = None) -> bytes:
    """Run a program to its end and return what it printed.

    Raises: ProgramMissing, ProgramFailed (``details['why']`` is the exit code, the signal or ``timeout``).
    """
    need(command[0])
    process = subprocess.Popen(
        limited(command, limits),
        stdin=subprocess.PIPE if stdin is not None else subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        start_new_session=True,
        env=small_environment(),
    )
    try:
        out, _ = process.communicate(stdin, timeout=limits.seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        raise ProgramFailed(program=command[0], why="timeout") from None
    if process.returncode:
        raise ProgramFailed(program=command[0], why=str(process.returncode))
    return out


def write_launcher(path: Path, program: str, limits: Limits) -> Path:
    """Write an executable that starts ``program`` within ``limits`` (for libraries that take only a path).

    It replaces itself by the program, so that a signal to its pid reaches the program. Returns: ``path``.
    """
    bounds = ["ulimit -c 0", f"ulimit -t {_at_most(resource.RLIMIT_CPU, limits.cpu_seconds)}"]
    if limits.memory_mb:
        bounds.append(f"ulimit -v {_at_most(resource.RLIMIT_AS, limits.memory_mb << 20) >> 10}")
    handed_on = " ".join(f'${{{name}+"{name}=${name}"}}' for name in HANDED_ON)
    one_thread = " ".join(f"{name}={value}" for name, value in ONE_THREAD.items())
    script = (  # the shell's own limits: one program less to start for every page
        f"#!/bin/sh\n{' && '.join(bounds)} || exit 1\n"
        f'exec setsid env -i {handed_on} {one_thread} setpriv --pdeathsig KILL {program} "$@"\n'
    )
    if not path.is_file() or path.read_text() != script:
        part = path.with_name(f"{path.name}.{new_id(6)}")
        part.write_text(script)
        part.chmod(0o700)
        part.replace(path)
    return path


def launcher_folder(programs: tuple[str, ...], limits: Limits) -> Path:
    """A folder with a launcher for each of ``programs`` (for libraries that take only a folder). It goes at our end.

    Raises: ProgramMissing.
    """
    for program in programs:
        need(program)
    return Path(_launchers(tempfile.gettempdir(), programs, limits).name)


@cache
def _launchers(parent: str, programs: tuple[str, ...], limits: Limits) -> tempfile.TemporaryDirectory[str]:
    folder = tempfile.TemporaryDirectory(prefix="programs-", dir=parent)
    for program in programs:
        write_launcher(Path(folder.name) / program, program, limits)
    return folder
