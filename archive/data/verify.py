#!/usr/bin/env python3
"""Verifies this proof package with Python's standard library alone: python3 verify.py [FOLDER]

1. Every file has the sha256 that manifest.json states.       2. The files are those that the archive's
inventories (OCFL 1.1) name.       3. The journal's entries are chained, and the inventories' digests
stand in them. 4. The chain's blocks are signed (Ed25519, RFC 8032) by key.hex. Compare that key with the
one that the town publishes: the package cannot vouch for its own key. Exit: 0 all proved, 1 something is
wrong, 2 not all is proved.
"""

from __future__ import annotations

import hashlib
import json
import sys
from pathlib import Path
from typing import Any

Point = tuple[int, int, int, int]
CHAINED = ("seq", "at", "actor", "action", "kind", "object_id", "purpose", "data", "hashes", "prev_hash")
SIGNED = ("first", "last", "head", "key_id", "signed_at")

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
        path = folder / name
        if not path.is_file():
            problems.append(f"missing: {name}")
        elif digest(path, "sha256") != sha256:
            problems.append(f"changed: {name}")
    own = {"manifest.json", "verify.py"}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in stated and name not in own:
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


def check_chain(folder: Path, problems: list[str]) -> tuple[list[Any], list[Any]]:
    """The entries that lie under a good signature, and those that no signature covers yet."""
    key = bytes.fromhex((folder / "key.hex").read_text().strip())
    proved: list[Any] = []
    unproved: list[Any] = []
    for path in sorted(folder.glob("journal/*.json")):
        part = json.loads(path.read_bytes())
        head = part["entries"][0]["prev_hash"]
        seq = part["entries"][0]["seq"]
        for entry in part["entries"]:
            own = hashlib.sha256(canonical({name: entry[name] for name in CHAINED})).hexdigest()
            if entry["hash"] != own or entry["prev_hash"] != head or entry["seq"] != seq:
                problems.append(f"chain broken at entry {entry['seq']} ({path.name})")
            head, seq = own, seq + 1
        block = part.get("block")
        if block is None:
            unproved += part["entries"]
            continue
        message = canonical({name: block[name] for name in SIGNED})
        fits = block["head"] == head and block["last"] == seq - 1 and block["first"] == part["entries"][0]["seq"]
        if not fits or not is_signed(key, message, bytes.fromhex(block["signature"])):
            problems.append(f"signature wrong: entries {block['first']}-{block['last']}")
        else:
            proved += part["entries"]
    return proved, unproved


def main() -> int:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent)
    problems: list[str] = []
    check_files(folder, problems)
    digests = check_inventories(folder, problems)
    proved, unproved = check_chain(folder, problems)
    open_points = []
    for name, value in digests.items():
        if any(value in canonical(entry["data"]).decode() for entry in proved):
            print(f"proved: {name} stands in a signed entry of the journal")
        else:
            later = any(value in canonical(entry["data"]).decode() for entry in unproved)
            open_points.append(f"{name}: {'its entry is not signed yet' if later else 'not bound to the journal'}")
    for line in problems:
        print("WRONG", line)
    for line in open_points:
        print("OPEN", line)
    print(f"{len(proved)} signed entries, {len(unproved)} unsigned")
    print(f"{len(problems)} wrong, {len(open_points)} open")
    return 1 if problems else 2 if open_points else 0


if __name__ == "__main__":
    sys.exit(main())
