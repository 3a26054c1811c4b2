"""Cursors of a search as they leave the house: sealed, since the engine's place in a list names its scores."""

from __future__ import annotations

import base64
from hashlib import sha256

from cryptography.fernet import Fernet, InvalidToken

from core.errors import UsageError
from services.house import House
from services.sessions import KEY, load_key


def seal(house: House, cursor: str | None) -> str | None:
    """The engine's cursor, unreadable for whoever gets it."""
    return None if cursor is None else _box(house).encrypt(cursor.encode()).decode()


def opened(house: House, sealed: str | None) -> str | None:
    """The engine's cursor again. Raises: UsageError (``bad_cursor``): it is none of ours."""
    try:
        return None if sealed is None else _box(house).decrypt(sealed.encode()).decode()
    except InvalidToken as error:
        raise UsageError("bad_cursor") from error


def _box(house: House) -> Fernet:
    key = load_key(house.settings.keys / KEY)
    return Fernet(base64.urlsafe_b64encode(sha256(b"search-cursor\0" + key).digest()))
