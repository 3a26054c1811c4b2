"""Rebuild of a whole archive, and reading all of it again.

    ./run bench archive [--documents 10000] [--keep FOLDER]

The letters are plain text, so nothing is recognised, and their PDF/A is one file made before (as if sealed): everything
else, from ``receive`` to the filed object and its journal entries, is done by the product's own functions. The disk is
not waited for while they are made (no fsync): only the rebuild and the verification are measured, by the clock and in
CPU seconds of this process (which a loaded machine falsifies less).
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from core.settings import Settings
from models import SYSTEM
from services import registry
from services.filing import file_document
from services.house import House, make_home, open_house
from services.intake import BatchFacts, receive, start_batch
from services.opening import open_source
from services.proving import verify_archive
from services.reading import read_document
from services.rebuilding import differences, rebuild
from services.reception import documents_pending
from services.routing import route_document
from services.sealing import PDF, VERDICT, seal_document

SAMPLES = Path(__file__).parent.parent / "samples"
PDFA = Path(__file__).parent.parent / "archive" / "data" / "sample.pdf"
SAID = {
    "pdf": True,
    "rung": "a",
    "flavour": "2u",
    "valid": True,
    "verdict": {"validator": "none (bench)", "version": "0"},
    "gate": {},
    "warnings": [],
}


def fill(house: House, count: int, scratch: Path) -> None:
    """``count`` letters, archived by the product's own functions."""
    batch = ""
    for number in range(count):
        if number % 200 == 0:
            batch = start_batch(house, SYSTEM, BatchFacts("Bench", "fi-7160", "200 dpi", f"K-{number // 200}"))
        path = scratch / f"brief-{number:06}.txt"
        path.write_text(
            f"Betreff: Schreiben Nummer {number}\n\nSehr geehrte Damen und Herren,\n"
            f"bitte senden Sie mir den Bescheid zum Zeichen {number}/26.\n" + f"Zeile {number}. " * 60,
            "utf-8",
        )
        source_id = receive(house, SYSTEM, path, batch).source_id
        path.unlink()
        open_source(house, source_id)
        for item in documents_pending(house, source_id):
            read_document(house, item.id)
            route_document(house, item.id)
            folder = house.work_folder(item.id)
            shutil.copyfile(PDFA, folder / PDF)
            (folder / VERDICT).write_text(json.dumps(SAID))
            seal_document(house, item.id)
            file_document(house, item.id)
        if number % 500 == 499:
            print(f"{number + 1} letters", file=sys.stderr)


def _do_not_wait_for_the_disk(house: House) -> Any:
    """SQLite and our own writing without fsync, for making the letters only. Returns: how to undo it."""
    kept = os.fsync
    os.fsync = lambda fd: None  # noqa: ARG005

    def hasty(connection: Any, _record: Any) -> None:
        connection.execute("PRAGMA synchronous=OFF")

    sa.event.listen(house.database.engine, "connect", hasty)
    house.database.engine.dispose()

    def undo() -> None:
        os.fsync = kept

    return undo


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--keep", type=Path, help="folder in which everything is left")
    wishes = parser.parse_args()
    folder = wishes.keep or Path(tempfile.mkdtemp(prefix="bench-archive-"))
    folder.mkdir(parents=True, exist_ok=True)
    make_home(folder / "home")
    begun = time.monotonic()
    with open_house(Settings(home=folder / "home")) as house:
        registry.set_up(house, "bench")
        registry.load_units(house, SYSTEM, SAMPLES / "units.json")
        undo = _do_not_wait_for_the_disk(house)
        fill(house, wishes.documents, folder)
        undo()
        made = time.monotonic() - begun
        entries, _ = house.journal.head()
        begun, used = time.monotonic(), time.process_time()
        report = verify_archive(house, SYSTEM)
        verified, verified_cpu = time.monotonic() - begun, time.process_time() - used
        make_home(folder / "rebuilt")
        for name in ("archive", "journal", "keys", "quarantine", "routing-models"):
            shutil.rmtree(folder / "rebuilt" / name)
            (folder / "rebuilt" / name).symlink_to(folder / "home" / name)
        begun, used = time.monotonic(), time.process_time()
        with open_house(Settings(home=folder / "rebuilt")) as copy:
            counts = rebuild(copy)
            rebuilt, rebuilt_cpu = time.monotonic() - begun, time.process_time() - used
            different = differences(house, copy)
    print(f"made        {wishes.documents} documents in {made:.0f} s (without waiting for the disk)")
    print(f"verified    {report['objects']} objects, {report['bytes'] / 1e6:.0f} MB in {verified:.1f} s:", end=" ")
    print(f"{report['bytes'] / 1e6 / verified:.1f} MB/s, {report['objects'] / verified:.0f} objects/s,", end=" ")
    print(f"{verified_cpu:.1f} s of CPU,", end=" ")
    print(f"{len(report['findings'])} findings")
    print(f"rebuilt     {counts['documents']} documents from {entries} entries in {rebuilt:.1f} s:", end=" ")
    print(f"{counts['documents'] / rebuilt:.0f} documents/s, {rebuilt_cpu:.1f} s of CPU;", end=" ")
    print(f"different rows: {different or 'none'}")
    if wishes.keep is None:
        shutil.rmtree(folder)
    if different or report["findings"]:
        sys.exit(1)


if __name__ == "__main__":
    main()
