"""Route or abstain: the one place that compares a confidence with a threshold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from classify.letters import Budget, Example
from classify.router import Candidate, Ranking, TrainedRouter

_SHORTLIST = 5


@dataclass(frozen=True, slots=True)
class Routed:
    """The router dares: this unit."""

    unit: str
    confidence: float
    ranking: Ranking
    provisional: bool


@dataclass(frozen=True, slots=True)
class Abstained:
    """A person decides, with a shortlist."""

    reason: Literal["below_threshold", "unknown_kind", "no_text"]
    candidates: tuple[Candidate, ...]
    ranking: Ranking
    provisional: bool


Decision = Routed | Abstained


def decide(router: TrainedRouter, letter: Example, budget: Budget) -> Decision:
    """Route where the confidence reaches the budget's threshold and the letter is of a known kind."""
    ranking = router.rank(letter)
    value, provisional = router.threshold(budget)
    first = ranking.candidates[0]
    shortlist = ranking.candidates[:_SHORTLIST]
    if not any(c.isalpha() for c in letter.text + letter.subject):
        return Abstained("no_text", shortlist, ranking, provisional)
    if ranking.unknown > router.card.unknown_above:
        return Abstained("unknown_kind", shortlist, ranking, provisional)
    if first.confidence < value:
        return Abstained("below_threshold", shortlist, ranking, provisional)
    return Routed(first.unit, first.confidence, ranking, provisional)
