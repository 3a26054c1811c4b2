"""Units as they are on a day: codes are what people know, ids never change."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import today
from core.errors import UsageError
from models import OrgUnit


def valid_units(session: Session, day: date | None = None) -> dict[str, OrgUnit]:
    """The units that exist on ``day`` (today), by code."""
    return {unit.code: unit for unit in session.scalars(sa.select(OrgUnit).where(exists_on(day or today())))}


def valid_codes(session: Session) -> list[str]:
    """The codes of the units that exist today, in order."""
    return sorted(session.scalars(sa.select(OrgUnit.code).where(exists_on(today()))))


def exists_on(day: date) -> sa.ColumnElement[bool]:
    """That a unit exists on a day, for a query."""
    return sa.and_(OrgUnit.valid_from <= day, sa.or_(OrgUnit.valid_to.is_(None), OrgUnit.valid_to > day))


def is_valid(unit: OrgUnit) -> bool:
    """Whether a unit exists today."""
    return unit.valid_from <= today() and (unit.valid_to is None or unit.valid_to > today())


def need_unit(session: Session, code: str) -> OrgUnit:
    """The unit that has this code today. Raises: UsageError."""
    unit = valid_units(session).get(code)
    if unit is None:
        raise UsageError("unknown_unit", unit=code)
    return unit


def free_id(session: Session, code: str) -> str:
    """An id for a new unit: its code, or the code with a number where an earlier unit had it."""
    id, number = code, 1
    while session.get(OrgUnit, id) is not None:
        number += 1
        id = f"{code}~{number}"
    return id


def successors_of(session: Session) -> dict[str, str]:
    """Codes that are gone, with the code that holds now: of the unit that took over (chains are followed), or of the
    same unit, when its first code was changed."""
    units = {unit.id: unit for unit in session.scalars(sa.select(OrgUnit))}
    valid = valid_units(session)
    found: dict[str, str] = {}
    for unit in units.values():
        heir: OrgUnit | None = unit
        seen: set[str] = set()
        while heir is not None and heir.successor_id and heir.id not in seen:
            seen.add(heir.id)
            heir = units.get(heir.successor_id)
        if heir is None or heir.code not in valid:
            continue
        found |= {code: heir.code for code in (unit.id, unit.code) if code not in valid and code != heir.code}
    return found
