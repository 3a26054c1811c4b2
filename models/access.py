"""Who may read what, as sets of tokens that are resolved once a request.

A Document carries tokens that say who may read it; an Actor holds tokens; one in common is enough. The same
tokens stand in the search index, so permission is decided inside every query (promise 7).

    u:<unit>  u:*    filed, in this unit (or a copy there)
    c:<unit>  c:*    filed and confidential: for persons named for the unit
    clarify          waits in the post room           sealed: the same, confidential
    intake           on its way, or in quarantine
    d:<document>     opened to a named person
"""

from __future__ import annotations

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import Forbidden
from models.actor import Actor
from models.documents import Document, Route, RouteCopy
from models.filing import EFile
from models.people import Grant
from models.units import OrgUnit
from models.words import Confidentiality, Permission, Role, State

EVERYTHING = "*"


def document_tokens(document: Document) -> frozenset[str]:
    """The tokens that open ``document``."""
    own = {f"d:{document.id}", EVERYTHING}
    secret = document.confidentiality == Confidentiality.CONFIDENTIAL
    if document.state == State.CLARIFY:
        return frozenset(own | {"sealed" if secret else "clarify"})
    if document.state != State.FILED or document.unit_id is None:
        return frozenset(own | {"intake"})
    route = document.route
    units = [document.unit_id, *([copy.unit_id for copy in route.copies] if route else [])]
    kind = "c" if secret else "u"
    return frozenset(own | {f"{kind}:*"} | {f"{kind}:{unit}" for unit in units})


def held_tokens(session: Session, actor: Actor, permission: Permission = Permission.READ) -> frozenset[str]:
    """The tokens that ``actor`` holds now."""
    if actor.is_system:
        return frozenset({EVERYTHING})
    held = role_tokens(actor.roles, permission)
    grants = session.scalars(
        sa.select(Grant).where(sa.or_(Grant.user_id == actor.user_id, Grant.role.in_(actor.roles)))
    ).all()
    children = _children(session)
    for grant in grants:
        if permission is Permission.WORK and grant.permission != Permission.WORK:
            continue
        if grant.document_id is not None:
            held.add(f"d:{grant.document_id}")
            continue
        for kind in ("u", "c") if grant.confidential else ("u",):
            units = ["*"] if grant.unit_id is None else _subtree(children, grant.unit_id)
            held |= {f"{kind}:{unit}" for unit in units}
    return frozenset(held)


def role_tokens(roles: Iterable[str], permission: Permission = Permission.READ) -> set[str]:
    """The tokens that ``roles`` hold by themselves, without any grant."""
    held: set[str] = set()
    if Role.POST_ROOM in (mine := set(roles)):
        held |= {"clarify", "sealed", "intake"}
    if Role.AUDITOR in mine and permission is Permission.READ:
        held |= {"clarify"}
    if mine & {Role.OPERATOR, Role.ADMIN, Role.AUDITOR}:
        held |= {"intake"}
    return held


def readable(tokens: Iterable[str]) -> sa.ColumnElement[bool]:
    """The condition on Document that the tokens open it; the twin of :func:`document_tokens`."""
    held = set(tokens)
    if EVERYTHING in held:
        return sa.true()
    secret = Document.confidentiality == Confidentiality.CONFIDENTIAL
    filed = sa.and_(Document.state == State.FILED, Document.unit_id.is_not(None))
    clauses: list[sa.ColumnElement[bool]] = [Document.id.in_([token[2:] for token in held if token.startswith("d:")])]
    for kind, wanted in (("u", sa.not_(secret)), ("c", secret)):
        units = [token[2:] for token in held if token.startswith(f"{kind}:")]
        if "*" in units:
            clauses.append(sa.and_(filed, wanted))
        elif units:
            copied = (
                sa.select(Route.document_id)
                .join(RouteCopy, RouteCopy.route_id == Route.id)
                .where(Route.current, RouteCopy.unit_id.in_(units))
            )
            clauses.append(sa.and_(filed, wanted, sa.or_(Document.unit_id.in_(units), Document.id.in_(copied))))
    for token, wanted in (("clarify", sa.not_(secret)), ("sealed", secret)):
        if token in held:
            clauses.append(sa.and_(Document.state == State.CLARIFY, wanted))
    if "intake" in held:
        clauses.append(sa.not_(sa.or_(Document.state == State.CLARIFY, filed)))
    return sa.or_(*clauses)


def efile_tokens(efile: EFile) -> frozenset[str]:
    """The tokens that open an EFile: those of its unit. What lies in it is asked for letter by letter."""
    kind = "c" if efile.unit.confidential else "u"
    return frozenset({EVERYTHING, f"{kind}:*", f"{kind}:{efile.unit_id}"})


def need_work(session: Session, actor: Actor, document: Document) -> None:
    """``actor`` may change ``document``. Raises: Forbidden."""
    if not held_tokens(session, actor, Permission.WORK) & document_tokens(document):
        raise Forbidden(actor=actor.name)


def _children(session: Session) -> dict[str, list[str]]:
    children: dict[str, list[str]] = {}
    for unit, parent in session.execute(sa.select(OrgUnit.id, OrgUnit.parent_id)):
        children.setdefault(parent or "", []).append(unit)
    return children


def _subtree(children: dict[str, list[str]], root: str) -> list[str]:
    found = [root]
    for unit in found:
        found += children.get(unit, [])
    return found
