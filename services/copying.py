"""The second copy of the archive (setting ``archive_copy``): objects and journal, copied after filing.

The journal is the feed: each entry that stores an object names its digest, so the copy follows the entries' numbers,
catches up after any outage, and takes over only what is exactly what the (signed) journal says. An object that was
damaged or changed here never replaces a good one there.

    <archive_copy>/archive    an OCFL root of its own        <archive_copy>/journal    the open days' segments
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from functools import cache, partial
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archive.segments import BLOCKS, ENTRIES, STAMPS, VALUES
from archive.store import Store
from core.durable import make_folders, remove_tree, sync_folder, write_whole
from core.errors import AktenlotseError, EnvironmentProblem, IntegrityError, UsageError
from core.faults import machine_fault
from core.ids import new_id
from core.logs import log
from models import Actor, Disposal, JournalEntry, Role
from models.chain import noted_digest
from services.house import House
from services.view import Json

LOG = log(__name__)
PLACE = "copy.place"  # in the home: how far the copy is, and which copy it is
MARK = "aktenlotse-copy.json"  # in the copy; without it the disk is not mounted
AT_ONCE = 500  # entries between two notes of the place
_TAIL = 200  # bytes compared before a segment is continued


def second_store(house: House) -> Store | None:
    """The copy's objects; None when none is configured or its disk is not there."""
    folder = _folder(house)
    if folder is None or not _is_there(house, folder):
        return None
    return Store(folder / "archive", folder / "staging", house.identity)


def copy_on(house: House) -> int:
    """Bring the copy up to date, if no other process is at it. Returns: how many objects were copied.

    A disk that is missing or full is logged; the next call goes on. Nothing is done where no copy is configured.
    """
    try:
        return keep_copy(house)
    except (OSError, AktenlotseError) as error:
        LOG.warning("copy_failed", extra={"why": machine_fault(error).code})
        return 0


def keep_copy(house: House) -> int:
    """The same for a loop, which counts what fails. Raises: EnvironmentProblem (its disk is not there), StorageFull,
    OSError."""
    folder = _folder(house)
    if folder is None:
        return 0
    with house.database.leading("copy") as leading:
        if not leading:
            return 0
        store = _open(house, folder)
        if store is None:
            raise EnvironmentProblem("copy_missing", path=str(folder))
        return _follow(house, store) + _days(house, store) if _segments(house, folder) else 0


def need_copy(house: House) -> Store | None:
    """The copy's objects, None when none is configured. Raises: EnvironmentProblem (its disk is not there)."""
    store, folder = second_store(house), _folder(house)
    if store is None and folder is not None and _read_place(house):
        raise EnvironmentProblem("copy_missing", path=str(folder))
    return store


def copy_now(house: House, actor: Actor) -> Json:
    """Bring the copy up to date now. Returns: ``copied`` and what :func:`copy_state` says.

    Raises: Forbidden, UsageError (none configured), EnvironmentProblem (its disk is not there).
    """
    actor.need(Role.ADMIN, Role.OPERATOR)
    if copy_state(house) is None:
        raise UsageError("no_second_copy")
    copied = copy_on(house)
    state = copy_state(house)
    assert state is not None
    if not state["there"]:
        raise EnvironmentProblem("copy_missing", path=state["path"])
    return {"copied": copied, **state}


def copy_state(house: House) -> Json | None:
    """How far the copy is behind: ``there``, ``behind`` (journal entries); None when none is configured."""
    folder = _folder(house)
    if folder is None:
        return None
    with house.database.read() as session:
        last = session.scalar(sa.select(sa.func.max(JournalEntry.seq))) or 0
    place = _read_place(house)
    return {
        "path": str(folder),
        "there": _is_there(house, folder),
        "behind": last - int(place.get("seq", 0)),
        "left_out": list(place.get("left_out", [])),
    }


def _folder(house: House) -> Path | None:
    return Path(house.settings.archive_copy) if house.settings.archive_copy else None


def _open(house: House, folder: Path) -> Store | None:
    """The copy; a new one is begun in an empty folder. None: the disk of a known copy is not there."""
    place = _read_place(house)
    if place.get("path") != str(folder) and folder.is_dir() and not any(folder.iterdir()):
        place = {"path": str(folder), "copy": new_id(), "seq": 0, "left_out": []}
        _mark(house, folder, place["copy"])
        _write_place(house, place)
    elif place.get("path") != str(folder) and (folder / MARK).is_file():
        said = _said(folder)  # the home folder is new, the copy is known: compare from the start
        if said.get("identity") in (None, house.identity):
            _write_place(house, {"path": str(folder), "copy": said["copy"], "seq": 0, "left_out": []})
    if not _is_there(house, folder):
        return None
    if "identity" not in _said(folder):  # begun before there were identities
        _mark(house, folder, str(_read_place(house)["copy"]))
    store = Store(folder / "archive", folder / "staging", house.identity)
    make_folders(folder / "journal")
    store.initialise()
    store.recover()
    return store


def _is_there(house: House, folder: Path) -> bool:
    try:
        said = _said(folder)
        return said["copy"] == _read_place(house).get("copy") and said.get("identity") in (None, house.identity)
    except (OSError, ValueError, KeyError):
        return False


