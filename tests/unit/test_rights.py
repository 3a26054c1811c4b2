"""Promise 7: the tokens of a document and the condition of the database always give the same answer."""

from __future__ import annotations

import random
from datetime import date
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from models import (
    Actor,
    Base,
    Batch,
    Confidentiality,
    Database,
    Document,
    Grant,
    OrgUnit,
    Permission,
    Role,
    Route,
    RouteCopy,
    Source,
    State,
    Step,
    User,
    UserRole,
)
from models.access import document_tokens, held_tokens, readable

UNITS = [("10", None), ("20", None), ("22", "20"), ("221", "22"), ("50", None)]


@pytest.fixture
def session(tmp_path: Path) -> Session:
    return a_town(tmp_path)


def a_town(tmp_path: Path) -> Session:
    """A new database with units and a batch."""
    database = Database(f"sqlite:///{tmp_path}/rights.db", tmp_path)
    Base.metadata.create_all(database.engine)
    session = Session(database.engine)
    for unit, parent in UNITS:
        session.add(
            OrgUnit(id=unit, code=unit, name=unit, responsible_for="", parent_id=parent, valid_from=date(1900, 1, 1))
        )
        session.flush()
    session.add(Batch(id="batch", started_at=now()))
    session.flush()
    return session


def a_document(session: Session, number: int, dice: random.Random) -> Document:
    day = date(2026, 1, 1)
    source = Source(
        id=f"s{number}",
        sha256=f"{number:064x}",
        entry_no=f"2026-{number:06d}",
        name="n",
        size=1,
        batch_id="batch",
        received_on=day,
        received_at=now(),
        confidentiality="normal",
        state=State.OPENED,
        step=Step.OPEN,
        updated_at=now(),
    )
    state = dice.choice([State.FILED, State.FILED, State.CLARIFY, State.WORKING, State.QUARANTINED])
    document = Document(
        id=f"s{number}-1",
        source_id=source.id,
        part=1,
        state=state,
        step=Step.INDEX,
        received_on=day,
        received_at=now(),
        confidentiality=dice.choice([Confidentiality.NORMAL, Confidentiality.NORMAL, Confidentiality.CONFIDENTIAL]),
        unit_id=dice.choice(UNITS)[0] if state != State.CLARIFY else None,
        updated_at=now(),
    )
    session.add_all([source, document])
    session.flush()
    route = Route(
        document_id=document.id, unit_id=document.unit_id, decided_by="model", actor="system", decided_at=now()
    )
    session.add(route)
    session.flush()
    if dice.random() < 0.4:
        session.add(RouteCopy(route_id=route.id, unit_id=dice.choice(UNITS)[0]))
    return document


def a_user(session: Session, number: int, dice: random.Random, documents: list[Document]) -> Actor:
    roles = [role for role in Role if dice.random() < 0.25]
    user = User(id=f"u{number}", name=f"user{number}", display_name="", roles=[UserRole(role=role) for role in roles])
    session.add(user)
    session.flush()
    for _ in range(dice.randrange(4)):
        single = dice.random() < 0.2
        session.add(
            Grant(
                user_id=user.id,
                unit_id=None if single else dice.choice([unit for unit, _ in UNITS] + [None]),
                document_id=dice.choice(documents).id if single else None,
                permission=dice.choice(list(Permission)),
                confidential=dice.random() < 0.3,
                given_by="test",
                given_at=now(),
            )
        )
    session.flush()
    return Actor(user.name, user.id, frozenset(roles))


@pytest.mark.parametrize("seed", range(8))
def test_tokens_and_condition_agree_for_everybody(session: Session, seed: int) -> None:
    dice = random.Random(seed)
    documents = [a_document(session, number, dice) for number in range(60)]
    session.expire_all()
    for number in range(12):
        actor = a_user(session, number, dice, documents)
        tokens = held_tokens(session, actor)
        by_condition = set(session.scalars(sa.select(Document.id).where(readable(tokens))))
        by_tokens = {document.id for document in documents if tokens & document_tokens(document)}
        assert by_condition == by_tokens


def test_a_right_in_a_unit_holds_below_it_and_not_beside_it(session: Session) -> None:
    session.add(User(id="u", name="u", display_name=""))
    session.flush()
    session.add(Grant(user_id="u", unit_id="20", permission=Permission.READ, given_by="t", given_at=now()))
    session.flush()
    held = held_tokens(session, Actor("u", "u"))
    assert held == {"u:20", "u:22", "u:221"}
    assert held_tokens(session, Actor("u", "u"), Permission.WORK) == set()


def test_nobody_reads_confidential_mail_by_a_role(session: Session) -> None:
    session.add(
        Grant(role=Role.CASEWORKER, permission=Permission.READ, confidential=True, given_by="t", given_at=now())
    )
    with pytest.raises(sa.exc.IntegrityError):
        session.flush()


def test_a_user_without_grants_sees_nothing(session: Session) -> None:
    session.add(User(id="u", name="u", display_name=""))
    session.flush()
    assert held_tokens(session, Actor("u", "u", frozenset({Role.CASEWORKER}))) == set()
