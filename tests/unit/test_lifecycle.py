"""The rules of an EFile's life and end: who may, what a closed file refuses, what always wins."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import now, today
from core.errors import Forbidden, NotFound, UsageError
from core.settings import Settings
from models import (
    SYSTEM,
    Actor,
    Batch,
    Disposal,
    Document,
    EFile,
    JournalEntry,
    Outcome,
    Permission,
    Role,
    Source,
    State,
    Step,
)
from models.actor import actor_named
from services import disposal, erasure, lifecycle, registry
from services.deciding import route_by_person
from services.destroying import goes_with
from services.efile_view import list_efiles, show_efile
from services.filing import place
from services.house import House, make_home, open_house

OLD, RUNNING, OFFERED = "22-1990-1", "22-2025-1", "61-1990-1"


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A town with two units, an old file with a letter, a running one, and one that the archive is to be asked for."""
    make_home(tmp_path / "home")
    (tmp_path / "units.json").write_text(json.dumps({"units": [{"code": "22"}, {"code": "61"}]}))
    plan = [("22.3", "22", 10, "destroy"), ("61.1", "61", 10, "archive")]
    (tmp_path / "plan.json").write_text(
        json.dumps(
            [
                {"code": code, "title": code, "unit": unit, "retention_years": years, "disposal": kind}
                for code, unit, years, kind in plan
            ]
        )
    )
    efiles = [(OLD, "22", "22.3", "1990-01-02"), (RUNNING, "22", "22.3", "2025-01-02")]
    efiles.append((OFFERED, "61", "61.1", "1990-01-02"))
    (tmp_path / "efiles.json").write_text(
        json.dumps(
            [
                {
                    "reference": reference,
                    "title": f"Akte {reference}",
                    "unit": unit,
                    "plan": plan,
                    "opened_on": day,
                    "cases": [{"reference": f"{reference}/1", "title": "Vorgang"}],
                }
                for reference, unit, plan, day in efiles
            ]
        )
    )
    with open_house(Settings(home=tmp_path / "home")) as opened:
        registry.set_up(opened, "erste")
        first = _actor(opened, "erste")
        registry.load_units(opened, first, tmp_path / "units.json")
        registry.load_file_plan(opened, first, tmp_path / "plan.json")
        registry.load_efiles(opened, first, tmp_path / "efiles.json")
        registry.add_user(opened, first, "zweite", display_name=None, roles=(Role.ADMIN,), units=("22", "61"))
        registry.add_user(opened, first, "amt61", display_name=None, roles=(Role.CASEWORKER,), units=("61",))
        registry.add_user(
            opened,
            first,
            "leser",
            display_name=None,
            roles=(Role.CASEWORKER,),
            units=("22",),
            permission=Permission.READ,
        )
        with opened.database.write() as session:
            session.add(Batch(id="b", started_at=now()))
        for part in (1, 2):
            _letter(opened, "eins", part, OLD)
        _letter(opened, "zwei", 1, RUNNING)
        yield opened


def _letter(house: House, source: str, part: int, reference: str) -> None:
    house.store.create("document", f"{source}-{part}", {"text.txt": b"Brief"}, message="filed", user="test")
    with house.database.write() as session:
        if session.get(Source, source) is None:
            session.add(
                Source(
                    id=source,
                    sha256=source,
                    entry_no=f"1990-{source}",
                    name="brief.txt",
                    size=1,
                    batch_id="b",
                    received_on=date(1990, 3, 1),
                    received_at=now(),
                    confidentiality="normal",
                    state=State.OPENED,
                    step=Step.OPEN,
                    updated_at=now(),
                )
            )
            session.flush()
        efile = session.scalars(sa.select(EFile).where(EFile.reference == reference)).one()
        session.add(
            Document(
                id=f"{source}-{part}",
                source_id=source,
                part=part,
                state=State.FILED,
                step=Step.INDEX,
                received_on=date(1990, 3, 1),
                received_at=now(),
                confidentiality="normal",
                unit_id=efile.unit_id,
                efile_id=efile.id,
                updated_at=now(),
            )
        )


def _actor(house: House, name: str) -> Actor:
    with house.database.read() as session:
        return actor_named(session, name)


def _code(call: object, *words: object, **options: object) -> str:
    """The code of the error that a call answers with."""
    with pytest.raises(UsageError) as caught:
        call(*words, **options)  # type: ignore[operator]
    assert "{" not in caught.value.sentence()
    return caught.value.code


def _entries(house: House, action: str) -> list[JournalEntry]:
    with house.database.read() as session:
        return list(session.scalars(sa.select(JournalEntry).where(JournalEntry.action == action)))


