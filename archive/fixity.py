"""Fixity: every byte of the store is read again and compared, in one go or a little every night."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from archive import ocfl
from archive.findings import Finding
from archive.noted import Noted
from archive.store import ROOT_FILES, Store
from archive.verify import verify_object
from core.clock import now, stamp
from core.durable import write_whole
from core.errors import AktenlotseError

_FRESH, _PATIENCE = 60.0, 2.0  # seconds
_SAVE_EVERY = 200  # objects between two notes of the place


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    objects: int
    read_bytes: int
    findings: int
    where: str


@dataclass(frozen=True, slots=True)
class FixityReport:
    """What a run found. ``complete``: it came to the end of the store."""

    findings: tuple[Finding, ...]
    objects: int
    read_bytes: int
    seconds: float
    complete: bool
    repaired: tuple[str, ...]

    @property
    def ok(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Pace:
    """How much a run may take: seconds and objects (0: no limit), MB a second (0: as fast as it goes)."""

    seconds: float = 0.0
    objects: int = 0
    mb_per_second: float = 0.0


def verify_store(
    store: Store,
    *,
    place: Path | None = None,
    pace: Pace | None = None,
    expected: Iterable[tuple[str, str]] = (),
    second: Store | None = None,
    noted: Noted | None = None,
    progress: Callable[[Progress], None] = lambda _: None,
) -> FixityReport:
    """Verify the objects in the order of their folders.

    ``place``: a file that keeps how far the last run came; the next one goes on there, and after the end
    starts anew. ``expected``: kind and id of objects that must be there. ``second``: a store from which
    damaged or missing objects are restored (a finding stays a finding; ``repaired`` tells which). ``noted``: what
    the journal says of objects; one that differs was changed together with its inventory, and a copy that differs is
    not trusted.
    """
    limits = pace or Pace()
    start = _read_place(place)
    findings = [] if start else check_root(store)
    repaired: list[str] = []
    begun = time.monotonic()
    count = size = 0
    complete = True
    for folder in store.folders():
        where = str(folder.relative_to(store.root))
        if where <= start:
            continue
        if (limits.objects and count >= limits.objects) or (
            limits.seconds and time.monotonic() - begun >= limits.seconds
        ):
            complete = False
            break
        found, read = _verify_folder(store, folder, where)
        found = found or _against(store, folder, noted)
        if found and second is not None and _repair(store, second, folder, noted):
            repaired.append(where)
        findings += found
        count, size, start = count + 1, size + read, where
        if count % _SAVE_EVERY == 0:
            _write_place(place, where)
        progress(Progress(count, size, len(findings), where))
        _wait(limits, size, begun)
    if complete:
        findings += _missing(store, expected, second, noted, repaired)
    _write_place(place, "" if complete else start)
    seconds = round(time.monotonic() - begun, 3)
    return FixityReport(tuple(findings), count, size, seconds, complete, tuple(repaired))


def check_root(store: Store) -> list[Finding]:
    """The storage root's own files, and nothing else beside the objects."""
    findings = []
    for name, data in ROOT_FILES.items():
        path = store.root / name
        if not path.is_file() or path.read_bytes() != data:
            findings.append(Finding("A007", name))
    if store.identity is not None and not _is_marked(store):
        findings.append(Finding("A007", str(store.mark.relative_to(store.root))))
    known = {name.split("/")[0] for name in ROOT_FILES}
    for path in sorted(store.root.iterdir()):
        if path.name in known or (path.is_dir() and _is_hex(path.name)):
            continue
        findings.append(Finding("A011", path.name))
    for first in store.root.iterdir():
        if first.is_dir() and _is_hex(first.name):
            findings += [
                Finding("A011", f"{first.name}/{two.name}")
                for two in first.iterdir()
                if not (two.is_dir() and _is_hex(two.name))
            ]
            findings += [
                Finding("A011", str(path.relative_to(store.root)))
                for two in first.iterdir()
                if two.is_dir()
                for path in two.iterdir()
                if not path.is_dir()
            ]
    return findings


def _is_marked(store: Store) -> bool:
    try:
        store.need_root()
    except AktenlotseError:
        return False
    return True


def _is_hex(name: str) -> bool:
    return len(name) == 2 and all(char in "0123456789abcdef" for char in name)


def _verify_folder(store: Store, folder: Path, where: str) -> tuple[list[Finding], int]:
    known = ocfl.parse_folder(folder.name)
    if known is None:
        return [Finding("A011", where)], 0
    if store.relative(*known) != where:
        return [Finding("A010", where)], 0
    size = sum(path.lstat().st_size for path in folder.rglob("*") if path.is_file())
    return verify_object(folder, ocfl.urn(*known)), size


def _missing(
    store: Store,
    expected: Iterable[tuple[str, str]],
    second: Store | None,
    noted: Noted | None,
    repaired: list[str],
) -> list[Finding]:
    findings = []
    for kind, object_id in expected:
        if not store.exists(kind, object_id):
            findings.append(Finding("A001", ocfl.urn(kind, object_id)))
            folder = store.root / store.relative(kind, object_id)
            if second is not None and _repair(store, second, folder, noted):
                repaired.append(store.relative(kind, object_id))
    return findings


def _against(store: Store, folder: Path, noted: Noted | None) -> list[Finding]:
    """A whole object that is not the one that the journal noted last: file and inventory changed together.

    A version that was written just now gets the time to be journalled.
    """
    known = ocfl.parse_folder(folder.name)
    if noted is None or known is None or not noted.differs(*known, store.digest(*known)):
        return []
    if time.time() - (folder / "inventory.json").stat().st_mtime < _FRESH:
        time.sleep(_PATIENCE)
        if not noted.differs(*known, store.digest(*known)):
            return []
    return [Finding("A012", str(folder.relative_to(store.root)))]


def _repair(store: Store, second: Store, folder: Path, noted: Noted | None) -> bool:
    """Restore an object from the second store, if it is whole there and the one that the journal noted."""
    known = ocfl.parse_folder(folder.name)
    if known is None or not second.exists(*known) or second.verify(*known):
        return False
    if noted is not None and noted.differs(*known, second.digest(*known)):
        return False
    try:
        store.restore(*known, second.object_path(*known))
    except AktenlotseError:
        return False
    return True


def _wait(limits: Pace, size: int, begun: float) -> None:
    if limits.mb_per_second:
        ahead = size / (limits.mb_per_second * 1e6) - (time.monotonic() - begun)
        if ahead > 0:
            time.sleep(ahead)


def _read_place(place: Path | None) -> str:
    if place is None or not place.is_file():
        return ""
    return str(json.loads(place.read_bytes()).get("where", ""))


def _write_place(place: Path | None, where: str) -> None:
    if place is not None:
        write_whole(place, json.dumps({"where": where, "at": stamp(now())}).encode())
