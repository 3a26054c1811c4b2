"""Time stamps of somebody else over the journal's signed blocks (RFC 3161): a port beside the local signer.

A stamp shows that a block existed at a moment which we could not choose. Its legal weight is that of the service: only
a qualified one (eIDAS art. 42) has the presumption of art. 41 (2).
"""

from __future__ import annotations

import base64
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from cryptography.hazmat.primitives import hashes
from cryptography.x509 import load_pem_x509_certificates
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

from archive.signing import SIGNED
from core.errors import EnvironmentProblem, IntegrityError
from core.hashing import canonical_json

_SECONDS = 10  # that the service may take
_QUIET = 300.0  # seconds after a failure in which it is not asked again
_GRANTED = (0, 1)  # PKIStatus granted, grantedWithMods (RFC 3161, 2.4.2)
_LARGEST = 1_000_000  # bytes of an answer


class TimeStamper(Protocol):
    """Who stamps."""

    name: str

    def stamp(self, data: bytes) -> bytes | None:
        """The answer (TimeStampResp, DER) over ``data``; None: not now. Raises: EnvironmentProblem."""


class Rfc3161:
    """A time stamping authority that is asked over HTTP (RFC 3161, 3.4)."""

    def __init__(self, url: str) -> None:
        self.name = url
        self._quiet_until = 0.0

    def stamp(self, data: bytes) -> bytes | None:
        """See :class:`TimeStamper`."""
        if time.monotonic() < self._quiet_until:
            return None
        question = TimestampRequestBuilder().data(data).hash_algorithm(HashAlgorithm.SHA512).build()
        request = urllib.request.Request(
            self.name, question.as_bytes(), {"Content-Type": "application/timestamp-query"}, method="POST"
        )
        self._quiet_until = time.monotonic() + _QUIET
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS) as response:
                answer: bytes = response.read(_LARGEST)
        except (urllib.error.URLError, TimeoutError, OSError) as error:
            raise EnvironmentProblem("timestamp_unreachable", url=self.name) from error
        if not _fits(answer, data):
            raise EnvironmentProblem("timestamp_refused", url=self.name)
        self._quiet_until = 0.0
        return answer


def stamped_bytes(block: Mapping[str, Any]) -> bytes:
    """The bytes of a signed block that are stamped: what was signed, and the signature."""
    return canonical_json({name: block[name] for name in (*SIGNED, "signature")})


def moment_of(answer: bytes) -> datetime:
    """The moment that a stamp says. Raises: IntegrityError (``timestamp``)."""
    return _decoded(answer).tst_info.gen_time


def check_stamp(line: Mapping[str, Any], data: bytes, roots: bytes | None) -> bool:
    """Whether a stored stamp is one over ``data``; with ``roots`` (PEM) also signed under one of them."""
    try:
        answer = base64.b64decode(line["token"])
        if not _fits(answer, data):
            return False
        if roots is not None:
            builder = VerifierBuilder()
            for certificate in load_pem_x509_certificates(roots):
                builder = builder.add_root_certificate(certificate)
            builder.build().verify_message(_decoded(answer), data)
    except (KeyError, ValueError, VerificationError, IntegrityError):
        return False
    return True


def _decoded(answer: bytes) -> TimeStampResponse:
    try:
        return decode_timestamp_response(answer)
    except ValueError as error:
        raise IntegrityError("timestamp") from error


def _fits(answer: bytes, data: bytes) -> bool:
    try:
        response = _decoded(answer)
        if response.status not in _GRANTED:
            return False
        digest = hashes.Hash(hashes.SHA512())
        digest.update(data)
        return bool(response.tst_info.message_imprint.message == digest.finalize())
    except (IntegrityError, ValueError):
        return False