def _due(house: House, reference: str = OLD) -> None:
    lifecycle.close(house, _actor(house, "erste"), reference, day=date(1991, 5, 1))


# -- a closed file -------------------------------------------------------------------------------------------------


def test_a_closed_file_refuses_every_write(house: House) -> None:
    first = _actor(house, "erste")
    lifecycle.close(house, first, OLD, day=date(1991, 5, 1), purpose="erledigt")
    entries = len(_entries(house, "efile.change")), len(_entries(house, "document.route"))
    assert _code(lifecycle.rename, house, first, OLD, title="neu", plan=None) == "file_closed"
    assert _code(lifecycle.rename, house, first, f"{OLD}/1", title="neu", plan=None) == "file_closed"
    assert _code(lifecycle.open_case, house, first, OLD, f"{OLD}/9", "neu") == "file_closed"
    assert _code(lifecycle.reopen_case, house, first, f"{OLD}/1", purpose="weil") == "file_closed"
    assert _code(lifecycle.close, house, first, OLD) == "file_closed"
    assert _code(lifecycle.put, house, first, "zwei-1", OLD) == "file_closed"
    assert _code(lifecycle.put, house, first, "eins-1", RUNNING) == "file_closed"
    assert _code(route_by_person, house, first, "zwei-1", "22", reference=f"{OLD}/1") == "file_closed"
    assert _code(route_by_person, house, first, "eins-1", "61") == "file_closed"
    assert (len(_entries(house, "efile.change")), len(_entries(house, "document.route"))) == entries


def test_closing_closes_the_cases_and_clears_the_in_tray(house: House) -> None:
    lifecycle.close(house, _actor(house, "erste"), OLD, day=date(1991, 5, 1))
    seen = show_efile(house, _actor(house, "erste"), OLD)
    assert [case["closed_on"] for case in seen["cases"]] == ["1991-05-01"]
    with house.database.read() as session:
        assert session.get_one(Document, "eins-1").worked_at is not None
    assert seen["retain_until"] == "2001-12-31"


def test_a_closed_case_refuses_letters_while_its_file_is_open(house: House) -> None:
    first = _actor(house, "erste")
    lifecycle.close_case(house, first, f"{RUNNING}/1")
    assert _code(lifecycle.put, house, first, "zwei-1", f"{RUNNING}/1") == "case_closed"
    lifecycle.reopen_case(house, first, f"{RUNNING}/1", purpose="Nachtrag")
    lifecycle.put(house, first, "zwei-1", f"{RUNNING}/1")
    assert show_efile(house, first, RUNNING)["contents"][0]["case"] == f"{RUNNING}/1"


def test_a_reopened_file_takes_letters_again_and_its_clock_starts_anew(house: House) -> None:
    first = _actor(house, "erste")
    lifecycle.close(house, first, OLD, day=date(1991, 5, 1))
    assert _code(lifecycle.reopen, house, first, OLD, purpose=" ") == "reason_needed"
    lifecycle.reopen(house, first, OLD, purpose="Nachzügler")
    lifecycle.put(house, first, "zwei-1", OLD)
    assert show_efile(house, first, OLD)["retain_until"] is None
    assert lifecycle.close(house, first, OLD) == date(today().year + 10, 12, 31)


def test_a_file_closes_neither_before_its_newest_letter_nor_tomorrow_nor_without_a_plan(house: House) -> None:
    first = _actor(house, "erste")
    assert _code(lifecycle.close, house, first, OLD, day=date(1990, 2, 28)) == "bad_closing_day"
    assert _code(lifecycle.close, house, first, OLD, day=date(today().year + 1, 1, 1)) == "bad_closing_day"
    lifecycle.open_efile(house, first, "22-x", "Ohne Plan", "22", None, [])
    assert _code(lifecycle.close, house, first, "22-x") == "file_without_plan"
    lifecycle.rename(house, first, "22-x", title=None, plan="22.3")
    lifecycle.close(house, first, "22-x")


def test_a_letter_whose_file_was_closed_on_its_way_goes_to_the_general_file(house: House) -> None:
    with house.database.write() as session:
        session.get_one(Document, "eins-1").state = State.WORKING
    lifecycle.close(house, _actor(house, "erste"), OLD, day=date(1991, 5, 1))
    with house.database.write() as session:
        document = session.get_one(Document, "eins-1")
        place(session, SYSTEM, document)
        session.flush()
        session.refresh(document)
        assert document.efile is not None
        assert document.efile.general


