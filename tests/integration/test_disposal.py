"""Destruction under fault: cut off anywhere it is finished later, is proved, and no rebuild brings it back."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.account import account_name
from core.clock import today
from core.durable import remove_tree
from core.errors import EnvironmentProblem
from core.settings import Settings
from models import Actor, Base, Disposal, Document, Source
from models.actor import actor_named
from services import destroying, disposal, reindexing
from services.house import House, open_house
from services.proving import verify_archive, verify_journal
from services.rebuilding import differences, rebuild, rehearse
from tests.conftest import ROOT, json_lines, program_of, run_program
from tests.traces import dog_tax_file, traces

CANARY = "Zwirbelquast"
REFERENCE = "22.3-HuSt-2009-0001"


@pytest.fixture(scope="module")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a closed and proposed EFile of two letters (one bears the canary), and a letter that stays."""
    return _proposed_home(tmp_path_factory.mktemp("disposal"))


def _proposed_home(folder: Path, env: Mapping[str, str] | None = None) -> Path:
    home, letters = folder / "home", folder / "letters"
    samples = ROOT / "samples"
    run = partial(run_program, home, env=env)
    run("init", f"--units={samples / 'units.json'}", f"--plan={samples / 'fileplan.json'}")
    (folder / "efiles.json").write_text(json.dumps([dog_tax_file(REFERENCE, CANARY)]))
    run("efile", "load", str(folder / "efiles.json"))
    letters.mkdir()
    _letter(letters / f"{CANARY}.txt", CANARY, REFERENCE)
    _letter(letters / "zweiter.txt", "Bello", f"{REFERENCE}/1")
    run("ingest", str(letters), "--received", "2009-03-01")
    _letter(folder / "bleibt.txt", "Waldi", "unbekannt")
    stays = json_lines(run("ingest", str(folder / "bleibt.txt"), "--json"))[0]["id"]
    run("route", stays, "--unit", "22", "--purpose", "bleibt")
    run("search", CANARY)
    run("user", "add", "zweite", "--role", "admin", "--unit", "22")
    run("efile", "close", REFERENCE, "--on", "2010-05-01")
    run("disposal", "propose", REFERENCE)
    assert {place.split("/")[0] for place in traces(home, CANARY)} >= {"archive", "index", "journal"}
    return home


def _letter(path: Path, dog: str, reference: str) -> None:
    path.write_text(
        f"Stadt Lindenfurt, Steueramt\nIhr Zeichen: {reference}\nBetreff: Hundesteuer für {dog}\n\n"
        f"Sehr geehrte Damen und Herren,\nmein Hund {dog} ist gestorben.\nMit freundlichen Grüßen, Fritz {dog}\n",
        "utf-8",
    )


@pytest.fixture
def copy(template: Path, tmp_path: Path) -> Path:
    shutil.copytree(template, tmp_path / "home")
    return tmp_path / "home"


@contextmanager
def _opened(home: Path) -> Iterator[tuple[House, Actor, Actor]]:
    """The house, its first user, and the second person."""
    with open_house(Settings(home=home)) as house:
        with house.database.read() as session:
            first, second = actor_named(session, account_name()), actor_named(session, "zweite")
        yield house, first, second


def _proposal(house: House) -> str:
    with house.database.read() as session:
        return session.scalars(sa.select(Disposal.id)).one()


def _is_well(house: House, actor: Actor) -> None:
    assert verify_archive(house, actor)["findings"] == []
    assert verify_journal(house, actor)["findings"] == []
    assert rehearse(house, actor, lambda _: None)["different"] == {}


STAGES = ("_forget_letters", "_remove_objects", "_remove_copies", "_erase_values", "reindexing.renew", "scrub")


