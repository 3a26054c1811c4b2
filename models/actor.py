"""Who does it: every function that reads or changes takes an Actor."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import Forbidden, UsageError
from models.people import User
from models.words import Role


@dataclass(frozen=True, slots=True)
class Actor:
    """A user with roles, or the system (``user_id`` none)."""

    name: str
    user_id: str | None
    roles: frozenset[str] = frozenset()

    @property
    def is_system(self) -> bool:
        return self.user_id is None

    def need(self, *roles: Role) -> None:
        """The act needs one of ``roles``. Raises: Forbidden."""
        if not self.is_system and not self.roles & set(roles):
            raise Forbidden(actor=self.name)


SYSTEM = Actor("system", None)


def actor_named(session: Session, name: str) -> Actor:
    """The actor behind a user's name. Raises: UsageError."""
    return _actor(session.scalar(sa.select(User).where(User.name == name)), name)


def actor_of_account(session: Session, account: str) -> Actor:
    """The actor behind an account of the operating system. Raises: UsageError."""
    return _actor(session.scalar(sa.select(User).where(User.os_account == account)), account)


def _actor(user: User | None, name: str) -> Actor:
    if user is None or not user.active:
        raise UsageError("unknown_user", name=name)
    return Actor(user.name, user.id, frozenset(role.role for role in user.roles))
