"""The account of the operating system that runs this process."""

from __future__ import annotations

import os
import pwd


def account_name() -> str:
    """The name of the process's real user, asked of the system: ``LOGNAME`` and ``USER`` can be set to any name."""
    number = os.getuid()
    try:
        return pwd.getpwuid(number).pw_name
    except KeyError:  # a container without an entry for it
        return f"uid-{number}"
