"""The store: readable by an independent OCFL tool, whole after every kind of violence."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import ocfl
import pytest

from archive import ObjectExists, Store, verify_store
from archive.store import _TARGET
from core.errors import IntegrityError, NotFound, StorageFull

FILES = {"original/Brief äöü.pdf": b"%PDF " * 5000, "metadata.json": b"{}", "leer.txt": b"", "auch leer": b""}


def ocfl_says(store: Store) -> None:
    """An independent validator finds neither errors nor warnings, in root and objects."""
    root = ocfl.StorageRoot(root=str(store.root))
    assert root.validate(validate_objects=True, check_digests=True, log_warnings=True)
    assert root.good_objects == root.num_objects == len(list(store.objects())) and not root.errors


def test_objects_of_all_kinds_are_ocfl(store: Store) -> None:
    store.create("source", "0123abc", FILES, message="Eingang", user="müller")
    store.create("document", "d-1", {"document.pdf": b"1"}, message="Eingang", user="müller")
    store.create("journal", "2026-11-25", {"entries.jsonl": b"{}\n"}, message="Tag", user="aktenlotse")
    store.add_version("document", "d-1", {"document.pdf": b"2", "text.txt": b"x"}, message="Neu", user="m")
    store.add_version("document", "d-1", {"text.txt": None, "kopie.pdf": b"1"}, message="Neu", user="m")
    store.redact("source", "0123abc", "original/Brief äöü.pdf", message="Löschung", user="m")
    ocfl_says(store)
    assert sorted(store.objects()) == [("document", "d-1"), ("journal", "2026-11-25"), ("source", "0123abc")]
    assert all(not store.verify(*one) for one in store.objects())


def test_versions_keep_old_files_by_reference(store: Store) -> None:
    path = store.create("document", "d", {"a": b"1" * 100, "b": b"2"}, message="m", user="u")
    store.add_version("document", "d", {"b": b"3"}, message="m", user="u")
    assert store.file("document", "d", "a").parts[-3] == "v1"
    assert store.file("document", "d", "b").read_bytes() == b"3"
    assert store.file("document", "d", "b", 1).read_bytes() == b"2"
    assert store.names("document", "d") == ["a", "b"]
    assert not (store.root / path / "v2" / "content" / "a").exists()
    assert all(file.stat().st_nlink == 1 for file in (store.root / path).rglob("*") if file.is_file())
    with pytest.raises(NotFound):
        store.file("document", "d", "b", 3)
    with pytest.raises(NotFound):
        store.file("document", "d", "c")


def test_version_without_change_is_none(store: Store) -> None:
    store.create("document", "d", {"a": b"1"}, message="m", user="u")
    store.add_version("document", "d", {"a": b"1", "z": None}, message="m", user="u")
    assert len(store.inventory("document", "d").states) == 1


def test_create_twice_is_once(store: Store, tmp_path: Path) -> None:
    path = tmp_path / "a"
    path.write_bytes(b"1")
    assert store.create("source", "x", {"a": path}, message="m", user="u") == store.create(
        "source", "x", {"a": b"1"}, message="other", user="v"
    )
    with pytest.raises(ObjectExists):
        store.create("source", "x", {"a": b"2"}, message="m", user="u")
    store.file("source", "x", "a").write_bytes(b"9")
    with pytest.raises(IntegrityError):
        store.create("source", "x", {"a": b"1"}, message="m", user="u")


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "a//b", "", "a\0b", ".", "a/./b"])
def test_names_never_leave_the_object(name: str, store: Store) -> None:
    with pytest.raises(ValueError, match="file name"):
        store.create("source", "x", {name: b"1"}, message="m", user="u")
    assert not list(store.objects()) and store.recover() == 0


@pytest.mark.parametrize(("kind", "object_id"), [("other", "x"), ("source", "../x"), ("source", ""), ("source", "a b")])
def test_ids_are_plain(kind: str, object_id: str, store: Store) -> None:
    with pytest.raises(ValueError, match="object id"):
        store.create(kind, object_id, {"a": b"1"}, message="m", user="u")


def test_erased_bytes_are_nowhere(store: Store) -> None:
    canary = b"KANARIENVOGEL" * 50
    store.create("document", "d", {"text.txt": canary, "rest": b"1"}, message="m", user="u")
    store.add_version("document", "d", {"text.txt": b"neu", "kopie": canary}, message="m", user="u")
    store.redact("document", "d", "text.txt", message="Löschung", user="u", replacement=b"[weg]")
    everything = [path for path in store.root.parent.rglob("*") if path.is_file()]
    assert all(b"KANARIENVOGEL" not in path.read_bytes() for path in everything)
    assert store.file("document", "d", "text.txt").read_bytes() == b"[weg]"
    assert not store.verify("document", "d")
    ocfl_says(store)


def test_a_destroyed_object_is_gone_whole_and_the_root_stays_ocfl(store: Store) -> None:
    for name in ("d-1", "d-2"):
        store.create("document", name, {"text.txt": b"Zwirbelquast" + name.encode()}, message="1", user="m")
    store.add_version("document", "d-1", {"text.txt": b"neu"}, message="2", user="m")
    assert store.remove("document", "d-1")
    assert not store.remove("document", "d-1")
    assert list(store.objects()) == [("document", "d-2")]
    assert not [path for path in store.root.parent.rglob("*") if path.is_file() and b"quastd-1" in path.read_bytes()]
    ocfl_says(store)
    assert verify_store(store).ok
    store.create("document", "d-1", {"text.txt": b"wieder"}, message="1", user="m")
    ocfl_says(store)


def fail_at(monkeypatch: pytest.MonkeyPatch, number: int) -> list[int]:
    """The ``number``-th fsync finds the disk full."""
    count = [0]
    fsync = os.fsync

    def full(descriptor: int) -> None:
        count[0] += 1
        if count[0] == number:
            raise OSError(errno.ENOSPC, "No space left on device")
        fsync(descriptor)

    monkeypatch.setattr("os.fsync", full)
    return count


@pytest.mark.parametrize("act", ["create", "add_version", "redact"])
def test_full_disk_at_any_moment_leaves_the_state_before(
    act: str, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    store.create("document", "d", {"a": b"1", "b": b"2"}, message="m", user="u")
    before = store.inventory("document", "d").as_json()
    for number in range(1, 200):
        with monkeypatch.context() as patch:
            count = fail_at(patch, number)
            try:
                if act == "create":
                    store.create("document", f"new{number}", {"a": b"1", "b": b"2"}, message="m", user="u")
                elif act == "add_version":
                    store.add_version("document", "d", {"a": b"9"}, message="m", user="u")
                else:
                    store.redact("document", "d", "a", message="m", user="u")
            except StorageFull:
                pass
            finished = count[0] < number
        assert all(not store.verify(*one) for one in store.objects())
        assert not [path for path in store._staging.iterdir() if path.is_dir()]
        if finished:
            break
        if store.inventory("document", "d").as_json() != before:
            assert number == count[0]  # the very last fsync, of the folder: the new state is there, whole
            break
    else:
        raise AssertionError("never finished")


KILLED = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from archive import Store
    from archive import store as module
    home, mode = Path(sys.argv[1]), sys.argv[2]
    if mode == "renames":
        module.exchange = lambda one, other: False
    store = Store(home / "archive", home / "staging")
    store.initialise()
    store.recover()
    number = int(sys.argv[3])
    print("ready", flush=True)
    while True:
        number += 1
        store.create("source", f"s{number}", {"a": str(number).encode() * 3000, "b": b"1"}, message="m", user="u")
        print("s", number, flush=True)
        if not store.exists("document", "d"):
            store.create("document", "d", {"n": b"0", "fest": b"x"}, message="m", user="u")
        store.add_version("document", "d", {"n": str(number).encode()}, message="m", user="u")
        print("d", number, flush=True)
    """
)


