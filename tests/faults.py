"""Faults of the machine, made for real around a running process of the product, and ended again."""

from __future__ import annotations

import errno
import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.conftest import PROGRAM, ROOT, Postgres

SHIM = ROOT / "tests" / "faulty.c"


def compiled(folder: Path) -> Path:
    """The library that makes calls fail (``tests/faulty.c``)."""
    library = folder / "faulty.so"
    command = ["gcc", "-shared", "-fPIC", "-O2", "-o", str(library), str(SHIM), "-ldl"]
    subprocess.run(command, check=True)
    return library


@dataclass
class Machine:
    """A home with ``watch`` running on it, whose disk, clock, limits and programs can be made sick."""

    home: Path
    folder: Path  # for what the faults need
    postgres: Postgres | None = None
    environment: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.copy = self.folder / "copy"
        self.copy.mkdir()
        self.programs = self.folder / "programs"
        self.programs.mkdir()
        (self.programs / "tesseract").symlink_to(Path(str(shutil.which("tesseract"))))
        self.told = self.folder / "told"
        library = compiled(self.folder)
        if self.postgres is not None:
            self.environment["AKTENLOTSE_DATABASE"] = f"postgresql+psycopg://test@{self.postgres()}"
            self.environment["AKTENLOTSE_JOBS"] = f"postgresql://test@{self.postgres()}"
        self.environment["AKTENLOTSE_ARCHIVE_COPY"] = str(self.copy)
        self.watching = {
            **self.environment,
            "AKTENLOTSE_QUIET_SECONDS": "0.2",
            "AKTENLOTSE_SCAN_SECONDS": "0.5",
            "LD_PRELOAD": str(library),
            "FAULTY": str(self.told),
            "PATH": f"{self.programs}:{self.path_without_tesseract()}",
        }

    def path_without_tesseract(self) -> str:
        """All programs but Tesseract, by links, so that it can be taken away."""
        rest = self.folder / "rest"
        rest.mkdir()
        for place in os.environ["PATH"].split(":"):
            for program in Path(place).iterdir() if Path(place).is_dir() else ():
                if program.name != "tesseract" and not (rest / program.name).is_symlink():
                    (rest / program.name).symlink_to(program)
        return str(rest)

    def watch(self, output: Path) -> None:
        """Start ``watch``; what it says goes to ``output``."""
        with output.open("ab") as stream:
            self.process = subprocess.Popen(
                [*PROGRAM, "--home", str(self.home), "watch"],
                stdout=stream,
                stderr=stream,
                cwd=ROOT,
                env={**os.environ, **self.watching},
                start_new_session=True,
            )

    def stop(self) -> int:
        """End ``watch`` as a service manager does. Returns: its exit code."""
        self.process.terminate()
        return self.process.wait(timeout=120)

    # -- the faults: each begins, and gives the act that ends it ----------------------------------------------

    def away(self, *paths: Path) -> Callable[[], None]:
        """Folders or files are gone, as a disk that is not mounted."""
        for path in paths:
            path.rename(path.with_name(f"{path.name}.away"))

        def back() -> None:
            for path in paths:
                if path.is_dir():
                    shutil.rmtree(path)
                path.with_name(f"{path.name}.away").rename(path)

        return back

    def tell(self, words: str) -> Callable[[], None]:
        """The preloaded library does what ``words`` say."""
        part = self.told.with_name("told.part")
        part.write_text(words)
        part.rename(self.told)
        return self.told.unlink

    def limit(self, kind: int, value: int) -> Callable[[], None]:
        """A limit of the running process is lowered."""
        before = resource.prlimit(self.process.pid, kind)
        resource.prlimit(self.process.pid, kind, (value, before[1]))
        return lambda: resource.prlimit(self.process.pid, kind, before) and None

    def jobs_lost(self) -> Callable[[], None]:
        """The job database is deleted while it is used."""
        for name in ("jobs.db", "jobs.db-wal", "jobs.db-shm"):
            (self.home / name).unlink(missing_ok=True)
        return lambda: None

    def database_away(self) -> Callable[[], None]:
        """The server is stopped; SQLite's files give errors of the disk."""
        if self.postgres is not None:
            self.postgres.stop()
            return self.postgres.start
        return self.tell(f"{errno.EIO}r {self.home / 'aktenlotse.db'}")

    def few_files(self) -> Callable[[], None]:
        """As many files as are open now may be open."""
        now = len(list(Path(f"/proc/{self.process.pid}/fd").iterdir()))
        return self.limit(resource.RLIMIT_NOFILE, now + 3)

    def little_memory(self) -> Callable[[], None]:
        """No more address space than is used now."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[0])
        return self.limit(resource.RLIMIT_AS, pages * resource.getpagesize() + (8 << 20))


def faults(machine: Machine) -> Mapping[str, Callable[[], Callable[[], None]]]:
    """Each fault by its name: the act that begins it gives the act that ends it."""
    home = machine.home
    return {
        "archive": lambda: machine.away(home / "archive"),
        "spool": lambda: machine.away(home / "staging", home / "work"),
        "database": machine.database_away,
        "jobs": lambda: machine.tell(f"{errno.EIO}r {home / 'jobs.db'}"),
        "jobs_lost": machine.jobs_lost,
        "index": lambda: machine.tell(f"{errno.EIO}r {home / 'index'}"),
        "copy": lambda: machine.away(machine.copy),
        "full": lambda: machine.tell(f"{errno.ENOSPC} {home}/"),
        "read_only": lambda: machine.tell(f"{errno.EROFS} {home}/"),
        "files": machine.few_files,
        "device": lambda: machine.tell(f"{errno.EIO}r {home / 'archive'}"),
        "clock": lambda: machine.tell("clock -5400"),
        "tesseract": lambda: machine.away(machine.programs / "tesseract"),
        "memory": machine.little_memory,
    }
