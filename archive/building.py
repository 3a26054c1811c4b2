"""Building an object's folder in staging: content written and read back, inventories, everything durable."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator, Mapping, Set
from pathlib import Path

from archive import ocfl
from archive.ocfl import Inventory
from core.durable import sync_folder
from core.errors import IntegrityError
from core.hashing import CHUNK

Content = bytes | Path


def write_content(folder: Path, files: Mapping[str, Content]) -> dict[str, str]:
    """Write the files, make them durable, read them back. Returns: name to digest. Raises: IntegrityError."""
    state: dict[str, str] = {}
    for name, content in files.items():
        ocfl.check_name(name)
        target = folder / name
        target.parent.mkdir(parents=True, exist_ok=True)
        digest = hashlib.sha512()
        with target.open("wb") as out:
            for piece in _pieces(content):
                digest.update(piece)
                out.write(piece)
        state[name] = digest.hexdigest()
    for name, wanted in state.items():
        _sync_file(folder / name)
        if digest_of(folder / name) != wanted:
            raise IntegrityError("copy_differs", path=name)
    return state


def _pieces(content: Content) -> Iterator[bytes]:
    if isinstance(content, bytes):
        yield content
        return
    with content.open("rb") as stream:
        while piece := stream.read(CHUNK):
            yield piece


def digest_of(content: Content) -> str:
    digest = hashlib.sha512()
    for piece in _pieces(content):
        digest.update(piece)
    return digest.hexdigest()


def _sync_file(path: Path) -> None:
    """fsync, then drop the page cache's copy, so that the next read comes from the device where it can."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    finally:
        os.close(descriptor)


def drop_doubles(folder: Path, inventory: Inventory, number: int) -> None:
    """Content that the manifest does not name (the same bytes twice) is not stored."""
    used = set(inventory.manifest.values())
    content = folder / f"v{number}" / "content"
    if not content.is_dir():
        return
    for path in sorted(content.rglob("*"), reverse=True):
        if path.is_file() and str(path.relative_to(folder)) not in used:
            path.unlink()
        elif path.is_dir() and not any(path.iterdir()):
            path.rmdir()
    if not any(content.iterdir()):
        content.rmdir()


def link_versions(current: Path, folder: Path, inventory: Inventory, count: int) -> None:
    """The first ``count`` versions in a new folder: content by hard link, inventories written."""
    for path in inventory.upto(count).manifest.values():
        target = folder / path
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            os.link(current / path, target)
        except OSError as error:
            if error.errno not in (errno.EPERM, errno.EMLINK, errno.EOPNOTSUPP, errno.EXDEV):
                raise
            shutil.copyfile(current / path, target)
            _sync_file(target)
    for number in range(1, count + 1):
        _write_inventory(folder / f"v{number}", inventory.upto(number))


def _write_inventory(folder: Path, inventory: Inventory) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    data = inventory.as_json()
    for name, content in (("inventory.json", data), (ocfl.SIDECAR, ocfl.sidecar(data))):
        (folder / name).write_bytes(content)


def seal_folder(folder: Path, inventory: Inventory) -> None:
    """Write declaration and inventories, then make every name and byte durable."""
    name, declaration = ocfl.OBJECT_DECLARATION
    (folder / name).write_bytes(declaration)
    _write_inventory(folder / f"v{len(inventory.states)}", inventory)
    _write_inventory(folder, inventory)
    sync_tree(folder, set(inventory.manifest.values()))


def sync_tree(folder: Path, done: Set[str] = frozenset()) -> None:
    """fsync every file (but those in ``done``) and every folder, the inner ones first."""
    for path in sorted(folder.rglob("*"), reverse=True):
        if path.is_dir():
            sync_folder(path)
        elif str(path.relative_to(folder)) not in done:
            _sync_file(path)
    sync_folder(folder)
