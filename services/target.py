"""Which EFile or Case a reference means, who may write to it, and whether it is still open."""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import Forbidden, UsageError
from models import Actor, Case, Document, EFile, Permission
from models.access import efile_tokens, held_tokens
from models.references import reference_key


def find_target(session: Session, reference: str) -> tuple[EFile, Case | None]:
    """EFile, and Case if it is one's reference. Exactly as written first, else by its key when only one has it.

    Raises: UsageError (``unknown_file``).
    """
    key = reference_key(reference)
    cases = session.scalars(sa.select(Case).where(sa.or_(Case.reference == reference, Case.reference_key == key))).all()
    efiles = session.scalars(
        sa.select(EFile).where(sa.or_(EFile.reference == reference, EFile.reference_key == key))
    ).all()
    found: list[EFile | Case] = [*cases, *efiles]
    exact = [row for row in found if row.reference == reference]
    chosen = exact or found
    if len(chosen) != 1:
        raise UsageError("unknown_file", reference=reference)
    row = chosen[0]
    return (row.efile, row) if isinstance(row, Case) else (row, None)


def need_efile(session: Session, actor: Actor, reference: str, permission: Permission = Permission.READ) -> EFile:
    """An EFile by its reference. Raises: UsageError (unknown, or not to be seen: both alike), Forbidden."""
    efile, case = find_target(session, reference)
    if case is not None:
        raise UsageError("unknown_file", reference=reference)
    _need_rights(session, actor, efile, reference, permission)
    return efile


def need_case(session: Session, actor: Actor, reference: str, permission: Permission = Permission.READ) -> Case:
    """A Case by its reference. Raises: UsageError (unknown, or not to be seen: both alike), Forbidden."""
    efile, case = find_target(session, reference)
    if case is None:
        raise UsageError("unknown_file", reference=reference)
    _need_rights(session, actor, efile, reference, permission)
    return case


def _need_rights(session: Session, actor: Actor, efile: EFile, reference: str, permission: Permission) -> None:
    tokens = efile_tokens(efile)
    if not tokens & held_tokens(session, actor):
        raise UsageError("unknown_file", reference=reference)
    if not tokens & held_tokens(session, actor, permission):
        raise Forbidden(actor=actor.name)


def need_open(efile: EFile | None, case: Case | None = None) -> None:
    """Nothing is written to a closed EFile or Case. Raises: UsageError (``file_closed``, ``case_closed``)."""
    if efile is not None and efile.closed_on is not None:
        raise UsageError("file_closed", reference=efile.reference, day=f"{efile.closed_on:%d.%m.%Y}")
    if case is not None and case.closed_on is not None:
        raise UsageError("case_closed", reference=case.reference, day=f"{case.closed_on:%d.%m.%Y}")


def need_open_around(document: Document) -> None:
    """The EFile and Case where a Document lies are open, so that it may be changed or moved. Raises: UsageError."""
    need_open(document.efile, document.case)
