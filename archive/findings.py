"""Findings have codes; the words stand in the catalogue under ``finding.<code>``."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from core.i18n import text

FINDINGS = (
    "A001",  # object is missing
    "A002",  # object's inventory is unreadable or contradicts itself
    "A003",  # inventory's digest differs from its sidecar
    "A004",  # file's digest differs from the inventory
    "A005",  # file is missing
    "A006",  # surplus file
    "A007",  # object declaration or storage root declaration is missing or wrong
    "A008",  # version's inventory differs from what the newest says
    "A009",  # unreadable file (I/O error)
    "A010",  # object lies at the wrong place
    "A011",  # surplus folder or file in the storage root
    "A012",  # object and inventory changed together: not what the journal noted
    "A013",  # letter of a stack without an original of its own
    "J001",  # journal entry changed (hash)
    "J002",  # journal entry missing or inserted (number, previous hash)
    "J003",  # journal block signature wrong
    "J004",  # journal block contradicts the chain (head, range)
    "J005",  # journal value changed
    "J006",  # database row differs from the store
    "J007",  # database row missing
    "J008",  # database row surplus
    "J009",  # database's head differs
    "J010",  # signed block of the database missing in the store
    "J011",  # segment unreadable
    "J012",  # signed by an unknown key
    "J013",  # printed head is not in the chain
    "J014",  # time stamp does not fit its block
)


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be. ``where`` is an object or a path relative to the storage
    root.
    """

    code: str
    where: str
    details: Mapping[str, Any] = field(default_factory=dict)

    def sentence(self, language: str | None = None) -> str:
        """The sentence for the person."""
        return text(f"finding.{self.code}", language, where=self.where, **self.details)
