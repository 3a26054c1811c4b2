"""Is a file in the inbox complete? Quiet, not open for writing where that can be known."""

from __future__ import annotations

import errno
import fcntl
import os
import time
from pathlib import Path

IGNORED_SUFFIXES = {".part", ".tmp", ".crdownload", ".filepart", ".swp"}


def is_candidate(path: Path) -> bool:
    """A regular file that no program marks as its own scratch. Symbolic links are not followed."""
    return (
        path.suffix.lower() not in IGNORED_SUFFIXES
        and not path.name.startswith((".", "~$"))
        and path.is_file()
        and not path.is_symlink()
    )


def is_quiet(path: Path, seconds: float) -> bool:
    """Nothing was written for ``seconds``, and no process has it open for writing. Raises: OSError."""
    stat = path.stat()
    changed = max(stat.st_mtime, stat.st_ctime)
    return time.time() - changed >= seconds and not is_open_for_writing(path)


def is_open_for_writing(path: Path) -> bool:
    """Whether some process on this host has the file open for writing, as far as the kernel tells.

    A read lease is granted only when nobody writes (fcntl(2), F_SETLEASE); where leases do not work (network
    file systems, files of other users) the answer is False and the quiet time alone decides.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False