def _said(folder: Path) -> dict[str, Any]:
    said: dict[str, Any] = json.loads((folder / MARK).read_bytes())
    return said


def _mark(house: House, folder: Path, copy: str) -> None:
    write_whole(folder / MARK, json.dumps({"copy": copy, "identity": house.identity}).encode())


def _follow(house: House, store: Store) -> int:
    """Copy the objects that entries name, in the order of the entries."""
    copied, place = 0, _read_place(house)
    destroyed = cache(partial(_destroyed, house))  # asked for only where an object is missing here
    left_out: set[str] = set(place.get("left_out", []))
    retried = [tuple(name.split(":")) for name in left_out]
    copied += sum(_copy(house, store, kind, id, None, left_out, destroyed) for kind, id in retried)
    while True:
        with house.database.read() as session:
            rows = session.execute(
                sa.select(JournalEntry.seq, JournalEntry.kind, JournalEntry.object_id, JournalEntry.data)
                .where(JournalEntry.seq > place["seq"])
                .order_by(JournalEntry.seq)
                .limit(AT_ONCE)
            ).all()
        if not rows:
            break
        noted = {(kind, id): data["object"] for _, kind, id, data in rows if data.get("object")}
        for (kind, id), digest in noted.items():
            copied += _copy(house, store, kind, id, digest, left_out, destroyed)
        place = {**place, "seq": rows[-1].seq, "left_out": sorted(left_out)}
        _write_place(house, place)
    if sorted(left_out) != place.get("left_out"):
        _write_place(house, {**place, "left_out": sorted(left_out)})
    return copied


def _copy(
    house: House,
    store: Store,
    kind: str,
    id: str,
    digest: str | None,
    left_out: set[str],
    destroyed: Callable[[], frozenset[tuple[str, str]]],
) -> bool:
    """Copy one object, if it is what its newest entry says. A damaged one is left out, and tried again later."""
    name = f"{kind}:{id}"
    if not house.store.exists(kind, id) and (kind, id) in destroyed():
        left_out.discard(name)
        return False
    with house.database.read() as session:
        newest = noted_digest(session, kind, id)
    if digest is not None and digest != newest:
        return False  # a later entry says more
    try:
        if house.store.digest(kind, id) != newest:
            raise IntegrityError("object_damaged", id=id, finding="A012")
        if not store.exists(kind, id) or store.digest(kind, id) != newest:
            store.restore(kind, id, house.store.object_path(kind, id))
        left_out.discard(name)
    except AktenlotseError as error:
        if error.retry:
            raise
        LOG.warning("object_not_copied", extra={"object": name, "why": error.code})
        left_out.add(name)
        return False
    return True


def carry_over(house: House, second: Store, kind: str, id: str) -> None:
    """The copy's object becomes ours at once, so that what was taken out here is in no version there either."""
    if second.exists(kind, id) and second.digest(kind, id) != house.store.digest(kind, id):
        second.restore(kind, id, house.store.object_path(kind, id))


def _destroyed(house: House) -> frozenset[tuple[str, str]]:
    """Kind and id of every object that a released disposal lists."""
    with house.database.read() as session:
        released = session.scalars(sa.select(Disposal.objects).where(Disposal.released_at.is_not(None)))
        return frozenset((item["kind"], item["id"]) for objects in released for item in objects)


def _days(house: House, store: Store) -> int:
    """Copy the closed days that the copy lacks or has otherwise (values erased), and drop their segments there."""
    copied = 0
    for day in house.journal.closed_days():
        if not store.exists("journal", day) or store.digest("journal", day) != house.store.digest("journal", day):
            store.restore("journal", day, house.store.object_path("journal", day))
            copied += 1
        remove_tree(store.root.parent / "journal" / day)
    return copied


def _segments(house: House, folder: Path) -> bool:
    """Continue the copies of the open days' files. Returns: True."""
    for day in house.journal.open_days():
        here, there = house.settings.journal / day, folder / "journal" / day
        make_folders(there)
        for name in (VALUES, ENTRIES, BLOCKS, STAMPS):
            if (here / name).is_file():
                _continue_file(here / name, there / name)
    return True


def _continue_file(source: Path, target: Path) -> None:
    """Make ``target`` equal to ``source``, which mostly grew at its end."""
    data = source.read_bytes() if not target.is_file() else None
    if data is None:
        size = target.stat().st_size
        if size == source.stat().st_size and _piece(source, size) == _piece(target, size):
            return
        if size < source.stat().st_size and _piece(source, size) == _piece(target, size):
            with source.open("rb") as stream, target.open("ab") as out:
                stream.seek(size)
                out.write(stream.read())
                out.flush()
                os.fsync(out.fileno())
            return
        data = source.read_bytes()
    write_whole(target, data)
    sync_folder(target.parent)


def _piece(path: Path, end: int) -> bytes:
    with path.open("rb") as stream:
        stream.seek(max(0, end - _TAIL))
        return stream.read(min(end, _TAIL))


def _read_place(house: House) -> dict[str, Any]:
    path = house.settings.home / PLACE
    place: dict[str, Any] = json.loads(path.read_bytes()) if path.is_file() else {}
    return place


def _write_place(house: House, place: dict[str, Any]) -> None:
    write_whole(house.settings.home / PLACE, json.dumps(place).encode())
