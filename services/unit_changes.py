"""What a reorganisation does to the rows. The act and the replay of the journal both apply the same plan.

A plan is the ``data`` of a journal entry ``unit.reorganise``; all units, files and letters in it are ids:

    kind        merge | split | rename | close
    on          first day of the new order
    units       rows of units as they are from now on
    heirs       {unit: unit} that takes over everything: labels, open files, letters that are not done, file plan
    documents   {document: {unit, efile, case}} each for itself (unit null: the post room decides)
    efiles      {efile: unit}
    labels      {document: unit or null} labels, each for itself (null: withdrawn)
    stand_for   {unit: [units]} that stand in for it in shortlists, and on which its grants are given too
    rules       {unit: unit or null} where rules lead (null: they end)
    closed      [efile] that end

Routes keep their history: a letter that moves gets a new Route, the old one stays.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from models import (
    Confidentiality,
    DecidedBy,
    Document,
    EFile,
    FilePlanEntry,
    Grant,
    Label,
    OrgUnit,
    Route,
    RouteCopy,
    RoutingRule,
    State,
)

ACTION = "unit.reorganise"
FIELDS = ("code", "name", "responsible_for", "confidential", "parent_id", "successor_id")


def unit_data(unit: OrgUnit, **changes: Any) -> dict[str, Any]:
    """A unit's row for a plan, with changes."""
    data = {"id": unit.id, **{name: getattr(unit, name) for name in FIELDS}}
    data |= {
        "valid_from": unit.valid_from.isoformat(),
        "valid_to": unit.valid_to.isoformat() if unit.valid_to else None,
    }
    return data | changes


def apply(session: Session, plan: Mapping[str, Any], actor: str, moment: datetime) -> list[str]:
    """Apply a plan. Returns: ids of the Documents whose place changed, in their order."""
    _units(session, plan["units"])
    places = _places(session, plan)
    heirs = plan["heirs"]
    for old, new in heirs.items():
        for table, open_only in ((Label, Label.withdrawn_at.is_(None)), (EFile, EFile.closed_on.is_(None))):
            session.execute(sa.update(table).where(table.unit_id == old, open_only).values(unit_id=new))
        session.execute(sa.update(FilePlanEntry).where(FilePlanEntry.unit_id == old).values(unit_id=new))
    for efile, unit in plan["efiles"].items():
        session.get_one(EFile, efile).unit_id = unit
    for efile in plan["closed"]:
        session.get_one(EFile, efile).closed_on = date.fromisoformat(plan["on"])
    _labels(session, plan["labels"], moment)
    _grants(session, plan["stand_for"], actor, moment)
    for old, target in plan["rules"].items():
        change: dict[str, Any] = {"unit_id": target} if target else {"active": False}
        session.execute(sa.update(RoutingRule).where(RoutingRule.unit_id == old).values(**change))
    session.flush()
    session.expire_all()  # rows were changed past the session
    for id, place in places.items():
        _move(session, session.get_one(Document, id), place, plan, actor, moment)
    _shortlists(session, plan["stand_for"], set(places), actor, moment)
    session.flush()
    return list(places)


def _units(session: Session, rows: list[dict[str, Any]]) -> None:
    for row in rows:
        if session.get(OrgUnit, row["id"]) is None:
            first = date.fromisoformat(row["valid_from"])
            session.add(OrgUnit(id=row["id"], code=row["code"], name="", responsible_for="", valid_from=first))
    session.flush()
    for row in rows:
        unit = session.get_one(OrgUnit, row["id"])
        for name in FIELDS:
            setattr(unit, name, row[name])
        unit.valid_from = date.fromisoformat(row["valid_from"])
        unit.valid_to = date.fromisoformat(row["valid_to"]) if row["valid_to"] else None
    session.flush()


