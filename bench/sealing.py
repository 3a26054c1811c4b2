"""What sealing a scanned page costs besides OCR, warm: PDF/A with its text layer, equality gate, validation, database.

    ./run bench sealing [ROUNDS, default 8]

The sample scans are received, opened and read once; then each is sealed anew, round after round, one at a time. The
first rounds warm the validator's JVM and are not counted. The limit (issue D) is 60 ms a page.
"""

from __future__ import annotations

import statistics
import sys
import tempfile
import time
from contextlib import closing
from pathlib import Path

import sqlalchemy as sa

from bench.homes import SAMPLES, sample_home
from models import SYSTEM, Document, State
from services.house import House
from services.intake import BatchFacts, receive, start_batch
from services.opening import open_source
from services.reading import readings_of
from services.reception import documents_pending
from services.sealing import VERDICT, seal_document, verdict_of

WARMING = 3  # rounds


def read_all(house: House) -> dict[str, int]:
    """The scanned sample letters, read. Returns: Document's id -> number of its pages."""
    batch = start_batch(house, SYSTEM, BatchFacts())
    for file in sorted(path for path in (SAMPLES / "scans").iterdir() if path.is_file()):
        arrival = receive(house, SYSTEM, file, batch)
        if not arrival.known and arrival.state == State.WORKING:
            open_source(house, arrival.source_id)
            for item in documents_pending(house, arrival.source_id):
                readings_of(house, item.id)
    with house.database.read() as session:
        documents = session.scalars(sa.select(Document)).all()
        return {document.id: len(document.pages) for document in documents}


def seconds_of(house: House, id: str) -> float:
    """One sealing, from the words to the verdict in the database."""
    (house.work_folder(id) / VERDICT).unlink(missing_ok=True)
    started = time.perf_counter()
    seal_document(house, id)
    return time.perf_counter() - started


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    with tempfile.TemporaryDirectory() as scratch, closing(sample_home(Path(scratch) / "home")) as house:
        pages = read_all(house)
        times: dict[str, list[float]] = {id: [] for id in pages}
        for number in range(WARMING + rounds):
            for id in pages:
                taken = seconds_of(house, id)
                if number >= WARMING:
                    times[id].append(taken / pages[id] * 1000)
        scanned = [id for id in pages if verdict_of(house, id)["rung"] == "a"]
        other = [id for id in pages if id not in scanned]
        for name, ids in (("scans, original images kept", scanned), ("all other ways", other)):
            medians = sorted(statistics.median(times[id]) for id in ids)
            print(f"{name}: {len(ids)} letters, {sum(pages[id] for id in ids)} pages;", end=" ")
            print(f"ms a page: median {statistics.median(medians):.0f}, slowest letter {medians[-1]:.0f}")


if __name__ == "__main__":
    main()
