"""Separator sheets as people print them and as citizens may copy their look."""

from __future__ import annotations

import io
import re
from pathlib import Path

import img2pdf
import pikepdf
import pytest
from pdf2image import convert_from_bytes

from ingest.separators import JobTicket, sheets
from tests.conftest import SAMPLES, json_lines, run_program

LETTER = SAMPLES / "scans" / "01-hundesteuer-abmeldung.pdf"  # one page, belongs to unit 22


def scanned(sheet: bytes) -> bytes:
    """The sheet as a scanner delivers it: a picture."""
    (image,) = convert_from_bytes(sheet, dpi=200, grayscale=True)
    picture = io.BytesIO()
    image.save(picture, "PNG", dpi=(200, 200))
    pdf: bytes = img2pdf.convert(picture.getvalue())
    return pdf


def stack(path: Path, sheet: bytes) -> Path:
    """Letter, sheet, letter."""
    with pikepdf.new() as whole:
        for part in (LETTER.read_bytes(), sheet, LETTER.read_bytes()):
            with pikepdf.open(io.BytesIO(part)) as pdf:
                whole.pages.extend(pdf.pages)
        whole.save(path)
    return path


@pytest.mark.parametrize("as_picture", [True, False], ids=["scanned", "searchable"])
def test_a_printed_sheet_parts_and_says_whose_the_letter_is(home: Path, tmp_path: Path, *, as_picture: bool) -> None:
    pdf = tmp_path / "sheets.pdf"
    run_program(home, "tickets", "print", "--unit", "36", "--count", "2", "--to", str(pdf))
    with pikepdf.open(pdf) as printed:
        assert len(printed.pages) == 2
        del printed.pages[1]
        one = io.BytesIO()
        printed.save(one)
    assert (home / "keys" / "tickets.keys").stat().st_mode & 0o777 == 0o600
    sheet = scanned(one.getvalue()) if as_picture else one.getvalue()
    first, second = json_lines(run_program(home, "ingest", str(stack(tmp_path / "stack.pdf", sheet)), "--json"))
    assert (first["pages"], second["pages"], second["unit"]) == (1, 1, "36")
    assert second["route"]["decided_by"] != "model" and "separator_not_ours" not in second["warnings"]


def test_a_sheet_that_a_citizen_printed_is_a_page_of_the_letter(home: Path, tmp_path: Path) -> None:
    run_program(home, "tickets", "print", "--to", str(tmp_path / "ours.pdf"))  # the town has a key
    code = JobTicket(unit="10", efile="22.1-1/2026").encoded("7XQ2M4K8ZA") + ";c=AAAAAAAAAAAAAAAA"
    sheet = scanned(sheets([code], JobTicket(unit="10")))
    (letter,) = json_lines(run_program(home, "ingest", str(stack(tmp_path / "stack.pdf", sheet)), "--json"))
    assert (letter["pages"], letter["source"]["pages"]) == (3, [1, 2, 3])
    assert letter["unit"] != "10" and "separator_not_ours" in letter["warnings"]


def test_a_new_key_prints_and_the_older_one_is_still_known(home: Path, tmp_path: Path) -> None:
    keys = home / "keys" / "tickets.keys"
    run_program(home, "tickets", "print", "--to", str(tmp_path / "old.pdf"))
    (older,) = keys.read_text().split()
    run_program(home, "tickets", "print", "--new-key", "--to", str(tmp_path / "new.pdf"))
    newer, still = keys.read_text().split()
    assert re.fullmatch("[0-9a-f]{64}", newer) and newer != older == still
    entries = (home / "journal").rglob("*")
    assert not [file for file in entries if file.is_file() and older.encode() in file.read_bytes()]
    stacked = stack(tmp_path / "stack.pdf", (tmp_path / "old.pdf").read_bytes())
    assert len(json_lines(run_program(home, "ingest", str(stacked), "--json"))) == 2
