"""CPU seconds of the whole way of a letter, by step, children included, and the share that is not Tesseract.

    ./run bench pipeline [FOLDER of scans]

One letter at a time, so that every CPU second belongs to one step. Tesseract's seconds are those of its reading
processes (their start included), the validator's belong to "seal". The aim is 25 % of the whole.
"""

from __future__ import annotations

import resource
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


def cpu() -> float:
    """CPU seconds of this process and of its children that have ended."""
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def main() -> None:
    scans = Path(sys.argv[1]) if len(sys.argv) > 1 else SAMPLES / "scans"
    seconds: dict[str, float] = defaultdict(float)
    letters = 0
    with tempfile.TemporaryDirectory() as scratch:
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
        house.tesseract.close()  # only now do its processes count as ended children
        read_by_tesseract = cpu() - before
        before = cpu()
        house.close()
        seconds["seal"] += cpu() - before  # the validator's process, start included
        total, elapsed = cpu() - whole, time.monotonic() - wall
    print(f"{letters} letters, {total:.1f} CPU s, {elapsed:.1f} s")
    print(f"{'tesseract':12} {read_by_tesseract:7.2f} s  {read_by_tesseract / total:6.1%}")
    for name, value in seconds.items():
        print(f"{name:12} {value:7.2f} s  {value / total:6.1%}")
    print(f"not Tesseract: {1 - read_by_tesseract / total:.1%}")


if __name__ == "__main__":
    main()
