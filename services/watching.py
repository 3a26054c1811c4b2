"""Watching the router: does the mail change, does it abstain more, do units send more back, are examples too few?

Looks at Routes of the last weeks against those before, and at the card of the active version. Says nothing where the
numbers are small or the difference may be chance.
"""

from __future__ import annotations

import json
import math
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.i18n import text
from models import DecidedBy, Label, LabelKind, Route, RoutingModel
from services.house import House
from services.labels import valid_labels
from services.units import valid_units

RECENT, BEFORE = timedelta(weeks=4), timedelta(weeks=12)  # the last weeks, and those before them
LEAST = 30  # letters in each, below which nothing is said
LEAST_RETURNS = 5
NOTABLE = 0.05  # a change of a share that is worth a sentence
SURE = 2.6  # standard errors: by chance once in 200 looks
FEW = 5  # labels of a unit
_SENT_BACK = (LabelKind.CORRECTION, LabelKind.MISDELIVERY)


@dataclass(frozen=True, slots=True)
class Concern:
    """Something to say, as a code with details; ``sentence`` says it."""

    code: str
    details: dict[str, Any]

    @property
    def sentence(self) -> str:
        """The concern in one sentence of the catalogue."""
        return text(f"watch.{self.code}", None, **self.details)

    def as_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {"code": self.code, **self.details, "sentence": self.sentence}


def concerns(house: House, moment: datetime | None = None) -> list[Concern]:
    """All that is worth a sentence now (``moment``: for tests)."""
    at = moment or now()
    with house.database.read() as session:
        card = _card(house, session)
        return [
            *_vocabulary(session, card, at),
            *_abstention(session, at),
            *_returns(session, at),
            *_labels(house, session, card),
        ]


def _card(house: House, session: Session) -> dict[str, Any] | None:
    """The card of the active version, without its numbers; none where there is none to be read."""
    folder = session.scalar(sa.select(RoutingModel.folder).where(RoutingModel.active))
    if folder is None:
        return None
    try:
        card = json.loads((house.settings.routing_models / folder / "card.json").read_bytes())["card"]
    except (OSError, ValueError, KeyError):
        return None  # `doctor` and the next letter say what is wrong with it
    return dict(card)


def _vocabulary(session: Session, card: dict[str, Any] | None, at: datetime) -> Iterator[Concern]:
    usual = (card or {}).get("measures", {}).get("unknown_words")
    if usual is None:
        return
    reasons = session.scalars(
        sa.select(Route.reasons).where(Route.decided_at > at - RECENT, Route.decided_by == DecidedBy.MODEL)
    )
    shares = [first["unknown_words"] for first, *_ in filter(None, reasons) if "unknown_words" in first]
    if len(shares) < LEAST:
        return
    mean = sum(shares) / len(shares)
    spread = math.sqrt(sum((share - mean) ** 2 for share in shares) / len(shares) / len(shares))
    if mean - usual > max(NOTABLE, SURE * spread):
        yield Concern("vocabulary", {"now": _percent(mean), "usual": _percent(usual)})


def _abstention(session: Session, at: datetime) -> Iterator[Concern]:
    asked, abstained = Counter[bool](), Counter[bool]()
    rows = session.execute(
        sa.select(Route.decided_at, Route.unit_id).where(
            Route.decided_at > at - RECENT - BEFORE, Route.decided_by == DecidedBy.MODEL
        )
    )
    for decided_at, unit in rows:
        recent = decided_at > at - RECENT
        asked[recent] += 1
        abstained[recent] += unit is None
    if _rises(abstained, asked):
        yield Concern(
            "abstention",
            {
                "now": _percent(abstained[True] / asked[True]),
                "before": _percent(abstained[False] / asked[False]),
                "weeks": RECENT.days // 7,
            },
        )


def _returns(session: Session, at: datetime) -> Iterator[Concern]:
    """Units whose letters, routed by the machine, people send elsewhere more often than before."""
    given: dict[str, Counter[bool]] = {}
    back: dict[str, Counter[bool]] = {}
    sent_back = set(
        session.scalars(
            sa.select(Label.document_id).where(Label.kind.in_(_SENT_BACK), Label.given_at > at - RECENT - BEFORE)
        )
    )
    rows = session.execute(
        sa.select(Route.document_id, Route.unit_id, Route.decided_at)
        .where(
            Route.decided_at > at - RECENT - BEFORE,
            Route.decided_by != DecidedBy.PERSON,
            Route.unit_id.is_not(None),
        )
        .order_by(Route.id)
    )
    for document, unit_id, decided_at in rows:
        recent = decided_at > at - RECENT
        given.setdefault(unit_id or "", Counter())[recent] += 1
        back.setdefault(unit_id or "", Counter())[recent] += document in sent_back
    for unit in valid_units(session).values():
        if unit.id in given and back[unit.id][True] >= LEAST_RETURNS and _rises(back[unit.id], given[unit.id]):
            yield Concern(
                "returns",
                {
                    "unit": f"{unit.code} {unit.name}",
                    "now": _percent(back[unit.id][True] / given[unit.id][True]),
                    "before": _percent(back[unit.id][False] / given[unit.id][False]),
                    "weeks": RECENT.days // 7,
                },
            )


def _labels(house: House, session: Session, card: dict[str, Any] | None) -> Iterator[Concern]:
    if card is None:
        return
    budget = house.settings.budget
    fitting = {float(share): one for share, one in card["thresholds"].items() if float(share) <= budget + 1e-9}
    if not fitting or fitting[max(fitting)]["provisional"]:
        yield Concern("provisional", {"budget": _percent(budget), "examples": card["n"]})
    counts = Counter(card["counts"]) | Counter(code for _, code in valid_labels(session))
    few = sorted(
        unit.code  # letters of confidential units teach nothing
        for unit in valid_units(session).values()
        if counts[unit.code] < FEW and not unit.confidential
    )
    if len(few) == 1:
        yield Concern("few_labels_one", {"least": FEW, "unit": few[0]})
    elif few:
        shown = ", ".join(few[:10]) + (" …" if len(few) > 10 else "")
        yield Concern("few_labels", {"count": len(few), "least": FEW, "units": shown})


def _rises(hits: Counter[bool], of: Counter[bool]) -> bool:
    """Whether a share rose notably, and not by chance (two proportions)."""
    if min(of[True], of[False]) < LEAST:
        return False
    late, early = hits[True] / of[True], hits[False] / of[False]
    both = (hits[True] + hits[False]) / (of[True] + of[False])
    error = math.sqrt(both * (1 - both) * (1 / of[True] + 1 / of[False]))
    return late - early > max(NOTABLE, SURE * error)


def _percent(share: float) -> str:
    return f"{share:.0%}".replace("%", " %")
