"""How much of a Batch is compared with its paper, and which letters: our rule for the quality check of BSI TR-03138.

Everything is compared until a device and its operator have passed ``FIRST`` times in a row; each further ``FIRST``
halve the rate, down to the floor of the protection need. A failure starts this anew. Who knows the seed can draw the
same sample again: the letters with the smallest sha256 of seed and id.
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from core.hashing import sha256_bytes
from models import ProtectionNeed

FIRST = 20  # comparisons passed in a row before the rate falls
FLOOR = {ProtectionNeed.NORMAL: 0.05, ProtectionNeed.HIGH: 0.2, ProtectionNeed.VERY_HIGH: 1.0}


def rate_of(need: ProtectionNeed, passed_in_a_row: int) -> float:
    """The share of a Batch to be compared, 0..1, after so many passes without a failure."""
    return float(max(FLOOR[need], 0.5 ** (passed_in_a_row // FIRST)))


def choose(ids: Iterable[str], rate: float, seed: str) -> list[str]:
    """The sample: ``rate`` of ``ids``, rounded up, so at least one of any."""
    ranked = sorted(ids, key=lambda id: sha256_bytes(f"{seed}:{id}".encode()))
    return ranked[: math.ceil(round(len(ranked) * rate, 6))]
