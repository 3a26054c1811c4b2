"""Writing so that a power cut or kill -9 leaves the old state or the new one, never half of it."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from core.errors import IntegrityError, StorageFull
from core.hashing import CHUNK, sha256_file
from core.ids import new_id

LONGEST_NAME = 255  # bytes
OTHERS = 0o077  # the bits of a mode that are not the owner's


def keep_private() -> None:
    """Whatever this process and its children make is for its account alone."""
    os.umask(OTHERS)


@contextmanager
def full_disk_is_named(where: Path) -> Iterator[None]:
    """Turn "no space left" (also a quota) into the error that waits. Raises: StorageFull."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise StorageFull(path=str(where)) from error
        raise


def sync_folder(folder: Path) -> None:
    """fsync a folder, so that names made or removed in it survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def make_folders(folder: Path) -> None:
    """Make ``folder`` and its parents, each name durable in its parent."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for step in reversed(missing):
        step.mkdir(exist_ok=True)
        sync_folder(step.parent)


def write_whole(target: Path, data: bytes, *, sync: bool = True) -> None:
    """Write a file whole, or not at all; with ``sync`` it is durable when this returns.

    Raises: StorageFull, OSError.
    """
    part = target.with_name(f".{new_id()}.part")
    with full_disk_is_named(target):
        try:
            with part.open("wb") as out:
                out.write(data)
                out.flush()
                if sync:
                    os.fsync(out.fileno())
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        if sync:
            sync_folder(target.parent)


def copy_checked(source: Path, target: Path) -> str:
    """Copy a file durably, read the copy back and compare. Returns: sha256 of the bytes (hex).

    Raises: IntegrityError when the copy differs from what was read, StorageFull, OSError.
    """
    digest = hashlib.sha256()
    part = target.with_name(f".{new_id()}.part")  # a name of its own: the target's may be as long as names can be
    with full_disk_is_named(target):
        try:
            with source.open("rb") as incoming, part.open("wb") as out:
                while piece := incoming.read(CHUNK):
                    digest.update(piece)
                    out.write(piece)
                out.flush()
                os.fsync(out.fileno())
            if sha256_file(part) != digest.hexdigest():
                raise IntegrityError("copy_differs", path=str(target))
            part.replace(target)
        except BaseException:
            part.unlink(missing_ok=True)
            raise
        sync_folder(target.parent)
    return digest.hexdigest()


def move_into(source: Path, folder: Path) -> Path:
    """Move a file into a folder under a free name, durably, also across file systems. Returns: where it lies.

    It is for our account alone then.
    """
    make_folders(folder)
    target = folder / source.name
    number = 1
    while os.path.lexists(target):
        number += 1
        target = folder / _numbered(source, number)
    try:
        source.rename(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        copy_checked(source, target)
        source.unlink()
    _close(target)
    sync_folder(folder)
    sync_folder(source.parent)
    return target


def _numbered(path: Path, number: int) -> str:
    """The file's name with a number, not longer than a name may be (NAME_MAX counts bytes)."""
    end = os.fsencode(f"~{number}{path.suffix}")[-LONGEST_NAME // 2 :]
    return os.fsdecode(os.fsencode(path.stem)[: LONGEST_NAME - len(end)] + end)


def _close(file: Path) -> None:
    """Take a file's rights from other accounts. What belongs to another account only that one may close: a copy of it
    takes its place."""
    if not file.stat().st_mode & OTHERS:
        return
    try:
        file.chmod(0o600)
    except PermissionError:
        copy_checked(file, file)


def remove_tree(folder: Path) -> None:
    """Remove a scratch folder; a second run, or another process that was faster, is no error."""
    shutil.rmtree(folder, ignore_errors=True)
