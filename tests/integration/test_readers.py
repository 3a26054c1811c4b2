"""Reading processes: alike in every order, gone with their parent, and no page waits for a dead or hanging one."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

from core.errors import ProgramFailed
from ingest.exec.readers import Readers, language_data
from ingest.exec.tesseract import PROGRAM, Tesseract
from tests.letters import FONT

ASK = {"dpi": 200, "segmentation": 3}


def page(folder: Path, *lines: str) -> Path:
    image = Image.new("L", (1300, 90 * len(lines) + 60), 255)
    draw = ImageDraw.Draw(image)
    for number, line in enumerate(lines):
        draw.text((40, 30 + 90 * number), line, font=ImageFont.truetype(FONT, 34), fill=20)
    path = folder / f"{lines[0][:5]}.pgm"
    cv2.imwrite(str(path), np.asarray(image))
    return path


def processes(parent: int) -> list[int]:
    """Reading processes as ``ps`` names them."""
    found = subprocess.run(["pgrep", "-x", "-P", str(parent), "tesseract"], capture_output=True, text=True, check=False)
    return [int(pid) for pid in found.stdout.split()]


@pytest.fixture
def tesseract(tmp_path: Path) -> Iterator[Tesseract]:
    made = Tesseract.behind_launcher(tmp_path, "deu", 60, 2048)
    yield made
    made.close()


def test_a_page_reads_the_same_whatever_was_read_before(tesseract: Tesseract, tmp_path: Path) -> None:
    first = page(tmp_path, "Antrag auf Wohngeld", "für Frau Zsuzsanna Qvist")
    other = page(tmp_path, "Zsuzsamma Qvlst Zsuzsamma Qvlst", "Zsuzsamma Qvlst Zsuzsamma Qvlst")
    before = tesseract.hocr(first, **ASK)
    tesseract.hocr(other, **ASK)
    assert tesseract.hocr(first, **ASK) == before
    assert "Wohngeld" in before.decode()
    assert len(processes(os.getpid())) == 1  # kept at hand


@pytest.mark.parametrize("when", ["idle", "asked"])
def test_a_page_at_which_the_process_is_killed_is_read_all_the_same(
    when: str, tesseract: Tesseract, tmp_path: Path
) -> None:
    letter = page(tmp_path, "Widerspruch gegen den Bescheid")
    tesseract.hocr(letter, **ASK)
    (pid,) = processes(os.getpid())
    answers: list[bytes] = []
    asking = threading.Thread(target=lambda: answers.append(tesseract.hocr(letter, **ASK)))
    if when == "idle":
        os.kill(pid, signal.SIGKILL)
        asking.start()
    else:
        os.kill(pid, signal.SIGSTOP)
        asking.start()
        time.sleep(0.3)
        os.kill(pid, signal.SIGKILL)
    asking.join(60)
    assert "Widerspruch" in answers[0].decode()
    assert pid not in processes(os.getpid())


def test_a_process_that_hangs_is_ended_in_time(tmp_path: Path) -> None:
    tesseract = Tesseract.behind_launcher(tmp_path, "deu", 3, 2048)
    letter = page(tmp_path, "Mahnung")
    tesseract.hocr(letter, **ASK)
    (pid,) = processes(os.getpid())
    os.kill(pid, signal.SIGSTOP)
    with pytest.raises(ProgramFailed) as failed:
        tesseract.hocr(letter, **ASK)
    assert failed.value.details["why"] == "timeout"
    assert pid not in processes(os.getpid())
    tesseract.close()


def test_a_process_keeps_to_its_memory(tmp_path: Path) -> None:
    data = language_data(PROGRAM)
    assert data is not None
    readers = Readers(data, 60, 64)
    with pytest.raises(ProgramFailed) as failed:
        readers.hocr(page(tmp_path, "Rechnung"), languages="deu", **ASK)
    assert failed.value.details["why"] == "ended"
    readers.close()


PARENT = """
import sys, time
from pathlib import Path
from ingest.exec.readers import Readers
readers = Readers(Path(sys.argv[1]), 60, 2048)
readers.hocr(Path(sys.argv[2]), dpi=200, segmentation=3, languages="deu")
print("read", flush=True)
time.sleep(600)
"""


def test_a_process_dies_with_its_parent(tmp_path: Path) -> None:
    letter = page(tmp_path, "Einladung")
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(language_data(PROGRAM)), str(letter)], stdout=subprocess.PIPE
    ) as parent:
        assert parent.stdout is not None and parent.stdout.readline() == b"read\n"
        (pid,) = processes(parent.pid)
        parent.kill()
    for _ in range(100):
        if not Path(f"/proc/{pid}").exists():
            return
        time.sleep(0.05)
    pytest.fail("the reading process outlives its parent")


def test_another_tesseract_in_front_of_the_path_is_the_one_that_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shim = tmp_path / "bin" / "tesseract"
    shim.parent.mkdir()
    shim.write_text('#!/bin/sh\nexec /usr/bin/tesseract "$@"\n')
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{shim.parent}:{os.environ['PATH']}")
    assert language_data(PROGRAM) is None
