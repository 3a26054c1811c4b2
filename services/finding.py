"""Search: asked under the actor's tokens, every hit checked against the database before it leaves."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from core.errors import IndexUnreachable, NotFound
from models import Actor, Document, OrgUnit, Route
from models.access import document_tokens, held_tokens
from models.chain import record
from models.database import pairs
from search import Explanation, Query, Snippet, snippet
from services.cursors import opened, seal
from services.house import House
from services.index_loss import need_index
from services.indexing import texts_of
from services.view import Json, document_json, need_document


@dataclass(frozen=True, slots=True)
class Question:
    """What a person asks."""

    text: str
    unit: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    limit: int = 20
    after: str | None = None
    sort: str = "relevance"


@dataclass(frozen=True, slots=True)
class Alike:
    """A letter like another one."""

    id: str
    entry_no: str
    subject: str
    unit: str | None


def search(house: House, actor: Actor, question: Question, *, purpose: str = "") -> Json:
    """Hits with page, snippet and facets, as the contract's JSON. The shown snippets are readings and are journaled.

    What depends on letters that the actor may not read is blunted: ``score`` is the share of the best hit's of the
    answer, in tenths, ``took_ms`` in tens; the engine's own figures stay inside, in ``next`` too.

    Raises: IndexUnreachable.
    """
    started = time.perf_counter()
    query = _query(house, actor, question)
    found = house.reader.find(query)
    if not found.total:
        need_index(house)  # a lost index finds nothing, and that is no answer
    shown: list[Json] = []
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        documents = _documents(session, [hit.id for hit in found.hits])
        names = _unit_names(session)
        best = max((hit.score for hit in found.hits), default=0.0) or 1.0
        for hit in found.hits:
            document = documents.get(hit.id)
            if document is None or not tokens & document_tokens(document):
                continue  # the index is behind: the document moved, or the right was taken
            cut = snippet(question.text, texts_of(house, hit.id), unknown=found.unknown)
            shown.append(
                {
                    **document_json(session, document, tokens),
                    "score": round(hit.score / best, 1),
                    "page": cut.page,
                    "highlight": marked(cut),
                }
            )
    _note(house, actor, question, shown, purpose)
    return {
        "total": found.total - (len(found.hits) - len(shown)),
        "took_ms": round((time.perf_counter() - started) * 100) * 10,
        "hits": shown,
        "facets": found.facets,
        "unit_names": names,
        "hint": found.hint,
        "corrected": found.corrected,
        "next": seal(house, found.next),
    }


def explain(house: House, actor: Actor, text: str, id: str) -> Explanation:
    """Why a Document was found, or why not. Raises: NotFound (unknown, or not to be seen), IndexUnreachable."""
    with house.database.read() as session:
        document = need_document(session, actor, id)
    explanation = house.reader.explain(_query(house, actor, Question(text)), document.id)
    if explanation is None:
        raise NotFound(id=id)
    return replace(explanation, score=None)  # it depends on letters that the actor may not read


def unknown_words(house: House, actor: Actor, query: str) -> frozenset[str]:
    """The words of a query, as typed, that stand in no letter which the actor may read; none without an index."""
    if not query.strip():
        return frozenset()
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
    try:
        return house.reader.unknown(query, tokens)
    except IndexUnreachable:
        return frozenset()


def suggest(house: House, actor: Actor, typed: str, limit: int = 8) -> tuple[str, ...]:
    """Continue what is being typed, by words of letters that the actor may read; nothing without an index."""
    if not typed.strip():
        return ()
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
    try:
        return house.reader.suggest(typed, tokens, limit)
    except IndexUnreachable:
        return ()


def similar(house: House, actor: Actor, id: str, limit: int = 5) -> tuple[Alike, ...]:
    """Letters like this one that the actor may read, checked against the database; nothing without an index."""
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
    try:
        hits = house.reader.similar(id, tokens, limit)
    except IndexUnreachable:
        return ()
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        documents = _documents(session, [hit.id for hit in hits])
        return tuple(
            Alike(
                document.id,
                document.source.entry_no,
                document.subject or document.source.name,
                document.unit.code if document.unit else None,
            )
            for hit in hits
            if (document := documents.get(hit.id)) is not None and tokens & document_tokens(document)
        )


def marked(cut: Snippet) -> str:
    """A snippet with its hits between ** and **."""
    parts, end = [], 0
    for start, stop in cut.marks:
        parts += [cut.text[end:start], "**", cut.text[start:stop], "**"]
        end = stop
    return "".join([*parts, cut.text[end:]])


def _query(house: House, actor: Actor, question: Question) -> Query:
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
    sort: Any = question.sort
    return Query(
        text=question.text,
        tokens=tokens,
        unit=question.unit,
        date_from=question.date_from,
        date_to=question.date_to,
        limit=question.limit,
        after=opened(house, question.after),
        sort=sort,
    )


def _documents(session: Session, ids: list[str]) -> dict[str, Document]:
    rows = session.scalars(
        sa.select(Document)
        .where(Document.id.in_(ids))
        .options(selectinload(Document.routes).selectinload(Route.copies), selectinload(Document.pages))
    )
    return {document.id: document for document in rows}


def _unit_names(session: Session) -> dict[str, str]:
    return pairs(session, sa.select(OrgUnit.code, OrgUnit.name))


def _note(house: House, actor: Actor, question: Question, shown: list[Json], purpose: str) -> None:
    if actor.is_system:
        return
    with house.database.write() as session:
        record(
            session,
            actor,
            "search.ask",
            "search",
            "",
            purpose=purpose,
            data={"shown": [hit["id"] for hit in shown], "unit": question.unit},
            values={"query": question.text},
        )
