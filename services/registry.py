"""Set up and change what letters are sorted into: units, file plan, EFiles, Cases, users, grants."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, today
from core.errors import UsageError
from core.ids import new_id
from core.settings import CONFIG
from models import (
    SYSTEM,
    Actor,
    Case,
    EFile,
    FilePlanEntry,
    Grant,
    OrgUnit,
    Permission,
    Role,
    User,
    UserRole,
)
from models.chain import lock, record
from models.references import reference_key
from services import identity
from services.accounts import known_unit, known_user
from services.house import House
from services.units import free_id, need_unit, valid_units

FIRST_USER_ROLES = (Role.ADMIN, Role.OPERATOR, Role.POST_ROOM, Role.AUDITOR)
LONG_AGO = date(1900, 1, 1)


def set_up(house: House, account: str) -> None:
    """Bring a home to life: identity, tables, archive root, journal, and the first user (the caller's account).

    A home that lives already is only looked at. Raises: UsageError (what is here is another home's),
    EnvironmentProblem (a part of this one is not there), IntegrityError.
    """
    if not identity.need_beginning(house):
        identity.settle(house)
        return
    identity.begin(house)
    house.database.migrate()
    house.store.initialise()
    house.journal.initialise()
    with house.database.write() as session:
        lock(session)
        identity.note(session, house)
        if session.scalar(sa.select(sa.func.count(User.id))):
            return
        _add_user(session, SYSTEM, account, account, FIRST_USER_ROLES)
        user = session.scalars(sa.select(User)).one()
        _add_grant(session, SYSTEM, user, None, Permission.WORK, confidential=False)


def load_units(house: House, actor: Actor, file: Path) -> int:
    """Take over units from a file; known codes are updated, missing ones stay. Returns: how many there are.

    Raises: Forbidden, UsageError.
    """
    actor.need(Role.ADMIN)
    raw = _json(file)
    units = raw.get("units") if isinstance(raw, dict) else None
    if not isinstance(units, list) or not all(isinstance(unit, dict) and unit.get("code") for unit in units):
        raise UsageError("bad_units_file", file=str(file))
    codes = [str(unit["code"]) for unit in units]
    if len(set(codes)) != len(codes):
        raise UsageError("bad_units_file", file=str(file))
    _remember_municipality(house, raw.get("municipality"))
    with house.database.write() as session:
        lock(session)
        rows = [(unit, row) for unit in units if (row := _put_unit(session, unit)) is not None]
        session.flush()
        for unit, row in rows:
            if unit.get("parent"):
                row.parent_id = need_unit(session, str(unit["parent"])).id
            _record_unit(session, actor, row)
    return len(units)


def _remember_municipality(house: House, name: object) -> None:
    """The town's name becomes a setting, unless there is one: a letter's sender is never the town."""
    if isinstance(name, str) and name and not house.settings.municipality:
        with (house.settings.home / CONFIG).open("a", encoding="utf-8") as config:
            config.write(f"municipality = {json.dumps(name, ensure_ascii=False)}\n")


def _put_unit(session: Session, unit: dict[str, Any]) -> OrgUnit | None:
    """The row of a unit of the file; none when its code is that of a unit that ended, and the file gives no
    ``valid_from`` for a new one. Raises: UsageError."""
    code, first = str(unit["code"]), _day(unit.get("valid_from"))
    row = valid_units(session).get(code)
    if row is None:
        known = session.scalar(sa.select(OrgUnit.id).where(sa.or_(OrgUnit.id == code, OrgUnit.code == code)))
        if known is not None and first is None:
            return None
        row = OrgUnit(id=free_id(session, code), code=code, valid_from=first or LONG_AGO)
        session.add(row)
    row.name = str(unit.get("name") or code)
    row.responsible_for = str(unit.get("responsible_for") or "")
    row.confidential = bool(unit.get("confidential", False))
    return row


def _day(value: object) -> date | None:
    try:
        return date.fromisoformat(str(value)) if value else None
    except ValueError as error:
        raise UsageError("bad_date", day=value) from error


def _record_unit(session: Session, actor: Actor, row: OrgUnit) -> None:
    record(
        session,
        actor,
        "unit.put",
        "unit",
        row.id,
        data={
            "id": row.id,
            "code": row.code,
            "name": row.name,
            "responsible_for": row.responsible_for,
            "parent": row.parent_id,
            "confidential": row.confidential,
            "valid_from": row.valid_from.isoformat(),
        },
    )


def load_file_plan(house: House, actor: Actor, file: Path) -> int:
    """Take over the entries of a file plan. Returns: how many. Raises: Forbidden, UsageError."""
    actor.need(Role.ADMIN)
    entries = _json(file)
    with house.database.write() as session:
        lock(session)
        for entry in entries:
            try:
                row = FilePlanEntry(
                    code=str(entry["code"]),
                    title=str(entry["title"]),
                    unit_id=entry.get("unit"),
                    retention_years=int(entry["retention_years"]),
                    disposal=str(entry["disposal"]),
                )
            except (KeyError, TypeError, ValueError) as error:
                raise UsageError("bad_file", file=str(file), why=type(error).__name__) from error
            if row.unit_id:
                row.unit_id = need_unit(session, row.unit_id).id
            session.merge(row)
            data = {name: getattr(row, name) for name in ("code", "title", "unit_id", "retention_years", "disposal")}
            record(session, actor, "plan.put", "plan", row.code, data=data)
    return len(entries)


def load_efiles(house: House, actor: Actor, file: Path) -> int:
    """Take over open EFiles with their Cases. Known references stay as they are. Returns: how many were new."""
    actor.need(Role.ADMIN)
    opened = 0
    for entry in _json(file):
        try:
            reference, title, unit = str(entry["reference"]), str(entry["title"]), str(entry["unit"])
            day = date.fromisoformat(entry.get("opened_on") or today().isoformat())
            cases = [(str(case["reference"]), str(case["title"])) for case in entry.get("cases", [])]
        except (KeyError, TypeError, ValueError) as error:
            raise UsageError("bad_file", file=str(file), why=type(error).__name__) from error
        with house.database.write() as session:
            lock(session)
            if session.scalar(sa.select(EFile.id).where(EFile.reference == reference)) is not None:
                continue
            parties = [str(name) for name in entry.get("sender") or entry.get("parties") or []]
            efile = open_efile(session, actor, reference, title, unit, entry.get("plan"), parties, day)
            for case_reference, case_title in cases:
                open_case(session, actor, efile, case_reference, case_title, day)
            opened += 1
    return opened


def open_efile(
    session: Session,
    actor: Actor,
    reference: str,
    title: str,
    unit: str,
    plan: str | None,
    parties: list[str],
    day: date,
) -> EFile:
    """A new EFile, in the caller's transaction. Raises: UsageError for an unknown unit or plan entry."""
    unit = need_unit(session, unit).id
    if plan is not None and session.get(FilePlanEntry, plan) is None:
        raise UsageError("unknown_plan", plan=plan)
    efile = EFile(
        id=new_id(),
        reference=reference,
        reference_key=reference_key(reference),
        title=title,
        unit_id=unit,
        plan_code=plan,
        parties=parties,
        opened_on=day,
    )
    session.add(efile)
    session.flush()
    record(
        session,
        actor,
        "efile.open",
        "efile",
        efile.id,
        data={
            "reference": reference,
            "unit": unit,
            "plan": plan,
            "general": False,
            "opened_on": day.isoformat(),
        },
        values={"title": title, "parties": parties},
    )
    return efile


def open_case(session: Session, actor: Actor, efile: EFile, reference: str, title: str, day: date) -> Case:
    """A new Case in an EFile, in the caller's transaction."""
    case = Case(
        id=new_id(),
        efile_id=efile.id,
        reference=reference,
        reference_key=reference_key(reference),
        title=title,
        opened_on=day,
    )
    session.add(case)
    session.flush()
    record(
        session,
        actor,
        "case.open",
        "case",
        case.id,
        data={"reference": reference, "efile": efile.id, "opened_on": day.isoformat()},
        values={"title": title},
    )
    return case


def add_user(
    house: House,
    actor: Actor,
    name: str,
    *,
    display_name: str | None,
    roles: tuple[Role, ...],
    units: tuple[str, ...],
    permission: Permission = Permission.WORK,
    confidential: bool = False,
) -> None:
    """A new user with grants in units (and those below). Raises: Forbidden, UsageError."""
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        lock(session)
        if session.scalar(sa.select(User.id).where(User.name == name)) is not None:
            raise UsageError("user_exists", name=name)
        user = _add_user(session, actor, name, display_name or name, roles)
        for unit in units:
            _add_grant(session, actor, user, known_unit(session, unit), permission, confidential=confidential)


def grant(
    house: House,
    actor: Actor,
    name: str,
    *,
    unit: str | None,
    permission: Permission,
    confidential: bool = False,
) -> None:
    """Give a user rights in a unit (none: all units). Raises: Forbidden, UsageError."""
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        lock(session)
        user = known_user(session, name)
        unit_id = known_unit(session, unit) if unit else None
        _add_grant(session, actor, user, unit_id, permission, confidential=confidential)


def _add_user(session: Session, actor: Actor, name: str, display_name: str, roles: tuple[Role, ...]) -> User:
    user = User(id=new_id(), name=name, display_name=display_name, os_account=name, active=True)
    user.roles = [UserRole(role=role) for role in roles]
    session.add(user)
    session.flush()
    record(
        session,
        actor,
        "user.add",
        "user",
        user.id,
        data={"roles": sorted(roles)},
        values={"name": name, "display_name": display_name},
    )
    return user


def _add_grant(
    session: Session,
    actor: Actor,
    user: User,
    unit_id: str | None,
    permission: Permission,
    *,
    confidential: bool,
) -> None:
    moment = now()
    session.add(
        Grant(
            user_id=user.id,
            unit_id=unit_id,
            permission=permission,
            confidential=confidential,
            given_by=actor.name,
            given_at=moment,
        )
    )
    session.flush()
    record(
        session,
        actor,
        "grant.give",
        "user",
        user.id,
        data={"unit": unit_id, "permission": permission, "confidential": confidential},
        at=moment,
    )


def _json(file: Path) -> Any:
    try:
        return json.loads(file.read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError("bad_file", file=str(file), why=type(error).__name__) from error
