"""A reorganised town starts nothing from zero: labels, letters, files, rights, rules and the model are carried over."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import date, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import today
from core.errors import Forbidden, UsageError
from models import SYSTEM, Actor, Document, EFile, Label, OrgUnit, Permission, Role, RoutingModel, State
from models.access import document_tokens, held_tokens
from models.actor import actor_named
from services.deciding import route_by_person, work_off
from services.house import House
from services.learning import active_router
from services.rebuilding import rehearse
from services.registry import add_user, load_units, open_efile
from services.reorganising import close, merge, rename, split
from services.rules import Condition, add_rule, list_rules
from services.training import train_model
from services.units import successors_of, valid_units
from tests.unit.classify.small_town import letter

from .conftest import Sender

TONS = letter("Biotonne", "Restmüll und Altpapier")
PARTS = {
    "units": [
        {"code": "70.1", "name": "Tonnen", "responsible_for": "Mülltonnen, Biotonne, Restmüll, Altpapier"},
        {"code": "70.2", "name": "Sperrmüll", "responsible_for": "Sperrmüll, Abfuhr"},
    ]
}


def _rebuilds(house: House) -> None:
    assert rehearse(house, SYSTEM, lambda _entries: None)["different"] == {}


def _place(house: House, id: str) -> tuple[str, str | None, str | None]:
    with house.database.read() as session:
        document = session.get_one(Document, id)
        return document.state, document.unit_id, document.efile.reference if document.efile else None


def _file(house: House, reference: str, unit: str, title: str = "Akte") -> str:
    with house.database.write() as session:
        return open_efile(session, SYSTEM, reference, title, unit, None, [], date(2025, 1, 1)).id


def test_a_merger_carries_everything_over(trained: House, admin: Actor, send: Sender) -> None:
    _file(trained, "70-1/2025", "70")
    tray, filed, done = send(TONS), send(f"{TONS}\nIhr Zeichen: 70-1/2025"), send(f"{TONS} 3")
    work_off(trained, SYSTEM, done)
    route_by_person(trained, admin, tray, "70")
    add_user(trained, admin, "tonne", display_name=None, roles=(Role.CASEWORKER,), units=("70",))
    add_rule(trained, admin, Condition("text", "Weihnachtsbaum"), "70")
    outcome = merge(trained, admin, ["66", "70"], "60", name="Bauhof")
    assert outcome.labels == 1
    assert outcome.clarify == ()
    assert _place(trained, tray)[:2] == (State.FILED, "60")
    assert _place(trained, filed) == (State.FILED, "60", "70-1/2025")
    with trained.database.read() as session:
        assert set(valid_units(session)) == {"22", "34", "60"}
        assert "Mülltonnen" in session.get_one(OrgUnit, "60").responsible_for
        history = [(route.unit_id, route.current) for route in session.get_one(Document, filed).routes]
        assert history == [("70", False), ("60", True)]
        assert [label.unit_id for label in session.scalars(sa.select(Label))] == ["60"]
        user = actor_named(session, "tonne")
        for id in (tray, filed, done):
            assert held_tokens(session, user, Permission.READ) & document_tokens(session.get_one(Document, id))
    assert list_rules(trained, admin)[0]["unit"] == "60"
    _rebuilds(trained)


def test_the_model_of_a_merged_town_goes_on_at_once(trained: House, admin: Actor, send: Sender) -> None:
    route_by_person(trained, admin, send(letter("Weihnachtsbaum")), "70")
    outcome = merge(trained, admin, ["66", "70"], "60", name="Bauhof")
    assert outcome.version == 2
    with trained.database.read() as session:
        active = active_router(trained, session)
        assert (active.version, active.learnt) == (2, 1)
        assert "70" not in active.router.units
    assert _place(trained, send(letter("Schlagloch", "Fahrbahn, Bordstein und Gehweg")))[1] == "60"
    assert train_model(trained, admin, _kept(trained)).card["counts"]["60"] == 41


def _kept(house: House) -> Path:
    from services.training import kept_labels

    with house.database.read() as session:
        sha256 = session.scalar(sa.select(RoutingModel.labels).where(RoutingModel.active))
    assert sha256
    return kept_labels(house, sha256)


def test_a_unit_may_take_over_another(trained: House, admin: Actor, send: Sender) -> None:
    id = send(TONS)
    merge(trained, admin, ["70"], "66")
    assert _place(trained, id)[1] == "66"
    with trained.database.read() as session:
        assert successors_of(session) == {"70": "66"}
        assert session.get_one(OrgUnit, "70").valid_to == today()
    _rebuilds(trained)


def test_a_clarification_is_asked_about_the_new_unit(house: House, admin: Actor, send: Sender) -> None:
    id = send(TONS)
    merge(house, admin, ["66", "70"], "60", name="Bauhof")
    with house.database.read() as session:
        route = session.get_one(Document, id).route
        assert route is not None
        units = [unit for unit, _ in route.candidates]
    assert "60" in units
    assert not {"66", "70"} & set(units)
    route_by_person(house, admin, id, "60")
    _rebuilds(house)


@pytest.fixture
def divided(trained: House, tmp_path: Path) -> House:
    """The home where the parts of 70 are known already."""
    file = tmp_path / "parts.json"
    file.write_text(json.dumps(PARTS), "utf-8")
    load_units(trained, SYSTEM, file)
    return trained


def test_a_split_follows_rules_then_files_then_duties_and_asks_about_the_rest(
    divided: House, admin: Actor, send: Sender
) -> None:
    bulky_file = _file(divided, "70-2/2025", "70", "Sperrmüll Abfuhr Sperrmüll")
    unclear_file = _file(divided, "70-9/2025", "70", "Verschiedenes")
    by_rule = send(letter("Biotonne", "Der Vorgang Tannenweg."))
    by_duty = send(TONS)
    by_file = send(f"{letter('Biotonne', 'Altpapier')}\nIhr Zeichen: 70-2/2025")
    unclear = send("Zu dem Vorgang wie besprochen. Ihr Zeichen: 70-9/2025")
    for id in (by_rule, by_duty):
        route_by_person(divided, admin, id, "70")
    route_by_person(divided, admin, unclear, "70", reference="70-9/2025")
    outcome = split(divided, admin, "70", ["70.1", "70.2"], rules=[(Condition("text", "Tannenweg"), "70.2")])
    assert _place(divided, by_rule)[1] == "70.2"
    assert _place(divided, by_duty)[1] == "70.1"
    assert _place(divided, by_file) == (State.FILED, "70.2", "70-2/2025")
    assert _place(divided, unclear) == (State.CLARIFY, None, None)
    assert outcome.clarify == (unclear,)
    assert outcome.files_open == ("70-9/2025",)
    assert (outcome.labels, outcome.labels_withdrawn) == (2, 1)
    with divided.database.read() as session:
        assert session.get_one(EFile, bulky_file).unit_id == "70.2"
        assert session.get_one(EFile, unclear_file).unit_id == "70"
        labels = session.execute(sa.select(Label.document_id, Label.unit_id).where(Label.withdrawn_at.is_(None)))
        assert dict(labels.all()) == {by_rule: "70.2", by_duty: "70.1"}
        route = session.get_one(Document, unclear).route
        assert route is not None
        assert {unit for unit, _ in route.candidates} >= {"70.1", "70.2"}
        router = active_router(divided, session).router
        assert {"70.1", "70.2"} <= set(router.units)
        assert "70" not in router.units
    assert _place(divided, send("Noch etwas. Ihr Zeichen: 70-9/2025"))[0] == State.CLARIFY
    _rebuilds(divided)


def test_a_person_may_say_in_a_file_what_goes_where(divided: House, admin: Actor, send: Sender, tmp_path: Path) -> None:
    file = _file(divided, "70-9/2025", "70", "Verschiedenes")
    id = send(TONS)
    route_by_person(divided, admin, id, "70")
    said = tmp_path / "said.jsonl"
    said.write_text(f'{{"id": "{id}", "unit": "70.2"}}\n{{"efile": "70-9/2025", "unit": "70.1"}}\n', "utf-8")
    assert split(divided, admin, "70", ["70.1", "70.2"], labels_file=said).files_open == ()
    assert _place(divided, id)[1] == "70.2"
    with divided.database.read() as session:
        assert session.get_one(EFile, file).unit_id == "70.1"
    said.write_text('{"id": "nobody", "unit": "70.2"}\n', "utf-8")
    with pytest.raises(UsageError):
        split(divided, admin, "22", ["70.1", "70.2"], labels_file=said)


def test_the_kept_labels_are_split_too(divided: House, admin: Actor) -> None:
    split(divided, admin, "70", ["70.1", "70.2"])
    units = {json.loads(line)["unit"] for line in _kept(divided).read_text("utf-8").splitlines()}
    assert units == {"22", "34", "66", "70.1", "70.2"}
    _rebuilds(divided)


def test_another_code_keeps_everything(trained: House, admin: Actor, send: Sender) -> None:
    id = send(TONS)
    rename(trained, admin, "70", name="Abfallbetrieb", new_code="77")
    assert _place(trained, id)[1] == "70"  # the id stays
    assert _place(trained, send(f"{TONS} 2"))[1] == "70"
    route_by_person(trained, admin, id, "77")
    with pytest.raises(UsageError):
        route_by_person(trained, admin, id, "70")
    with trained.database.read() as session:
        assert successors_of(session) == {"70": "77"}
    _rebuilds(trained)


def test_a_closed_unit_gets_no_more_letters(trained: House, admin: Actor, send: Sender) -> None:
    id = send(TONS)
    assert _place(trained, id)[1] == "70"
    assert close(trained, admin, "70").clarify == (id,)
    assert _place(trained, id) == (State.CLARIFY, None, None)
    assert _place(trained, send(f"{TONS} 2"))[0] == State.CLARIFY
    _rebuilds(trained)


def test_what_cannot_be_is_refused(trained: House, admin: Actor) -> None:
    _file(trained, "70-1/2025", "70")
    wrong: list[Callable[[], object]] = [
        lambda: close(trained, admin, "70"),
        lambda: merge(trained, admin, ["70"], "99"),
        lambda: merge(trained, admin, ["70"], "70"),
        lambda: merge(trained, admin, ["98"], "70"),
        lambda: merge(trained, admin, ["70"], "66", today() + timedelta(days=1)),
        lambda: split(trained, admin, "70", ["66"]),
        lambda: rename(trained, admin, "70", new_code="66"),
    ]
    for act in wrong:
        with pytest.raises(UsageError):
            act()
    with pytest.raises(Forbidden):
        merge(trained, Actor("fremd", "x", frozenset()), ["70"], "66")


def test_a_file_of_units_does_not_bring_back_what_ended(trained: House, admin: Actor, tmp_path: Path) -> None:
    merge(trained, admin, ["70"], "66")
    file = tmp_path / "again.json"
    file.write_text(json.dumps({"units": [{"code": "70", "name": "Alt"}]}), "utf-8")
    load_units(trained, admin, file)
    with trained.database.read() as session:
        assert "70" not in valid_units(session)
    file.write_text(json.dumps({"units": [{"code": "70", "name": "Neu", "valid_from": today().isoformat()}]}), "utf-8")
    load_units(trained, admin, file)
    with trained.database.read() as session:
        assert valid_units(session)["70"].id == "70~2"
    _rebuilds(trained)
