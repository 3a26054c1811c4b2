"""The life of an EFile and its Cases: opened, filled, renamed, closed (z.d.A.), reopened, held.

Every act is an entry of the journal that :mod:`services.replaying` turns into the same rows again.
"""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, today
from core.errors import Forbidden, UsageError
from models import Actor, Case, Disposal, Document, EFile, FilePlanEntry, Permission, Role, State
from models.access import efile_tokens, held_tokens, need_work
from models.chain import lock, record
from services import registry
from services.filing import stale
from services.house import House
from services.retention import retention_end
from services.target import find_target, need_case, need_efile, need_open, need_open_around
from services.view import need_document


def open_efile(
    house: House, actor: Actor, reference: str, title: str, unit: str, plan: str | None, parties: list[str]
) -> None:
    """A new EFile, by an admin or somebody who works in its unit. Raises: Forbidden, UsageError."""
    with house.database.write() as session:
        lock(session)
        _need_new(session, reference)
        efile = registry.open_efile(session, actor, reference, title, unit, plan, parties, today())
        if Role.ADMIN not in actor.roles and not efile_tokens(efile) & held_tokens(session, actor, Permission.WORK):
            raise Forbidden(actor=actor.name)


def open_case(house: House, actor: Actor, efile_reference: str, reference: str, title: str) -> None:
    """A new Case in an open EFile. Raises: Forbidden, UsageError."""
    with house.database.write() as session:
        lock(session)
        efile = need_efile(session, actor, efile_reference, Permission.WORK)
        need_open(efile)
        _need_new(session, reference)
        registry.open_case(session, actor, efile, reference, title, today())


def _need_new(session: Session, reference: str) -> None:
    for table in (EFile, Case):
        if session.scalar(sa.select(table.id).where(table.reference == reference)) is not None:
            raise UsageError("file_exists", reference=reference)


def put(house: House, actor: Actor, id: str, reference: str, *, purpose: str = "") -> str:
    """File a Document into an EFile or Case of its own unit, or move it there. Returns: the Document's id.

    Another unit's file is a matter of routing. Raises: NotFound, Forbidden, UsageError.
    """
    with house.database.write() as session:
        lock(session)
        document = need_document(session, actor, id)
        need_work(session, actor, document)
        if document.state != State.FILED:
            raise UsageError("not_yet_filed", id=id)
        need_open_around(document)
        efile, case = find_target(session, reference)
        if efile.unit_id != document.unit_id:
            raise UsageError("file_of_another_unit", reference=reference)
        need_open(efile, case)
        before = {"from_efile": document.efile_id, "from_case": document.case_id}
        document.efile_id, document.case_id = efile.id, case.id if case else None
        document.updated_at = now()
        stale(session, document.id)
        data = {"efile": document.efile_id, "case": document.case_id, **before}
        record(session, actor, "document.move", "document", document.id, purpose=purpose, data=data)
        return document.id


def rename(house: House, actor: Actor, reference: str, *, title: str | None, plan: str | None) -> None:
    """Another title for an EFile or Case, another file plan entry for an EFile. Raises: Forbidden, UsageError."""
    with house.database.write() as session:
        lock(session)
        efile, case = find_target(session, reference)
        need_efile(session, actor, efile.reference, Permission.WORK)
        need_open(efile, case)
        row = case or efile
        if title is None and plan is None:
            raise UsageError("nothing_to_change")
        if plan is not None:
            if case is not None:
                raise UsageError("case_has_no_plan", reference=reference)
            if session.get(FilePlanEntry, plan) is None:
                raise UsageError("unknown_plan", plan=plan)
            efile.plan_code = plan
        if title is not None:
            row.title = title
        kind = "case" if case else "efile"
        data = {"plan": plan} if plan is not None else {}
        values = {"title": title} if title is not None else None
        record(session, actor, f"{kind}.change", kind, row.id, data=data, values=values)


