"""Promise 8: what does not belong together, or is older than the files beside it, is refused; nothing is begun anew."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.errors import EnvironmentProblem, Exit, IntegrityError, UsageError
from core.settings import Settings
from models import SYSTEM, EntryCounter, Identity, JournalEntry, Source
from services import identity
from services.copying import copy_on, copy_state
from services.house import House, make_home, open_house
from services.identity import settle
from services.intake import BatchFacts, receive, start_batch
from services.proving import verify_archive, verify_journal
from services.rebuilding import rehearse, restore
from services.registry import set_up
from tests.conftest import run_program
from tests.letters import small_text

PLACES = ("archive", "journal")


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    yield from _living(tmp_path / "home")


def _living(folder: Path, **settings: str) -> Iterator[House]:
    make_home(folder)
    with open_house(Settings.load(folder, settings)) as house:
        set_up(house, "root")
        yield house


def take(house: House, number: int) -> str:
    batch = start_batch(house, SYSTEM, BatchFacts())
    source = receive(house, SYSTEM, small_text(house.settings.home.parent / f"{number}.txt", number), batch).source_id
    with house.database.read() as session:
        return session.get_one(Source, source).entry_no


@pytest.mark.parametrize("place", PLACES)
def test_an_empty_folder_under_a_mount_gets_nothing_and_the_work_goes_on_when_the_mount_is_back(
    house: House, place: str
) -> None:
    first = take(house, 1)
    folder = house.settings.home / place
    folder.rename(folder.with_name("away"))
    for empty in (False, True):
        if empty:
            folder.mkdir()
        with pytest.raises((EnvironmentProblem, OSError)):
            take(house, 2)
    assert not any(path for path in folder.rglob("*") if path.name != ".lock")
    shutil.rmtree(folder)
    folder.with_name("away").rename(folder)
    assert int(take(house, 2).split("-")[1]) == int(first.split("-")[1]) + 1
    assert verify_archive(house, SYSTEM)["ok"] and verify_journal(house, SYSTEM)["ok"]


@pytest.mark.parametrize("place", PLACES)
def test_another_homes_folder_is_refused(house: House, place: str, tmp_path: Path) -> None:
    take(house, 1)
    for other in _living(tmp_path / "other"):
        take(other, 3)
    folder = house.settings.home / place
    folder.rename(folder.with_name("away"))
    shutil.copytree(tmp_path / "other" / place, folder)
    with pytest.raises(EnvironmentProblem) as refused:
        take(house, 2)
    assert refused.value.code == "mark_foreign"
    result = run_program(house.settings.home, "list", check=False)
    assert result.returncode == Exit.ENVIRONMENT and "gehört zu einem anderen" in result.stdout + result.stderr


@pytest.mark.parametrize("place", PLACES)
def test_init_makes_no_new_archive_where_the_old_one_is_missing(house: House, place: str) -> None:
    folder = house.settings.home / place
    folder.rename(folder.with_name("away"))
    result = run_program(house.settings.home, "init", check=False)
    assert result.returncode == Exit.ENVIRONMENT
    assert not any(folder.rglob("*"))


def test_a_second_hosts_init_signs_nothing_of_the_first_ones(house: House, tmp_path: Path) -> None:
    take(house, 1)
    house.journal.sign(house.database, force=True)
    second = tmp_path / "second"
    make_home(second)
    for place in PLACES:
        (second / place).rmdir()
        (second / place).symlink_to(house.settings.home / place)
    result = run_program(second, "init", check=False)
    assert result.returncode == Exit.USAGE and "identity.json" in result.stdout + result.stderr
    assert not any((second / "keys").iterdir())
    assert verify_journal(house, SYSTEM)["ok"]


def test_a_home_of_before_gets_its_identity_once_and_only_when_all_is_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as before:
        before.setattr(identity, "begin", lambda _house: None)
        before.setattr(identity, "note", lambda _session, _house: None)
        for old in _living(tmp_path / "home"):
            assert old.identity is None and not old.store.mark.exists()
    settings = Settings.load(tmp_path / "home", {})
    for place in PLACES:
        (tmp_path / "home" / place).rename(tmp_path / "away")
        (tmp_path / "home" / place).mkdir()
        with open_house(settings) as house, pytest.raises(EnvironmentProblem):
            settle(house)
        assert not (tmp_path / "home" / "identity.json").exists()
        shutil.rmtree(tmp_path / "home" / place)
        (tmp_path / "away").rename(tmp_path / "home" / place)
    for _ in range(2):
        with open_house(settings) as house:
            settle(house)
            take(house, 1)
    with open_house(settings) as house, house.database.read() as session:
        noted = session.scalars(sa.select(JournalEntry).where(JournalEntry.action == identity.ACTION)).all()
        assert [entry.object_id for entry in noted] == [house.identity] == [session.scalar(sa.select(Identity.value))]
        assert verify_archive(house, SYSTEM)["ok"]


def _saved(house: House, to: Path) -> None:
    with sqlite3.connect(house.settings.home / "aktenlotse.db") as source, sqlite3.connect(to) as target:
        source.backup(target)


def _put_back(home: Path, backup: Path) -> None:
    for file in home.glob("aktenlotse.db*"):
        file.unlink()
    shutil.copyfile(backup, home / "aktenlotse.db")


def test_an_older_database_is_refused_and_caught_up(tmp_path: Path) -> None:
    home, backup = tmp_path / "home", tmp_path / "backup.db"
    for house in _living(home):
        take(house, 1)
        _saved(house, backup)
        second = take(house, 2)
        house.journal.sign(house.database, force=True)
    _put_back(home, backup)
    for command in ("list", "init", "status"):
        refused = run_program(home, command, check=False)
        assert refused.returncode == Exit.INTEGRITY and "catch-up" in refused.stdout + refused.stderr
    run_program(home, "archive", "catch-up")
    for house in _again(home):
        assert int(take(house, 3).split("-")[1]) == int(second.split("-")[1]) + 1
        assert verify_journal(house, SYSTEM)["ok"] and verify_archive(house, SYSTEM)["ok"]
        assert rehearse(house, SYSTEM, lambda _: None)["different"] == {}


def _again(home: Path) -> Iterator[House]:
    with open_house(Settings.load(home, {})) as house:
        settle(house)
        yield house


def test_a_database_put_back_under_a_running_process_gives_no_number(house: House, tmp_path: Path) -> None:
    take(house, 1)
    _saved(house, tmp_path / "backup.db")
    take(house, 2)
    house.database.close()
    _put_back(house.settings.home, tmp_path / "backup.db")
    with pytest.raises(IntegrityError) as refused:
        take(house, 3)
    assert refused.value.code == "database_older"


def test_a_database_on_which_work_went_on_is_no_earlier_state(house: House, tmp_path: Path) -> None:
    take(house, 1)
    shutil.copytree(house.settings.home, tmp_path / "twin")
    take(house, 2)
    for twin in _again(tmp_path / "twin"):
        take(twin, 3)
        take(twin, 4)
        twin.database.close()
        shutil.rmtree(twin.settings.journal)
        shutil.copytree(house.settings.journal, twin.settings.journal)
        with pytest.raises(IntegrityError) as refused:
            settle(twin)
        assert refused.value.code == "journal_fork"
    with pytest.raises(IntegrityError):
        restore(Settings.load(tmp_path / "twin", {}), lambda _: None, older=True)


def test_a_counter_put_back_never_gives_a_number_twice(house: House) -> None:
    numbers = [take(house, n) for n in range(3)]
    with house.database.write() as session:
        session.execute(sa.update(EntryCounter).values(last=1))
    assert take(house, 3) not in numbers


def test_a_lost_database_is_not_begun_anew(tmp_path: Path) -> None:
    home = tmp_path / "home"
    for house in _living(home):
        take(house, 1)
    for file in home.glob("aktenlotse.db*"):
        file.unlink()
    for command in ("list", "init"):
        refused = run_program(home, command, check=False)
        assert refused.returncode == Exit.INTEGRITY and "archive rebuild" in refused.stdout + refused.stderr
    run_program(home, "archive", "rebuild")
    assert run_program(home, "status").returncode == Exit.OK


def test_another_homes_second_copy_is_not_taken_over(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    where = {"AKTENLOTSE_ARCHIVE_COPY": str(tmp_path / "copy")}
    for other in _living(tmp_path / "other", **where):
        take(other, 1)
        assert copy_on(other) == 1
    for house in _living(tmp_path / "home", **where):
        take(house, 2)
        assert copy_on(house) == 0
        state = copy_state(house)
        assert state is not None and not state["there"]


def test_a_home_is_made_once_and_init_again_changes_nothing(house: House) -> None:
    before = house.journal.head()
    set_up(house, "root")
    assert house.journal.head() == before
    make_home(house.settings.home.parent / "nothing")
    with open_house(Settings(home=house.settings.home.parent / "nothing")) as empty, pytest.raises(UsageError):
        settle(empty)