@pytest.mark.parametrize("stage", STAGES)
def test_a_removal_that_was_cut_off_is_finished_by_the_next_run(
    copy: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    with _opened(copy) as (house, first, second):

        def cut_off(*_: object, **__: object) -> None:
            raise EnvironmentProblem("index_busy")

        with monkeypatch.context() as patch:
            owner: object = {"reindexing.renew": reindexing, "scrub": house.database}.get(stage, destroying)
            patch.setattr(owner, stage.rpartition(".")[2], cut_off)
            with pytest.raises(EnvironmentProblem):
                disposal.release(house, second, [_proposal(house)])
        assert [line["state"] for line in disposal.listing(house, first)] == ["released"]
        with house.database.read() as session:
            assert session.scalar(sa.select(sa.func.count(Document.id))) == 1
        _is_well(house, first)
        destroying.try_to_finish(house)
        assert [line["state"] for line in disposal.listing(house, first)] == ["destroyed"]
        _is_well(house, first)
    assert traces(copy, CANARY) == set()


def test_a_killed_release_is_finished_by_the_command_without_an_id(copy: Path) -> None:
    with _opened(copy) as (house, _, _):
        id = _proposal(house)
        process = subprocess.Popen(
            [*program_of("zweite"), "--home", str(copy), "disposal", "release", id],
            stdout=subprocess.DEVNULL,
            cwd=ROOT,
        )
        _wait_until(lambda: _released(house, id))
        process.send_signal(signal.SIGKILL)
        process.wait()
    run_program(copy, "disposal", "release")
    assert traces(copy, CANARY) == set()
    with _opened(copy) as (house, first, _):
        _is_well(house, first)
        assert [line["state"] for line in disposal.listing(house, first)] == ["destroyed"]


def _released(house: House, id: str) -> bool:
    with house.database.read() as session:
        return session.get_one(Disposal, id).released_at is not None


def _wait_until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def test_a_rebuild_does_not_bring_it_back_and_equals_what_was_there(copy: Path, tmp_path: Path) -> None:
    with _opened(copy) as (house, _, second):
        disposal.release(house, second, [_proposal(house)])
    kept = tmp_path / "kept"
    shutil.copytree(copy, kept)
    for name in ("aktenlotse.db", "aktenlotse.db-wal", "aktenlotse.db-shm"):
        (copy / name).unlink(missing_ok=True)
    with open_house(Settings(home=copy)) as house:
        counts = rebuild(house)
        assert (counts["documents"], counts["sources"]) == (1, 1)
        with open_house(Settings(home=kept)) as old:
            assert differences(old, house) == {}
    assert traces(copy, CANARY) == set()


def test_what_vanished_without_a_record_is_reported_even_with_its_row(copy: Path) -> None:
    with _opened(copy) as (house, first, second):
        with house.database.read() as session:
            (stays,) = session.scalars(
                sa.select(Document).where(Document.efile.has(reference=f"22-Posteingang-{today().year}"))
            )
        disposal.release(house, second, [_proposal(house)])
        objects = [{"kind": "document", "id": stays.id}, {"kind": "source", "id": stays.source_id}]
        for item in objects:
            remove_tree(house.store.object_path(item["kind"], item["id"]))
        missing = {f"urn:aktenlotse:{item['kind']}:{item['id']}" for item in objects}
        for _ in range(2):  # with their rows, then without
            findings = verify_archive(house, first)["findings"]
            assert sorted((f["code"], f["where"]) for f in findings if f["code"] == "A001") == sorted(
                ("A001", where) for where in missing
            )
            with house.database.write() as session:
                destroying.delete_rows(session, objects, None)


def test_the_same_letter_again_is_a_new_one(copy: Path, template: Path) -> None:
    with _opened(copy) as (house, _, second):
        disposal.release(house, second, [_proposal(house)])
    again = template.parent / "letters" / f"{CANARY}.txt"
    (line,) = json_lines(run_program(copy, "ingest", str(again), "--json"))
    assert line["duplicate_of"] is None
    assert line["entry_no"].startswith(f"{today().year}-")
    with _opened(copy) as (house, first, _):
        _is_well(house, first)


def test_a_letter_that_comes_again_before_the_removal_is_not_removed(
    copy: Path, template: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from services.intake import BatchFacts, receive, start_batch

    with _opened(copy) as (house, first, second):
        with monkeypatch.context() as patch:
            patch.setattr(destroying, "finish", lambda _house: 0)
            patch.setattr(disposal, "finish", lambda _house: 0)
            disposal.release(house, second, [_proposal(house)])
        again = template.parent / "letters" / f"{CANARY}.txt"
        received = receive(house, first, again, start_batch(house, first, BatchFacts()))
        destroying.finish(house)
        assert house.store.exists("source", received.source_id)
        with house.database.read() as session:
            assert session.get(Source, received.source_id) is not None
        assert verify_archive(house, first)["findings"] == []


def test_the_record_survives_without_the_database_in_the_signed_journal(copy: Path) -> None:
    with _opened(copy) as (house, first, second):
        disposal.release(house, second, [_proposal(house)])
        (entry,) = [entry for entry in house.journal.entries() if entry["action"] == "disposal.release"]
        assert entry["data"]["documents"] == 2
        assert all(item["object"] for item in entry["data"]["objects"])
        house.journal.sign(house.database, force=True)
        assert verify_journal(house, first)["unproved"] is None


def test_on_postgresql_it_is_gone_too(tmp_path: Path, postgres: Callable[[], str]) -> None:
    address = f"postgresql+psycopg://test@{postgres()}"
    env = {"AKTENLOTSE_DATABASE": address, "AKTENLOTSE_JOBS": f"postgresql://test@{postgres()}"}
    home = _proposed_home(tmp_path, env)
    with open_house(Settings(home=home, database=address)) as house:
        assert CANARY in _rows(house)
        run_program(home, "disposal", "release", _proposal(house), env=env, account="zweite")
        assert CANARY not in _rows(house)
        with house.database.read() as session:
            first = actor_named(session, account_name())
        assert verify_archive(house, first)["findings"] == []
        assert verify_journal(house, first)["findings"] == []
    assert traces(home, CANARY) == set()


def _rows(house: House) -> str:
    """Every row of every table as text."""
    with house.database.read() as session:
        return "\n".join(
            repr(row) for table in Base.metadata.tables.values() for row in session.execute(table.select())
        )
