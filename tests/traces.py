"""Where a word is left in a home folder: in raw bytes, behind gzip and zip, and in the text of PDFs."""

from __future__ import annotations

import gzip
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path


def traces(home: Path, word: str) -> set[str]:
    """The files (relative to ``home``) in whose name or contents the word stands, in any case."""
    wanted = word.lower().encode()
    return {
        str(path.relative_to(home))
        for path in home.rglob("*")
        if path.is_file()
        and (word.lower() in path.name.lower() or any(wanted in data.lower() for data in _contents(path)))
    }


def _contents(path: Path) -> Iterator[bytes]:
    data = path.read_bytes()
    yield data
    if data[:2] == b"\x1f\x8b":
        yield gzip.decompress(data)
    elif data[:5] == b"%PDF-":
        yield subprocess.run(["pdftotext", str(path), "-"], capture_output=True, check=False).stdout
    elif data[:2] == b"PK":
        with zipfile.ZipFile(path) as packed:
            for name in packed.namelist():
                yield packed.read(name)


def dog_tax_file(reference: str, word: str) -> dict[str, object]:
    """An EFile with one Case, as ``efile load`` takes it, whose names hold a word to be looked for."""
    return {
        "reference": reference,
        "title": f"Hundesteuer {word}",
        "unit": "22",
        "plan": "22.3",
        "opened_on": "2009-02-03",
        "sender": [f"Fritz {word}"],
        "cases": [{"reference": f"{reference}/1", "title": f"Abmeldung {word}"}],
    }
