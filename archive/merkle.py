"""Merkle trees over the hashes of a block's entries (RFC 6962, 2.1): one entry is proved without the others.

A leaf is sha256(0x00 || entry's hash), a node sha256(0x01 || left || right); all hashes are 64 hex digits.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import sha256


def root_of(hashes: Sequence[str]) -> str:
    """The root over the hashes of entries. Raises: ValueError (no hash, or none at all)."""
    return _root([bytes.fromhex(one) for one in hashes]).hex()


def path_of(hashes: Sequence[str], index: int) -> list[str]:
    """The audit path of the entry at ``index`` (from 0), from the leaf up (RFC 6962, 2.1.1)."""
    return [node.hex() for node in _path([bytes.fromhex(one) for one in hashes], index)]


def _root(entries: list[bytes]) -> bytes:
    if len(entries) == 1:
        return sha256(b"\0" + entries[0]).digest()
    half = _half(len(entries))
    return sha256(b"\1" + _root(entries[:half]) + _root(entries[half:])).digest()


def _path(entries: list[bytes], index: int) -> list[bytes]:
    if len(entries) == 1:
        return []
    half = _half(len(entries))
    if index < half:
        return [*_path(entries[:half], index), _root(entries[half:])]
    return [*_path(entries[half:], index - half), _root(entries[:half])]


def _half(count: int) -> int:
    """The largest power of two below ``count``."""
    if count < 2:
        raise ValueError(count)
    return 1 << (count - 1).bit_length() - 1
