"""A home with database, store and journal, as the archive's tests need it."""

from __future__ import annotations

from pathlib import Path

import sqlalchemy as sa

from archive import JournalFiles, Store
from models import SYSTEM, Base, Database
from models.chain import record


class Home:
    """A database, a store and a journal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.store = Store(folder / "archive", folder / "staging")
        self.store.initialise()
        self.database = Database(f"sqlite:///{folder / 'a.db'}", folder)
        with self.database.engine.connect().execution_options(writes=True) as connection:
            Base.metadata.create_all(connection)
            connection.commit()
        self.journal = self.again()
        self.journal.initialise()

    def again(self) -> JournalFiles:
        """What another process sees."""
        return JournalFiles(self.folder / "journal", self.store, self.folder / "keys" / "journal.pem")

    def write(self, count: int, start: int = 0) -> None:
        for number in range(start, start + count):
            with self.database.write() as session:
                values = {"title": f"Name {number}"} if number % 2 else None
                record(session, SYSTEM, "document.route", "document", f"d{number}", values=values, data={"n": number})
            self.journal.catch_up(self.database)

    def sql(self, statement: str, **values: object) -> int:
        """Returns: rows changed."""
        with self.database.engine.connect().execution_options(writes=True) as connection:
            changed = connection.execute(sa.text(statement), values).rowcount
            connection.commit()
        return changed

    def file(self, name: str) -> Path:
        day = max(path for path in (self.folder / "journal").iterdir() if path.is_dir())
        return day / name

    def codes(self, *, database: bool = True) -> set[str]:
        report = self.again().verify(self.database if database else None)
        return {finding.code for finding in report.findings}
