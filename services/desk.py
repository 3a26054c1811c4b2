"""What lies on a person's desk: in-tray, clarifications, and how the mail stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from models import Actor, Document, OrgUnit, Permission, Role, Route, State
from models.access import document_tokens, held_tokens, readable
from services.house import House
from services.standing import status
from services.units import valid_units
from services.view import Json, document_json

AT_ONCE = 25
OPERATING = (Role.OPERATOR, Role.ADMIN, Role.POST_ROOM, Role.AUDITOR)
CLARIFYING = (Role.POST_ROOM, Role.AUDITOR)


@dataclass(frozen=True, slots=True)
class Pile:
    """Some documents of a longer list, oldest first. ``workable``: ids that the actor may change."""

    documents: tuple[Json, ...]
    total: int
    workable: frozenset[str]
    unit_names: Mapping[str, str]
    mine: tuple[str, ...] = ()  # codes of the actor's units
    next: int | None = None


def in_tray(house: House, actor: Actor, *, unit: str | None = None, start: int = 0) -> Pile:
    """The unworked documents of the actor's units; ``unit`` (a code) narrows it to one of them."""
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        units = {token[2:] for token in tokens if token.startswith(("u:", "c:"))}
        wanted: list[sa.ColumnElement[bool]] = [Document.state == State.FILED, Document.worked_at.is_(None)]
        if not units & {"*"}:
            wanted.append(Document.unit_id.in_(units))
        known = session.scalars(sa.select(OrgUnit).order_by(OrgUnit.code)).all()
        mine = tuple(row.code for row in known if units & {"*", row.id})
        if unit is not None:
            wanted.append(Document.unit_id.in_([row.id for row in known if row.code == unit]))
        return _pile(session, actor, tokens, wanted, start=start, mine=mine)


def clarifications(house: House, actor: Actor, *, start: int = 0) -> Pile:
    """What waits for a person's routing. Raises: Forbidden."""
    actor.need(*CLARIFYING)
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        return _pile(session, actor, tokens, [Document.state == State.CLARIFY], start=start)


def units_to_choose(house: House) -> list[tuple[str, str]]:
    """Codes and names of the units that exist today."""
    with house.database.read() as session:
        return sorted((unit.code, unit.name) for unit in valid_units(session).values())


def standing(house: House, actor: Actor) -> Json:
    """How the mail stands. Raises: Forbidden."""
    actor.need(*OPERATING)
    return status(house)


def _pile(
    session: Session,
    actor: Actor,
    tokens: frozenset[str],
    wanted: list[sa.ColumnElement[bool]],
    *,
    start: int,
    mine: tuple[str, ...] = (),
) -> Pile:
    condition = sa.and_(readable(tokens), *wanted)
    total = session.scalar(sa.select(sa.func.count(Document.id)).where(condition)) or 0
    rows = session.scalars(
        sa.select(Document)
        .where(condition)
        .options(selectinload(Document.routes).selectinload(Route.copies), selectinload(Document.pages))
        .order_by(Document.received_on, Document.received_at, Document.id)
        .offset(start)
        .limit(AT_ONCE)
    ).all()
    may = held_tokens(session, actor, Permission.WORK)
    return Pile(
        documents=tuple(document_json(session, row, tokens) for row in rows),
        total=total,
        workable=frozenset(row.id for row in rows if may & document_tokens(row)),
        unit_names={unit.code: unit.name for unit in session.scalars(sa.select(OrgUnit))},
        mine=mine,
        next=start + AT_ONCE if start + AT_ONCE < total else None,
    )
