"""Organisational units: a tree with validity dates."""

from __future__ import annotations

from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class OrgUnit(Base):
    """An office. ``id`` is its first code (``51``, or ``51~2`` when the code is used again later)."""

    __tablename__ = "org_units"
    id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(index=True)
    name: Mapped[str]
    responsible_for: Mapped[str]
    parent_id: Mapped[str | None] = mapped_column(sa.ForeignKey("org_units.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date | None]  # the first day on which it is gone
    confidential: Mapped[bool] = mapped_column(default=False)
    successor_id: Mapped[str | None] = mapped_column(sa.ForeignKey("org_units.id"))  # the one unit that took over
