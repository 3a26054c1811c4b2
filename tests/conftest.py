"""What all tests share: real servers started by the test, on 127.0.0.1, stopped by their pid. No skips in CI."""

from __future__ import annotations

import json
import os
import pwd
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import psycopg
import pytest

ROOT = Path(__file__).parent.parent
SAMPLES = ROOT / "samples"
PROGRAM = [sys.executable, "-m", "cli"]


def program_of(account: str) -> list[str]:
    """The program as somebody calls it who is signed in to the operating system as ``account``."""
    words = f"import core.account; core.account.account_name = lambda: {account!r}; import cli; cli.main()"
    return [sys.executable, "-c", words]


LONGEST = (  # files that take minutes begin first, so that no core waits for the last one
    "acceptance/test_samples.py",
    "integration/test_killed.py",
    "integration/test_disposal.py",
    "integration/test_rebuild.py",
    "acceptance/test_destruction.py",
    "integration/archive/test_archive_store.py",
    "acceptance/test_web_letters.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    def rank(item: pytest.Item) -> int:
        name = item.path.relative_to(ROOT / "tests").as_posix()
        return LONGEST.index(name) if name in LONGEST else len(LONGEST)

    items.sort(key=rank)


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.skipped and os.environ.get("AKTENLOTSE_NO_SKIPS"):
        report.outcome = "failed"


def free_port() -> int:
    """A TCP port on 127.0.0.1 that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def run_program(
    home: Path, *words: str, check: bool = True, env: Mapping[str, str] | None = None, account: str | None = None
) -> subprocess.CompletedProcess[str]:
    """A command of the product in a process of its own, as a person would call it."""
    result = subprocess.run(
        [*(program_of(account) if account else PROGRAM), "--home", str(home), *words],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
        timeout=600,
        check=False,
    )
    if check and result.returncode:
        raise AssertionError(f"{words} ended with {result.returncode}:\n{result.stdout}\n{result.stderr}")
    return result


def json_lines(result: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    """The JSON Lines that a command printed."""
    return [json.loads(line) for line in result.stdout.splitlines()]


@pytest.fixture(scope="session")
def new_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A new home with the sample town's units, file plan and EFiles: to be copied, not used."""
    folder = tmp_path_factory.mktemp("new") / "home"
    samples = [f"--{name}={SAMPLES / file}" for name, file in SAMPLE_FILES.items()]
    run_program(folder, "init", *samples)
    return folder


@pytest.fixture
def home(new_home: Path, tmp_path: Path) -> Path:
    """A home of one's own, as ``init`` makes it."""
    return Path(shutil.copytree(new_home, tmp_path / "home"))


SAMPLE_FILES = {"units": "units.json", "plan": "fileplan.json", "efiles": "efiles.json"}


class Postgres:
    """A real PostgreSQL cluster; calling it gives the URL of a new empty database."""

    def __init__(self, folder: Path) -> None:
        binaries = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
        if not binaries:
            pytest.fail("PostgreSQL is missing: ./run setup installs it for the tests (apt-get install postgresql)")
        self._folder, self._data, self._port, self._count = folder, folder / "data", free_port(), 0
        self._account: list[str] = []
        if os.getuid() == 0:  # the server refuses to run as root
            self._account = ["runuser", "-u", "postgres", "--"]
            entry = pwd.getpwnam("postgres")
            os.chown(folder, entry.pw_uid, entry.pw_gid)
            for parent in (folder, *folder.parents):
                if parent.stat().st_uid == 0 and parent != Path("/") and not parent.stat().st_mode & 0o001:
                    parent.chmod(parent.stat().st_mode | 0o011)
        self._programs = binaries[-1]
        initdb = [str(self._programs / "initdb"), "-D", str(self._data), "-U", "test", "--auth=trust", "-E", "UTF8"]
        subprocess.run([*self._account, *initdb, "--no-sync"], check=True, capture_output=True, cwd="/")
        self._address = f"host=127.0.0.1 port={self._port} user=test"
        self.start()

    def start(self) -> None:
        """Start the server and wait until it answers."""
        place = ["-D", str(self._data), "-p", str(self._port), "-k", str(self._folder)]
        self._server = subprocess.Popen(
            [
                *(*self._account, str(self._programs / "postgres"), *place),
                *("-c", "listen_addresses=127.0.0.1", "-c", "max_connections=60"),
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
        )
        _wait_for(lambda: psycopg.connect(f"{self._address} dbname=postgres").close(), psycopg.OperationalError)

    def stop(self) -> None:
        """Stop the server at once (fast shutdown); its databases stay."""
        os.kill(int((self._data / "postmaster.pid").read_text().splitlines()[0]), 2)
        self._server.wait(timeout=30)

    def __call__(self) -> str:
        """A new empty database. Returns: ``host:port/name``."""
        self._count += 1
        with psycopg.connect(f"{self._address} dbname=postgres", autocommit=True) as connection:
            connection.execute(f"create database test_{self._count}")
        return f"127.0.0.1:{self._port}/test_{self._count}"


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A real PostgreSQL cluster; calling the fixture gives the URL of a new empty database."""
    folder = tmp_path_factory.mktemp("postgres")
    server = Postgres(folder)
    try:
        yield server
    finally:
        server.stop()
        shutil.rmtree(folder / "data", ignore_errors=True)


def _wait_for(attempt: Callable[[], None], error: type[Exception], seconds: float = 30.0) -> None:
    end = time.monotonic() + seconds
    while True:
        try:
            attempt()
            return
        except error:
            if time.monotonic() > end:
                raise
            time.sleep(0.1)
