"""The store: an OCFL 1.1 storage root that any OCFL tool can read.

An object appears by one folder rename from a staging folder outside the root. A later version is built
there as a whole new folder (older content by hard link, undone when the old folder goes) and changes
places with the old one in one step. So a kill -9, a power cut or a full disk leaves the state before or
the state after, and readers never see another. Where the file system cannot exchange folders, two renames
and a note in staging do it, and recovery finishes them before any read.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from archive import ocfl
from archive.building import Content, digest_of, drop_doubles, link_versions, seal_folder, sync_tree, write_content
from archive.exchange import exchange
from archive.findings import Finding
from archive.metadata import SCHEMA_NAME, schema_bytes
from archive.ocfl import Inventory
from archive.owner import is_abandoned, owned_name
from archive.verify import verify_object
from core.clock import now, stamp
from core.durable import full_disk_is_named, make_folders, remove_tree, sync_folder, write_whole
from core.errors import EnvironmentProblem, IntegrityError, NotFound
from core.marks import MARK, need_mark, write_mark

_OLD, _NEW, _NOTE, _TARGET = "old", "new", "swap.json", "target"
_ATTEMPTS = 20


class ObjectExists(IntegrityError):
    """An object of this id exists with other files."""

    code = "object_exists"


class Store:
    """The objects under ``root``; ``staging`` lies outside of it, on the same file system.

    ``identity``: the home that it must belong to, once that has one.
    """

    def __init__(self, root: Path, staging: Path, identity: str | None = None) -> None:
        self.root = root
        self.identity = identity
        self._staging = staging

    def initialise(self) -> None:
        """Make an empty storage root (OCFL 1.1, 4.1); in an existing one its own files are made whole."""
        make_folders(self._staging)
        make_folders(self.root / "extensions" / ocfl.EXTENSION)
        for name, data in ROOT_FILES.items():
            path = self.root / name
            if not path.is_file() or path.read_bytes() != data:
                write_whole(path, data)
        if self.identity is not None:
            write_mark(self.mark, self.identity)

    @property
    def mark(self) -> Path:
        """The file that says whose archive this is (OCFL 1.1, 4.2: an extension's folder)."""
        return self.root / "extensions" / "aktenlotse-identity" / MARK

    def need_root(self) -> None:
        """Raises: EnvironmentProblem when the root is not there (an empty folder under a mount) or another home's."""
        if not (self.root / ocfl.ROOT_DECLARATION[0]).is_file():
            raise EnvironmentProblem("archive_missing", path=str(self.root))
        if self.identity is not None:
            need_mark(self.mark, self.identity)

    # --- reading ----------------------------------------------------------------------------------

    def relative(self, kind: str, object_id: str) -> str:
        """Where the object lies, or would lie, relative to the root."""
        return ocfl.relative_path(ocfl.urn(kind, object_id))

    def object_path(self, kind: str, object_id: str) -> Path:
        """The object's folder. Raises: NotFound, EnvironmentProblem (the archive itself is not there)."""
        path = self.root / self.relative(kind, object_id)
        if not path.is_dir():
            self.need_root()
            self._finish_swap(path)
            if not path.is_dir():
                raise NotFound(id=object_id)
        return path

    def exists(self, kind: str, object_id: str) -> bool:
        """Whether there is such an object."""
        try:
            self.object_path(kind, object_id)
        except NotFound:
            return False
        return True

    def inventory(self, kind: str, object_id: str) -> Inventory:
        """The object's inventory. Raises: NotFound, IntegrityError."""
        data = (self.object_path(kind, object_id) / "inventory.json").read_bytes()
        return ocfl.parse(data)

    def names(self, kind: str, object_id: str, version: int | None = None) -> list[str]:
        """The files of a version (default: the newest). Raises: NotFound, IntegrityError."""
        states = self.inventory(kind, object_id).states
        return sorted(_of_version(states, version, object_id))

    def file(self, kind: str, object_id: str, name: str, version: int | None = None) -> Path:
        """The path of a file of a version (default: the newest). Raises: NotFound, IntegrityError."""
        inventory = self.inventory(kind, object_id)
        state = _of_version(inventory.states, version, object_id)
        if name not in state:
            raise NotFound(id=f"{object_id}/{name}")
        return self.object_path(kind, object_id) / inventory.manifest[state[name]]

    def objects(self) -> Iterator[tuple[str, str]]:
        """Kind and id of every object, in the order of the folders."""
        for path in self.folders():
            found = ocfl.parse_folder(path.name)
            if found is not None:
                yield found

    def folders(self) -> Iterator[Path]:
        """Every object's folder, in a fixed order."""
        for first in _folders(self.root):
            if first.name != "extensions":
                for second in _folders(first):
                    yield from _folders(second)

    def verify(self, kind: str, object_id: str) -> list[Finding]:
        """Read every byte of an object and compare. Returns: what is wrong."""
        try:
            path = self.object_path(kind, object_id)
        except NotFound:
            return [Finding("A001", ocfl.urn(kind, object_id))]
        return verify_object(path, ocfl.urn(kind, object_id))

    # --- writing ----------------------------------------------------------------------------------

    def create(self, kind: str, object_id: str, files: Mapping[str, Content], *, message: str, user: str) -> str:
        """Store a new object, durably and checked. Returns: its path relative to the root.

        The same object again (a step that runs twice) is verified and its path returned.
        Raises: ObjectExists (with other files), IntegrityError (the copy differs), StorageFull, OSError.
        """
        ocfl_id = ocfl.urn(kind, object_id)
        target = self.root / ocfl.relative_path(ocfl_id)
        if self.exists(kind, object_id):
            return self._same(kind, object_id, files)
        with self._build() as place:
            folder = place / _NEW
            state = write_content(folder / "v1" / "content", files)
            manifest = {digest: f"v1/content/{name}" for name, digest in reversed(state.items())}
            inventory = Inventory(ocfl_id, manifest, (state,), (_head(message, user),))
            drop_doubles(folder, inventory, 1)
            seal_folder(folder, inventory)
            try:
                self._appear(place, target)
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
                return self._same(kind, object_id, files)
        return ocfl.relative_path(ocfl_id)

    def add_version(
        self, kind: str, object_id: str, changes: Mapping[str, Content | None], *, message: str, user: str
    ) -> str:
        """Store a new version: the newest one with ``changes`` (None: the file is gone from now on).

        A version that would equal the newest is not made. Returns: the object's path relative to the root.
        Raises: NotFound, IntegrityError, StorageFull, OSError.
        """
        with self._changing():
            old = self.inventory(kind, object_id)
            number = len(old.states) + 1
            with self._build() as place:
                folder = place / _NEW
                added = {name: content for name, content in changes.items() if content is not None}
                written = write_content(folder / f"v{number}" / "content", added)
                kept = {name: digest for name, digest in old.state.items() if name not in changes}
                state = kept | written
                if state == old.state:
                    return self.relative(kind, object_id)
                manifest = dict(old.manifest)
                for name, digest in reversed(written.items()):
                    if digest not in old.manifest:
                        manifest[digest] = f"v{number}/content/{name}"
                inventory = Inventory(old.ocfl_id, manifest, (*old.states, state), (*old.heads, _head(message, user)))
                drop_doubles(folder, inventory, number)
                current = self.object_path(kind, object_id)
                link_versions(current, folder, old, number - 1)
                seal_folder(folder, inventory)
                self._swap(place, current)
        return self.relative(kind, object_id)

    def redact(
        self,
        kind: str,
        object_id: str,
        name: str,
        *,
        message: str,
        user: str,
        replacement: Content | None = None,
        besides: Mapping[str, Content] | None = None,
    ) -> str:
        """Lawful erasure: a file vanishes from every version, in its place ``replacement`` or nothing.

        The object keeps its versions and their dates; a further one says what was done. Afterwards the
        bytes are in no file of the store. ``besides``: other files of the new version.
        Raises: NotFound, IntegrityError, StorageFull, OSError.
        """
        with self._changing():
            old = self.inventory(kind, object_id)
            gone = {state[name] for state in old.states if name in state}
            if not gone:
                raise NotFound(id=f"{object_id}/{name}")
            number = len(old.states) + 1
            with self._build() as place:
                folder = place / _NEW
                added = {**(besides or {}), **({} if replacement is None else {name: replacement})}
                written = write_content(folder / f"v{number}" / "content", added)
                states = tuple(
                    {one: digest for one, digest in state.items() if digest not in gone} for state in old.states
                )
                manifest = {digest: path for digest, path in old.manifest.items() if digest not in gone}
                new = {digest: f"v{number}/content/{one}" for one, digest in written.items() if digest not in manifest}
                manifest |= new
                inventory = Inventory(
                    old.ocfl_id, manifest, (*states, states[-1] | written), (*old.heads, _head(message, user))
                )
                drop_doubles(folder, inventory, number)
                current = self.object_path(kind, object_id)
                link_versions(current, folder, replace(inventory, states=states, heads=old.heads), number - 1)
                seal_folder(folder, inventory)
                self._swap(place, current)
        return self.relative(kind, object_id)

    def restore(self, kind: str, object_id: str, good: Path) -> str:
        """Put a whole copy of an object (from a second store) in the place of a damaged or missing one.

        Raises: IntegrityError (the copy is damaged too), StorageFull, OSError.
        """
        ocfl_id = ocfl.urn(kind, object_id)
        target = self.root / ocfl.relative_path(ocfl_id)
        with self._changing(), self._build() as place:
            folder = place / _NEW
            shutil.copytree(good, folder)
            if verify_object(folder, ocfl_id):
                raise IntegrityError("object_damaged", id=object_id, finding="A004")
            sync_tree(folder)
            if target.is_dir():
                self._swap(place, target)
            else:
                self._appear(place, target)
        return ocfl.relative_path(ocfl_id)

    def remove(self, kind: str, object_id: str) -> bool:
        """Lawful destruction of a whole object, in one rename. Returns: whether it was there.

        Who calls has recorded it first. Raises: OSError.
        """
        if not self.exists(kind, object_id):
            return False
        current = self.root / self.relative(kind, object_id)
        with self._changing():
            if not current.is_dir():
                return False
            with self._build() as place:
                (place / _TARGET).write_text(self.relative(kind, object_id))  # its empty folders go with it
                current.rename(place / _OLD)
                sync_folder(current.parent)
        return True

    def version(self, kind: str, object_id: str) -> int:
        """The number of the newest version. Raises: NotFound, IntegrityError."""
        return len(self.inventory(kind, object_id).states)

    def digest(self, kind: str, object_id: str) -> str:
        """sha512 of the object's inventory, by which a journal entry binds the object into the chain."""
        return digest_of(self.object_path(kind, object_id) / "inventory.json")

    def recover(self) -> int:
        """Finish or undo what a dead process left in staging. Returns: how many leftovers were cleared.

        Safe while other processes write: their folders carry a living process's name.
        """
        cleared = 0
        self.need_root()
        with self._changing():
            for place in _folders(self._staging):
                if is_abandoned(place.name):
                    self._settle(place)
                    cleared += 1
        return cleared

    # --- inside -----------------------------------------------------------------------------------

    def _same(self, kind: str, object_id: str, files: Mapping[str, Content]) -> str:
        """The object that exists already, if it is whole and was made of these files."""
        findings = self.verify(kind, object_id)
        if findings:
            raise IntegrityError("object_damaged", id=object_id, finding=findings[0].code)
        first = self.inventory(kind, object_id).states[0]
        if first != {name: digest_of(content) for name, content in files.items()}:
            raise ObjectExists(id=object_id)
        return self.relative(kind, object_id)

    @contextmanager
    def _build(self) -> Iterator[Path]:
        """A folder of this process in staging, gone afterwards. Raises: EnvironmentProblem (see :meth:`need_root`)."""
        self.need_root()
        place = self._staging / owned_name()
        with full_disk_is_named(self._staging):
            try:
                place.mkdir()
                yield place
            finally:
                if not (place / _NOTE).exists():
                    self._drop_empty(place)
                    remove_tree(place)

    @contextmanager
    def _changing(self) -> Iterator[None]:
        """One process at a time changes objects that exist."""
        with (self._staging / ".changing.lock").open("a") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def _appear(self, place: Path, target: Path) -> None:
        """The new folder becomes ``target``. Raises: OSError (ENOTEMPTY when there is one).

        A storage root has no empty folders (4.2): what we make for it is noted first, so that it is taken away
        again if we die before the rename. Somebody may take away ours in between; then we make it again.
        """
        (place / _TARGET).write_text(str(target.relative_to(self.root)))
        for attempt in range(_ATTEMPTS):
            try:
                make_folders(target.parent)
                (place / _NEW).rename(target)
                sync_folder(target.parent)
            except FileNotFoundError:
                if attempt + 1 == _ATTEMPTS:
                    raise
                continue
            return

    def _drop_empty(self, place: Path) -> None:
        """Take away the folders that were made for an object which did not come, also when not all were made."""
        try:
            target = self.root / (place / _TARGET).read_text()
        except FileNotFoundError:
            return
        for folder in target.parents:
            if folder == self.root or not folder.is_relative_to(self.root):
                return
            try:
                folder.rmdir()
            except FileNotFoundError:
                continue
            except OSError:
                return  # no longer empty: others came

    def _swap(self, place: Path, current: Path) -> None:
        """The new folder takes the place of the current one; the old one is left in ``place``."""
        sync_folder(place)
        if exchange(place / _NEW, current):
            sync_folder(current.parent)
            return
        write_whole(place / _NOTE, _pretty({"target": str(current.relative_to(self.root))}))
        self._settle(place)

    def _settle(self, place: Path) -> None:
        """Finish the two renames that a note promises, then clear the folder."""
        note = place / _NOTE
        if note.is_file():
            target = self.root / json.loads(note.read_bytes())["target"]
            if (place / _NEW).is_dir():
                if target.is_dir():
                    target.rename(place / _OLD)
                (place / _NEW).rename(target)
                sync_folder(target.parent)
            note.unlink()
            sync_folder(place)
        self._drop_empty(place)
        remove_tree(place)

    def _finish_swap(self, path: Path) -> None:
        """An object seems missing: perhaps a swap stands between its two renames."""
        wanted = str(path.relative_to(self.root))
        if not any(_promises(place, wanted) for place in _folders(self._staging)):
            return
        with self._changing():
            for place in _folders(self._staging):
                if _promises(place, wanted):
                    self._settle(place)


def _promises(place: Path, wanted: str) -> bool:
    try:
        return bool(json.loads((place / _NOTE).read_bytes())["target"] == wanted)
    except FileNotFoundError:
        return False


def _of_version(states: tuple[Mapping[str, str], ...], version: int | None, object_id: str) -> Mapping[str, str]:
    number = len(states) if version is None else version
    if not 1 <= number <= len(states):
        raise NotFound(id=f"{object_id}/v{version}")
    return states[number - 1]


def _head(message: str, user: str) -> dict[str, Any]:
    """What a version says of itself (3.5.3)."""
    return {
        "created": stamp(now()),
        "message": message,
        "user": {"name": user, "address": f"mailto:{user}@localhost"},
    }


def _folders(folder: Path) -> list[Path]:
    try:
        with os.scandir(folder) as entries:
            return sorted(Path(entry.path) for entry in entries if entry.is_dir(follow_symlinks=False))
    except (FileNotFoundError, NotADirectoryError):  # nothing is promised there
        return []


def _pretty(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, indent=1).encode() + b"\n"


# OCFL 1.1, 4.1: beside its declaration a root may hold what makes it document itself
ROOT_FILES: Mapping[str, bytes] = {
    f"extensions/{ocfl.EXTENSION}/config.json": _pretty(ocfl.LAYOUT),
    "ocfl_layout.json": _pretty({"extension": ocfl.EXTENSION, "description": ocfl.LAYOUT_SAYS}),
    SCHEMA_NAME: schema_bytes(),
    ocfl.ROOT_DECLARATION[0]: ocfl.ROOT_DECLARATION[1],
}
