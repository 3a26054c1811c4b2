"""Reading: bare Tesseract, OCRmyPDF and ours on the same damaged scans, two pages at a time, in one run.

    ./run bench reading [SCANS OF EACH KIND, default 8] [SEED]

Prints pages a minute, CPU seconds a page, peak memory of the largest process, and the character and word error rate by
kind of damage. OCRmyPDF is called as paperless-ngx calls it (deskew, rotate) with two jobs.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import img2pdf
from rapidfuzz.distance import Levenshtein

from bench.scans import Scan, scans
from core.program import one_thread
from ingest.exec.tesseract import Tesseract
from ingest.formats import inspect
from ingest.pages import open_pages
from ingest.reading import read_page

WORKERS = 2


def bare(path: Path, _scratch: Path) -> tuple[str, str]:
    """``tesseract`` as it comes, one thread. Returns: text and status."""
    command = ["tesseract", str(path), "-", "-l", "deu"]
    out = subprocess.run(command, capture_output=True, env=one_thread(), check=True).stdout
    return out.decode(), ""


def ocrmypdf(path: Path, scratch: Path) -> tuple[str, str]:
    """OCRmyPDF with paperless-ngx's settings, one job a page."""
    pdf, text = scratch / f"{path.stem}.pdf", scratch / f"{path.stem}.txt"
    pdf.write_bytes(img2pdf.convert(str(path)))
    command = [sys.executable, "-m", "ocrmypdf", "-q", "-l", "deu", "--jobs", "1", "--deskew", "--rotate-pages"]
    options = ["--rotate-pages-threshold", "12", "--output-type", "pdfa", "--sidecar", str(text)]
    subprocess.run([*command, *options, str(pdf), str(scratch / f"{path.stem}.out.pdf")], check=True, env=one_thread())
    return text.read_text("utf-8"), ""


def ours(path: Path, scratch: Path) -> tuple[str, str]:
    """The reading of this project."""
    tesseract = Tesseract.behind_launcher(scratch, "deu", 120, 2048)
    folder = scratch / path.stem
    folder.mkdir(exist_ok=True)
    with open_pages(path, inspect(path).media_type) as source:
        reading = read_page(source, 1, tesseract, folder)
    return reading.text, f"{reading.status} {reading.orientation} {reading.confidence or 0:.2f}"


READERS: dict[str, Callable[[Path, Path], tuple[str, str]]] = {"tesseract": bare, "ocrmypdf": ocrmypdf, "ours": ours}


def error_rates(truth: str, read: str) -> tuple[float, float]:
    """Character and word error rate, white space folded."""
    wanted, got = truth.split(), read.split()
    characters = Levenshtein.distance(" ".join(wanted), " ".join(got)) / max(1, len(" ".join(wanted)))
    return min(1.0, characters), min(1.0, Levenshtein.distance(wanted, got) / max(1, len(wanted)))


def cpu() -> float:
    own, children = resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime


def measure(name: str, pages: list[tuple[Scan, Path]], scratch: Path) -> None:
    """Read all pages with one reader and print its lines."""
    read = READERS[name]
    before, started = cpu(), time.monotonic()
    with ThreadPoolExecutor(WORKERS) as pool:
        answers = list(pool.map(lambda item: read(item[1], scratch), pages))
    elapsed, used = time.monotonic() - started, cpu() - before
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
    speed = f"{60 * len(pages) / elapsed:.0f} pages/min, {used / len(pages):.2f} CPU s/page"
    print(f"{name}: {speed}, child peak {peak} MB")
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
        note = f", {blind} over 0.10 called ok" if name == "ours" else ""
        print(f"  {kind:10} CER {characters:.4f} (worst {worst:.3f})  WER {words:.4f}{note}")
    if os.environ.get("BENCH_VERBOSE"):
        for (scan, _), (text, status) in zip(pages, answers, strict=True):
            print(f"    {scan.kind}-{scan.name} turn {scan.turn} CER {error_rates(scan.truth, text)[0]:.4f} {status}")


def main() -> None:
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 8
    seed = int(sys.argv[2]) if len(sys.argv) > 2 else 1
    readers = sys.argv[3].split(",") if len(sys.argv) > 3 else list(READERS)
    with tempfile.TemporaryDirectory() as folder:
        scratch = Path(folder)
        pages = [(scan, scan.save(scratch)) for scan in scans(count, seed)]
        for name in readers:
            measure(name, pages, scratch)


if __name__ == "__main__":
    main()
