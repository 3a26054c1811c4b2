"""Reading: bare Tesseract, OCRmyPDF and ours on the same damaged scans, two pages at a time, in one run.

    ./run bench reading [SCANS OF EACH KIND, default 8] [SEED] [READERS] [KINDS]

``READERS``: any of tesseract, ocrmypdf, ours (the reading alone), pipeline (``aktenlotse ingest``: receive to index,
start of the program included). Prints pages a minute, CPU seconds a page, peak memory of the largest process, and the
character and word error rate by kind of damage. OCRmyPDF is called as paperless-ngx calls it (deskew, rotate), one
job a page.
"""

from __future__ import annotations

import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import img2pdf
from rapidfuzz.distance import Levenshtein

from bench.scans import DAMAGE, Scan, scans
from core.program import small_environment
from core.settings import Settings
from ingest.exec.tesseract import Tesseract
from ingest.formats import inspect
from ingest.pages import open_pages
from ingest.reading import read_page
from services.house import House
from services.indexing import words_of

WORKERS = 2
UNITS = Path(__file__).parent.parent / "samples" / "units.json"


def bare(path: Path, _scratch: Path, _tesseract: Tesseract) -> tuple[str, str]:
    """``tesseract`` as it comes, one thread. Returns: text and status."""
    command = ["tesseract", str(path), "-", "-l", "deu"]
    out = subprocess.run(command, capture_output=True, env=small_environment(), check=True).stdout
    return out.decode(), ""


def ocrmypdf(path: Path, scratch: Path, _tesseract: Tesseract) -> tuple[str, str]:
    """OCRmyPDF with paperless-ngx's settings, one job a page."""
    pdf, text = scratch / f"{path.stem}.pdf", scratch / f"{path.stem}.txt"
    pdf.write_bytes(img2pdf.convert(str(path)))
    command = [sys.executable, "-m", "ocrmypdf", "-q", "-l", "deu", "--jobs", "1", "--deskew", "--rotate-pages"]
    options = ["--rotate-pages-threshold", "12", "--output-type", "pdfa", "--sidecar", str(text)]
    subprocess.run(
        [*command, *options, str(pdf), str(scratch / f"{path.stem}.out.pdf")], check=True, env=small_environment()
    )
    return text.read_text("utf-8"), ""


def ours(path: Path, scratch: Path, tesseract: Tesseract) -> tuple[str, str]:
    """The reading of this project."""
    folder = scratch / path.stem
    folder.mkdir(exist_ok=True)
    with open_pages(path, inspect(path).media_type) as source:
        reading = read_page(source, 1, tesseract, folder)
    return reading.text, f"{reading.status} {reading.orientation} {reading.confidence or 0:.2f}"


def pipeline(pages: list[tuple[Scan, Path]], scratch: Path) -> list[tuple[str, str]]:
    """The whole way of each page in a home of its own. Returns: text and status, in the order of ``pages``."""
    home, inbox = scratch / "home", scratch / "delivered"
    inbox.mkdir()
    for _, path in pages:
        shutil.copyfile(path, inbox / path.name)
    program = [sys.executable, "-m", "cli", "--home", str(home)]
    subprocess.run([*program, "init", "--units", str(UNITS)], check=True, stdout=subprocess.DEVNULL)
    started, before = time.monotonic(), cpu()
    lines = subprocess.run([*program, "ingest", str(inbox), "--json"], check=True, stdout=subprocess.PIPE).stdout
    note_speed("pipeline", len(pages), time.monotonic() - started, cpu() - before)
    read: dict[str, tuple[str, str]] = {}
    house = House(Settings.load(home, os.environ))
    for line in map(json.loads, lines.splitlines()):
        (page,) = words_of(house, line["id"])
        read[line["source_name"]] = page.text, f"{page.status} {page.orientation}"
    house.close()
    return [read[path.name] for _, path in pages]


READERS: dict[str, Callable[[Path, Path, Tesseract], tuple[str, str]]] = {
    "tesseract": bare,
    "ocrmypdf": ocrmypdf,
    "ours": ours,
}


def error_rates(truth: str, read: str) -> tuple[float, float]:
    """Character and word error rate, white space folded."""
    wanted, got = truth.split(), read.split()
    characters = Levenshtein.distance(" ".join(wanted), " ".join(got)) / max(1, len(" ".join(wanted)))
    return min(1.0, characters), min(1.0, Levenshtein.distance(wanted, got) / max(1, len(wanted)))


def cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def note_speed(name: str, pages: int, elapsed: float, used: float) -> None:
    """Print a reader's speed."""
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    print(f"{name}: {60 * pages / elapsed:.0f} pages/min, {used / pages:.2f} CPU s/page, child peak so far {peak} MB")


def measure(name: str, pages: list[tuple[Scan, Path]], scratch: Path) -> None:
    """Read all pages with one reader and print its lines."""
    if name == "pipeline":
        answers = pipeline(pages, scratch)
    else:
        read = READERS[name]
        tesseract = Tesseract.behind_launcher(scratch, "deu", 120, 2048)
        before, started = cpu(), time.monotonic()
        with ThreadPoolExecutor(WORKERS) as pool:
            answers = list(pool.map(lambda item: read(item[1], scratch, tesseract), pages))
        tesseract.close()  # only now do its processes count as ended children
        note_speed(name, len(pages), time.monotonic() - started, cpu() - before)
    for kind in dict.fromkeys(scan.kind for scan, _ in pages):
        rows = [
            (*error_rates(scan.truth, text), status)
            for (scan, _), (text, status) in zip(pages, answers, strict=True)
            if scan.kind == kind
        ]
        characters = sum(row[0] for row in rows) / len(rows)
        words = sum(row[1] for row in rows) / len(rows)
        worst = max(row[0] for row in rows)
        blind = sum(row[0] > 0.10 and row[2].startswith("ok") for row in rows)
        note = f", {blind} over 0.10 called ok" if name in ("ours", "pipeline") else ""
        print(f"  {kind:10} CER {characters:.4f} (worst {worst:.3f})  WER {words:.4f}{note}")
    if os.environ.get("BENCH_VERBOSE"):
        for (scan, _), (text, status) in zip(pages, answers, strict=True):
            print(f"    {scan.kind}-{scan.name} turn {scan.turn} CER {error_rates(scan.truth, text)[0]:.4f} {status}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    readers = sys.argv[3].split(",") if len(sys.argv) > 3 else [*READERS, "pipeline"]
    kinds = sys.argv[4].split(",") if len(sys.argv) > 4 else list(DAMAGE)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        pages = [(scan, scan.save(scratch)) for scan in scans(count, seed) if scan.kind in kinds]
        for name in readers:
            measure(name, pages, scratch)


if __name__ == "__main__":
    main()
