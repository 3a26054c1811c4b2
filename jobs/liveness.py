"""Who lives: this process's name, and whether another process still does."""

from __future__ import annotations

import os
from collections.abc import Iterable
from datetime import datetime, timedelta
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.ids import new_id
from core.open_faults import OpenFault
from jobs.supervision import Loop
from models import Executor, FaultSeen, LoopBeat

SILENCE = timedelta(seconds=20)  # of a process on another host, after which it counts as dead


def this_host() -> str:
    """Names this boot of this machine and its pid space, so that a pid means something."""
    boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    return f"{os.uname().nodename}/{boot[:8]}/{Path('/proc/self/ns/pid').readlink()}"


def new_executor_id() -> str:
    """A name that is never used again (a draining process with the same id would strand workflows)."""
    return f"{os.uname().nodename}-{new_id()}"


def start_time(pid: int) -> int | None:
    """Start of a process in clock ticks since boot (proc(5), stat field 22); None when there is none."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] == "Z" else int(fields[19])


def database_now(session: Session) -> datetime:
    """One clock for all hosts: the server's on PostgreSQL, our own on SQLite (one host)."""
    if session.get_bind().dialect.name == "postgresql":
        moment = session.scalar(sa.select(sa.func.clock_timestamp()))
        assert isinstance(moment, datetime)
        return moment
    return now()


def mark_alive(session: Session, executor: str, task: str) -> None:
    """Write the heartbeat of this process."""
    pid = os.getpid()
    row = session.get(Executor, executor) or Executor(
        id=executor, host=this_host(), pid=pid, started=start_time(pid) or 0, task=task
    )
    row.seen_at = database_now(session)
    session.add(row)


def tell(session: Session, executor: str, loops: Iterable[Loop], faults: Iterable[OpenFault]) -> None:
    """Write how the loops of this process stand and which faults it meets."""
    session.execute(sa.delete(FaultSeen).where(FaultSeen.executor_id == executor))
    session.add_all(
        FaultSeen(
            executor_id=executor,
            code=fault.code,
            places=sorted(fault.places),
            details=dict(fault.details),
            since=fault.since,
            last=fault.last,
            count=fault.count,
        )
        for fault in faults
    )
    for loop in loops:
        row = session.get(LoopBeat, (executor, loop.name)) or LoopBeat(executor_id=executor, name=loop.name)
        row.beat_at, row.restarts, row.failure = loop.beat_at, loop.restarts, loop.failure
        session.add(row)


def forget(session: Session, executors: set[str]) -> None:
    """Processes that ended: with what they said of themselves."""
    for table, column in (
        (Executor, Executor.id),
        (LoopBeat, LoopBeat.executor_id),
        (FaultSeen, FaultSeen.executor_id),
    ):
        session.execute(sa.delete(table).where(column.in_(executors)))


def living(session: Session) -> set[str]:
    """Executors that live: on this host by their pid at once, on others by their heartbeat."""
    here, moment = this_host(), database_now(session)
    alive = set()
    for row in session.scalars(sa.select(Executor)):
        if start_time(row.pid) == row.started if row.host == here else moment - row.seen_at < SILENCE:
            alive.add(row.id)
    return alive
