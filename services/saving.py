"""Saved searches: a person's own, under a name; nobody else sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import UsageError
from core.ids import new_id
from models import Actor, SavedSearch
from models.chain import lock, record
from services.finding import Question
from services.house import House

LONGEST_NAME = 80
MOST = 100  # saved searches of one person


@dataclass(frozen=True, slots=True)
class Saved:
    """A saved search."""

    name: str
    question: Question


def save_search(house: House, actor: Actor, name: str, question: Question) -> None:
    """Keep a search under a name; one of this name is replaced.

    Raises: UsageError without a name, a query or a person, or when there are too many.
    """
    name = " ".join(name.split())
    wish = _wish(question)
    if not 0 < len(name) <= LONGEST_NAME or not wish:
        raise UsageError("saved_search_empty", longest=LONGEST_NAME)
    with house.database.write() as session:
        lock(session)
        row = _row(session, actor, name)
        if row is None:
            own = sa.select(sa.func.count()).where(SavedSearch.user_id == actor.user_id)
            if session.scalars(own).one() >= MOST:
                raise UsageError("saved_search_many", most=MOST)
            row = SavedSearch(id=new_id(), user_id=_person(actor), name=name, wish=wish, saved_at=now())
            session.add(row)
        else:
            row.wish, row.saved_at = wish, now()
        record(
            session,
            actor,
            "search.save",
            "search",
            row.id,
            data={"user": row.user_id},
            values={"name": name, "wish": wish},
            at=row.saved_at,
        )


def saved_searches(house: House, actor: Actor) -> list[Saved]:
    """The actor's own searches, by name."""
    with house.database.read() as session:
        rows = session.scalars(
            sa.select(SavedSearch).where(SavedSearch.user_id == actor.user_id).order_by(SavedSearch.name)
        )
        return [Saved(row.name, _question(row.wish)) for row in rows]


def saved_search(house: House, actor: Actor, name: str) -> Question:
    """One of the actor's own searches. Raises: UsageError."""
    with house.database.read() as session:
        return _question(_need(session, actor, name).wish)


def forget_search(house: House, actor: Actor, name: str) -> None:
    """Remove one of the actor's own searches. Raises: UsageError."""
    with house.database.write() as session:
        lock(session)
        row = _need(session, actor, name)
        record(session, actor, "search.forget", "search", row.id, data={"user": row.user_id})
        session.delete(row)


def _person(actor: Actor) -> str:
    if actor.user_id is None:
        raise UsageError("saved_search_person")
    return actor.user_id


def _row(session: Session, actor: Actor, name: str) -> SavedSearch | None:
    return session.scalar(sa.select(SavedSearch).where(SavedSearch.user_id == _person(actor), SavedSearch.name == name))


def _need(session: Session, actor: Actor, name: str) -> SavedSearch:
    row = _row(session, actor, " ".join(name.split()))
    if row is None:
        raise UsageError("saved_search_unknown", name=name)
    return row


def _wish(question: Question) -> dict[str, Any]:
    said = {
        "query": question.text.strip(),
        "unit": question.unit,
        "from": question.date_from.isoformat() if question.date_from else None,
        "to": question.date_to.isoformat() if question.date_to else None,
    }
    wish = {name: value for name, value in said.items() if value}
    return {**wish, "sort": question.sort} if wish and question.sort != "relevance" else wish


def _question(wish: dict[str, Any]) -> Question:
    days = {name: date.fromisoformat(wish[name]) if name in wish else None for name in ("from", "to")}
    return Question(
        wish.get("query", ""), wish.get("unit"), days["from"], days["to"], sort=wish.get("sort", "relevance")
    )
