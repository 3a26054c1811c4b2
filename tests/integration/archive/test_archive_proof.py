"""The proof package: the stand-alone verifier believes a good one and no changed one."""

from __future__ import annotations

import json
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from archive import export_proof
from core.hashing import sha256_file
from models import SYSTEM
from models.chain import entry_hash, record
from tests.integration.archive.journal_home import Home


def run(folder: Path) -> tuple[int, str]:
    """The verifier, isolated from everything that is installed."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(folder / "verify.py")], check=False, capture_output=True, text=True
    )
    assert not done.stderr, done.stderr
    return done.returncode, done.stdout


@pytest.fixture
def home(tmp_path: Path) -> Home:
    (tmp_path / "home").mkdir()
    home = Home(tmp_path / "home")
    files = {"original/Antrag äö.pdf": b"%PDF-original"}
    home.store.create("source", "s1", files, message="m", user="u")
    home.store.create("document", "d1", {"document.pdf": b"%PDF-a", "transfer-note.json": b"{}"}, message="m", user="u")
    home.write(3)
    for kind, object_id in (("source", "s1"), ("document", "d1")):
        with home.database.write() as session:
            data = {"inventory": home.store.digest(kind, object_id)}
            record(session, SYSTEM, f"{kind}.store", kind, object_id, data=data, values={"subject": "GEHEIM"})
    home.write(3, 3)
    home.journal.sign(home.database, force=True)
    home.write(2, 6)
    return home


def export(home: Home, folder: Path, **options: object) -> Path:
    objects = [("document", "d1"), ("source", "s1")]
    proof = export_proof(home.store, home.journal, objects, folder, title="Antrag <1>", **options)  # type: ignore[arg-type]
    assert proof.bound and proof.unproved == 0 and proof.entries == 8
    return proof.path


def test_good_package_is_proved(home: Home, tmp_path: Path) -> None:
    folder = export(home, tmp_path / "beweis", facts={"Eingang": "2026-11-25 & früher"})
    code, said = run(folder)
    assert code == 0, said
    assert said.count("proved:") == 2
    page = (folder / "index.html").read_text()
    assert "Antrag &lt;1&gt;" in page and "2026-11-25 &amp; früher" in page
    everything = b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert b"GEHEIM" not in everything and b"Name 1" not in everything
    assert len((folder / "verify.py").read_text().splitlines()) < 200


def test_package_as_zip(home: Home, tmp_path: Path) -> None:
    path = export(home, tmp_path / "beweis", as_zip=True)
    with zipfile.ZipFile(path) as packed:
        packed.extractall(tmp_path / "aus")
    assert run(tmp_path / "aus" / "beweis")[0] == 0


def test_any_change_is_found(home: Home, tmp_path: Path) -> None:
    folder = export(home, tmp_path / "beweis")
    for path in sorted(folder.rglob("*")):
        if not path.is_file() or path.name == "verify.py":
            continue
        before = path.read_bytes()
        for place in (0, len(before) // 2, len(before) - 2):
            data = bytearray(before)
            data[place] ^= 4
            path.write_bytes(data)
            done = subprocess.run(
                [sys.executable, "-I", "-S", str(folder / "verify.py")], capture_output=True, check=False
            )
            assert done.returncode == 1 or path.name == "manifest.json", (path, place)
        path.write_bytes(before)
    (folder / "mehr.txt").write_text("x")
    assert run(folder)[0] == 1


def test_forged_package_needs_the_key(home: Home, tmp_path: Path) -> None:
    """All hashes made to fit again: the signature still does not."""
    folder = export(home, tmp_path / "beweis")
    part = next(folder.glob("journal/*.json"))
    content = json.loads(part.read_bytes())
    content["entries"][3]["actor"] = "boese"
    head = content["entries"][0]["prev_hash"]
    for entry in content["entries"]:
        entry["prev_hash"] = head
        entry["hash"] = head = entry_hash(entry)
    content["block"]["head"] = head
    part.write_text(json.dumps(content))
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][part.relative_to(folder).as_posix()] = sha256_file(part)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    code, said = run(folder)
    assert code == 1 and "signature wrong" in said


def test_what_is_not_signed_yet_is_said(home: Home, tmp_path: Path) -> None:
    home.store.create("document", "d2", {"document.pdf": b"%PDF-b"}, message="m", user="u")
    with home.database.write() as session:
        record(
            session, SYSTEM, "document.store", "document", "d2", data={"inventory": home.store.digest("document", "d2")}
        )
    home.journal.catch_up(home.database)
    proof = export_proof(home.store, home.journal, [("document", "d2")], tmp_path / "b", title="x")
    assert not proof.bound and proof.unproved == 3
    code, said = run(proof.path)
    assert code == 2 and "not signed yet" in said
