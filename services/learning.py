"""The router that decides now: the active version, and what people decided since it was trained.

A decision counts from the next letter on. It writes nothing but its label: the quick update is made in memory, from the
version on disk and the labels since, so that "version 7 and 12 decisions" is a version of its own, known by its two
numbers, never overwritten, and made again from the journal at any time (ADR 0009). What a quick update is not good for
(a new unit, too many decisions) waits for the next training.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import lru_cache
from importlib.metadata import version as version_of
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

import classify
from classify import CorruptModel, Example, TrainedRouter, UnitProfile
from core.durable import remove_tree
from core.hashing import canonical_json, sha256_bytes, sha256_file
from core.ids import new_id
from models import Confidentiality, Document, Label, RoutingModel
from services.house import House
from services.indexing import texts_of
from services.labels import valid_labels
from services.units import valid_codes, valid_units

_KEPT = 4  # taught routers that a process keeps
_loading = threading.Lock()


@dataclass(frozen=True, slots=True)
class ActiveRouter:
    """``version`` none: duties and catalogue only. ``learnt``: decisions since; ``waiting``: for the next training."""

    version: int | None
    router: TrainedRouter
    learnt: int
    waiting: int


@dataclass(frozen=True, slots=True)
class _Taught:
    stamp: tuple[object, ...]
    labels: tuple[tuple[str, str], ...]
    answer: ActiveRouter


_taught: dict[str, _Taught] = {}


def active_router(house: House, session: Session) -> ActiveRouter:
    """The active version (else one that knows only duties and catalogue), with people's decisions since.

    Raises: CorruptModel.
    """
    row = session.scalar(sa.select(RoutingModel).where(RoutingModel.active))
    with _loading:
        if row is not None:
            folder = house.settings.routing_models / row.folder
            return _with_decisions(house, session, row.version, load_router(folder, row.sha256), str(folder))
        profiles = profiles_of(session)
        folder = house.settings.routing_models
        return _with_decisions(house, session, None, _cold_router(folder, profiles), f"{folder} {hash(profiles)}")


def prepare(house: House) -> None:
    """Have the router at hand that decides now. Where there are no units, there is none. Raises: CorruptModel."""
    with house.database.read() as session:
        if valid_codes(session):
            active_router(house, session)


def _with_decisions(house: House, session: Session, version: int | None, base: TrainedRouter, key: str) -> ActiveRouter:
    counts = sa.select(
        sa.func.max(Label.id), sa.func.count(Label.withdrawn_at), sa.func.count(sa.distinct(Label.unit_id))
    )
    stamp = (*session.execute(counts).one(), tuple(valid_codes(session)))
    known = _taught.get(key)
    if known is not None and known.stamp == stamp:
        return known.answer
    fresh = decisions_since(session, base)
    usable = [pair for pair in fresh if pair[1] in base.units][: classify.room_for_updates(base)]
    router, missing = base, usable
    if known is not None and known.labels == tuple(usable[: len(known.labels)]):
        router, missing = known.answer.router, usable[len(known.labels) :]
    if missing:
        router = classify.update(router, list(_examples(house, session, missing)))
    answer = ActiveRouter(version, router, len(usable), len(fresh) - len(usable))
    _taught[key] = _Taught(stamp, tuple(usable), answer)
    while len(_taught) > _KEPT:
        _taught.pop(next(iter(_taught)))
    return answer


def decisions_since(session: Session, base: TrainedRouter) -> list[tuple[str, str]]:
    """Valid labels (Document's id, unit's code) that ``base`` has not learnt from, the oldest first."""
    learnt = base.learnt()
    return [pair for pair in valid_labels(session) if pair not in learnt]


def _examples(house: House, session: Session, labels: list[tuple[str, str]]) -> Iterator[Example]:
    for id, code in labels:
        yield example_of(session.get_one(Document, id), "\f".join(texts_of(house, id)), code)


def labelled_documents(house: House, session: Session) -> Iterator[Example]:
    """The letters with a person's valid label; who gave it is the group."""
    actors = dict(session.execute(sa.select(Label.document_id, Label.actor).where(Label.withdrawn_at.is_(None))).all())
    for id, code in valid_labels(session):
        document = session.get_one(Document, id)
        yield example_of(document, "\f".join(texts_of(house, id)), code, actors[id])


def example_of(document: Document, text: str, unit: str | None = None, group: str = "") -> Example:
    """A Document as the router sees it. A confidential one is nobody's precedent, so it has no id."""
    secret = document.confidentiality == Confidentiality.CONFIDENTIAL
    return Example(
        text=text,
        unit=unit,
        subject=document.subject or "",
        sender=document.sender or "",
        day=document.letter_date or document.received_on,
        group=group,
        id="" if secret else document.id,
    )


# -- versions on disk --------------------------------------------------------------------------------------------


def profiles_of(session: Session) -> tuple[UnitProfile, ...]:
    """The valid units as the router knows them."""
    units = valid_units(session)
    codes = {unit.id: unit.code for unit in units.values()}
    return tuple(
        UnitProfile(unit.code, unit.name, unit.responsible_for, codes.get(unit.parent_id or ""))
        for unit in units.values()
    )


@lru_cache(maxsize=2)
def load_router(folder: Path, sha256: str) -> TrainedRouter:
    """A model version from disk, kept in memory. ``sha256``: of its card, as the database and journal know it.

    Raises: CorruptModel.
    """
    if not (folder / "card.json").is_file() or sha256_file(folder / "card.json") != sha256:
        raise CorruptModel(why="card", folder=str(folder))
    return classify.load(folder)


@lru_cache(maxsize=2)
def _cold_router(folder: Path, profiles: tuple[UnitProfile, ...]) -> TrainedRouter:
    """The router of the first day, made once for these units and this program, and kept beside the versions."""
    key = sha256_bytes(canonical_json([version_of("aktenlotse"), [asdict(profile) for profile in profiles]]))[:16]
    kept = folder / f"cold-{key}"
    if kept.is_dir():
        try:
            return classify.load(kept)
        except CorruptModel:
            remove_tree(kept)
    router = classify.train([], profiles)
    scratch = folder / f".cold-{new_id()}"
    classify.save(router, scratch)
    try:
        scratch.rename(kept)
    except OSError:  # another process was faster
        remove_tree(scratch)
    return router
