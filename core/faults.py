"""Whose fault is an error: the letter's, the machine's, or our program's?

Only a LetterError may quarantine a letter (promise 2). Whatever else is raised becomes an EnvironmentProblem here: it
is said with a count, the letter stays ``working``, and the work goes on when the fault is over.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager

from core.errors import (
    AktenlotseError,
    EnvironmentProblem,
    LetterError,
    ProgramMissing,
    StorageFull,
    UnexpectedProblem,
)

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_CODES = {  # the sentence of each, under ``error.<code>``
    errno.EROFS: "read_only",
    errno.EMFILE: "too_many_open_files",
    errno.ENFILE: "too_many_open_files",
    errno.ENOMEM: "memory",
    errno.EAGAIN: "memory",  # of fork(2) and of new threads
    errno.EIO: "device",
    errno.ENXIO: "device",
    errno.ENODEV: "device",
    errno.ENOENT: "place_missing",
    errno.ENOTDIR: "place_missing",
    errno.ENOTCONN: "place_missing",
    errno.ESTALE: "place_missing",
    errno.EACCES: "no_access",
    errno.EPERM: "no_access",
}
# said of the arguments of a call, so rather of what we did with this letter than of the machine
_OURS = {errno.EINVAL, errno.EILSEQ, errno.EISDIR, errno.ENAMETOOLONG, errno.E2BIG, errno.ERANGE, errno.EOVERFLOW}
# what no handler of "this file is bad" may swallow; a file that is not there can be a question, these cannot
_NEVER_OF_A_FILE = {*_FULL, errno.EROFS, errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO}
# by name, so that commands that need no database do not import its libraries
_DATABASE = ("sqlalchemy.exc", "sqlite3", "psycopg")
_AWAY = {"OperationalError", "InterfaceError", "InternalError", "DatabaseError", "TimeoutError", "DisconnectionError"}
_STATEMENT = {"IntegrityError", "ProgrammingError", "DataError", "NotSupportedError"}


def machine_fault(error: BaseException) -> EnvironmentProblem:
    """The problem of the machine that an error says; UnexpectedProblem where the error is none that we know.

    A LetterError must have been told apart before. ``error`` becomes the cause of what is returned.
    """
    fault = _known(error)
    if fault is None:
        fault = UnexpectedProblem(kind=type(error).__name__)
    if fault is not error:
        fault.__cause__ = error
    return fault


def fault_behind(error: BaseException) -> EnvironmentProblem | None:
    """The machine's fault that was mistaken for a damaged file, found in the errors that ``error`` came from."""
    behind = error.__cause__ or error.__context__
    for _ in range(10):
        if behind is None:
            return None
        if isinstance(behind, OSError) and behind.errno in _NEVER_OF_A_FILE:
            return machine_fault(behind)
        behind = behind.__cause__ or behind.__context__
    return None


@contextmanager
def of_the_letter(*kinds: type[Exception], code: str = "damaged", **details: object) -> Iterator[None]:
    """Where a library handles the content of a delivered file: what it raises of ``kinds`` is said of the letter.

    A fault of the machine passes, also where a kind includes it (OSError). Raises: LetterError.
    """
    try:
        yield
    except AktenlotseError:
        raise
    except kinds as error:
        if _known(error) is not None:
            raise
        raise LetterError(code, **details) from error


def _known(error: BaseException) -> EnvironmentProblem | None:
    if isinstance(error, EnvironmentProblem):
        return error
    if isinstance(error, AktenlotseError):  # what is stored is not as it was, or not there
        return EnvironmentProblem(error.code, **error.details)
    if isinstance(error, MemoryError):
        return EnvironmentProblem("memory")
    if isinstance(error, OSError):
        return of_system(error)
    if isinstance(error, RuntimeError) and "start new thread" in str(error):
        return EnvironmentProblem("memory")
    if _is_database_away(error):
        said = getattr(error, "orig", None) or error  # SQLite's own words hold no data; a server's may
        return EnvironmentProblem("database", why=str(said) if _is_sqlite(said) else type(said).__name__)
    return None


def of_system(error: OSError) -> EnvironmentProblem | None:
    """The machine's fault that an OSError says.

    None where no number of the system is in it (Pillow's own OSErrors), or one that is said of arguments.
    """
    if isinstance(error, TimeoutError | ConnectionError):
        return EnvironmentProblem("no_answer", why=type(error).__name__)
    if isinstance(error, shutil.Error):  # of a whole folder: a list of what went wrong
        return EnvironmentProblem("system", path="–", why="copytree")
    if error.errno is None or error.errno in _OURS:
        return None
    name = error.filename.decode(errors="replace") if isinstance(error.filename, bytes) else error.filename
    place = str(name or "–")
    if error.errno in _FULL:
        return StorageFull(path=place)
    if error.errno == errno.ENOENT and isinstance(name, str) and os.sep not in name:
        return ProgramMissing(program=name)  # that is how subprocess says it
    code = _CODES.get(error.errno, "system")
    return EnvironmentProblem(code, path=place, why=errno.errorcode.get(error.errno, str(error.errno)))


def _is_sqlite(error: BaseException) -> bool:
    return type(error).__module__ == "sqlite3" and bool(str(error))


def _is_database_away(error: BaseException) -> bool:
    """Whether an error is said of the database, not of a statement of ours (IntegrityError, ProgrammingError, ...)."""
    names = [kind.__name__ for kind in type(error).__mro__ if kind.__module__.startswith(_DATABASE)]
    return bool(_AWAY.intersection(names)) and not _STATEMENT.intersection(names)
