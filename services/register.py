"""The register of open EFiles and Cases, asked for what a letter quotes: it is never read as a whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from classify.references import ENDING, MAX_SLIPS
from models import Case, EFile

_AT_ONCE = 500  # keys in one query

Target = tuple[EFile, Case | None]


@dataclass(slots=True)
class Register:
    """A part of the register. ``keys``: key -> id of EFile or Case; ``targets``: what the ids stand for."""

    keys: dict[str, str] = field(default_factory=dict)
    targets: dict[str, Target] = field(default_factory=dict)

    def _add(self, session: Session, of_efile: sa.ColumnElement[bool], of_case: sa.ColumnElement[bool]) -> None:
        efiles = sa.select(EFile).where(of_efile, EFile.closed_on.is_(None), sa.not_(EFile.general))
        for efile in session.scalars(efiles):
            self.keys[efile.reference_key], self.targets[efile.id] = efile.id, (efile, None)
        cases = sa.select(Case).where(of_case, Case.closed_on.is_(None), Case.efile.has(EFile.closed_on.is_(None)))
        for case in session.scalars(cases):
            self.keys[case.reference_key], self.targets[case.id] = case.id, (case.efile, case)


def entries_of(session: Session, keys: Sequence[str]) -> Register:
    """The open EFiles and Cases with exactly these keys."""
    register = Register()
    for first in range(0, len(keys), _AT_ONCE):
        some = keys[first : first + _AT_ONCE]
        register._add(session, EFile.reference_key.in_(some), Case.reference_key.in_(some))
    return register


def entries_like(session: Session, keys: Sequence[str]) -> Register:
    """Open EFiles and Cases whose keys may be these with slips: about as long, and with the same begin or end."""
    register = Register()
    for key in keys:
        register._add(session, _is_like(EFile.reference_key, key), _is_like(Case.reference_key, key))
    return register


def _is_like(column: sa.orm.InstrumentedAttribute[str], key: str) -> sa.ColumnElement[bool]:
    return sa.and_(
        sa.func.length(column).between(len(key) - MAX_SLIPS, len(key) + MAX_SLIPS),
        sa.or_(column.startswith(key[:1], autoescape=True), column.endswith(key[-ENDING:], autoescape=True)),
    )
