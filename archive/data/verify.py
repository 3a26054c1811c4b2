#!/usr/bin/env python3
"""Verifies this proof package with Python's standard library alone: python3 verify.py [FOLDER]

1. Every file has the sha256 that manifest.json states. 2. The files are those that the archive's inventories (OCFL 1.1)
name. 3. Each entry of the journal leads by its path to the root over the entries of its block (Merkle tree, RFC 6962),
and the inventories' digests stand in entries. 4. The roots are signed (Ed25519, RFC 8032) by key.hex. Compare that key
with the one that the town publishes: the package cannot vouch for its own key. Of some entries only the hash is here:
they say nothing that the proof needs. Exit: 0 all proved, 1 something is wrong, 2 not all is proved.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]
CHAINED = ("seq", "at", "actor", "action", "kind", "object_id", "purpose", "data", "hashes", "prev_hash")
SIGNED = ("first", "last", "head", "key_id", "signed_at", "root")

# --- Ed25519 verification (RFC 8032, 5.1.7 and section 6) ---
P = 2**255 - 19
L = 2**252 + 27742317777372353535851937790883648493
D = -121665 * pow(121666, P - 2, P) % P
ROOT = pow(2, (P - 1) // 4, P)


def add(a: Point, b: Point) -> Point:
    x1, y1, z1, t1 = a
    x2, y2, z2, t2 = b
    e, f = (y1 - x1) * (y2 - x2) % P, (y1 + x1) * (y2 + x2) % P
    g, h = 2 * t1 * t2 * D % P, 2 * z1 * z2 % P
    i, j, k, m = f - e, h - g, h + g, f + e
    return i * j % P, k * m % P, j * k % P, i * m % P


def times(scalar: int, point: Point) -> Point:
    result: Point = (0, 1, 1, 0)
    while scalar:
        if scalar & 1:
            result = add(result, point)
        point = add(point, point)
        scalar >>= 1
    return result


def decompress(data: bytes) -> Point | None:
    y = int.from_bytes(data, "little")
    sign, y = y >> 255, y & ((1 << 255) - 1)
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, P - 2, P) % P
    x = pow(square, (P + 3) // 8, P)
    if (x * x - square) % P:
        x = x * ROOT % P
    if (x * x - square) % P or (x == 0 and sign):
        return None
    x = P - x if x & 1 != sign else x
    return x, y, 1, x * y % P


BASE = decompress((4 * pow(5, P - 2, P) % P).to_bytes(32, "little"))


def is_signed(key: bytes, message: bytes, signature: bytes) -> bool:
    point, r = decompress(key), decompress(signature[:32])
    s = int.from_bytes(signature[32:], "little")
    if len(signature) != 64 or BASE is None or point is None or r is None or s >= L:
        return False
    h = int.from_bytes(hashlib.sha512(signature[:32] + key + message).digest(), "little") % L
    left, right = times(s, BASE), add(r, times(h, point))
    return not ((left[0] * right[2] - right[0] * left[2]) % P or (left[1] * right[2] - right[1] * left[2]) % P)


# --- the package ---
def canonical(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()


def digest(path: Path, kind: str) -> str:
    return hashlib.new(kind, path.read_bytes()).hexdigest()


def check_files(folder: Path, problems: list[str]) -> None:
    stated = json.loads((folder / "manifest.json").read_bytes())["files"]
    for name, sha256 in stated.items():
        if not (folder / name).is_file():
            problems.append(f"missing: {name}")
        elif digest(folder / name, "sha256") != sha256:
            problems.append(f"changed: {name}")
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in {*stated, "manifest.json", "verify.py"}:
            problems.append(f"surplus: {name}")


def check_inventories(folder: Path, problems: list[str]) -> dict[str, str]:
    """The digests of the inventories, after their files were compared with them."""
    digests: dict[str, str] = {}
    for path in sorted(folder.glob("objects/*/inventory.json")):
        inventory = json.loads(path.read_bytes())
        state = inventory["versions"][inventory["head"]]["state"]
        for wanted, names in state.items():
            for name in names:
                file = path.parent / "files" / name
                if not file.is_file():
                    problems.append(f"missing: {file.relative_to(folder)}")
                elif digest(file, "sha512") != wanted:
                    problems.append(f"not what the inventory names: {file.relative_to(folder)}")
        digests[inventory["id"]] = digest(path, "sha512")
    return digests


def root(leaf: str, index: int, size: int, path: list[str]) -> str:
    """The root to which an audit path leads (RFC 9162, 2.1.3.2); "": the path has the wrong length."""
    node, last = hashlib.sha256(b"\0" + bytes.fromhex(leaf)).digest(), size - 1
    for one in path:
        if not last:
            return ""
        if index & 1 or index == last:
            node = hashlib.sha256(b"\1" + bytes.fromhex(one) + node).digest()
            while index and not index & 1:
                index, last = index >> 1, last >> 1
        else:
            node = hashlib.sha256(b"\1" + node + bytes.fromhex(one)).digest()
        index, last = index >> 1, last >> 1
    return "" if last else node.hex()


def check_journal(folder: Path, problems: list[str]) -> tuple[list[Any], list[Any], int]:
    """The entries that lie under a good signature, those that none covers yet, and how many are a hash alone."""
    key = bytes.fromhex((folder / "key.hex").read_text().strip())
    proved, unproved, closed = list[Any](), list[Any](), 0
    for file in sorted(folder.glob("journal/*.json")):
        part = json.loads(file.read_bytes())
        block = part["block"]
        if block is not None:
            message = canonical({name: block[name] for name in (*SIGNED, "confirms") if name in block})
            if not is_signed(key, message, bytes.fromhex(block["signature"])):
                problems.append(f"signature wrong: entries {block['first']}-{block['last']}")
                continue
            if "confirms" in block:
                print(f"confirmed later: entries {block['first']}-{block['last']} on {block['signed_at']}")
        for line in part["entries"]:
            entry, seq = line.get("entry"), line["seq"]
            said = canonical({name: entry[name] for name in CHAINED}) if entry is not None else b""
            own = hashlib.sha256(said).hexdigest() if entry is not None else line["hash"]
            if entry is not None and (entry["hash"] != own or entry["seq"] != seq):
                problems.append(f"changed: entry {seq}")
            elif block is None:
                unproved.append(entry)
            elif root(own, seq - block["first"], block["last"] - block["first"] + 1, line["path"]) != block["root"]:
                problems.append(f"not in its block: entry {seq}")
            elif entry is None:
                closed += 1
            else:
                proved.append(entry)
    return proved, unproved, closed


def check_extracts(folder: Path, proved: list[Any], problems: list[str], open_points: list[str]) -> None:
    """The letter of a stack has an extract of its pages; what it was taken from has its receipt in the journal."""
    received = {entry["data"].get("sha256"): entry["at"] for entry in proved if entry["action"] == "source.receive"}
    for path in folder.glob("objects/*/files/metadata.json"):
        said = json.loads(path.read_bytes()).get("extract")
        if not said or not (path.parent / said["name"]).is_file():
            continue
        if digest(path.parent / said["name"], "sha256") != said["sha256"]:
            problems.append(f"not what metadata.json names: {said['name']}")
        if said["of"] in received:
            print(f"proved: {said['name']} names what was received at {received[said['of']]}")
        else:
            open_points.append(f"{said['name']}: no signed receipt of {said['of']}")


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    problems, open_points = list[str](), list[str]()
    check_files(folder, problems)
    digests = check_inventories(folder, problems)
    proved, unproved, closed = check_journal(folder, problems)
    check_extracts(folder, proved, problems, open_points)
    for name, value in digests.items():
        if any(value in canonical(entry["data"]).decode() for entry in proved):
            print(f"proved: {name} stands in a signed entry of the journal")
        else:
            later = any(value in canonical(entry["data"]).decode() for entry in unproved)
            open_points.append(f"{name}: {'its entry is not signed yet' if later else 'not bound to the journal'}")
    for line in [*(f"WRONG {line}" for line in problems), *(f"OPEN {line}" for line in open_points)]:
        print(line)
    print(f"{len(proved)} signed entries, {closed} as a hash alone, {len(unproved)} unsigned")
    print(f"{len(problems)} wrong, {len(open_points)} open")
    return 1 if problems else 2 if open_points else 0


if __name__ == "__main__":
    sys.exit(main())
