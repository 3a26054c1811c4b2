"""Move a home's database from SQLite to PostgreSQL, or back: every row of every table, passwords and sessions too."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.durable import write_whole
from core.errors import IntegrityError, UsageError
from core.settings import CONFIG
from models import Actor, Base, Database, JournalEntry, Role
from models.chain import lock
from services.house import House
from services.rebuilding import need_nobody_working, rows_of
from services.view import Json

AT_ONCE = 1000  # rows written at once
_SETTING = re.compile(r"^#?\s*database\s*=.*$", re.MULTILINE)


def move_database(house: House, actor: Actor, url: str) -> Json:
    """Copy all rows to the empty database at ``url``, compare them, and write the setting. The old one stays as it is.

    Returns: ``rows`` by table. Raises: Forbidden, UsageError (target not empty, others run, the setting comes from the
    environment), EnvironmentProblem, IntegrityError (what was written is not what was read).
    """
    actor.need(Role.ADMIN)
    need_nobody_working(house)
    target = Database(url, house.settings.home)
    try:
        target.migrate()
        with target.read() as session:
            if any(session.scalar(sa.select(sa.exists(sa.select(table)))) for table in Base.metadata.sorted_tables):
                raise UsageError("target_not_empty", url=target.engine.url.render_as_string())
        counts = _copy(house.database, target)
        _compare(house.database, target)
        _write_setting(house.settings.home / CONFIG, url)
    finally:
        target.close()
    return {"rows": counts, "database": target.engine.url.render_as_string()}


def _copy(source: Database, target: Database) -> dict[str, int]:
    """In the order of the dependencies, in one transaction of each side."""
    counts = {}
    with source.write() as old, target.write() as new:
        lock(old)  # nobody writes into the old one meanwhile
        for table in Base.metadata.sorted_tables:
            rows = old.execute(sa.select(table).execution_options(yield_per=AT_ONCE))
            counts[table.name] = 0
            inner = _columns_to_itself(table)
            for batch in rows.mappings().partitions(AT_ONCE):
                new.execute(sa.insert(table), [{**row, **dict.fromkeys(inner)} for row in batch])
                counts[table.name] += len(batch)
            _point_to_itself(old, new, table, inner)
            if not target.sqlite:
                _set_sequence(new.connection(), table)
    return counts


def _columns_to_itself(table: sa.Table) -> list[str]:
    return [key.parent.name for key in table.foreign_keys if key.column.table is table]


def _point_to_itself(old: Session, new: Session, table: sa.Table, columns: list[str]) -> None:
    """Rows that point to others of their own table do so once all are there."""
    key = next(iter(table.primary_key))
    for name in columns:
        column = table.columns[name]
        for id, other in old.execute(sa.select(key, column).where(column.is_not(None))).all():
            new.execute(sa.update(table).where(key == id).values({name: other}))


def _set_sequence(connection: sa.Connection, table: sa.Table) -> None:
    """The next row that PostgreSQL numbers comes after those that were copied with their numbers."""
    column = table.autoincrement_column
    if column is not None:
        sequence = sa.func.pg_get_serial_sequence(table.name, column.name)
        newest = sa.select(sa.func.max(column)).scalar_subquery()
        connection.execute(sa.select(sa.func.setval(sequence, sa.func.coalesce(newest, 1), newest.is_not(None))))


def _compare(source: Database, target: Database) -> None:
    for table in Base.metadata.sorted_tables:
        columns: list[sa.Column[Any]] = list(table.columns)
        if rows_of(source, columns) != rows_of(target, columns):
            raise IntegrityError("move_differs", table=table.name)
    with source.read() as old, target.read() as new:
        newest = sa.select(JournalEntry.hash).order_by(JournalEntry.seq.desc()).limit(1)
        if old.scalar(newest) != new.scalar(newest):
            raise IntegrityError("move_differs", table=JournalEntry.__tablename__)


def _write_setting(file: Path, url: str) -> None:
    text = file.read_text("utf-8")
    quoted = url.replace("\\", "\\\\").replace('"', '\\"')
    line = f'database = "{quoted}"'
    found = _SETTING.sub(lambda _: line, text, count=1) if _SETTING.search(text) else f"{line}\n{text}"
    write_whole(file, found.encode())
