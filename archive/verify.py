"""Verifying one OCFL object: every byte is read, everything that is there must be in the inventory and
vice versa.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from archive import ocfl
from archive.findings import Finding
from archive.ocfl import Inventory
from core.errors import IntegrityError
from core.hashing import CHUNK

Read = dict[str, str]  # path in the object -> sha512


def verify_object(folder: Path, ocfl_id: str) -> list[Finding]:
    """Compare an object's folder with its inventory. Returns: what is wrong, nothing when it is whole."""
    findings: list[Finding] = []
    where = f"{folder.parent.parent.name}/{folder.parent.name}/{folder.name}"
    read = _read_all(folder, where, findings)
    name, declaration = ocfl.OBJECT_DECLARATION
    if read.get(name) != hashlib.sha512(declaration).hexdigest():
        findings.append(Finding("A007", f"{where}/{name}"))
    try:
        data = (folder / "inventory.json").read_bytes()
        inventory = ocfl.parse(data)
    except FileNotFoundError:
        return [*findings, Finding("A005", f"{where}/inventory.json")]
    except IntegrityError as error:
        return [*findings, Finding("A002", f"{where}/inventory.json", {"why": error.details["why"]})]
    if inventory.ocfl_id != ocfl_id:
        findings.append(Finding("A010", where))
    expected = _expected(inventory, data)
    for path, digest in expected.items():
        if path not in read:
            findings.append(Finding("A005", f"{where}/{path}"))
        elif read[path] and read[path] != digest:
            findings.append(Finding(_code(path), f"{where}/{path}"))
    known = {*expected, name}
    told = {finding.where for finding in findings}
    surplus = [f"{where}/{path}" for path in sorted(set(read) - known)]
    findings += [Finding("A006", path) for path in surplus if path not in told]
    return findings


def _expected(inventory: Inventory, data: bytes) -> Read:
    """Digests of all files that belong to the object, by path."""
    expected = {path: digest for digest, path in inventory.manifest.items()}
    count = len(inventory.states)
    for number in range(1, count + 1):
        of_version = data if number == count else inventory.upto(number).as_json()
        expected[f"v{number}/inventory.json"] = hashlib.sha512(of_version).hexdigest()
        expected[f"v{number}/{ocfl.SIDECAR}"] = hashlib.sha512(ocfl.sidecar(of_version)).hexdigest()
    expected["inventory.json"] = hashlib.sha512(data).hexdigest()
    expected[ocfl.SIDECAR] = hashlib.sha512(ocfl.sidecar(data)).hexdigest()
    return expected


def _code(path: str) -> str:
    if path.endswith(ocfl.SIDECAR):
        return "A003"
    return "A008" if path.endswith("inventory.json") else "A004"


def _read_all(folder: Path, where: str, findings: list[Finding]) -> Read:
    """sha512 of every file under ``folder``; "" for one that cannot be read. Empty folders are surplus."""
    read: Read = {}
    for parent, folders, files in os.walk(folder):
        here = Path(parent)
        if not folders and not files:
            findings.append(Finding("A006", f"{where}/{here.relative_to(folder)}"))
        for name in files:
            path = here / name
            relative = str(path.relative_to(folder))
            if path.is_symlink() or not path.is_file():
                read[relative] = ""  # OCFL 1.1, 3.2: no links; and no devices, sockets, pipes
                findings.append(Finding("A006", f"{where}/{relative}"))
                continue
            try:
                read[relative] = _sha512(path)
            except OSError as error:
                read[relative] = ""
                findings.append(Finding("A009", f"{where}/{relative}", {"why": error.strerror}))
    return read


def _sha512(path: Path) -> str:
    digest = hashlib.sha512()
    with path.open("rb") as stream:
        while piece := stream.read(CHUNK):
            digest.update(piece)
    return digest.hexdigest()
