"""The mark of a place: a small file that says to which home a folder belongs.

A folder under which a disk is not mounted is empty, and has no mark: nothing may be begun in it.
"""

from __future__ import annotations

import json
from pathlib import Path

from core.durable import make_folders, write_whole
from core.errors import EnvironmentProblem

MARK = "identity.json"


def read_mark(file: Path) -> str | None:
    """The identity that a mark says; None where there is no mark. Raises: OSError, EnvironmentProblem (unreadable)."""
    try:
        return str(json.loads(file.read_bytes())["identity"])
    except (FileNotFoundError, NotADirectoryError):
        return None
    except (ValueError, KeyError, TypeError) as error:
        raise EnvironmentProblem("mark_unreadable", path=str(file)) from error


def write_mark(file: Path, identity: str, **more: str) -> None:
    """Write a mark, durably. Raises: OSError, EnvironmentProblem where another home's is."""
    if read_mark(file) not in (None, identity):
        need_mark(file, identity)
    make_folders(file.parent)
    write_whole(file, json.dumps({"identity": identity, **more}).encode())


def need_mark(file: Path, identity: str) -> None:
    """Raises: EnvironmentProblem where the mark is missing (``mark_missing``) or another home's (``mark_foreign``)."""
    found = read_mark(file)
    if found is None:
        raise EnvironmentProblem("mark_missing", path=str(file.parent))
    if found != identity:
        raise EnvironmentProblem("mark_foreign", path=str(file.parent), found=found[:8], ours=identity[:8])
