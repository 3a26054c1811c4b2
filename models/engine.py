"""What the durable engine needs of us: who lives, and what was taken over."""

from __future__ import annotations

from datetime import datetime
from typing import Any

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


class LoopBeat(Base):
    """When a loop of a process last went round, how often it failed since the start, and with what code."""

    __tablename__ = "loops"
    executor_id: Mapped[str] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(primary_key=True)
    beat_at: Mapped[datetime]
    restarts: Mapped[int] = mapped_column(default=0)
    failure: Mapped[str | None]  # code of what it failed with; none: its last round went well


class FaultSeen(Base):
    """A fault of the machine that a process meets now; gone when it is over or the process is."""

    __tablename__ = "faults"
    executor_id: Mapped[str] = mapped_column(primary_key=True)
    code: Mapped[str] = mapped_column(primary_key=True)
    places: Mapped[list[Any]] = mapped_column(default=list)  # steps and loops that meet it
    details: Mapped[dict[str, Any]] = mapped_column(default=dict)  # fill the gaps of its sentence
    since: Mapped[datetime]
    last: Mapped[datetime]
    count: Mapped[int]
