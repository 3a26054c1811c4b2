"""What the job database says is read as plain JSON or not at all: to unpickle a row is to run what its writer wants.

DBOS 3.4 obeys the column ``serialization`` of each row, whatever serializer it was set up with; there is no setting
that allows one alone (``dbos/_serialization.py``). So its pickle reader is taken out of this process.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Never

import sqlalchemy as sa
from dbos import DBOSPortableJSONSerializer
from dbos._serialization import DefaultSerializer

from core.errors import IntegrityError

UNFINISHED = ("ENQUEUED", "PENDING", "DELAYED")
_TABLES = ("workflow_status", "operation_outputs")  # what is asked for, what a step answered


def never_unpickle() -> None:
    """From now on a pickle in the job database is an error of its row, in this process. A second call changes
    nothing."""
    DefaultSerializer.deserialize = _refuse  # type: ignore[method-assign,assignment]


def _refuse(_self: Any, _serialized: str) -> Never:
    raise IntegrityError("job_row_refused")


def refused_workflows(url: str) -> list[str]:
    """Ids of workflows that wait or run and whose row is no plain JSON."""
    table = _table("workflow_status", url)
    return _ask(url, sa.select(table.c.workflow_uuid).where(_foreign(table), table.c.status.in_(UNFINISHED)))


def count_refused(url: str) -> int:
    """Rows of the job database that are not read since they are no plain JSON; 0 where there is no job database."""
    counts = (sa.select(sa.func.count()).select_from(table).where(_foreign(table)) for table in _tables(url))
    return sum(sum(_ask(url, count)) for count in counts)


def _tables(url: str) -> list[sa.TableClause]:
    return [_table(name, url) for name in _TABLES]


def _table(table: str, url: str) -> sa.TableClause:
    columns: list[sa.ColumnClause[Any]] = [sa.column(name) for name in ("workflow_uuid", "status", "serialization")]
    return sa.table(table, *columns, schema=None if url.startswith("sqlite") else "dbos")


def _foreign(table: sa.TableClause) -> sa.ColumnElement[bool]:
    return table.c.serialization != DBOSPortableJSONSerializer().name()  # NULL: as the serializer in use


def _ask(url: str, query: sa.Select[Any]) -> list[Any]:
    """The first column of the answer; empty where there is no job database yet."""
    if url.startswith("sqlite"):
        if not Path(url.split("///", 1)[1]).exists():
            return []
    else:
        url = sa.make_url(url).set(drivername="postgresql+psycopg").render_as_string(hide_password=False)
    engine = sa.create_engine(url, poolclass=sa.NullPool)
    try:
        with engine.connect() as connection:
            return list(connection.scalars(query))
    except (sa.exc.ProgrammingError, sa.exc.OperationalError):  # no table yet, or no server: it holds nothing to refuse
        return []
    finally:
        engine.dispose()
