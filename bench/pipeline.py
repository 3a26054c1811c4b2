"""CPU seconds of the whole way of a letter, by step, children included, and the share that is not Tesseract.

    ./run bench pipeline [FOLDER of scans]

One letter at a time, so that every CPU second belongs to one step; Tesseract's own seconds are taken by a shim before
it in PATH. Start of program, router and validator count as "start". The limit (issue A) is 25 % of the whole.
"""

from __future__ import annotations

import os
import resource
import shutil
import sys
import tempfile
import time
from collections import defaultdict
from pathlib import Path

from bench.homes import SAMPLES, sample_home
from models import SYSTEM
from pipeline import DOCUMENT_STEPS
from services.indexing import empty_outbox
from services.intake import BatchFacts, receive, start_batch
from services.opening import open_source
from services.reception import documents_pending
from services.training import train_model

SHIM = """#!/bin/bash
{program} "$@"
code=$?
times >> {record}
exit $code
"""


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def shim(folder: Path) -> Path:
    """Put a shim for Tesseract first in PATH. Returns: the file with the seconds of each run."""
    record, program = folder / "tesseract.times", shutil.which("tesseract")
    (folder / "bin").mkdir()
    script = folder / "bin" / "tesseract"
    script.write_text(SHIM.format(program=program, record=record))
    script.chmod(0o755)
    os.environ["PATH"] = f"{folder / 'bin'}:{os.environ['PATH']}"
    return record


def recorded_seconds(record: Path) -> tuple[float, float]:
    """Of Tesseract and of the shim itself (bash's ``times``: the shell, then its children; user and system)."""
    totals = [0.0, 0.0]
    for number, line in enumerate(record.read_text().splitlines()):
        for part in line.split():
            minutes, seconds = part.rstrip("s").split("m")
            totals[number % 2] += int(minutes) * 60 + float(seconds.replace(",", "."))
    return totals[1], totals[0]


def main() -> None:
    scans = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES / "scans"
    seconds: dict[str, float] = defaultdict(float)
    letters = 0
    with tempfile.TemporaryDirectory() as scratch:
        record = shim(Path(scratch))
        house = sample_home(Path(scratch) / "home")
        train_model(house, SYSTEM, SAMPLES / "labels.jsonl")
        batch = start_batch(house, SYSTEM, BatchFacts())
        house.validator.warm_up()
        whole, wall = cpu(), time.monotonic()
        for file in sorted(path for path in scans.iterdir() if path.is_file()):
            before = cpu()
            arrival = receive(house, SYSTEM, file, batch)
            seconds["receive"] += cpu() - before
            if arrival.known or arrival.state != "working":
                continue
            before = cpu()
            open_source(house, arrival.source_id)
            seconds["open"] += cpu() - before
            for item in documents_pending(house, arrival.source_id):
                letters += 1
                for name, step in DOCUMENT_STEPS:
                    before = cpu()
                    step(house, item.id)
                    seconds[name] += cpu() - before
        before = cpu()
        empty_outbox(house)
        seconds["index"] += cpu() - before
        before = cpu()
        house.close()
        seconds["seal"] += cpu() - before  # the validator's process, start included
        total, elapsed = cpu() - whole, time.monotonic() - wall
        read_by_tesseract, by_shim = recorded_seconds(record)
        runs = len(record.read_text().splitlines()) // 2
    total -= by_shim  # the measurement's own cost is nobody's
    seconds["read"] -= read_by_tesseract + by_shim
    print(f"{letters} letters, {runs} Tesseract runs, {total:.1f} CPU s, {elapsed:.1f} s")
    print(f"{'tesseract':12} {read_by_tesseract:7.2f} s  {read_by_tesseract / total:6.1%}")
    for name, value in seconds.items():
        print(f"{name:12} {value:7.2f} s  {value / total:6.1%}")
    print(f"not Tesseract: {1 - read_by_tesseract / total:.1%}")


if __name__ == "__main__":
    main()
