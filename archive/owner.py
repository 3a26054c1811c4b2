"""Whose scratch folder is it? A name that tells host, process and its start, so that leftovers can be
told apart.
"""

from __future__ import annotations

import os
import socket
from pathlib import Path

from core.ids import new_id


def start_of(pid: int) -> int | None:
    """Start time of a process in clock ticks since boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    fields = stat.rpartition(")")[2].split()
    return None if fields[0] in ("Z", "X") else int(fields[19])


def owned_name() -> str:
    """A new name for a folder of this process."""
    return f"{_host()}.{os.getpid()}.{start_of(os.getpid())}.{new_id(8)}"


def is_abandoned(name: str) -> bool:
    """Whether a folder with such a name belonged to a process of this host that is gone."""
    parts = name.split(".")
    if len(parts) != 4 or parts[0] != _host() or not parts[1].isdigit():
        return False
    return str(start_of(int(parts[1]))) != parts[2]


def _host() -> str:
    return "".join(char if char.isalnum() else "-" for char in socket.gethostname())
