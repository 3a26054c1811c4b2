"""Reference, rule, model, in this order; a rule is tried before it is trusted."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.clock import today
from core.errors import Forbidden, NotFound, UsageError
from models import SYSTEM, Actor, Document, Role
from services.deciding import route_by_person
from services.house import House
from services.rebuilding import rehearse
from services.registry import open_efile
from services.rules import Condition, add_rule, list_rules, remove_rule, try_rule
from tests.unit.classify.small_town import letter

from .conftest import Sender

TREE = letter("Weihnachtsbaum", "Der Weihnachts-\nbaum vom   Marktplatz nadelt.")
OUTSIDER = Actor("fremd", "fremd", frozenset({Role.CASEWORKER}))


def _route(house: House, id: str) -> tuple[str, str | None]:
    with house.database.read() as session:
        route = session.get_one(Document, id).route
        assert route is not None
        return route.decided_by, route.unit_id


def test_a_rule_decides_before_the_model(trained: House, admin: Actor, send: Sender) -> None:
    text = letter("Biotonne", "Restmüll und Altpapier")
    assert _route(trained, send(text)) == ("model", "70")
    add_rule(trained, admin, Condition("text", "biotonne"), "22")
    assert _route(trained, send(text + "\n")) == ("rule", "22")


def test_a_reference_decides_before_a_rule(trained: House, admin: Actor, send: Sender) -> None:
    add_rule(trained, admin, Condition("text", "Weihnachtsbaum"), "22")
    with trained.database.write() as session:
        open_efile(session, SYSTEM, "70-1/2025", "Tonnen", "70", None, [], date(2025, 1, 1))
    assert _route(trained, send(f"{TREE}\nIhr Zeichen: 70-1/2025")) == ("reference", "70")


def test_a_reference_is_found_in_the_register_despite_two_slips_and_no_wrong_one(trained: House, send: Sender) -> None:
    with trained.database.write() as session:
        for number in (17, 18):
            open_efile(session, SYSTEM, f"70.2-41{number}/2025", "Tonnen", "70", None, [], date(2025, 1, 1))
    assert _route(trained, send(f"{TREE}\nIhr Zeichen: 7O.2-4ll7/2025")) == ("reference", "70")
    assert _route(trained, send(f"{TREE}\nIhr Zeichen: 70.2-4999/2025"))[0] != "reference"


def test_the_lowest_priority_is_asked_first(house: House, admin: Actor, send: Sender) -> None:
    add_rule(house, admin, Condition("text", "Weihnachtsbaum"), "22", priority=50)
    add_rule(house, admin, Condition("text", "Weihnachtsbaum"), "66", priority=10)
    assert _route(house, send(TREE)) == ("rule", "66")


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        (Condition("text", "vom Marktplatz"), True),  # whatever white space parts the words
        (Condition("text", "markt"), False),  # no part of a word
        (Condition("text", "M.rktplatz"), False),  # words are no pattern
        (Condition("text", "m.rktplatz", words=False), True),
        (Condition("sender", "Marktplatz"), False),
    ],
)
def test_words_are_found_as_they_stand(condition: Condition, holds: bool) -> None:
    assert condition.holds({"text": TREE, "sender": "Erika Beispiel", "subject": ""}) is holds


def test_a_pattern_that_never_ends_does_not_hold_the_mail() -> None:
    assert not Condition("text", r"(a+)+$", words=False).holds({"text": "a" * 60 + "!", "sender": "", "subject": ""})


@pytest.mark.parametrize("broken", [("text", "("), ("from", "x"), ("text", "  ")])
def test_a_broken_rule_is_refused(broken: tuple[str, str]) -> None:
    with pytest.raises(UsageError):
        Condition(*broken, words=False)


def test_a_rule_holds_only_while_it_is_valid(house: House, admin: Actor, send: Sender) -> None:
    tomorrow = today() + timedelta(days=1)
    add_rule(house, admin, Condition("text", "Weihnachtsbaum"), "22", valid_from=tomorrow)
    add_rule(house, admin, Condition("text", "Weihnachtsbaum"), "66", valid_to=today())
    number = add_rule(house, admin, Condition("text", "Weihnachtsbaum"), "34")
    remove_rule(house, admin, number)
    assert _route(house, send(TREE))[0] == "model"
    assert [row["holds"] for row in list_rules(house, admin)] == [False, False]
    with pytest.raises(NotFound):
        remove_rule(house, admin, number)


def test_a_trial_counts_changes_and_what_people_said(trained: House, admin: Actor, send: Sender) -> None:
    text = "Restmüll und Altpapier, Sperrmüll"
    ids = [send(letter("Biotonne", f"{text} {number}")) for number in range(3)]
    with trained.database.write() as session:
        open_efile(session, SYSTEM, "70-1/2025", "Tonnen", "70", None, [], date(2025, 1, 1))
    send(letter("Biotonne", f"{text}\nIhr Zeichen: 70-1/2025"))
    route_by_person(trained, admin, ids[0], "70")
    route_by_person(trained, admin, ids[1], "22")
    trial = try_rule(trained, admin, Condition("text", "Biotonne"), "22")
    assert (trial.n, trial.matched, trial.asked, trial.changed, trial.against) == (4, 4, 3, 2, 1)
    assert {one["id"] for one in trial.letters} == {ids[0], ids[2]}
    assert not list_rules(trained, admin)
    add_rule(trained, admin, Condition("text", "Restmüll"), "66", priority=1)
    assert try_rule(trained, admin, Condition("text", "Biotonne"), "22").asked == 0


def test_a_trial_asks_no_letter_that_the_admin_may_not_read(house: House, admin: Actor, send: Sender) -> None:
    send(letter("Biotonne"))
    blind = Actor("blind", "blind", frozenset({Role.ADMIN}))
    assert try_rule(house, admin, Condition("text", "Biotonne"), "22").matched == 1
    trial = try_rule(house, blind, Condition("text", "Biotonne"), "22")
    assert (trial.n, trial.matched, trial.letters) == (0, 0, ())


def test_only_admins_make_rules(house: House) -> None:
    with pytest.raises(Forbidden):
        add_rule(house, OUTSIDER, Condition("text", "x"), "22")
    with pytest.raises(Forbidden):
        try_rule(house, OUTSIDER, Condition("text", "x"), "22")


def test_rules_are_rebuilt_equal(house: House, admin: Actor) -> None:
    add_rule(house, admin, Condition("sender", "Finanzamt"), "22", valid_to=date(2030, 1, 1))
    remove_rule(house, admin, add_rule(house, admin, Condition("text", "x.*", words=False), "66"))
    assert rehearse(house, admin, lambda _entries: None)["different"] == {}