def close(house: House, actor: Actor, reference: str, *, day: date | None = None, purpose: str = "") -> date:
    """z.d.A.: from now on every write is refused and the retention clock runs. Returns: the last day of the retention.

    Its open Cases are closed with it, its letters leave the in-tray. ``day``: of the closing order (default today),
    not before the newest letter was received. Raises: Forbidden, UsageError.
    """
    closed_on = day or today()
    with house.database.write() as session:
        lock(session)
        efile = need_efile(session, actor, reference, Permission.WORK)
        need_open(efile)
        if efile.plan_code is None:
            raise UsageError("file_without_plan", reference=efile.reference)
        if efile.general and efile.reference.endswith(f"-{today().year}"):
            raise UsageError("general_file_runs", reference=efile.reference)
        newest = session.scalar(sa.select(sa.func.max(Document.received_on)).where(Document.efile_id == efile.id))
        _check_day(closed_on, max(efile.opened_on, newest or efile.opened_on))
        plan = session.get_one(FilePlanEntry, efile.plan_code)
        moment = now()
        retain_until = retention_end(closed_on, plan.retention_years)
        close_rows(session, efile, closed_on, retain_until)
        work_off_all(session, efile.id, moment)
        data = {"closed_on": closed_on.isoformat(), "retain_until": retain_until.isoformat(), "plan": plan.code}
        record(session, actor, "efile.close", "efile", efile.id, purpose=purpose, data=data, at=moment)
        return retain_until


def _check_day(closed_on: date, earliest: date) -> None:
    if not earliest <= closed_on <= today():
        raise UsageError("bad_closing_day", first=f"{earliest:%d.%m.%Y}")


def close_rows(session: Session, efile: EFile, closed_on: date, retain_until: date) -> None:
    """What closing does to the rows of the EFile and its Cases (also when it is replayed)."""
    efile.closed_on, efile.retain_until = closed_on, retain_until
    session.execute(
        sa.update(Case).where(Case.efile_id == efile.id, Case.closed_on.is_(None)).values(closed_on=closed_on)
    )


def work_off_all(session: Session, efile_id: str, moment: datetime) -> None:
    """The letters of a file that is closed leave the in-tray."""
    session.execute(
        sa.update(Document)
        .where(Document.efile_id == efile_id, Document.state == State.FILED, Document.worked_at.is_(None))
        .values(worked_at=moment)
    )


def reopen(house: House, actor: Actor, reference: str, *, purpose: str) -> None:
    """Work on a closed EFile again, with a reason. The clock stops; a proposal to dispose of it is void.

    Raises: Forbidden, UsageError.
    """
    _need_reason(purpose)
    with house.database.write() as session:
        lock(session)
        efile = need_efile(session, actor, reference, Permission.WORK)
        if efile.closed_on is None:
            raise UsageError("file_is_open", reference=efile.reference)
        reopen_rows(session, efile)
        record(session, actor, "efile.reopen", "efile", efile.id, purpose=purpose)


def reopen_rows(session: Session, efile: EFile) -> None:
    """What reopening does to the rows (also when it is replayed). Its Cases stay closed."""
    efile.closed_on = efile.retain_until = None
    session.execute(sa.delete(Disposal).where(Disposal.target_id == efile.id, Disposal.released_at.is_(None)))


def close_case(house: House, actor: Actor, reference: str, *, day: date | None = None, purpose: str = "") -> None:
    """Close a Case of an open EFile. The retention is that of the EFile. Raises: Forbidden, UsageError."""
    closed_on = day or today()
    with house.database.write() as session:
        lock(session)
        case = need_case(session, actor, reference, Permission.WORK)
        need_open(case.efile, case)
        newest = session.scalar(sa.select(sa.func.max(Document.received_on)).where(Document.case_id == case.id))
        _check_day(closed_on, max(case.opened_on, newest or case.opened_on))
        case.closed_on = closed_on
        data = {"closed_on": closed_on.isoformat()}
        record(session, actor, "case.close", "case", case.id, purpose=purpose, data=data)


def reopen_case(house: House, actor: Actor, reference: str, *, purpose: str) -> None:
    """Work on a closed Case again, with a reason. Raises: Forbidden, UsageError (its EFile is closed)."""
    _need_reason(purpose)
    with house.database.write() as session:
        lock(session)
        case = need_case(session, actor, reference, Permission.WORK)
        need_open(case.efile)
        if case.closed_on is None:
            raise UsageError("file_is_open", reference=case.reference)
        case.closed_on = None
        record(session, actor, "case.reopen", "case", case.id, purpose=purpose)


def hold(house: House, actor: Actor, reference: str, *, on: bool, purpose: str) -> None:
    """A legal hold, set or lifted with a reason: nothing in the file is destroyed while it stands.

    Raises: Forbidden, UsageError.
    """
    actor.need(Role.ADMIN)
    _need_reason(purpose)
    with house.database.write() as session:
        lock(session)
        efile = need_efile(session, actor, reference)
        if efile.hold == on:
            raise UsageError("already_held" if on else "not_held", reference=efile.reference)
        efile.hold = on
        record(session, actor, "efile.hold" if on else "efile.unhold", "efile", efile.id, purpose=purpose)


def _need_reason(purpose: str) -> None:
    if not purpose.strip():
        raise UsageError("reason_needed")
