"""The journal's rows: entries chained by hash, the values beside them, and signed blocks."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class JournalHead(Base):
    """The end of the chain; its one row is locked while an entry is added."""

    __tablename__ = "journal_head"
    id: Mapped[int] = mapped_column(primary_key=True)
    seq: Mapped[int]
    hash: Mapped[str]


class JournalEntry(Base):
    """One change or reading. ``data`` holds ids and codes, ``hashes`` salted hashes of values."""

    __tablename__ = "journal_entries"
    seq: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[str]
    actor: Mapped[str]
    action: Mapped[str] = mapped_column(index=True)
    kind: Mapped[str]
    object_id: Mapped[str] = mapped_column(index=True)
    purpose: Mapped[str]
    data: Mapped[dict[str, Any]]
    hashes: Mapped[dict[str, Any]]
    prev_hash: Mapped[str]
    hash: Mapped[str]


class JournalValue(Base):
    """A value whose salted hash stands in the entry; may be erased without harm to the chain."""

    __tablename__ = "journal_values"
    seq: Mapped[int] = mapped_column(sa.ForeignKey("journal_entries.seq"), primary_key=True)
    field: Mapped[str] = mapped_column(primary_key=True)
    salt: Mapped[str]
    value: Mapped[Any] = mapped_column(sa.JSON())


class JournalBlock(Base):
    """A signature over the head after entry ``last``; ``anchored_at`` when it lies in the store."""

    __tablename__ = "journal_blocks"
    last: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    first: Mapped[int]
    head: Mapped[str]
    key_id: Mapped[str]
    signature: Mapped[str]
    root: Mapped[str | None]  # over the hashes of its entries; blocks of before have none
    signed_at: Mapped[datetime]
    anchored_at: Mapped[datetime | None]
