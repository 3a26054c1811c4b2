"""Whose fault is it? Only what is said of the letter's bytes may be the letter's."""

from __future__ import annotations

import errno
import sqlite3
import struct
import subprocess
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from PIL import Image, UnidentifiedImageError

from core.errors import EnvironmentProblem, IntegrityError, LetterError, NotFound, UnexpectedProblem
from core.faults import fault_behind, machine_fault, of_the_letter
from models import Database


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOSPC, "storage_full"),
        (errno.EDQUOT, "storage_full"),
        (errno.EROFS, "read_only"),
        (errno.EMFILE, "too_many_open_files"),
        (errno.EIO, "device"),
        (errno.ENOENT, "place_missing"),
        (errno.EACCES, "no_access"),
        (errno.ENOMEM, "memory"),
        (errno.EBUSY, "system"),
    ],
)
def test_each_error_of_the_system_has_a_sentence_of_its_own(number: int, code: str) -> None:
    fault = machine_fault(OSError(number, "x", "/some/where"))
    assert fault.code == code
    assert "{" not in fault.sentence() and "error." not in fault.sentence()


def test_a_program_that_is_not_there_is_named() -> None:
    with pytest.raises(FileNotFoundError) as caught:
        subprocess.run(["no-such-program-here"], check=False)
    assert machine_fault(caught.value).code == "program_missing"


@pytest.mark.parametrize(
    "error",
    [
        MemoryError(),
        sqlite3.OperationalError("disk I/O error"),
        sqlite3.DatabaseError("database disk image is malformed"),
        sa.exc.OperationalError("x", None, sqlite3.OperationalError()),
        sa.exc.TimeoutError(),
        NotFound(id="x"),
        IntegrityError("object_damaged", id="x", finding="A004"),
        RuntimeError("can't start new thread"),
        ConnectionRefusedError(errno.ECONNREFUSED, "x"),
    ],
)
def test_a_fault_of_the_machine_is_known_as_one(error: Exception) -> None:
    fault = machine_fault(error)
    assert isinstance(fault, EnvironmentProblem)
    assert not isinstance(fault, UnexpectedProblem)
    assert "{" not in fault.sentence()


@pytest.mark.parametrize(
    "error",
    [
        TypeError(),
        KeyError("x"),
        UnidentifiedImageError("no image"),  # an OSError without a number
        OSError(errno.EINVAL, "Invalid argument"),
        sa.exc.IntegrityError("x", None, sqlite3.IntegrityError()),
        sa.exc.InvalidRequestError("x"),
    ],
)
def test_what_nobody_foresaw_is_a_fault_of_the_program(error: Exception) -> None:
    fault = machine_fault(error)
    assert isinstance(fault, UnexpectedProblem)
    assert fault.__cause__ is error
    assert type(error).__name__ in fault.sentence()


def test_what_a_library_says_of_the_content_is_the_letters(tmp_path: Path) -> None:
    bad = tmp_path / "bad.png"
    bad.write_bytes(b"no picture")
    with pytest.raises(LetterError), of_the_letter(OSError), Image.open(bad):
        pass
    with pytest.raises(LetterError) as caught, of_the_letter(struct.error, code="truncated"):
        struct.unpack("<I", b"x")
    assert caught.value.code == "truncated"


def test_a_fault_of_the_machine_passes_where_content_is_handled() -> None:
    with pytest.raises(OSError, match="open files"), of_the_letter(OSError):
        raise OSError(errno.EMFILE, "too many open files")


def test_a_fault_of_the_machine_is_found_behind_a_letters_error() -> None:
    def mistaken(number: int) -> LetterError:
        try:
            try:
                raise OSError(number, "x")
            except OSError:
                raise LetterError("damaged") from None
        except LetterError as error:
            return error

    found = fault_behind(mistaken(errno.EMFILE))
    assert found is not None and found.code == "too_many_open_files"
    assert fault_behind(mistaken(errno.ENOENT)) is None
    assert fault_behind(LetterError()) is None


def test_a_connection_that_was_opened_on_a_read_only_disk_is_given_up(tmp_path: Path) -> None:
    file = tmp_path / "a.db"
    database = Database(f"sqlite:///{file}", tmp_path)
    with database.write() as session:
        session.execute(sa.text("create table t (n integer)"))
    database.close()
    ill = True

    def connect(_dialect: object, _record: object, _words: object, options: dict[str, Any]) -> object:
        """As SQLite does by itself where a file cannot be opened for writing."""
        return sqlite3.connect(f"file:{file}?mode=ro", uri=True, **options) if ill else None

    sa.event.listen(database.engine, "do_connect", connect)
    with pytest.raises(EnvironmentProblem), database.write() as session:
        session.execute(sa.text("insert into t values (1)"))
    ill = False
    with database.write() as session:
        session.execute(sa.text("insert into t values (1)"))
    database.close()