def test_the_general_file_of_the_running_year_stays_open_and_takes_over_from_closed_ones(house: House) -> None:
    first = _actor(house, "erste")
    with house.database.write() as session:
        document = session.get_one(Document, "eins-1")
        document.efile_id = None
        place(session, SYSTEM, document)
        session.flush()
    lifecycle.rename(house, first, "22-Posteingang-1990", title=None, plan="22.3")
    lifecycle.close(house, first, "22-Posteingang-1990")
    with house.database.write() as session:
        document = session.get_one(Document, "eins-2")
        document.efile_id = None
        place(session, SYSTEM, document)
        session.flush()
    running = f"22-Posteingang-{today().year}"
    lifecycle.rename(house, first, running, title=None, plan="22.3")
    assert _code(lifecycle.close, house, first, running) == "general_file_runs"


def test_files_are_seen_and_changed_only_by_those_who_may(house: House) -> None:
    stranger, reader = _actor(house, "amt61"), _actor(house, "leser")
    assert _code(show_efile, house, stranger, OLD) == _code(show_efile, house, stranger, "gibt es nicht")
    assert [line["reference"] for line in list_efiles(house, stranger)] == [OFFERED]
    assert show_efile(house, reader, OLD)["documents"] == 2
    for act in (lifecycle.close, lifecycle.close_case):
        reference = OLD if act is lifecycle.close else f"{OLD}/1"
        with pytest.raises(Forbidden):
            act(house, reader, reference)
    with pytest.raises(Forbidden):
        lifecycle.hold(house, reader, OLD, on=True, purpose="Klage")
    with pytest.raises(Forbidden):
        lifecycle.open_efile(house, stranger, "22-neu", "Neu", "22", None, [])
    assert (
        _code(lifecycle.open_efile, house, _actor(house, "erste"), f"{OLD}/1", "Neu", "22", None, []) == "file_exists"
    )


def test_another_units_file_is_a_matter_of_routing(house: House) -> None:
    assert _code(lifecycle.put, house, _actor(house, "erste"), "zwei-1", OFFERED) == "file_of_another_unit"


# -- the end -------------------------------------------------------------------------------------------------------


def test_nothing_goes_before_the_end_of_its_retention_by_anybody(house: House) -> None:
    first, second = _actor(house, "erste"), _actor(house, "zweite")
    assert _code(disposal.propose, house, first, RUNNING) == "file_not_closed"
    lifecycle.close(house, first, RUNNING)
    for actor in (first, second):
        for outcome in (None, Outcome.DECLINED):
            assert _code(disposal.propose, house, actor, RUNNING, outcome=outcome, basis="bitte") == "retention_runs"
    assert disposal.due(house, first) == []


def test_a_shorter_plan_loaded_later_does_not_end_a_retention(house: House, tmp_path: Path) -> None:
    first = _actor(house, "erste")
    lifecycle.close(house, first, RUNNING)
    plan = [{"code": "22.3", "title": "x", "unit": "22", "retention_years": 0, "disposal": "destroy"}]
    (tmp_path / "kurz.json").write_text(json.dumps(plan))
    registry.load_file_plan(house, first, tmp_path / "kurz.json")
    assert show_efile(house, first, RUNNING)["retain_until"] == f"{today().year + 10}-12-31"


def test_two_different_admins_are_needed(house: House) -> None:
    first, second = _actor(house, "erste"), _actor(house, "zweite")
    _due(house)
    id = disposal.propose(house, first, OLD)
    assert _code(disposal.release, house, first, [id]) == "second_person_needed"
    for name in ("leser", "amt61"):
        with pytest.raises(Forbidden):
            disposal.release(house, _actor(house, name), [id])
        with pytest.raises(Forbidden):
            disposal.propose(house, _actor(house, name), OLD)
    for act in (lambda: disposal.propose(house, SYSTEM, OLD), lambda: disposal.release(house, SYSTEM, [id])):
        with pytest.raises(Forbidden):
            act()
    assert _code(disposal.propose, house, second, OLD) == "already_proposed"
    assert disposal.release(house, second, [id]) == 1
    assert _code(disposal.release, house, second, [id]) == "already_released"
    with pytest.raises(NotFound):
        disposal.release(house, second, ["unbekannt"])


def test_a_hold_wins_also_when_it_comes_between_proposal_and_release(house: House) -> None:
    first, second = _actor(house, "erste"), _actor(house, "zweite")
    _due(house)
    id = disposal.propose(house, first, OLD)
    lifecycle.hold(house, first, OLD, on=True, purpose="Klage")
    assert _code(disposal.release, house, second, [id]) == "file_held"
    assert _code(disposal.propose, house, second, OLD) == "file_held"
    assert list_efiles(house, first, due=True) == []
    assert disposal.due(house, first)[0]["hold"]
    lifecycle.hold(house, first, OLD, on=False, purpose="Klage zurückgenommen")
    assert disposal.release(house, second, [id]) == 1


