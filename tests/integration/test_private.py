"""What lies in the home is for its account alone, and programs of others learn nothing of our environment."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from archive import Validator
from core.durable import keep_private, move_into
from core.program import Limits, launcher_folder, run, write_launcher
from core.settings import Settings
from ingest.exec.readers import Readers, language_data
from services.health import Finding, examine_home
from services.house import open_house
from tests.conftest import PROGRAM, ROOT, SAMPLES, free_port, json_lines, run_program

LETTER = SAMPLES / "scans" / "01-hundesteuer-abmeldung.pdf"
UNBUFFERED = {**os.environ, "PYTHONUNBUFFERED": "1"}
SECRETS = {"AKTENLOTSE_ELASTICSEARCH_KEY": "geheim-1", "PGPASSWORD": "geheim-2", "AKTENLOTSE_DATABASE": "geheim-3"}


def opened_to_others(home: Path) -> list[str]:
    """What of the home has any right for group or others."""
    found = [home, *(path for path in home.rglob("*") if path.relative_to(home).parts[0] != "inbox")]
    return [f"{path} {path.lstat().st_mode:o}" for path in found if path.lstat().st_mode & 0o077]


@pytest.fixture(params=[0o000, 0o022], ids=["umask 000", "umask 022"])
def careless(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


@pytest.mark.usefixtures("careless")
def test_nothing_in_the_home_is_open_to_other_accounts(tmp_path: Path) -> None:
    home = tmp_path / "home"
    home.mkdir(mode=0o777)
    run_program(home, "init", "--units", str(SAMPLES / "units.json"))
    given = home / "inbox" / "brief.pdf"
    given.write_bytes(LETTER.read_bytes())
    given.chmod(0o666)
    broken = tmp_path / "leer.pdf"
    broken.write_bytes(b"")
    (line,) = json_lines(run_program(home, "ingest", str(given), "--move", "--json"))
    run_program(home, "ingest", str(broken), "--json", check=False)
    run_program(home, "search", "Hund")
    run_program(home, "archive", "export", line["id"], "--to", str(tmp_path / "export"))
    port = free_port()
    words = ["--home", str(home), "serve", "--port", str(port)]
    with subprocess.Popen([*PROGRAM, *words], stdout=subprocess.PIPE, cwd=ROOT, env=UNBUFFERED) as serve:
        assert serve.stdout is not None and serve.stdout.readline()
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=60) as answer:
            assert answer.status == 200
        serve.send_signal(signal.SIGTERM)
        serve.wait(timeout=60)
    assert not opened_to_others(home)
    assert not opened_to_others(tmp_path / "export")


@pytest.mark.usefixtures("careless")
def test_what_watch_takes_is_closed_too(home: Path) -> None:
    run_program(home, "init")
    given = home / "inbox" / "brief.txt"
    given.write_text("Sehr geehrte Damen und Herren, ich melde meinen Hund ab.")
    given.chmod(0o666)
    environment = {**UNBUFFERED, "AKTENLOTSE_QUIET_SECONDS": "0.1"}
    words = [*PROGRAM, "--home", str(home), "watch"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment) as watch:
        assert watch.stdout is not None
        assert any("brief.txt" in line for line in watch.stdout)
        watch.send_signal(signal.SIGTERM)
        watch.wait(timeout=120)
    (done,) = (home / "done").rglob("brief.txt")
    assert done.stat().st_mode & 0o777 == 0o600
    assert not [line for line in opened_to_others(home) if "/work/" in line or "/done/" in line or "jobs" in line]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a file of another account")
def test_a_file_of_another_account_becomes_ours() -> None:
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        inbox, done = Path(place, "inbox"), Path(place, "done")
        for folder in (Path(place), inbox, done):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o777)
        (inbox / "brief.txt").write_text("Brief")
        os.chown(inbox / "brief.txt", 65534, 65534)
        (inbox / "brief.txt").chmod(0o644)
        child = os.fork()
        if not child:
            os.setgid(12345)
            os.setuid(12345)
            keep_private()
            os._exit(0 if move_into(inbox / "brief.txt", done).read_text() == "Brief" else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        moved = (done / "brief.txt").stat()
        assert (moved.st_uid, moved.st_mode & 0o777) == (12345, 0o600)


def test_doctor_names_what_is_open_and_its_advice_mends_it(home: Path) -> None:
    run_program(home, "init")
    (home / "aktenlotse.db").chmod(0o644)
    home.chmod(0o750)
    (home / "inbox").chmod(0o2770)
    before = privacy(home)
    assert not before.ok and "aktenlotse.db" in before.detail and "inbox" not in before.detail
    subprocess.run(["chmod", "go=", *shlex.split(before.detail)], check=True)
    assert privacy(home).ok


def privacy(home: Path) -> Finding:
    with open_house(Settings(home=home)) as house:
        (finding,) = [finding for finding in examine_home(house) if finding.part == "privacy"]
    return finding


def test_programs_of_others_get_no_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    shim = tmp_path / "bin" / "pdfinfo"
    shim.parent.mkdir()
    shim.write_text("#!/bin/sh\nexec env\n")
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    limits = Limits(20, 20)
    told = {
        "run": run(["env"], limits).decode(),
        "launcher": _printed(write_launcher(tmp_path / "launcher", "env", limits)),
        "folder": _printed(launcher_folder(("pdfinfo",), limits) / "pdfinfo"),
    }
    for kind, lines in told.items():
        assert "PATH=" in lines and "OMP_THREAD_LIMIT=1" in lines, kind
        assert "geheim" not in lines, kind


def test_kept_processes_get_no_secret(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    data = language_data("tesseract")
    assert data is not None
    image = tmp_path / "page.pgm"
    Image.new("L", (60, 60), 255).save(image)
    readers, validator = Readers(data, 60, 2048), Validator(Settings(home=tmp_path).verapdf)
    try:
        readers.hocr(image, dpi=300, segmentation=3, languages="deu")
        validator.validate(ROOT / "archive" / "data" / "sample.pdf")
        children = [
            Path(f"/proc/{pid}/environ").read_text()
            for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
        ]
    finally:
        readers.close()
        validator.close()
    assert not [environ for environ in children if "geheim" in environ]


def _printed(program: Path) -> str:
    return subprocess.run([str(program)], check=True, capture_output=True, text=True).stdout
