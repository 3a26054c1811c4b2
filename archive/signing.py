"""Signatures over the journal's head. The port is small, so that a seal service or RFC 3161 can take its
place.

The embedded signer (Ed25519, RFC 8032) proves that whoever held the key file signed. It is an advanced
electronic seal at best, with no legal presumption of its own (eIDAS art. 35 (2) asks for a qualified
one).
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from core.durable import sync_folder
from core.errors import IntegrityError
from core.hashing import canonical_json, sha256_bytes

SIGNED = ("first", "last", "head", "key_id", "signed_at")
ADDED = ("root", "confirms")  # signed where a block has them


def block_payload(block: Mapping[str, Any]) -> bytes:
    """The bytes of a block that are signed.

    ``root``: over the hashes of its entries; blocks of before have none. ``confirms``: the moment of the older block
    whose entries a later statement gives a root.
    """
    added = {name: block[name] for name in ADDED if block.get(name) is not None}
    return canonical_json({name: block[name] for name in SIGNED} | added)


def key_id_of(public: Ed25519PublicKey) -> str:
    """The first 16 hex digits of the raw key's sha256."""
    return sha256_bytes(public.public_bytes_raw())[:16]


class Signer:
    """Signs with the key in a file."""

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key
        self.key_id = key_id_of(key.public_key())

    @staticmethod
    def initialise(key_file: Path) -> None:
        """Make a key, readable by us only, and its public half beside it; an existing key stays."""
        if key_file.exists():
            return
        key = Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        public_file = public_path(key_file)
        for path, data in ((public_file, public), (key_file, private)):
            part = path.with_name(f".{path.name}.part")
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
            with os.fdopen(descriptor, "wb") as out:
                out.write(data)
                out.flush()
                os.fsync(out.fileno())
            part.replace(path)
        sync_folder(key_file.parent)

    @classmethod
    def load(cls, key_file: Path) -> Signer:
        """The signer of a key file. Raises: IntegrityError (``signing_key``)."""
        try:
            key = serialization.load_pem_private_key(key_file.read_bytes(), None)
        except (OSError, ValueError, TypeError) as error:
            raise IntegrityError("signing_key", path=str(key_file)) from error
        if not isinstance(key, Ed25519PrivateKey):
            raise IntegrityError("signing_key", path=str(key_file))
        return cls(key)

    @staticmethod
    def public_key(key_file: Path) -> Ed25519PublicKey:
        """The public half, from the key file or from the file beside it. Raises: IntegrityError."""
        try:
            key = serialization.load_pem_public_key(public_path(key_file).read_bytes())
        except (OSError, ValueError) as error:
            raise IntegrityError("signing_key", path=str(public_path(key_file))) from error
        if not isinstance(key, Ed25519PublicKey):
            raise IntegrityError("signing_key", path=str(public_path(key_file)))
        return key

    def sign(self, data: bytes) -> str:
        """The signature, 128 hex digits."""
        return self._key.sign(data).hex()


def public_path(key_file: Path) -> Path:
    """Where the public half lies."""
    return key_file.with_suffix(".pub")


def is_signed(key: Ed25519PublicKey, data: bytes, signature: str) -> bool:
    """Whether ``signature`` is that of ``data``."""
    try:
        key.verify(bytes.fromhex(signature), data)
    except (InvalidSignature, ValueError):
        return False
    return True
