"""A person decides: routes a Clarification, corrects a Route, sends a Misdelivery on. Each becomes a label."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import UsageError
from models import (
    Actor,
    Confidentiality,
    DecidedBy,
    Document,
    Label,
    LabelKind,
    OrgUnit,
    Route,
    RouteCopy,
    State,
)
from models.access import need_work
from models.chain import record
from services.filing import place, stale
from services.house import House
from services.target import find_target, need_open, need_open_around
from services.units import valid_units
from services.view import need_document


def route_by_person(
    house: House,
    actor: Actor,
    id: str,
    unit_code: str,
    *,
    reference: str | None = None,
    copies: tuple[str, ...] = (),
    purpose: str = "",
) -> str:
    """Give a Document to a unit (and a file), by a person's word. Returns: the Document's id.

    Raises: NotFound, Forbidden, UsageError (unknown unit or file, a closed one, or the Document is not yet archived).
    """
    moment = now()
    with house.database.write() as session:
        document = need_document(session, actor, id)
        need_work(session, actor, document)
        if document.state not in (State.CLARIFY, State.FILED):
            raise UsageError("not_yet_archived", id=id)
        need_open_around(document)
        units = valid_units(session)
        unit = _unit(units, unit_code)
        kind = _label_kind(document, unit)
        for route in document.routes:
            route.current = False
        route = Route(
            document_id=document.id,
            unit_id=unit.id,
            confidence=None,
            decided_by=DecidedBy.PERSON,
            reasons=[{"code": kind}],
            candidates=[],
            actor=actor.name,
            decided_at=moment,
            current=True,
        )
        document.routes.append(route)
        session.flush()
        for code in dict.fromkeys(copies):
            session.add(RouteCopy(route_id=route.id, unit_id=_unit(units, code).id))
        before, before_efile = document.unit_id, document.efile_id
        document.unit_id, document.worked_at = unit.id, None
        document.efile_id, document.case_id = _file(session, reference, unit, document)
        place(session, actor, document)
        labelled = _label(session, actor, document, unit, kind, moment)
        stale(session, document.id)
        record(
            session,
            actor,
            "document.route",
            "document",
            document.id,
            purpose=purpose,
            data={
                "unit": unit.id,
                "from_unit": before,
                "decided_by": DecidedBy.PERSON,
                "label": kind,
                "labelled": labelled,
                "copies": [_unit(units, code).id for code in copies],
                "efile": document.efile_id,
                "from_efile": before_efile,
                "case": document.case_id,
                "confidentiality": document.confidentiality,
            },
            at=moment,
        )
        return document.id


def _unit(units: dict[str, OrgUnit], code: str) -> OrgUnit:
    if code not in units:
        raise UsageError("unknown_unit", unit=code)
    return units[code]


def _label_kind(document: Document, unit: OrgUnit) -> LabelKind:
    if document.state == State.CLARIFY:
        return LabelKind.CLARIFICATION
    if document.unit_id == unit.id:
        return LabelKind.CONFIRMATION
    last = document.route
    return LabelKind.MISDELIVERY if last and last.decided_by == DecidedBy.PERSON else LabelKind.CORRECTION


def _file(session: Session, reference: str | None, unit: OrgUnit, document: Document) -> tuple[str | None, str | None]:
    """EFile and Case of a reference; without one, the file stays if it belongs to the unit."""
    if reference is None:
        keep = document.efile is not None and document.efile.unit_id == unit.id
        return (document.efile_id, document.case_id) if keep else (None, None)
    efile, case = find_target(session, reference)
    need_open(efile, case)
    return efile.id, case.id if case else None


def _label(
    session: Session, actor: Actor, document: Document, unit: OrgUnit, kind: LabelKind, moment: datetime
) -> bool:
    """The label to learn from; a newer one withdraws the older. Confidential letters teach nothing."""
    session.execute(
        sa.update(Label)
        .where(Label.document_id == document.id, Label.withdrawn_at.is_(None))
        .values(withdrawn_at=moment)
    )
    if document.confidentiality == Confidentiality.CONFIDENTIAL:
        return False
    session.add(Label(document_id=document.id, unit_id=unit.id, kind=kind, actor=actor.name, given_at=moment))
    return True


def work_off(house: House, actor: Actor, id: str) -> None:
    """Take a Document out of the in-tray: it is worked on. Raises: NotFound, Forbidden."""
    with house.database.write() as session:
        document = need_document(session, actor, id)
        need_work(session, actor, document)
        if document.worked_at is None:
            document.worked_at = now()
            record(session, actor, "document.work_off", "document", document.id, at=document.worked_at)
