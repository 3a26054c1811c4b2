"""Users, their roles and grants."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base


class User(Base):
    """A person. ``os_account`` lets the command line know who calls."""

    __tablename__ = "users"
    id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(unique=True)
    display_name: Mapped[str]
    os_account: Mapped[str | None] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    active: Mapped[bool] = mapped_column(default=True)

    roles: Mapped[list[UserRole]] = relationship(cascade="all, delete-orphan")


class WebSession(Base):
    """A session of the web that has not been ended. Lives in the backup only, never in the journal."""

    __tablename__ = "web_sessions"
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), index=True)
    started_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class SignInTry(Base):
    """A password that was tried and not found right; ``key`` says for whom and from where without naming either."""

    __tablename__ = "sign_in_tries"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    key: Mapped[str] = mapped_column(index=True)
    at: Mapped[datetime] = mapped_column(index=True)


class UserRole(Base):
    """A role of a user."""

    __tablename__ = "user_roles"
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"), primary_key=True)
    role: Mapped[str] = mapped_column(primary_key=True)


class Grant(Base):
    """What a user, or everybody with a role, may do in a unit and the units below it.

    ``unit_id`` none: all units. ``confidential`` opens what is for named persons only, and is given to
    users, never to roles. ``document_id``: a single letter opened to a named person.
    """

    __tablename__ = "grants"
    __table_args__ = (
        sa.CheckConstraint("(user_id IS NULL) <> (role IS NULL)", name="one_holder"),
        sa.CheckConstraint("NOT confidential OR user_id IS NOT NULL", name="confidential_is_personal"),
    )
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    user_id: Mapped[str | None] = mapped_column(sa.ForeignKey("users.id"), index=True)
    role: Mapped[str | None] = mapped_column(index=True)
    unit_id: Mapped[str | None] = mapped_column(sa.ForeignKey("org_units.id"))
    document_id: Mapped[str | None] = mapped_column(sa.ForeignKey("documents.id"))
    permission: Mapped[str]
    confidential: Mapped[bool] = mapped_column(default=False)
    given_by: Mapped[str]
    given_at: Mapped[datetime]
