"""The validator process: it lives long, dies well and never takes a letter with it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from archive import Validator
from archive.exec.verapdf import SAMPLE
from core.errors import ProgramMissing
from core.settings import Settings
from tests.integration.archive import archive_pdfs as pdfs

HOME = Settings(home=Path("/")).verapdf


def test_sample_is_valid_and_a_plain_pdf_is_not(validator: Validator, tmp_path: Path) -> None:
    assert validator.validate(SAMPLE).flavour == "2u"
    plain = pdfs.write(tmp_path, "mit leer zeichen & ümlaut\t.pdf", pdfs.text_pdf())
    auto = validator.validate(plain)
    assert not auto.valid and auto.flavour is None and auto.error is None
    asked = validator.validate(plain, "2b")
    assert not asked.valid and asked.failed


def test_rubbish_gets_a_verdict(validator: Validator, tmp_path: Path) -> None:
    for data in (b"", b"%PDF-1.7\nrubbish", pdfs.owner_password()[:400]):
        verdict = validator.validate(pdfs.write(tmp_path, "x.pdf", data))
        assert not verdict.valid and verdict.error


def test_restarts_after_a_kill_and_answers_many_threads() -> None:
    validator = Validator(HOME)
    try:
        assert validator.validate(SAMPLE).valid
        process = validator._process
        assert process is not None
        os.kill(process.pid, signal.SIGKILL)
        with ThreadPoolExecutor(4) as threads:
            assert all(verdict.valid for verdict in threads.map(validator.validate, [SAMPLE] * 12))
    finally:
        validator.close()


def test_hanging_validator_is_given_up() -> None:
    validator = Validator(HOME)
    try:
        assert validator.validate(SAMPLE).valid
        validator._seconds = 1.0
        process = validator._running()
        os.kill(process.pid, signal.SIGSTOP)
        verdict = validator.validate(SAMPLE)
        assert verdict.error == "timeout" and not verdict.valid
        assert process.poll() is not None
    finally:
        validator.close()


def test_dies_with_its_parent() -> None:
    code = (
        "import sys,time; from pathlib import Path; from archive import Validator\n"
        f"v = Validator(Path({str(HOME)!r})); v.validate(Path({str(SAMPLE)!r}))\n"
        "print(v._process.pid, flush=True); time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    parent.stdout.close()
    for _ in range(100):
        if not _lives(pid):
            return
        time.sleep(0.1)
    raise AssertionError("the JVM outlives its parent")


def _lives(pid: int) -> bool:
    try:
        return " Z " not in Path(f"/proc/{pid}/stat").read_text()
    except FileNotFoundError:
        return False


def test_missing_set_up_is_named(tmp_path: Path) -> None:
    validator = Validator(tmp_path)
    with pytest.raises(ProgramMissing):
        validator.validate(SAMPLE)
    validator.close()
