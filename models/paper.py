"""The paper behind the scans: samples drawn for the comparison, and each letter's paper until its destruction."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from models.base import Base
from models.documents import Document
from models.intake import Batch


class PaperSample(Base):
    """One draw from a Batch. The same ``seed``, ``rate`` and letters give the same sample."""

    __tablename__ = "paper_samples"
    id: Mapped[str] = mapped_column(primary_key=True)
    batch_id: Mapped[str] = mapped_column(sa.ForeignKey("batches.id"), index=True)
    need: Mapped[str]  # protection need: normal | high | very_high
    rate: Mapped[float]
    seed: Mapped[str]
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str]
    letters: Mapped[int]  # among which it was drawn
    chosen: Mapped[int]

    batch: Mapped[Batch] = relationship(lazy="joined")


class Paper(Base):
    """The paper of one Document. ``sample_id`` none: it was not yet among those that a sample was drawn from."""

    __tablename__ = "papers"
    document_id: Mapped[str] = mapped_column(sa.ForeignKey("documents.id"), primary_key=True)
    sample_id: Mapped[str | None] = mapped_column(sa.ForeignKey("paper_samples.id"), index=True)
    chosen: Mapped[bool] = mapped_column(default=False)
    passed: Mapped[bool | None]  # none: not compared yet
    checked_by: Mapped[str | None]
    checked_at: Mapped[datetime | None]
    agreement: Mapped[str | None]  # the person's own words
    settles: Mapped[list[Any]] = mapped_column(default=list)  # anomalies that the person found harmless
    recalled_at: Mapped[datetime | None]
    recalled_by: Mapped[str | None]
    destroyed_at: Mapped[datetime | None]
    destroyed_by: Mapped[str | None]
    noted: Mapped[bool] = mapped_column(default=True)  # whether the object's TransferNote says what stands here

    document: Mapped[Document] = relationship(lazy="joined")
    sample: Mapped[PaperSample | None] = relationship(lazy="joined")