@pytest.mark.parametrize("mode", ["exchange", "renames"])
def test_kill_at_any_moment_loses_nothing_acknowledged(mode: str, tmp_path: Path) -> None:
    rounds = int(os.environ.get("ARCHIVE_KILL_ROUNDS", "12"))
    store = Store(tmp_path / "archive", tmp_path / "staging")
    store.initialise()
    dice = random.Random(7)
    sources: set[str] = set()
    last = 0
    for _ in range(rounds):
        process = subprocess.Popen(
            [sys.executable, "-c", KILLED, str(tmp_path), mode, str(last + 100)], stdout=subprocess.PIPE
        )
        assert process.stdout is not None and process.stdout.readline() == b"ready\n"
        time.sleep(dice.uniform(0.0, 0.25))
        process.send_signal(signal.SIGKILL)
        lines = process.stdout.read().decode().split("\n")[:-1]
        process.wait()
        process.stdout.close()
        for line in lines:
            what, number = line.split()
            last = max(last, int(number))
            if what == "s":
                sources.add(f"s{number}")
        newest = max((int(line.split()[1]) for line in lines if line.startswith("d")), default=None)
        if newest is not None:  # read before any recovery
            assert int(store.file("document", "d", "n").read_bytes()) >= newest
        last += 1
        store.recover()
        assert not [path for path in (tmp_path / "staging").iterdir() if path.is_dir()]
        assert all(not store.verify(*one) for one in store.objects())
        assert sources <= {object_id for kind, object_id in store.objects() if kind == "source"}
    assert sources
    ocfl_says(store)


