"""The database: SQLite (WAL, synchronous=FULL) or PostgreSQL, with writing and read-only transactions apart."""

from __future__ import annotations

import fcntl
import sqlite3
import threading
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import EnvironmentProblem, UsageError
from core.faults import machine_fault

BUSY_SECONDS = 60
LEADER_LOCK = 70_000
READ_ONLY = "readonly database"  # in SQLite's words
_AT_ONCE = 500  # ids in a query
MIGRATIONS = Path(__file__).parent / "migrations"


class Database:
    """One application database. Raises: UsageError for a URL that is none.

    ``after_commit`` is called with nothing after each transaction that wrote to the journal, before the caller
    goes on: it makes the journal's segment durable (a commit counts only when its entries lie in the store).
    """

    def __init__(self, url: str, locks: Path) -> None:
        self.url = url
        self.sqlite = url.startswith("sqlite")
        self.after_commit: Callable[[], None] = lambda: None
        self._locks = locks
        self._writing = threading.RLock()  # one writer a process: SQLite's queue is unfair, ours is not
        options: dict[str, object] = {"connect_args": {"timeout": BUSY_SECONDS}} if self.sqlite else {"pool_size": 10}
        try:
            self.engine = sa.create_engine(url, hide_parameters=True, pool_pre_ping=not self.sqlite, **options)
        except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError):
            raise UsageError("bad_database_url") from None  # it may hold a password, so it is not repeated
        if self.sqlite:
            sa.event.listen(self.engine, "connect", _prepare_sqlite)
            sa.event.listen(self.engine, "begin", _begin_sqlite)
            give_up_read_only(self.engine)

    def migrate_if_needed(self) -> None:
        """Migrate when the tables are older than this program."""
        newest = max(path.name.split("_")[0] for path in MIGRATIONS.glob("versions/[0-9]*.py"))
        with self.engine.connect() as connection:
            if sa.inspect(connection).has_table("alembic_version"):
                current = connection.scalar(sa.text("select version_num from alembic_version"))
                connection.rollback()
                if current == newest:
                    return
        self.migrate()

    def migrate(self) -> None:
        """Bring the tables to the newest version (Alembic). One process at a time."""
        from alembic import command  # slow to import, and needed once a release
        from alembic.config import Config

        config = Config()
        config.set_main_option("script_location", str(MIGRATIONS))
        with self.exclusively("migrate"), self.engine.connect() as connection:
            config.attributes["connection"] = connection.execution_options(writes=True)
            command.upgrade(config, "head")
            connection.commit()

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A read-only transaction; never waits for a writer."""
        with self.engine.connect() as connection, Session(connection, expire_on_commit=False) as session:
            yield session
            session.expunge_all()  # what was read stays readable; closing ends the transaction

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A writing transaction: BEGIN IMMEDIATE on SQLite, so it never fails half-way for a lock.

        Raises: EnvironmentProblem when the database cannot be reached or is full.
        """
        with self._writing if self.sqlite else threading.RLock():
            try:
                with (
                    self.engine.connect().execution_options(writes=True) as connection,
                    Session(connection, expire_on_commit=False) as session,
                ):
                    yield session
                    session.commit()
                    journaled = bool(session.info.get("journaled"))
            except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
                if READ_ONLY in str(error):
                    self.engine.dispose()
                raise machine_fault(error) from error
        if journaled:
            self.after_commit()

    def scrub(self, tables: Iterable[str]) -> None:
        """Write the database anew, so that what was deleted is in no free page and in no write-ahead log.

        On PostgreSQL the given tables; its own log and copies of it are its keeper's. Raises: EnvironmentProblem.
        """
        try:
            if self.sqlite:
                raw = self.engine.raw_connection()
                try:
                    cursor = raw.cursor()
                    cursor.execute("VACUUM")
                    cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                    if (cursor.fetchone() or (1,))[0]:
                        raise EnvironmentProblem("database", why="busy")
                finally:
                    raw.close()
            else:
                with self.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                    connection.exec_driver_sql(f"VACUUM (FULL) {', '.join(tables)}")
        except (sa.exc.OperationalError, sqlite3.OperationalError) as error:
            raise machine_fault(error) from error

    @contextmanager
    def exclusively(self, name: str) -> Iterator[None]:
        """Hold a lock that only one process (SQLite: on this host; PostgreSQL: anywhere) can hold; waits."""
        with self._lock(name, wait=True):
            yield

    @contextmanager
    def leading(self, name: str) -> Iterator[bool]:
        """Try to be the leader for ``name``. Yields whether we are."""
        with self._lock(name, wait=False) as got:
            yield got

    @contextmanager
    def _lock(self, name: str, *, wait: bool) -> Iterator[bool]:
        if self.sqlite:
            with (self._locks / f"{name}.lock").open("a") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | (0 if wait else fcntl.LOCK_NB))
                except BlockingIOError:
                    yield False
                    return
                yield True
            return
        number = LEADER_LOCK + sum(name.encode())
        with self.engine.connect() as connection:
            if wait:
                connection.execute(sa.select(sa.func.pg_advisory_lock(number)))
                got = True
            else:
                got = bool(connection.scalar(sa.select(sa.func.pg_try_advisory_lock(number))))
            connection.commit()
            try:
                yield got
            finally:
                if got:
                    connection.execute(sa.select(sa.func.pg_advisory_unlock(number)))
                    connection.commit()

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def give_up_read_only(engine: sa.Engine) -> None:
    """What SQLite opened while the file could not be written stays read-only for ever: it counts as no connection."""

    def judge(context: sa.ExceptionContext) -> None:
        context.is_disconnect |= READ_ONLY in str(context.original_exception)

    sa.event.listen(engine, "handle_error", judge)


def in_parts(ids: Collection[str]) -> Iterator[list[str]]:
    """The ids in their order, as many at once as a query takes."""
    listed = sorted(ids)
    for start in range(0, len(listed), _AT_ONCE):
        yield listed[start : start + _AT_ONCE]


def pairs(session: Session, query: sa.Select[Any, Any]) -> dict[Any, Any]:
    """The rows of a query with two columns, first to second."""
    return dict(session.execute(query).all())


def _prepare_sqlite(connection: object, _record: object) -> None:
    connection.isolation_level = None  # type: ignore[attr-defined]  # we send BEGIN ourselves
    cursor = connection.cursor()  # type: ignore[attr-defined]
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        f"busy_timeout={BUSY_SECONDS * 1000}",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    writes = connection.get_execution_options().get("writes", False)
    raw: sqlite3.Connection = connection.connection.driver_connection  # type: ignore[assignment]
    raw.execute("BEGIN IMMEDIATE" if writes else "BEGIN")  # past SQLAlchemy, which would take longer than SQLite
