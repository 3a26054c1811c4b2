"""Which separator codes are ours: a ticket's text ends in a keyed check, that only who holds the town's key can make.

The check is HMAC-SHA-256 (RFC 2104) over the text before it, truncated to 80 bits (RFC 2104 section 5: no less),
in base 32.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass

from ingest.separators import JobTicket

CHECK_BYTES = 10
_CHECK = ";c="


@dataclass(frozen=True, slots=True)
class TicketKeys:
    """Keys of the town, the one that prints first. ``any_patch``: patch codes of others part documents too."""

    keys: tuple[bytes, ...] = ()
    any_patch: bool = False

    def issued(self, number: str, ticket: JobTicket) -> str:
        """The text of a sheet's QR code."""
        said = ticket.encoded(number)
        return f"{said}{_CHECK}{_check(self.keys[0], said)}"

    def read(self, code: str) -> JobTicket | None:
        """The ticket of a code's text; None when none of our keys issued it."""
        said, _, check = code.strip().rpartition(_CHECK)
        if not any(hmac.compare_digest(_check(key, said).encode(), check.encode()) for key in self.keys):
            return None
        return JobTicket.decoded(said)


def _check(key: bytes, said: str) -> str:
    digest = hmac.digest(key, said.encode(), hashlib.sha256)
    return base64.b32encode(digest[:CHECK_BYTES]).decode()
