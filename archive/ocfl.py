"""The shapes of OCFL 1.1: where an object lies, its declaration, its inventory. No file is written here."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from core.errors import IntegrityError

ROOT_DECLARATION = ("0=ocfl_1.1", b"ocfl_1.1\n")  # OCFL 1.1, 4.1
OBJECT_DECLARATION = ("0=ocfl_object_1.1", b"ocfl_object_1.1\n")  # 3.3
TYPE = "https://ocfl.io/1.1/spec/#inventory"
ALGORITHM = "sha512"  # 3.5.1: the default
SIDECAR = f"inventory.json.{ALGORITHM}"
EXTENSION = "0003-hash-and-id-n-tuple-storage-layout"
LAYOUT = {  # 65,536 folders: 150 objects in each at 10 million
    "extensionName": EXTENSION,
    "digestAlgorithm": "sha256",
    "tupleSize": 2,
    "numberOfTuples": 2,
}
LAYOUT_SAYS = "sha256 of the id: two folders of two hex digits, then the percent-encoded id"
PREFIX = "urn:aktenlotse:"
KINDS = ("source", "document", "journal")
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,60}")
_NAME = re.compile(r"[^/\\\x00-\x1f]{1,200}(/[^/\\\x00-\x1f]{1,200})*")


def urn(kind: str, object_id: str) -> str:
    """The OCFL id of an object. Raises: ValueError."""
    if kind not in KINDS or not _ID.fullmatch(object_id):
        raise ValueError(f"no object id: {kind} {object_id}")
    return f"{PREFIX}{kind}:{object_id}"


def relative_path(ocfl_id: str) -> str:
    """Where an object lies under the root (extension 0003)."""
    digest = hashlib.sha256(ocfl_id.encode()).hexdigest()
    encoded = re.sub(r"[^A-Za-z0-9_-]", lambda char: "".join(f"%{byte:02x}" for byte in char[0].encode()), ocfl_id)
    return f"{digest[:2]}/{digest[2:4]}/{encoded}"


def parse_folder(name: str) -> tuple[str, str] | None:
    """Kind and id from the name of an object's folder."""
    ocfl_id = unquote(name)
    if not ocfl_id.startswith(PREFIX):
        return None
    kind, _, object_id = ocfl_id.removeprefix(PREFIX).partition(":")
    return (kind, object_id) if kind in KINDS and _ID.fullmatch(object_id) else None


def check_name(name: str) -> None:
    """A logical path is relative, without empty or dotted parts (3.5.3.1). Raises: ValueError."""
    if not _NAME.fullmatch(name) or any(part in (".", "..") for part in name.split("/")):
        raise ValueError(f"no file name: {name!r}")


@dataclass(frozen=True, slots=True)
class Inventory:
    """An object's inventory (3.5). ``manifest``: digest to content path; ``states``: one a version, name
    to digest.
    """

    ocfl_id: str
    manifest: Mapping[str, str]
    states: tuple[Mapping[str, str], ...]
    heads: tuple[Mapping[str, Any], ...]  # created, message, user of each version

    @property
    def state(self) -> Mapping[str, str]:
        """The newest version's files: name to digest."""
        return self.states[-1]

    def upto(self, version: int) -> Inventory:
        """The inventory as it was at ``version``."""
        used = {digest for state in self.states[:version] for digest in state.values()}
        manifest = {digest: path for digest, path in self.manifest.items() if digest in used}
        return Inventory(self.ocfl_id, manifest, self.states[:version], self.heads[:version])

    def as_json(self) -> bytes:
        """The bytes of ``inventory.json``, always the same for the same content."""
        versions = {}
        for number, (state, head) in enumerate(zip(self.states, self.heads, strict=True), 1):
            named: dict[str, list[str]] = {}
            for name, digest in sorted(state.items()):
                named.setdefault(digest, []).append(name)
            versions[f"v{number}"] = {**head, "state": named}
        whole = {
            "id": self.ocfl_id,
            "type": TYPE,
            "digestAlgorithm": ALGORITHM,
            "head": f"v{len(self.states)}",
            "manifest": {digest: [path] for digest, path in sorted(self.manifest.items())},
            "versions": versions,
        }
        return json.dumps(whole, ensure_ascii=False, indent=1).encode() + b"\n"


def parse(data: bytes) -> Inventory:
    """Read an inventory. Raises: IntegrityError (``inventory``)."""
    try:
        whole = json.loads(data)
        count = int(whole["head"].removeprefix("v"))
        versions = [whole["versions"][f"v{number}"] for number in range(1, count + 1)]
        if whole["digestAlgorithm"] != ALGORITHM or len(whole["versions"]) != count:
            raise ValueError("head")
        states = tuple(
            {name: digest.lower() for digest, names in version["state"].items() for name in names}
            for version in versions
        )
        heads = tuple({key: version[key] for key in version if key != "state"} for version in versions)
        manifest = {digest.lower(): paths[0] for digest, paths in whole["manifest"].items()}
        missing = {digest for state in states for digest in state.values()} - set(manifest)
        if missing or any(".." in Path(path).parts or path.startswith("/") for path in manifest.values()):
            raise ValueError("manifest")
        return Inventory(str(whole["id"]), manifest, states, heads)
    except (ValueError, KeyError, TypeError, AttributeError, IndexError) as error:
        raise IntegrityError("inventory", why=str(error)) from error


def sidecar(inventory: bytes) -> bytes:
    """The digest file beside an inventory (3.6)."""
    return f"{hashlib.sha512(inventory).hexdigest()} inventory.json\n".encode()
