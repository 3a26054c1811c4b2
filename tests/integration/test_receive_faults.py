"""Promise 1, systematically: death at each durable write of ``receive`` in turn; nothing is lost or doubled."""

from __future__ import annotations

import errno
import hashlib
import os
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.durable import copy_checked
from core.errors import IntegrityError, StorageFull
from core.settings import Settings
from models import SYSTEM, Delivery, Source, State
from services import registry
from services.house import House, make_home, open_house
from services.intake import BatchFacts, put_away, receive, start_batch
from tests.letters import small_scan, small_text

CALLS = ("fsync", "rename", "replace", "link")


@pytest.fixture(scope="module")
def empty_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("faults") / "home"
    make_home(home)
    with open_house(Settings(home=home)) as house:
        registry.set_up(house, "test")
    return home


@pytest.fixture
def home(empty_home: Path, tmp_path: Path) -> Path:
    copy = tmp_path / "home"
    shutil.copytree(empty_home, copy)
    return copy


def deliver(house: House, path: Path) -> None:
    """What the watched folder does with a file."""
    batch = start_batch(house, SYSTEM, BatchFacts())
    put_away(house, path, receive(house, SYSTEM, path, batch).origin)


def counting(die_at: int, act: Callable[[], None]) -> Callable[[], int]:
    """Wrap the calls that make things durable; at number ``die_at`` do ``act``. Returns: how many there were."""
    count = 0

    def wrap(original: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object, **options: object) -> object:
            nonlocal count
            count += 1
            if count == die_at:
                act()
            return original(*arguments, **options)

        return wrapped

    for name in CALLS:
        setattr(os, name, wrap(getattr(os, name)))
    return lambda: count


def run_in_child(home: Path, path: Path, die_at: int) -> int:
    """Deliver in a forked process that kills itself at a durable call. Returns: calls made, or -signal."""
    pid = os.fork()
    if pid == 0:
        made = counting(die_at, lambda: os.kill(os.getpid(), signal.SIGKILL))
        with open_house(Settings(home=home)) as house:
            deliver(house, path)
        os._exit(min(made(), 255))
    _, status = os.waitpid(pid, 0)
    return -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)


def assert_exactly_once(home: Path, data: bytes, state: State) -> None:
    with open_house(Settings(home=home)) as house, house.database.read() as session:
        sources = session.scalars(sa.select(Source)).all()
        assert [(row.sha256, row.state, row.entry_no[-6:]) for row in sources] == [
            (hashlib.sha256(data).hexdigest(), state, "000001")
        ]
        deliveries = session.scalars(sa.select(Delivery)).all()
        assert [row.duplicate for row in deliveries] == [False]
        stored = [*house.settings.archive.rglob("original/*"), *house.settings.quarantine.rglob("brief.*")]
        assert [path.read_bytes() for path in stored] == [data]
        assert [path.read_bytes() for path in house.settings.done.rglob("brief.*")] == [data]
        assert not list(house.settings.inbox.iterdir())
        assert house.journal.verify(house.database).ok


def _delivered(home: Path, kind: str) -> tuple[Path, bytes]:
    path = home / "inbox" / ("brief.txt" if kind == "text" else "brief.png")
    if kind == "text":
        small_text(path, 1)
    else:
        small_scan(path, 1)
    if kind == "broken":
        path.write_bytes(path.read_bytes()[:-900])
    return path, path.read_bytes()


@pytest.mark.parametrize("kind", ["text", "broken"])
def test_a_death_at_any_durable_write_is_healed_by_the_next_run(home: Path, tmp_path: Path, kind: str) -> None:
    template = tmp_path / "template"
    shutil.copytree(home, template)
    state = State.QUARANTINED if kind == "broken" else State.WORKING
    path, data = _delivered(home, kind)
    calls = run_in_child(home, path, die_at=0)
    assert calls > 8
    assert_exactly_once(home, data, state)
    for die_at in range(1, calls + 1):
        shutil.rmtree(home)
        shutil.copytree(template, home)
        path, data = _delivered(home, kind)
        assert run_in_child(home, path, die_at) == -signal.SIGKILL
        with open_house(Settings(home=home)) as house:
            house.store.recover()
            house.journal.catch_up(house.database)
            if path.exists():
                deliver(house, path)
        assert_exactly_once(home, data, state)


def test_a_full_disk_leaves_the_file_in_the_inbox(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = _delivered(home, "text")

    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "no space")

    with open_house(Settings(home=home)) as house:
        batch = start_batch(house, SYSTEM, BatchFacts())
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises((StorageFull, OSError)):
                receive(house, SYSTEM, path, batch)
        assert path.read_bytes() == data
        put_away(house, path, receive(house, SYSTEM, path, batch).origin)
    assert_exactly_once(home, data, State.WORKING)


def test_a_file_that_changes_while_it_is_copied_is_not_taken(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, _ = _delivered(home, "text")

    def slow(source: Path, target: Path) -> str:
        digest = copy_checked(source, target)
        with source.open("a") as stream:
            stream.write("noch eine Zeile\n")
        return digest

    monkeypatch.setattr("services.intake.copy_checked", slow)
    with open_house(Settings(home=home)) as house:
        batch = start_batch(house, SYSTEM, BatchFacts())
        with pytest.raises(IntegrityError) as caught:
            receive(house, SYSTEM, path, batch)
        with house.database.read() as session:
            assert session.scalar(sa.select(sa.func.count(Source.id))) == 0
    assert caught.value.code == "changed_while_read"
    assert path.exists()
