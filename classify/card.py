"""The birth certificate of a routing model: what it learnt from, how well it did, with which libraries."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from importlib.metadata import version
from typing import Any

from classify.letters import Example
from classify.threshold import Threshold

FORMAT = 1


@dataclass(frozen=True, slots=True)
class ModelCard:
    """All that is known of a model besides its numbers; JSON-able, without any letter's words.

    ``thresholds`` is keyed by budget share ("0.01"); ``measures`` holds what was measured out of fold
    (``split`` says how), ``size`` the number of features and units.
    """

    format: int
    created: str
    training_sha256: str
    n: int
    counts: dict[str, int]
    hints: int
    libraries: dict[str, str]
    split: str
    measures: dict[str, float] = field(default_factory=dict)
    thresholds: dict[str, Threshold] = field(default_factory=dict)
    unknown_above: float = 1.0
    seed: int = 0
    size: dict[str, int] = field(default_factory=dict)
    updates: int = 0  # letters learnt by quick updates since the last training, counted in n

    def as_json(self) -> dict[str, Any]:
        """The card as JSON types."""
        return asdict(self)

    @classmethod
    def from_json(cls, raw: dict[str, Any]) -> ModelCard:
        """Raises: TypeError or KeyError, when fields are missing or foreign."""
        return replace(cls(**raw), thresholds={k: Threshold(**v) for k, v in raw["thresholds"].items()})


def fingerprint(examples: Sequence[Example]) -> str:
    """sha256 over the labelled letters, independent of their order."""
    each = sorted(
        hashlib.sha256("\0".join((e.unit or "", e.subject, e.sender, e.text)).encode()).digest() for e in examples
    )
    return hashlib.sha256(b"".join(each)).hexdigest()


def libraries() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("numpy", "scipy", "scikit-learn")},
    }
