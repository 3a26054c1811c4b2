"""Train, evaluate, activate and roll back routing models. Data lie under the home; rows and journal say which holds."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import classify
from classify import Budget, Example, TrainedRouter, UnitProfile
from core.clock import now
from core.durable import make_folders, write_whole
from core.errors import UsageError
from core.hashing import sha256_bytes
from core.ids import new_id
from models import Actor, Document, Label, OrgUnit, Role, RoutingModel
from models.access import held_tokens, readable
from models.chain import record
from models.database import pairs
from services.house import House
from services.indexing import texts_of
from services.labels import bad_line, label_lines
from services.learning import active_router, example_of, labelled_documents, load_router, profiles_of
from services.units import successors_of

Progress = Callable[[str, float], None]
TOLERANCE = 0.005  # by so much accuracy may a challenger fall behind on the same letters and still pass
NEEDED_FOR_GATE = 30
LABELS = "labels"  # folder of kept files of labels, beside the versions


@dataclass(frozen=True, slots=True)
class Trained:
    """A new version, and whether it holds now. ``gate``: what was compared."""

    version: int
    active: bool
    gate: dict[str, Any]
    card: dict[str, Any]


def train_model(
    house: House, actor: Actor, labels_file: Path | None = None, progress: Progress | None = None
) -> Trained:
    """Learn a new version from people's labels (and a file of labels). It is activated when none is active or it
    passes the gate. Raises: Forbidden, UsageError, NothingKnown."""
    actor.need(Role.ADMIN)
    moment = now()  # labels after it are for the next version
    with house.database.read() as session:
        successors = successors_of(session)
        given = list(read_labels(labels_file, successors)) if labels_file else []
        examples = [*labelled_documents(house, session), *given]
        profiles = profiles_of(session)
        champion = session.scalar(sa.select(RoutingModel).where(RoutingModel.active))
    router = classify.train(examples, profiles, progress=progress)
    gate = _gate(house, champion, router, examples, profiles)
    kept = keep_labels(house, labels_file) if labels_file else None
    return add_version(house, actor, router, gate, len(examples), kept, moment)


def add_version(
    house: House,
    actor: Actor,
    router: TrainedRouter,
    gate: dict[str, Any],
    examples: int,
    labels: str | None,
    moment: datetime,
) -> Trained:
    """Write a router as the next version, and activate it when ``gate`` says so. ``labels``: sha256 of its file."""
    folder = f"{moment:%Y%m%d-%H%M%S}-{new_id(4)}"
    seal = classify.save(router, house.settings.routing_models / folder)
    with house.database.write() as session:
        row = RoutingModel(
            folder=folder,
            sha256=seal,
            trained_at=moment,
            trained_by=actor.name,
            examples=examples,
            gate=gate,
            labels=labels,
        )
        session.add(row)
        session.flush()
        record(
            session,
            actor,
            "model.train",
            "model",
            str(row.version),
            data={"folder": folder, "card_sha256": seal, "examples": examples, "gate": gate, "labels": labels},
            at=moment,
        )
        if gate["passed"]:
            _activate(session, actor, row, gate["why"])
        return Trained(row.version, row.active, gate, router.card.as_json())


def keep_labels(house: House, file: Path) -> str:
    """Keep a copy of a file of labels, so that a later training by schedule learns from it too. Returns: its sha256."""
    data = file.read_bytes()
    name = sha256_bytes(data)
    kept = kept_labels(house, name)
    if not kept.is_file():
        make_folders(kept.parent)
        write_whole(kept, data)
    return name


def kept_labels(house: House, sha256: str) -> Path:
    """Where the copy of a file of labels lies."""
    return house.settings.routing_models / LABELS / f"{sha256}.jsonl"


def _gate(
    house: House,
    champion: RoutingModel | None,
    challenger: TrainedRouter,
    examples: list[Example],
    profiles: tuple[UnitProfile, ...],
) -> dict[str, Any]:
    """Compare the challenger with the champion where neither has an advantage.

    All letters: both are measured by their own out-of-fold accuracy. The newest letters, where there are enough
    that the champion has not seen: the champion against the challenger's method, taught without the newest half
    and asked about it. In both the challenger may fall behind by a tolerance only.
    """
    if champion is None:
        return {"passed": True, "why": "first"}
    old = load_router(house.settings.routing_models / champion.folder, champion.sha256)
    ours, theirs = challenger.card.measures.get("accuracy", 0.0), old.card.measures.get("accuracy", 0.0)
    newest = _on_the_newest(old, examples, profiles)
    passed = ours + TOLERANCE >= theirs and newest.get("challenger", 1.0) + TOLERANCE >= newest.get("champion", 0.0)
    enough = len(examples) >= NEEDED_FOR_GATE
    return {
        "passed": passed and enough,
        "why": "too_few" if not enough else "not_worse" if passed else "worse",
        "challenger": ours,
        "champion": theirs,
        "champion_version": champion.version,
        "newest": newest,
    }


def _on_the_newest(old: TrainedRouter, examples: list[Example], profiles: tuple[UnitProfile, ...]) -> dict[str, Any]:
    learnt = old.learnt()
    unseen = [place for place, one in enumerate(examples) if one.id and (one.id, one.unit) not in learnt]
    held = unseen[len(unseen) // 2 :]
    if len(held) < NEEDED_FOR_GATE:
        return {}
    asked = [examples[place] for place in held]
    kept = set(held)
    rest = [one for place, one in enumerate(examples) if place not in kept]
    return {
        "n": len(asked),
        "challenger": classify.accuracy_after(rest, profiles, asked),
        "champion": classify.evaluate(old, asked, Budget()).accuracy,
    }


def activate(house: House, actor: Actor, version: int, *, force: bool = False, purpose: str = "") -> None:
    """Make a version the active one. Raises: Forbidden, UsageError (unknown; gate not passed and not forced)."""
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        row = _need(session, version)
        load_router(house.settings.routing_models / row.folder, row.sha256)
        if not row.gate.get("passed") and not force:
            raise UsageError("gate_not_passed", version=version)
        if force and not purpose:
            raise UsageError("force_needs_reason")
        _activate(session, actor, row, purpose or "by hand")


def rollback(house: House, actor: Actor) -> int:
    """Go back to the version that was active before. Returns: its number. Raises: Forbidden, UsageError."""
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        rows = session.scalars(
            sa.select(RoutingModel)
            .where(RoutingModel.activated_at.is_not(None), sa.not_(RoutingModel.active))
            .order_by(RoutingModel.activated_at.desc())
        )
        for row in rows:
            load_router(house.settings.routing_models / row.folder, row.sha256)
            _activate(session, actor, row, "rollback")
            return row.version
    raise UsageError("nothing_to_roll_back")


def _activate(session: Session, actor: Actor, row: RoutingModel, why: str) -> None:
    session.execute(sa.update(RoutingModel).values(active=False))
    session.flush()
    session.refresh(row)
    row.active, row.activated_at = True, now()
    record(
        session,
        actor,
        "model.activate",
        "model",
        str(row.version),
        purpose=why,
        data={"card_sha256": row.sha256},
        at=row.activated_at,
    )


def _need(session: Session, version: int) -> RoutingModel:
    row = session.get(RoutingModel, version)
    if row is None:
        raise UsageError("unknown_version", version=version)
    return row


def model_card(house: House, version: int) -> dict[str, Any]:
    """The card of a version with its row. Raises: UsageError, CorruptModel."""
    with house.database.read() as session:
        row = _need(session, version)
    router = load_router(house.settings.routing_models / row.folder, row.sha256)
    return {**_row_json(row), "card": router.card.as_json()}


def list_models(house: House) -> list[dict[str, Any]]:
    """All versions, newest first; of the active one also how many decisions it learnt since, and how many wait."""
    with house.database.read() as session:
        found = [_row_json(row) for row in session.scalars(sa.select(RoutingModel).order_by(-RoutingModel.version))]
        active = active_router(house, session) if any(row["active"] for row in found) else None
    for row in found:
        now_ = active if active is not None and row["active"] else None
        row |= {"learnt": now_.learnt if now_ else None, "waiting": now_.waiting if now_ else None}
    return found


def _row_json(row: RoutingModel) -> dict[str, Any]:
    return {
        "version": row.version,
        "active": row.active,
        "trained_at": row.trained_at.isoformat(),
        "trained_by": row.trained_by,
        "examples": row.examples,
        "gate": row.gate,
        "card_sha256": row.sha256,
    }


def evaluate_model(
    house: House, actor: Actor, version: int | None = None, labels_file: Path | None = None, *, growth: bool = False
) -> dict[str, Any]:
    """Measure a version (default: the active one) on a file of labels, or on people's labels in the database.

    With ``growth`` also the learning curve, which trains a few times: ``learning_curve``, else None. Returns: an
    Evaluation as JSON types, with ``version``, ``budget`` and ``unit_names``. Raises: Forbidden, UsageError,
    CorruptModel.
    """
    actor.need(Role.ADMIN)
    with house.database.read() as session:
        row = _need(session, version) if version is not None else None
        if row is None:
            active = active_router(house, session)
            router, version = active.router, active.version
            row = session.get(RoutingModel, version) if version is not None else None
        else:
            router = load_router(house.settings.routing_models / row.folder, row.sha256)
        successors = successors_of(session)
        own = list(labelled_documents(house, session)) if growth or labels_file is None else []
        examples = list(read_labels(labels_file, successors)) if labels_file else own
        names = {unit.code: unit.name for unit in session.scalars(sa.select(OrgUnit))}
        profiles = profiles_of(session)
    if not examples:
        raise UsageError("no_labels")
    answer = classify.evaluate(router, examples, Budget(house.settings.budget)).as_json()
    curve = None
    if growth:
        kept = kept_labels(house, row.labels) if row is not None and row.labels else None
        learn = [*own, *(read_labels(kept, successors) if kept is not None and kept.is_file() else ())]
        curve = _growth(learn, examples, profiles, apart=labels_file is not None)
    return {
        **answer,
        "learning_curve": curve,
        "version": version,
        "budget": house.settings.budget,
        "unit_names": {code: names.get(code, "") for code in answer["per_unit"]},
    }


def _growth(
    learn: list[Example], asked: list[Example], profiles: tuple[UnitProfile, ...], *, apart: bool
) -> tuple[tuple[int, float], ...]:
    """The learning curve on letters that are kept from learning: those asked, or every fourth of the own ones."""
    if apart:
        texts = {one.text for one in asked}
        return classify.learning_curve([one for one in learn if one.text not in texts], profiles, asked)
    return classify.learning_curve([one for place, one in enumerate(learn) if place % 4], profiles, learn[::4])


def read_labels(file: Path, successors: Mapping[str, str] | None = None) -> Iterator[Example]:
    """Labelled texts of a JSON Lines file; ``successors``: codes of units that were taken over, and by whom.

    Raises: UsageError naming the first bad line.
    """
    successors = successors or {}
    for number, raw in label_lines(file):
        try:
            day = date.fromisoformat(raw["date"]) if raw.get("date") else None
            yield Example(
                text=str(raw["text"]),
                unit=successors.get(str(raw["unit"]), str(raw["unit"])),
                subject=str(raw.get("subject") or ""),
                sender=str(raw.get("sender") or ""),
                day=day,
                group=str(raw.get("author") or raw.get("confirmed_by") or ""),
            )
        except (ValueError, KeyError, TypeError) as error:
            raise bad_line(file, number, error) from error


def replay(house: House, actor: Actor, version: int | None, since: str | None) -> dict[str, Any]:
    """Which letters that the actor may read a version (default: the newest) would have sent elsewhere, and what people
    said of them.

    Raises: Forbidden, UsageError (no version, bad date).
    """
    actor.need(Role.ADMIN)
    try:
        first_day = date.fromisoformat(since) if since else date.min
    except ValueError as error:
        raise UsageError("bad_date", day=since) from error
    with house.database.read() as session:
        newest = session.scalar(sa.select(sa.func.max(RoutingModel.version)))
        if version is None and newest is None:
            raise UsageError("no_versions")
        row = _need(session, version or int(newest or 0))
        router = load_router(house.settings.routing_models / row.folder, row.sha256)
        codes = pairs(session, sa.select(OrgUnit.id, OrgUnit.code))
        labels = pairs(session, sa.select(Label.document_id, Label.unit_id).where(Label.withdrawn_at.is_(None)))
        documents = session.scalars(
            sa.select(Document).where(
                Document.received_on >= first_day,
                Document.object_path.is_not(None),
                readable(held_tokens(session, actor)),
            )
        ).all()
    budget, elsewhere, counts = Budget(house.settings.budget), [], {"better": 0, "worse": 0}
    for document in documents:
        decision = classify.decide(router, example_of(document, "\f".join(texts_of(house, document.id))), budget)
        there = decision.unit if isinstance(decision, classify.Routed) else None
        here, label = codes.get(document.unit_id or ""), codes.get(labels.get(document.id, ""))
        if there != here:
            elsewhere.append({"id": document.id, "from": here, "to": there, "label": label})
            if label is not None:
                counts["better" if there == label else "worse"] += 1
    return {"version": row.version, "n": len(documents), "elsewhere": elsewhere, **counts}
