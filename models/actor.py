"""Who does it: every function that reads or changes takes an Actor."""

from __future__ import annotations

from dataclasses import dataclass, replace

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import Forbidden, UsageError
from models.people import User
from models.words import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A user with roles, or the system (``user_id`` none).

    ``account``: the person's own account of the operating system. ``behind``: the account that acts in the person's
    name by ``--as``; none when the person acts, at the command line or in the browser.
    """

    name: str
    user_id: str | None
    roles: frozenset[str] = frozenset()
    account: str | None = None
    behind: str | None = None

    @property
    def is_system(self) -> bool:
        return self.user_id is None

    @property
    def hand(self) -> str | None:
        """The account of the operating system whose human acts."""
        return self.behind or self.account

    def need(self, *roles: Role) -> None:
        """The act needs one of ``roles``. Raises: Forbidden."""
        if not self.is_system and not self.roles & set(roles):
            raise Forbidden(actor=self.name)


SYSTEM = Actor("system", None)


def actor_at(session: Session, account: str, name: str | None) -> Actor:
    """Who acts at the command line: the user of ``account``, or whom that user names, which is for admins.

    Raises: UsageError (nobody belongs to the account, or the name is no active user's), Forbidden (no admin).
    """
    caller = _actor(session.scalar(sa.select(User).where(User.os_account == account)), account)
    if name is None or name == caller.name:
        return caller
    if Role.ADMIN not in caller.roles:
        raise Forbidden("as_for_admins", account=account)
    return replace(actor_named(session, name), behind=account)


def actor_named(session: Session, name: str) -> Actor:
    """The active user of a name. Raises: UsageError."""
    return _actor(session.scalar(sa.select(User).where(User.name == name)), name)


def actor_of(user: User) -> Actor:
    """The Actor of a user, with the roles of now."""
    return Actor(user.name, user.id, frozenset(role.role for role in user.roles), user.os_account)


def _actor(user: User | None, name: str) -> Actor:
    if user is None:
        raise UsageError("unknown_user", name=name)
    if not user.active:
        raise UsageError("user_locked", name=user.name)
    return actor_of(user)
