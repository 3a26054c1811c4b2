"""The one row by which the database knows its home."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Identity(Base):
    """Which home this database belongs to. ``index_mark``: of the index that held all; "": it was lost."""

    __tablename__ = "identity"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    value: Mapped[str]
    made_at: Mapped[datetime]
    index_mark: Mapped[str | None]
