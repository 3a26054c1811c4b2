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
    on = day or today()
    found = session.scalars(
        sa.select(OrgUnit).where(OrgUnit.valid_from <= on, sa.or_(OrgUnit.valid_to.is_(None), OrgUnit.valid_to > on))
    )
    return {unit.code: unit for unit in found}


def need_unit(session: Session, code: str) -> OrgUnit:
    """The unit that has this code today. Raises: UsageError."""
    unit = valid_units(session).get(code)
    if unit is None:
        raise UsageError("unknown_unit", unit=code)
    return unit


def successors_of(session: Session) -> dict[str, str]:
    """Codes of units that are gone, with the code of the unit that took over and exists; chains are followed."""
    units = {unit.id: unit for unit in session.scalars(sa.select(OrgUnit))}
    valid = valid_units(session)
    found = {}
    for unit in units.values():
        heir: OrgUnit | None = unit
        seen: set[str] = set()
        while heir is not None and heir.successor_id and heir.id not in seen:
            seen.add(heir.id)
            heir = units.get(heir.successor_id)
        if heir is not None and heir is not unit and unit.code not in valid and heir.code in valid:
            found[unit.code] = heir.code
    return found
