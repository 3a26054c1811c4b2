"""One home, one identity (promise 8): what does not belong together is refused, and nothing is begun in its place.

The id lies in the home folder, the database, the archive, the journal (file and entry), the index and the second copy.
A folder under which a disk is not mounted has no mark, so no new archive is begun there; what another home left has
another one.
"""

from __future__ import annotations

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import EnvironmentProblem, IntegrityError, UsageError
from core.ids import new_id
from core.marks import MARK, need_mark, read_mark, write_mark
from models import SYSTEM, Identity, JournalEntry, User
from models.chain import lock, record
from services.house import House

ACTION = "home.identity"


def settle(house: House) -> None:
    """At each start: migrate, look whether everything is there, belongs together and is equally old.

    A home that was made before there were identities gets its own here, once.
    Raises: EnvironmentProblem (something is not there, or another home's), IntegrityError (older than the rest).
    """
    need_belonging(house)
    if _in_database(house) is None and not _has_entries(house):
        if house.journal.mark.parent.is_dir() and house.journal.head()[0]:
            raise IntegrityError("database_lost")
        raise UsageError("home_unfinished", home=str(house.settings.home))
    house.database.migrate_if_needed()
    if _in_database(house) is None:
        _adopt(house)
    house.store.need_root()
    with house.database.read() as session:
        need(house, session)
    house.journal.need_own_key()


def need(house: House, session: Session) -> None:
    """Before an entry number is given, in its transaction: all places are there, are ours, and equally old.

    Raises: EnvironmentProblem, IntegrityError.
    """
    if house.identity is None:
        raise EnvironmentProblem("mark_missing", path=str(house.settings.home))
    need_mark(house.settings.home / MARK, house.identity)
    house.store.need_root()
    if house.journal.mark.parent.is_dir():
        house.journal.need_continued(session)
    need_mark(house.journal.mark, house.identity)
    found = session.scalar(sa.select(Identity.value))
    if found != house.identity:
        raise EnvironmentProblem("database_foreign", found=(found or "–")[:8], ours=house.identity[:8])


def need_belonging(house: House) -> None:
    """No place says another home's id. Raises: EnvironmentProblem, IntegrityError (the archive's without a key)."""
    places = {
        str(house.store.root): read_mark(house.store.mark),
        str(house.journal.mark.parent): read_mark(house.journal.mark),
        house.database.engine.dialect.name: _in_database(house),
    }
    for place, found in places.items():
        if found is not None and found != house.identity:
            ours = house.identity[:8] if house.identity else "–"
            raise EnvironmentProblem("mark_foreign", path=place, found=found[:8], ours=ours)


def need_files(house: House) -> None:
    """Before a database is brought back: archive and journal belong together, and are signed with our key.

    A new home folder that was given both, and the key, takes over their identity.
    Raises: EnvironmentProblem, IntegrityError.
    """
    said = read_mark(house.store.mark)
    if house.identity is None and said is not None and said == read_mark(house.journal.mark):
        house.journal.need_own_key()
        _take(house, said)
    need_belonging(house)
    house.store.need_root()
    if house.identity is not None:
        need_mark(house.journal.mark, house.identity)
    house.journal.need_own_key()


def need_beginning(house: House) -> bool:
    """Before ``init`` makes anything: nothing of another home is here. Returns: whether this home is new.

    Raises: UsageError (``init_foreign``), and what :func:`settle` raises for a home that is there already.
    """
    try:
        need_belonging(house)
    except EnvironmentProblem as error:
        if house.identity is not None:
            raise
        raise UsageError("init_foreign", path=error.details["path"]) from error
    begun = _in_database(house) is not None or _has_entries(house)
    lying = any(house.store.folders()) or any(house.settings.journal.glob("*/entries.jsonl"))
    key = house.settings.keys / "journal.ed25519"
    if (begun or lying) and house.identity is None and not key.is_file():
        raise UsageError("init_foreign", path=str(house.store.root))
    return not (begun or lying)


def begin(house: House) -> None:
    """A new home gets its id; its row and entry follow with :func:`note`. Raises: OSError."""
    if house.identity is None:
        _take(house, new_id())


def note(session: Session, house: House) -> None:
    """The database's row, and the journal's entry, in the caller's transaction; once."""
    assert house.identity is not None
    if session.get(Identity, 1) is None:
        moment = now()
        session.add(Identity(id=1, value=house.identity, made_at=moment))
        record(session, SYSTEM, ACTION, "home", house.identity, at=moment)


def _adopt(house: House) -> None:
    """A home of before gets its identity, if it is whole: the archive is there and the journal is the database's own.

    What a crash left of this is finished: the row comes last.
    """
    if not house.store.root.is_dir() or not house.journal.mark.parent.is_dir():
        missing = house.store.root if not house.store.root.is_dir() else house.journal.mark.parent
        raise EnvironmentProblem("mark_missing", path=str(missing))
    house.store.identity = house.journal.identity = None  # not marked yet
    house.store.need_root()
    with house.database.read() as session:
        if session.scalar(sa.select(sa.func.count(User.id))) and not house.journal.head()[0]:
            raise EnvironmentProblem("mark_missing", path=str(house.journal.mark.parent))
        house.journal.need_continued(session)
    house.journal.need_own_key()
    identity = house.identity or new_id()
    _take(house, identity)
    write_mark(house.store.mark, identity)
    write_mark(house.journal.mark, identity)
    with house.database.write() as session:
        lock(session)
        note(session, house)


def _take(house: House, identity: str) -> None:
    write_mark(house.settings.home / MARK, identity)
    house.take_identity(identity)


def _in_database(house: House) -> str | None:
    with house.database.engine.connect() as connection:
        if not sa.inspect(connection).has_table(Identity.__tablename__):
            return None
    with house.database.read() as session:
        return session.scalar(sa.select(Identity.value))


def _has_entries(house: House) -> bool:
    with house.database.engine.connect() as connection:
        if not sa.inspect(connection).has_table(JournalEntry.__tablename__):
            return False
    with house.database.read() as session:
        return session.scalar(sa.select(JournalEntry.seq).limit(1)) is not None
