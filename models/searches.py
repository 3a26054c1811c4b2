"""Saved searches: what a person wants to ask again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class SavedSearch(Base):
    """A person's own search. ``wish``: ``query, unit, from, to, sort``, days in ISO; empty ones are left out."""

    __tablename__ = "saved_searches"
    __table_args__ = (sa.UniqueConstraint("user_id", "name"),)
    id: Mapped[str] = mapped_column(primary_key=True)
    user_id: Mapped[str] = mapped_column(sa.ForeignKey("users.id"))
    name: Mapped[str]
    wish: Mapped[dict[str, Any]]
    saved_at: Mapped[datetime]
