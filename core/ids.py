"""Identifiers: short, without look-alikes, safe in file names and URLs."""

from __future__ import annotations

import secrets

ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"  # Crockford's base32


def new_id(length: int = 12) -> str:
    """A random id of ``length`` characters (5 bits each)."""
    return "".join(secrets.choice(ALPHABET) for _ in range(length))


def id_of_bytes(sha256: str, length: int = 16) -> str:
    """The id that belongs to bytes: their sha256 (64 hex digits), shortened to 5 bits a character.

    A Source has this id, so that the same bytes always meet the same archive object.
    """
    number = int(sha256, 16) >> (256 - 5 * length)
    return "".join(ALPHABET[(number >> (5 * place)) & 31] for place in reversed(range(length)))
