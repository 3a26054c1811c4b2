"""What a person decides counts from the next letter on; what the machine guesses never does."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from core.clock import now
from core.settings import Settings
from models import Actor, DecidedBy, Label, RoutingModel
from services import retraining
from services.deciding import route_by_person
from services.house import House, open_house
from services.learning import active_router
from services.rebuilding import differences, rehearse
from services.retraining import is_due, retrain
from services.training import activate, list_models, train_model
from tests.unit.classify.small_town import letter

from .conftest import Sender

STRANGE = letter("Weihnachtsbaum", "Der Weihnachtsbaum nadelt.")


def _confidence(house: House, text: str, unit: str) -> float:
    from classify import Example

    with house.database.read() as session:
        ranking = active_router(house, session).router.rank(Example(text))
    return {c.unit: c.confidence for c in ranking.candidates}[unit]


def _learnt(house: House) -> tuple[int | None, int, int]:
    with house.database.read() as session:
        active = active_router(house, session)
    return active.version, active.learnt, active.waiting


def test_a_decision_counts_from_the_next_letter_on_and_within_a_second(
    trained: House, admin: Actor, send: Sender
) -> None:
    id = send(STRANGE)
    before = _confidence(trained, STRANGE, "66")
    started = time.monotonic()
    route_by_person(trained, admin, id, "66")
    after = _confidence(trained, STRANGE, "66")
    assert time.monotonic() - started < 1.0
    assert after > before
    assert _learnt(trained) == (1, 1, 0)


def test_a_decision_overwrites_no_version(trained: House, admin: Actor, send: Sender) -> None:
    def files() -> dict[str, bytes]:
        folder = trained.settings.routing_models
        return {str(p): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}

    id, before = send(STRANGE), files()
    route_by_person(trained, admin, id, "66")
    _learnt(trained)
    assert files() == before


def test_on_the_first_day_too_a_decision_counts_at_once(house: House, admin: Actor, send: Sender) -> None:
    id = send(STRANGE)
    before = _confidence(house, STRANGE, "66")
    route_by_person(house, admin, id, "66")
    assert _confidence(house, STRANGE, "66") > before
    assert _learnt(house) == (None, 1, 0)


def test_the_router_of_the_first_day_is_made_with_the_home_not_with_the_first_letter(new_home: Path) -> None:
    assert [path.name[:5] for path in (new_home / "routing-models").iterdir()] == ["cold-"]


def test_guesses_of_the_machine_teach_nothing(trained: House, send: Sender) -> None:
    with trained.database.read() as session:
        before = active_router(trained, session).router
    for number in range(3):
        send(letter("Biotonne", f"Restmüll {number}"))
    with trained.database.read() as session:
        assert session.scalar(sa.select(sa.func.count(Label.id))) == 0
        assert active_router(trained, session).router is before
    assert train_again(trained) == 80


def train_again(house: House) -> int:
    """Train as the schedule does. Returns: from how many letters."""
    from models import SYSTEM
    from services.training import kept_labels

    with house.database.read() as session:
        kept = session.scalar(sa.select(RoutingModel.labels).where(RoutingModel.active))
    assert kept
    return int(train_model(house, SYSTEM, kept_labels(house, kept)).card["n"])


def test_the_last_word_on_a_letter_counts_alone(trained: House, admin: Actor, send: Sender) -> None:
    id = send(STRANGE)
    route_by_person(trained, admin, id, "66")
    once = _confidence(trained, STRANGE, "66")
    route_by_person(trained, admin, id, "70")
    assert _learnt(trained)[1] == 1
    assert _confidence(trained, STRANGE, "66") < once
    with trained.database.read() as session:
        assert active_router(trained, session).router.learnt() == {(id, "70")}


def test_another_process_knows_it_too_and_makes_the_same_router(trained: House, admin: Actor, send: Sender) -> None:
    route_by_person(trained, admin, send(STRANGE), "66")
    here = _confidence(trained, STRANGE, "66")
    from services import learning

    learning._taught.clear()
    with open_house(Settings.load(trained.settings.home, {})) as other:
        assert _confidence(other, STRANGE, "66") == pytest.approx(here)


def test_the_route_says_what_was_learnt_since(trained: House, admin: Actor, send: Sender) -> None:
    route_by_person(trained, admin, send(STRANGE), "66")
    with trained.database.read() as session:
        from models import Document

        document = session.get_one(Document, send(letter("Biotonne", "Restmüll")))
        assert document.route and document.route.decided_by == DecidedBy.MODEL
        assert document.route.reasons[0]["learnt"] == 1
    assert list_models(trained)[0]["learnt"] == 1


def test_more_decisions_than_are_safe_wait_for_a_training(
    trained: House, admin: Actor, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    import classify

    monkeypatch.setattr(classify, "room_for_updates", lambda router: 1)
    for number in range(2):
        route_by_person(trained, admin, send(letter("Weihnachtsbaum", f"Baum {number}")), "66")
    assert _learnt(trained) == (1, 1, 1)


def test_a_training_is_due_when_people_decided_and_a_week_is_over(
    trained: House, admin: Actor, send: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not is_due(trained)
    route_by_person(trained, admin, send(STRANGE), "66")
    assert not is_due(trained)
    later = now() + timedelta(days=8)
    monkeypatch.setattr(retraining, "now", lambda: later)
    assert is_due(trained)
    made = retrain(trained)
    assert made is not None
    assert made.card["n"] == 81  # the decision, and the labels that the first version had
    assert made.active == made.gate["passed"]
    assert not is_due(trained) or made.version == 2


def test_never_means_never(trained: House, admin: Actor, send: Sender, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    route_by_person(trained, admin, send(STRANGE), "66")
    later = now() + timedelta(days=400)
    monkeypatch.setattr(retraining, "now", lambda: later)
    trained.settings = replace(trained.settings, retrain="never")
    assert not is_due(trained)


def test_a_trained_home_is_rebuilt_equal(trained: House, admin: Actor, send: Sender, labels: Path) -> None:
    route_by_person(trained, admin, send(STRANGE), "66")
    train_model(trained, admin, labels)
    activate(trained, admin, 2, force=True, purpose="Probe")
    drill = rehearse(trained, admin, lambda _entries: None)
    assert drill["different"] == {}
    assert differences(trained, trained) == {}
