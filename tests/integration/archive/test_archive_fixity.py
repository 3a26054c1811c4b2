"""Fixity: every flipped bit, missing and surplus file is found, and nothing else."""

from __future__ import annotations

import random
import shutil
from pathlib import Path

import pytest

from archive import Pace, Store, check_root, verify_store


def fill(store: Store, count: int) -> list[tuple[str, str]]:
    for number in range(count):
        files = {"original/a.pdf": str(number).encode() * 400, "metadata.json": b'{"n": %d}' % number}
        store.create("source", f"s{number}", files, message="m", user="u")
    return [("source", f"s{number}") for number in range(count)]


@pytest.mark.parametrize("count", [150, pytest.param(1000, marks=pytest.mark.long)])
def test_every_flipped_bit_is_found_and_none_falsely(count: int, store: Store) -> None:
    whole = count // 10  # these stay as they are
    known = fill(store, count + whole)
    assert verify_store(store, expected=known).findings == ()
    dice = random.Random(1)
    flipped = set()
    for kind, object_id in dice.sample(known, count):
        folder = store.object_path(kind, object_id)
        path = dice.choice([path for path in sorted(folder.rglob("*")) if path.is_file()])
        data = bytearray(path.read_bytes())
        data[dice.randrange(len(data))] ^= 1 << dice.randrange(8)
        path.write_bytes(data)
        flipped.add(str(folder.relative_to(store.root)))
    report = verify_store(store, expected=known)
    found = {"/".join(finding.where.split("/")[:3]) for finding in report.findings}
    assert found == flipped and len(found) == count
    assert report.complete and report.objects == count + whole


def test_missing_and_surplus_files_are_found(store: Store) -> None:
    known = fill(store, 6)
    paths = [store.object_path(*one) for one in known]
    (paths[0] / "v1" / "content" / "metadata.json").unlink()
    (paths[1] / "v1" / "content" / "mehr.txt").write_text("x")
    (paths[2] / "v9").mkdir()
    shutil.rmtree(paths[3])
    (paths[4] / "v1" / "content" / "link").symlink_to("metadata.json")
    (paths[5] / "0=ocfl_object_1.1").unlink()
    (store.root / "fremd.txt").write_text("x")
    (paths[5].parent / "fremd.txt").write_text("x")
    (paths[5].parent / "urn%3aaktenlotse%3asource%3azz").mkdir()
    codes = sorted(finding.code for finding in verify_store(store, expected=known).findings)
    assert codes == ["A001", "A005", "A006", "A006", "A006", "A007", "A010", "A011", "A011"]


def test_root_declaration_counts(store: Store) -> None:
    assert check_root(store) == []
    (store.root / "0=ocfl_1.1").write_text("ocfl_1.0\n")
    (store.root / "extensions" / "0003-hash-and-id-n-tuple-storage-layout" / "config.json").write_text("{}")
    assert [finding.code for finding in check_root(store)] == ["A007", "A007"]


def test_rolling_run_goes_on_where_it_stopped(store: Store, tmp_path: Path) -> None:
    fill(store, 10)
    place, seen = tmp_path / "place.json", []
    for expected in (4, 4, 2):
        report = verify_store(store, place=place, pace=Pace(objects=4), progress=lambda one: seen.append(one.where))
        assert report.objects == expected
    assert report.complete and len(set(seen)) == 10
    assert verify_store(store, place=place, pace=Pace(objects=4)).objects == 4  # from the start again


def test_pace_is_kept(store: Store) -> None:
    fill(store, 5)
    report = verify_store(store, pace=Pace(mb_per_second=0.05))
    assert report.read_bytes / 1e6 / report.seconds <= 0.055


def test_repair_from_a_second_store(store: Store, tmp_path: Path) -> None:
    second = Store(tmp_path / "second", tmp_path / "second-staging")
    second.initialise()
    known = fill(store, 4)
    fill(second, 4)
    store.file("source", "s1", "metadata.json").write_text("kaputt")
    shutil.rmtree(store.object_path("source", "s2"))
    report = verify_store(store, expected=known, second=second)
    assert len(report.repaired) == 2 and len(report.findings) == 2
    assert verify_store(store, expected=known).ok
