"""The place where a page of hits ended, as an opaque word."""

from __future__ import annotations

import base64
import binascii
import json

from core.errors import UsageError

Place = tuple[int | float, ...]


def pack(place: Place) -> str:
    """The cursor of a place."""
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def unpack(cursor: str | None, size: int) -> Place | None:
    """The place of a cursor, None without one. Raises: UsageError (``bad_cursor``): it is none of ours."""
    if cursor is None:
        return None
    try:
        place = json.loads(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, ValueError) as error:
        raise UsageError("bad_cursor") from error
    if (
        not isinstance(place, list)
        or len(place) != size
        or not all(isinstance(one, int | float) and not isinstance(one, bool) and one >= 0 for one in place)
    ):
        raise UsageError("bad_cursor")
    return tuple(place)
