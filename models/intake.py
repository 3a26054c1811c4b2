"""What was delivered: batches, sources, their deliveries and pages."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.words import PageStatus, State, Step


class EntryCounter(Base):
    """Last entry number given in a year; the row is locked while one is given, so there are no gaps."""

    __tablename__ = "entry_counters"
    year: Mapped[int] = mapped_column(primary_key=True)
    last: Mapped[int] = mapped_column(default=0)


class Batch(Base):
    """What one scanner run (or one call of ``ingest``) delivered."""

    __tablename__ = "batches"
    id: Mapped[str] = mapped_column(primary_key=True)
    started_at: Mapped[datetime]
    operator: Mapped[str | None]
    device: Mapped[str | None]
    profile: Mapped[str | None]
    box: Mapped[str | None]  # where the paper lies
    expected_sheets: Mapped[int | None]


class Source(Base):
    """Bytes as delivered. ``id`` follows from ``sha256``, so the same bytes are the same Source."""

    __tablename__ = "sources"
    id: Mapped[str] = mapped_column(primary_key=True)
    sha256: Mapped[str] = mapped_column(unique=True)
    entry_no: Mapped[str] = mapped_column(unique=True)
    name: Mapped[str]
    size: Mapped[int]
    media_type: Mapped[str | None]
    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("batches.id"), index=True)
    received_on: Mapped[date]  # legal date of receipt
    received_at: Mapped[datetime]
    confidentiality: Mapped[str]
    state: Mapped[State] = mapped_column(sa.String(), index=True)
    step: Mapped[Step] = mapped_column(sa.String())
    attempt: Mapped[int] = mapped_column(default=1)
    reason: Mapped[str | None]
    reason_details: Mapped[dict[str, Any]] = mapped_column(default=dict)
    discard_by: Mapped[str | None]  # who proposed to discard it, and waits for a second person
    discard_account: Mapped[str | None]
    discard_reason: Mapped[str | None]
    discarded_at: Mapped[datetime | None]
    object_path: Mapped[str | None]  # relative to archive/; none while the bytes lie in quarantine/
    quarantine_path: Mapped[str | None]  # relative to quarantine/
    warnings: Mapped[list[Any]] = mapped_column(default=list)
    updated_at: Mapped[datetime]

    batch: Mapped[Batch] = relationship()
    pages: Mapped[list[Page]] = relationship(order_by="Page.number", back_populates="source")


class Delivery(Base):
    """One arrival of bytes. ``origin`` names the very file, so that a crash before its move to done/ is seen."""

    __tablename__ = "deliveries"
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("sources.id"), index=True)
    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("batches.id"))
    name: Mapped[str]
    origin: Mapped[str] = mapped_column(unique=True)
    delivered_at: Mapped[datetime]
    duplicate: Mapped[bool]


class Page(Base):
    """One page image of a Source, with its facts. Boxes and sizes are pixels of the image as delivered."""

    __tablename__ = "pages"
    __table_args__ = (sa.UniqueConstraint("source_id", "number"),)
    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=True)
    source_id: Mapped[str] = mapped_column(sa.ForeignKey("sources.id"))
    number: Mapped[int]  # 1-based place in the Source
    width: Mapped[int | None]
    height: Mapped[int | None]
    dpi: Mapped[float | None]
    status: Mapped[PageStatus | None] = mapped_column(sa.String())
    reason: Mapped[str | None]
    orientation: Mapped[int] = mapped_column(default=0)  # degrees clockwise that turn it upright
    skew: Mapped[float] = mapped_column(default=0.0)  # degrees, positive: clockwise
    confidence: Mapped[float | None]  # mean over words, 0..1
    language: Mapped[str | None]
    words_sha256: Mapped[str | None]
    plan: Mapped[dict[str, Any]] = mapped_column(default=dict)

    source: Mapped[Source] = relationship(back_populates="pages")