def test_recovery_takes_away_the_folders_of_an_object_that_did_not_come(store: Store) -> None:
    target = store.root / store.relative("source", "kam-nie")
    with store._build() as place:
        dead = store._staging / (place.name.rpartition(".")[0].replace(f".{os.getpid()}.", ".4194304.") + ".abc")
    dead.mkdir()
    (dead / _TARGET).write_text(str(target.relative_to(store.root)))
    target.parent.parent.mkdir(parents=True)  # killed before the last folder was made
    assert store.recover() == 1
    ocfl_says(store)


def test_recovery_leaves_the_living_alone(store: Store) -> None:
    with store._build() as place:
        (place / "new").mkdir()
        assert store.recover() == 0 and place.is_dir()
    dead = store._staging / (place.name.rpartition(".")[0].replace(f".{os.getpid()}.", ".4194304.") + ".abc")
    dead.mkdir()
    assert store.recover() == 1 and not dead.exists()


def test_damaged_object_is_restored_from_a_second_store(store: Store, tmp_path: Path) -> None:
    second = Store(tmp_path / "second", tmp_path / "second-staging")
    second.initialise()
    for one in (store, second):
        one.create("source", "x", {"a": b"1" * 1000}, message="m", user="u")
    store.file("source", "x", "a").write_bytes(b"kaputt")
    store.restore("source", "x", second.object_path("source", "x"))
    assert not store.verify("source", "x")


@pytest.fixture
def tiny(tmp_path: Path) -> Iterator[int]:
    yield 100_000


def test_file_size_limit_leaves_nothing(store: Store, tiny: int) -> None:
    """A real refusal of the kernel in the middle of a write (RLIMIT_FSIZE), in a process of its own."""
    code = (
        "import resource, signal, sys; from pathlib import Path; from archive import Store\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({tiny}, {tiny})); signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "home = Path(sys.argv[1]); store = Store(home / 'archive', home / 'staging')\n"
        "try: store.create('source', 'big', {'a': b'1' * 300000}, message='m', user='u')\n"
        "except OSError: sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", code, str(store.root.parent)], check=False)
    assert done.returncode == 7
    assert not list(store.objects()) and not [path for path in store._staging.iterdir() if path.is_dir()]


@pytest.mark.long
def test_a_hundred_thousand_objects_spread(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole, quickly found and evenly spread; fsync is left out, it would be an hour of waiting for the disk."""
    monkeypatch.setattr("os.fsync", lambda descriptor: None)
    count = 100_000
    for number in range(count):
        store.create("document", f"d{number}", {"metadata.json": b"%d" % number}, message="m", user="u")
    started = time.monotonic()
    for number in range(0, count, 100):
        assert store.file("document", f"d{number}", "metadata.json").read_bytes() == b"%d" % number
    assert time.monotonic() - started < 5
    assert sum(1 for _ in store.objects()) == count
    crowded = Counter(folder.parent for folder in store.folders())
    assert max(crowded.values()) < 16  # 1.5 on average
    report = verify_store(store)
    assert report.ok and report.objects == count
