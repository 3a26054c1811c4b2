"""Odd files in one folder with good letters: each ends in one state with a sentence, and no letter is lost unseen."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pikepdf
from PIL import Image

from tests.conftest import json_lines, run_program
from tests.letters import small_scan, small_text, without_width


def odd_files(folder: Path) -> dict[str, str]:
    """Write them. Returns: the reason that each must have."""
    letter = io.BytesIO()
    with pikepdf.new() as pdf:
        pdf.add_blank_page()
        pdf.save(letter)
    one = letter.getvalue()
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as package:
        package.writestr("eins.pdf", one)
        package.writestr("zwei.pdf", one)
    scan = io.BytesIO()
    Image.new("L", (99, 99), 1).save(scan, "TIFF", save_all=True, append_images=[Image.new("L", (9, 9))])
    files = {
        "post.pdf": (packed.getvalue(), "container"),
        "zwei.pdf": (one + one, "glued"),
        "ohne-mass.tif": (without_width(scan.getvalue()), "damaged"),
        "seiten.txt": (b"a\f" * 100_000, "too_many_pages"),
    }
    for name, (data, _) in files.items():
        (folder / name).write_bytes(data)
    return {name: reason for name, (_, reason) in files.items()}


def test_odd_files_stand_in_nobodys_way(home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "eingang"
    folder.mkdir()
    wanted = odd_files(folder)
    small_text(folder / "brief.txt", 1)
    with small_scan(folder / "scan.png", 2).open("ab") as scan:
        scan.write(bytes(4845))  # as a well-known copier pads
    result = run_program(home, "ingest", str(folder), "--json", check=False)
    assert result.returncode == 3, result.stderr
    lines = {line["source_name"]: line for line in json_lines(result)}
    assert {name: lines[name]["reason"] for name in wanted} == wanted
    assert all(lines[name]["state"] == "quarantined" for name in wanted)
    assert {lines[name]["state"] for name in ("brief.txt", "scan.png")} <= {"filed", "clarify"}
    listed = run_program(home, "quarantine", "list").stdout
    assert "Entpacken" in listed
    assert "Traceback" not in result.stderr
