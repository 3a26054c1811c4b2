"""Watching says one sentence where something changed, and nothing where nothing did or where it may be chance."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa

from core.clock import now
from models import Actor, DecidedBy, Document, Label, LabelKind, Route
from services.health import examine_home
from services.house import House
from services.standing import status
from services.watching import concerns
from tests.unit.classify.small_town import letter

from .conftest import Sender

Past = Callable[..., None]


@pytest.fixture
def past(trained: House, send: Sender) -> Past:
    """Write Routes of the past: so many weeks ago, to a unit or none, with their share of unknown words."""
    send(letter("Biotonne", "Restmüll"))
    with trained.database.read() as session:
        (id,) = session.scalars(sa.select(Document.id))

    def write(count: int, weeks: float, unit: str | None, *, unknown: float = 0.0) -> None:
        with trained.database.write() as session:
            for _ in range(count):
                session.add(
                    Route(
                        document_id=id,
                        unit_id=unit,
                        decided_by=DecidedBy.MODEL,
                        reasons=[{"code": "model", "unknown_words": unknown}],
                        candidates=[],
                        actor="system",
                        decided_at=now() - timedelta(weeks=weeks),
                        current=False,
                    )
                )

    return write


def _codes(house: House) -> set[str]:
    return {one.code for one in concerns(house)}


def test_where_nothing_changed_nothing_is_said(trained: House, past: Past) -> None:
    for weeks in (1, 8):
        past(60, weeks, "70")
        past(20, weeks, None)
    assert _codes(trained) <= {"provisional"}


def test_rising_abstention_is_said(trained: House, past: Past) -> None:
    past(90, 8, "70")
    past(10, 8, None)
    past(60, 1, "70")
    past(40, 1, None)
    (said,) = [one for one in concerns(trained) if one.code == "abstention"]
    assert said.details == {"now": "40 %", "before": "10 %", "weeks": 4} or said.details["now"] == "39 %"


def test_a_few_letters_more_are_chance(trained: House, past: Past) -> None:
    past(90, 8, "70")
    past(10, 8, None)
    past(34, 1, "70")
    past(6, 1, None)
    assert "abstention" not in _codes(trained)


def test_new_words_are_said(trained: House, past: Past) -> None:
    past(40, 1, "70", unknown=0.9)
    assert "vocabulary" in _codes(trained)


def test_a_unit_that_sends_on_more_is_named(trained: House, send: Sender) -> None:
    with trained.database.write() as session:
        source = session.get_one(Document, send(letter("Biotonne", "Restmüll")))
        for number in range(80):
            document = Document(
                **{
                    column.name: getattr(source, column.name)
                    for column in Document.__table__.columns
                    if column.name not in {"id", "part"}
                },
                id=f"{source.id}-{number}",
                part=100 + number,
            )
            session.add(document)
            session.flush()
            weeks = 1 if number < 40 else 8
            session.add(
                Route(
                    document_id=document.id,
                    unit_id="70",
                    decided_by=DecidedBy.MODEL,
                    reasons=[],
                    candidates=[],
                    actor="system",
                    decided_at=now() - timedelta(weeks=weeks),
                    current=True,
                )
            )
            if number < 12:
                session.add(
                    Label(
                        document_id=document.id,
                        unit_id="66",
                        kind=LabelKind.MISDELIVERY,
                        actor="amtfrau",
                        given_at=now() - timedelta(weeks=weeks),
                    )
                )
    (said,) = [one for one in concerns(trained) if one.code == "returns"]
    assert said.details["unit"] == "70 Abfallwirtschaft"
    assert "70 Abfallwirtschaft" in said.sentence


def test_status_and_doctor_say_it(trained: House, admin: Actor, past: Past) -> None:
    past(90, 8, "70")
    past(60, 1, None)
    sentence = next(one.sentence for one in concerns(trained) if one.code == "abstention")
    assert sentence in [one["sentence"] for one in status(trained)["watch"]]
    findings = [finding for finding in examine_home(trained) if finding.part == "routing"]
    assert sentence in [finding.detail for finding in findings]
    assert all(finding.ok for finding in findings)
    assert json.dumps(status(trained)["watch"])


def test_on_the_first_day_nothing_is_said(house: House) -> None:
    assert concerns(house) == []