def test_reopening_voids_a_proposal(house: House) -> None:
    first = _actor(house, "erste")
    _due(house)
    id = disposal.propose(house, first, OLD)
    lifecycle.reopen(house, first, OLD, purpose="doch noch")
    with pytest.raises(NotFound):
        disposal.release(house, _actor(house, "zweite"), [id])


def test_one_bad_id_releases_nothing(house: House) -> None:
    _due(house)
    id = disposal.propose(house, _actor(house, "erste"), OLD)
    with pytest.raises(NotFound):
        disposal.release(house, _actor(house, "zweite"), [id, "unbekannt"])
    with house.database.read() as session:
        assert session.get_one(Disposal, id).released_at is None
        assert session.get(Document, "eins-1") is not None


def test_what_the_plan_offers_to_the_archive_needs_its_answer(house: House) -> None:
    first = _actor(house, "erste")
    _due(house, OFFERED)
    assert _code(disposal.propose, house, first, OFFERED) == "archive_not_asked"
    id = disposal.propose(house, first, OFFERED, outcome=Outcome.TAKEN_OVER)
    disposal.release(house, _actor(house, "zweite"), [id])
    assert _entries(house, "disposal.release")[0].data["outcome"] == "taken_over"


def test_a_file_with_something_unfinished_is_not_destroyed(house: House) -> None:
    _due(house)
    with house.database.write() as session:
        session.get_one(Document, "eins-2").state = State.QUARANTINED
    id = disposal.propose(house, _actor(house, "erste"), OLD)
    assert _code(disposal.release, house, _actor(house, "zweite"), [id]) == "file_has_unfiled"


def test_the_record_says_who_what_when_and_why(house: House) -> None:
    _due(house)
    id = disposal.propose(house, _actor(house, "erste"), OLD, basis="§ 4 Aktenordnung")
    disposal.release(house, _actor(house, "zweite"), [id])
    (entry,) = _entries(house, "disposal.release")
    assert (entry.actor, entry.data["proposed_by"], entry.purpose) == ("zweite", "erste", "§ 4 Aktenordnung")
    assert (entry.data["documents"], entry.data["sources"]) == (2, 1)
    assert (entry.data["plan"], entry.data["retain_until"]) == ("22.3", "2001-12-31")
    assert [(item["kind"], item["id"]) for item in entry.data["objects"]] == [
        ("document", "eins-1"),
        ("document", "eins-2"),
        ("source", "eins"),
    ]
    (line,) = disposal.listing(house, _actor(house, "erste"))
    assert (line["state"], line["reference"], line["documents"]) == ("destroyed", OLD, 2)
    with house.database.read() as session:
        assert session.get(Source, "eins") is None
        assert session.scalar(sa.select(EFile).where(EFile.reference == OLD)) is None


def test_a_scan_stays_while_another_letter_in_it_stays(house: House) -> None:
    with house.database.read() as session:
        assert goes_with(session, ["eins-1"]) == []
        assert goes_with(session, ["eins-1", "eins-2", "zwei-1"]) == ["eins", "zwei"]


# -- what must not be here at all ----------------------------------------------------------------------------------


def test_an_unlawful_letter_goes_before_any_retention_by_two_persons_with_a_reason(house: House) -> None:
    first, second = _actor(house, "erste"), _actor(house, "zweite")
    assert _code(erasure.propose_erasure, house, first, "zwei-1", basis=" ") == "reason_needed"
    with pytest.raises(Forbidden):
        erasure.propose_erasure(house, _actor(house, "leser"), "zwei-1", basis="fremd")
    id = erasure.propose_erasure(house, first, "zwei-1", basis="gehört der Nachbarstadt")
    assert _code(disposal.release, house, first, [id]) == "second_person_needed"
    disposal.release(house, second, [id])
    (entry,) = _entries(house, "disposal.release")
    assert (entry.data["reason"], entry.purpose) == ("unlawful", "gehört der Nachbarstadt")
    with house.database.read() as session:
        assert session.get(Document, "zwei-1") is None
        assert session.scalar(sa.select(EFile).where(EFile.reference == RUNNING)) is not None


def test_a_hold_stops_an_erasure_too(house: House) -> None:
    first = _actor(house, "erste")
    id = erasure.propose_erasure(house, first, "zwei-1", basis="fremd")
    lifecycle.hold(house, first, RUNNING, on=True, purpose="Klage")
    assert _code(disposal.release, house, _actor(house, "zweite"), [id]) == "file_held"
    assert _code(erasure.propose_erasure, house, first, "zwei-1", basis="fremd") == "file_held"