def _places(session: Session, plan: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """Where each letter goes that moves: those of heirs that are not done or lie in an open file, and the listed."""
    moving: dict[str, dict[str, Any]] = {}
    for old, new in plan["heirs"].items():
        rows = session.execute(
            sa.select(Document.id, Document.efile_id, Document.case_id)
            .outerjoin(EFile, EFile.id == Document.efile_id)
            .where(
                Document.unit_id == old,
                sa.or_(
                    Document.state == State.WORKING,
                    Document.worked_at.is_(None),
                    sa.and_(EFile.id.is_not(None), EFile.closed_on.is_(None)),
                ),
            )
        )
        moving |= {id: {"unit": new, "efile": efile, "case": case} for id, efile, case in rows}
    moving |= plan["documents"]
    return dict(sorted(moving.items()))


def _move(
    session: Session, document: Document, place: dict[str, Any], plan: Mapping[str, Any], actor: str, moment: datetime
) -> None:
    before = document.route
    old = document.unit_id
    document.unit_id, document.efile_id, document.case_id = place["unit"], place["efile"], place["case"]
    if document.state == State.FILED and place["unit"] is None:
        document.state = State.CLARIFY
    if place["unit"] is not None and session.get_one(OrgUnit, place["unit"]).confidential:
        document.confidentiality = Confidentiality.CONFIDENTIAL
    candidates = _stand_in(before.candidates, plan["stand_for"]) if before else []
    if place["unit"] is None and old is not None:
        candidates = _stand_in([[old, 0.0], *candidates], plan["stand_for"])
    reasons = [{"code": "reorganised", "kind": plan["kind"], "unit": old}]
    _new_route(session, document, place["unit"], reasons, candidates, actor, moment)


def _shortlists(
    session: Session, stand_for: Mapping[str, list[str]], done: set[str], actor: str, moment: datetime
) -> None:
    """Clarifications whose shortlist names a unit that is gone."""
    waiting = session.scalars(sa.select(Document).where(Document.state == State.CLARIFY).order_by(Document.id)).all()
    for document in waiting:
        route = document.route
        if document.id in done or route is None:
            continue
        candidates = _stand_in(route.candidates, stand_for)
        if candidates != route.candidates:
            _new_route(session, document, None, list(route.reasons), candidates, actor, moment)


def _new_route(
    session: Session,
    document: Document,
    unit: str | None,
    reasons: list[dict[str, Any]],
    candidates: list[Any],
    actor: str,
    moment: datetime,
) -> None:
    before = document.route
    for route in document.routes:
        route.current = False
    route = Route(
        unit_id=unit,
        confidence=before.confidence if before and unit is None else None,
        decided_by=before.decided_by if before and unit is None else DecidedBy.RULE,
        model_version=before.model_version if before else None,
        reasons=reasons,
        candidates=candidates,
        actor=actor,
        decided_at=moment,
        current=True,
    )
    document.routes.append(route)
    session.flush()
    if before is not None:
        session.add_all(RouteCopy(route_id=route.id, unit_id=copy.unit_id) for copy in before.copies)


def _stand_in(candidates: list[Any], stand_for: Mapping[str, list[str]]) -> list[Any]:
    """A shortlist in which units that are gone are replaced by those that stand for them, each once."""
    best: dict[str, float] = {}
    for unit, confidence in candidates:
        for heir in stand_for.get(unit, [unit]):
            best[heir] = max(confidence, best.get(heir, 0.0))
    return [[unit, confidence] for unit, confidence in best.items()]


def _labels(session: Session, labels: Mapping[str, str | None], moment: datetime) -> None:
    for document, unit in labels.items():
        change: dict[str, Any] = {"unit_id": unit} if unit else {"withdrawn_at": moment}
        session.execute(
            sa.update(Label).where(Label.document_id == document, Label.withdrawn_at.is_(None)).values(**change)
        )


def _grants(session: Session, stand_for: Mapping[str, list[str]], actor: str, moment: datetime) -> None:
    """Who had a right in a unit has it in those that stand for it too; the old right stays, for the old letters."""
    for old, heirs in stand_for.items():
        for grant in session.scalars(sa.select(Grant).where(Grant.unit_id == old).order_by(Grant.id)).all():
            for heir in heirs:
                same = [
                    Grant.user_id == grant.user_id if grant.user_id else Grant.role == grant.role,
                    Grant.unit_id == heir,
                    Grant.permission == grant.permission,
                    Grant.confidential == grant.confidential,
                ]
                if heir != old and session.scalar(sa.select(Grant.id).where(*same)) is None:
                    session.add(
                        Grant(
                            user_id=grant.user_id,
                            role=grant.role,
                            unit_id=heir,
                            permission=grant.permission,
                            confidential=grant.confidential,
                            given_by=actor,
                            given_at=moment,
                        )
                    )
                    session.flush()
