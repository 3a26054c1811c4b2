"""What a user is and may do: shown, locked, given and taken roles, taken rights, signed out everywhere."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, stamp
from core.errors import UsageError
from models import Actor, Grant, OrgUnit, Role, User, UserRole, WebSession
from models.access import role_tokens
from models.chain import lock, record
from services.house import House
from services.units import valid_units

Json = dict[str, Any]


def known_user(session: Session, name: str) -> User:
    """A user by name, locked or not. Raises: UsageError."""
    user = session.scalar(sa.select(User).where(User.name == name))
    if user is None:
        raise UsageError("unknown_user", name=name)
    return user


def known_unit(session: Session, code: str) -> str:
    """The id of a unit by its code today, or by its id when it is gone: its old letters can still be opened."""
    unit = valid_units(session).get(code) or session.get(OrgUnit, code)
    if unit is None:
        raise UsageError("unknown_unit", unit=code)
    return unit.id


def lock_user(house: House, actor: Actor, name: str, *, unlock: bool = False) -> None:
    """Lock a user, whose sessions end at once, or lift that.

    Raises: Forbidden, UsageError (unknown user, the last admin, an admin's own self).
    """
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        lock(session)
        user = known_user(session, name)
        if not unlock:
            _need_other_admin(session, actor, user)
            end_sessions(session, user.id)
        user.active = unlock
        record(session, actor, "user.unlock" if unlock else "user.lock", "user", user.id)


def change_roles(
    house: House, actor: Actor, name: str, *, add: Collection[Role] = (), remove: Collection[Role] = ()
) -> list[str]:
    """Give and take roles; who loses one is signed out at once. Returns: the roles of now.

    Raises: Forbidden, UsageError (unknown user, the last admin, an admin's own self).
    """
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        lock(session)
        user = known_user(session, name)
        if Role.ADMIN in remove:
            _need_other_admin(session, actor, user)
        if remove:
            end_sessions(session, user.id)
        set_roles(user, add=add, remove=remove)
        record(session, actor, "user.roles", "user", user.id, data={"add": sorted(add), "remove": sorted(remove)})
        return sorted(role.role for role in user.roles)


def set_roles(user: User, *, add: Collection[str], remove: Collection[str]) -> None:
    """A change's rows (also for the replay); what is both given and taken is taken."""
    there = {role.role for role in user.roles}
    user.roles = [role for role in user.roles if role.role not in remove]
    user.roles += [UserRole(role=str(role)) for role in sorted(set(add) - there - set(remove))]


def _need_other_admin(session: Session, actor: Actor, user: User) -> None:
    """Somebody else stays admin, and it is not oneself who goes: nobody is locked out by a slip. Raises: UsageError."""
    if Role.ADMIN not in {role.role for role in user.roles}:
        return
    others = sa.select(User.id).join(UserRole).where(User.id != user.id, User.active, UserRole.role == Role.ADMIN)
    if session.scalar(others.limit(1)) is None:
        raise UsageError("last_admin", name=user.name)
    if user.id == actor.user_id or (actor.hand is not None and actor.hand == user.os_account):
        raise UsageError("not_oneself", name=user.name)


def sign_out_everywhere(house: House, actor: Actor, name: str) -> int:
    """End all sessions of a user. Returns: how many there were.

    Raises: Forbidden (only admins, and each for themselves), UsageError.
    """
    if actor.name != name:
        actor.need(Role.ADMIN)
    with house.database.write() as session:
        lock(session)
        user = known_user(session, name)
        count = end_sessions(session, user.id)
        record(session, actor, "user.sign_out", "user", user.id, data={"sessions": count})
        return count


def end_sessions(session: Session, user_id: str) -> int:
    """End a user's sessions, in the caller's transaction. Returns: how many had not run out."""
    mine = WebSession.user_id == user_id
    count = session.scalar(sa.select(sa.func.count(WebSession.id)).where(mine, WebSession.ends_at > now())) or 0
    session.execute(sa.delete(WebSession).where(mine))
    return count


def revoke(
    house: House, actor: Actor, name: str, *, unit: str | None = None, all_units: bool = False
) -> tuple[list[Json], Json]:
    """Take a user's rights: those in one unit, those that hold for all units, or else every one (letters that were
    opened to the person too). Rights that come with a role stay. Returns: what was taken, and the user as left.

    Raises: Forbidden, UsageError.
    """
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        lock(session)
        user = known_user(session, name)
        query = sa.select(Grant).where(Grant.user_id == user.id).order_by(Grant.id)
        if unit is not None:
            query = query.where(Grant.unit_id == known_unit(session, unit))
        elif all_units:
            query = query.where(Grant.unit_id.is_(None), Grant.document_id.is_(None))
        taken = session.scalars(query).all()
        for row in taken:
            data = {
                "unit": row.unit_id,
                "document": row.document_id,
                "permission": row.permission,
                "confidential": row.confidential,
            }
            record(session, actor, "grant.revoke", "user", user.id, data=data)
            session.delete(row)
        session.flush()
        return [_grant_json(session, row) for row in taken], _user_json(session, user)


def list_users(house: House, actor: Actor) -> list[Json]:
    """All users, locked ones too, with roles and grants. Raises: Forbidden."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    with house.database.read() as session:
        return [_user_json(session, user) for user in session.scalars(sa.select(User).order_by(User.name))]


def show_user(house: House, actor: Actor, name: str) -> Json:
    """Everything that a user may, and from where: own grants, ``by_role`` (role -> ``places`` that it opens by itself
    and ``grants`` to all who have it), and the open ``sessions``.

    Raises: Forbidden (only admins, auditors, and each for themselves), UsageError.
    """
    if actor.name != name:
        actor.need(Role.ADMIN, Role.AUDITOR)
    with house.database.read() as session:
        user = known_user(session, name)
        open_now = sa.select(WebSession).where(WebSession.user_id == user.id, WebSession.ends_at > now())
        return {
            **_user_json(session, user),
            "os_account": user.os_account,
            "password": user.password_hash is not None,
            "by_role": {
                role.role: {
                    "places": sorted(role_tokens([role.role])),
                    "grants": _grants(session, Grant.role == role.role),
                }
                for role in sorted(user.roles, key=lambda role: role.role)
            },
            "sessions": [
                {"started_at": stamp(row.started_at), "ends_at": stamp(row.ends_at)}
                for row in session.scalars(open_now.order_by(WebSession.started_at))
            ],
        }


def _user_json(session: Session, user: User) -> Json:
    return {
        "name": user.name,
        "display_name": user.display_name,
        "roles": sorted(role.role for role in user.roles),
        "active": user.active,
        "grants": _grants(session, Grant.user_id == user.id),
    }


def _grants(session: Session, whose: sa.ColumnElement[bool]) -> list[Json]:
    return [_grant_json(session, row) for row in session.scalars(sa.select(Grant).where(whose).order_by(Grant.id))]


def _grant_json(session: Session, row: Grant) -> Json:
    """``unit`` none and ``document`` none: all units."""
    unit = session.get(OrgUnit, row.unit_id) if row.unit_id else None
    return {
        "unit": unit.code if unit else None,
        "document": row.document_id,
        "permission": row.permission,
        "confidential": row.confidential,
        "given_by": row.given_by,
        "given_at": stamp(row.given_at),
    }
