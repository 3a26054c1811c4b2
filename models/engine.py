"""What the durable engine needs of us: who lives, and what was taken over."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from models.base import Base


class Executor(Base):
    """A process that runs steps. On its own host it is known by pid and start time, elsewhere by its heartbeat."""

    __tablename__ = "executors"
    id: Mapped[str] = mapped_column(primary_key=True)
    host: Mapped[str]
    pid: Mapped[int]
    started: Mapped[int] = mapped_column(sa.BigInteger())  # start time of the pid, clock ticks since boot
    seen_at: Mapped[datetime]
    task: Mapped[str]  # worker | watch | ingest


class Takeover(Base):
    """A workflow that was taken from a dead executor, and how often it crashed when it ran alone."""

    __tablename__ = "takeovers"
    workflow_id: Mapped[str] = mapped_column(primary_key=True)
    count: Mapped[int] = mapped_column(default=0)
    crashes: Mapped[int] = mapped_column(default=0)
