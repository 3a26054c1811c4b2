"""The proof package: the stand-alone verifier believes a good one and no changed one."""

from __future__ import annotations

import itertools
import json
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest

from archive import export_proof
from archive.merkle import path_of, root_of
from archive.signing import Signer, block_payload
from core.errors import IntegrityError
from core.hashing import canonical_json, sha256_file
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
    assert proof.bound and (proof.entries, proof.closed, proof.unproved) == (3, 0, 0)
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
    assert len((folder / "verify.py").read_text().splitlines()) < 220


def _entries(folder: Path) -> list[dict[str, Any]]:
    return [line for part in folder.glob("journal/*.json") for line in json.loads(part.read_bytes())["entries"]]


def test_package_holds_no_entry_about_another_letter(home: Home, tmp_path: Path) -> None:
    folder = export(home, tmp_path / "beweis")
    assert {line["entry"]["object_id"] for line in _entries(folder)} == {"d1", "s1"}
    others = {entry["object_id"] for entry in home.journal.entries()} - {"d1", "s1"}
    said = b"".join(path.read_bytes() for path in folder.glob("journal/*.json"))
    assert others and not [one for one in others if f'"{one}"'.encode() in said]


def test_an_entry_can_be_given_as_its_hash_alone(home: Home, tmp_path: Path) -> None:
    with home.database.write() as session:
        record(session, SYSTEM, "document.read", "document", "d1", purpose="NEUGIER")
    home.journal.sign(home.database, force=True)
    proof = export_proof(
        home.store,
        home.journal,
        [("document", "d1"), ("source", "s1")],
        tmp_path / "b",
        title="x",
        closed=lambda entry: entry["action"] == "document.read",
    )
    assert proof.bound and (proof.entries, proof.closed) == (3, 1)
    assert [line for line in _entries(proof.path) if "entry" not in line]
    assert b"NEUGIER" not in b"".join(path.read_bytes() for path in proof.path.rglob("*") if path.is_file())
    code, said = run(proof.path)
    assert code == 0 and "1 as a hash alone" in said


def test_a_block_of_before_is_confirmed_later_and_says_so(home: Home, tmp_path: Path) -> None:
    _as_before(home)
    folder = export(home, tmp_path / "beweis")
    code, said = run(folder)
    assert code == 0 and "confirmed later: entries 1-8" in said
    assert "nachträglich bestätigt" in (folder / "index.html").read_text()
    assert home.codes() == set()


def test_what_was_changed_since_is_never_confirmed_later(home: Home, tmp_path: Path) -> None:
    _as_before(home)
    lines = [json.loads(line) for line in home.file("entries.jsonl").read_bytes().splitlines()]
    for before, line in itertools.pairwise(lines):
        line["actor"], line["prev_hash"] = "boese", before["hash"]
        line["hash"] = entry_hash(line)
    home.file("entries.jsonl").write_bytes(b"".join(canonical_json(line) + b"\n" for line in lines))
    with pytest.raises(IntegrityError) as caught:
        export_proof(home.store, home.again(), [("document", "d1")], tmp_path / "b", title="x")
    assert caught.value.code == "journal_block"


def _as_before(home: Home) -> None:
    """The first block as it was signed before blocks had roots."""
    (block,) = [json.loads(line) for line in home.file("blocks.jsonl").read_bytes().splitlines()]
    del block["root"]
    key = Signer.load(home.folder / "keys" / "journal.pem")
    block["signature"] = key.sign(block_payload(block))
    home.file("blocks.jsonl").write_bytes(canonical_json(block) + b"\n")
    home.sql("update journal_blocks set root=null, signature=:signature", signature=block["signature"])


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
    entry, block = content["entries"][0]["entry"], content["block"]
    entry["actor"] = "boese"
    entry["hash"] = entry_hash(entry)
    hashes = [one["hash"] for one in home.journal.entries()][: block["last"]]
    hashes[entry["seq"] - 1] = entry["hash"]
    for line in content["entries"]:
        line["path"] = path_of(hashes, line["seq"] - 1)
    part.write_text(json.dumps(content))
    assert "not in its block" in _believed(folder, part)
    block["root"] = root_of(hashes)
    part.write_text(json.dumps(content))
    assert "signature wrong" in _believed(folder, part)


def _believed(folder: Path, part: Path) -> str:
    """What the verifier says of a package whose manifest was made to fit."""
    manifest = json.loads((folder / "manifest.json").read_bytes())
    manifest["files"][part.relative_to(folder).as_posix()] = sha256_file(part)
    (folder / "manifest.json").write_text(json.dumps(manifest))
    code, said = run(folder)
    assert code == 1
    return said


def test_what_is_not_signed_yet_is_said(home: Home, tmp_path: Path) -> None:
    home.store.create("document", "d2", {"document.pdf": b"%PDF-b"}, message="m", user="u")
    with home.database.write() as session:
        record(
            session, SYSTEM, "document.store", "document", "d2", data={"inventory": home.store.digest("document", "d2")}
        )
    home.journal.catch_up(home.database)
    proof = export_proof(home.store, home.journal, [("document", "d2")], tmp_path / "b", title="x")
    assert not proof.bound and proof.unproved == 1
    code, said = run(proof.path)
    assert code == 2 and "not signed yet" in said
