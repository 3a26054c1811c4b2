"""Fixed rules of an admin: words or a pattern in the sender, the subject or the text lead to a unit.

They are asked after references and before the model, the lowest priority first. ``try_rule`` is the dry run: what a
rule would have done to letters that lie in the archive.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import regex
import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now, today
from core.errors import NotFound, UsageError
from core.logs import log
from models import Actor, DecidedBy, Document, Label, OrgUnit, Role, RoutingRule
from models.access import held_tokens, readable
from models.chain import record
from models.database import pairs
from services.house import House
from services.indexing import texts_of
from services.units import exists_on, need_unit
from services.view import unit_codes

LOG = log(__name__)
FIELDS = ("sender", "subject", "text")
LAST = 500  # letters of a dry run
_SECONDS = 0.5  # that a pattern may take on one letter


@dataclass(frozen=True, slots=True)
class Condition:
    """What a rule looks for. ``words``: as they stand, else ``pattern`` is a regular expression."""

    field: str
    pattern: str
    words: bool = True

    def __post_init__(self) -> None:
        """Raises: UsageError (unknown field, nothing to look for, broken pattern)."""
        if self.field not in FIELDS:
            raise UsageError("rule_field", field=self.field)
        if not self.pattern.strip():
            raise UsageError("rule_empty")
        try:
            self.compiled()
        except regex.error as error:
            raise UsageError("rule_pattern", why=str(error)) from error

    def compiled(self) -> Any:
        """The expression; words may be parted by any white space and are no parts of longer words."""
        if not self.words:
            return regex.compile(self.pattern, regex.IGNORECASE | regex.MULTILINE)
        inner = r"\s+".join(regex.escape(word) for word in self.pattern.split())
        return regex.compile(rf"(?<!\w){inner}(?!\w)", regex.IGNORECASE)

    def find(self, fields: Mapping[str, str]) -> tuple[int, int] | None:
        """Where in its field a letter meets it, or None. A pattern that takes too long does not hold, and is logged."""
        try:
            found = self.compiled().search(fields[self.field], timeout=_SECONDS)
        except TimeoutError:
            LOG.warning("rule_too_slow", extra={"field": self.field})
            return None
        return None if found is None else (found.start(), found.end())

    def holds(self, fields: Mapping[str, str]) -> bool:
        """Whether a letter meets it."""
        return self.find(fields) is not None


def fields_of(document: Document, text: str) -> dict[str, str]:
    """What rules look at."""
    return {"sender": document.sender or "", "subject": document.subject or "", "text": text}


def condition_of(rule: RoutingRule) -> Condition:
    """What a stored rule looks for."""
    return Condition(rule.field, rule.pattern, rule.words)


def rules_of(session: Session, day: date | None = None) -> list[RoutingRule]:
    """The rules that hold on a day (today) and lead to a unit that exists, in the order in which they are asked."""
    on = day or today()
    units = sa.select(OrgUnit.id).where(exists_on(today()))
    return list(
        session.scalars(
            sa.select(RoutingRule)
            .where(
                RoutingRule.active,
                RoutingRule.unit_id.in_(units),
                sa.or_(RoutingRule.valid_from.is_(None), RoutingRule.valid_from <= on),
                sa.or_(RoutingRule.valid_to.is_(None), RoutingRule.valid_to > on),
            )
            .order_by(RoutingRule.priority, RoutingRule.id)
        )
    )


def add_rule(
    house: House,
    actor: Actor,
    condition: Condition,
    unit: str,
    *,
    priority: int = 100,
    valid_from: date | None = None,
    valid_to: date | None = None,
    purpose: str = "",
) -> int:
    """A new rule. Returns: its number. Raises: Forbidden, UsageError."""
    actor.need(Role.ADMIN)
    moment = now()
    with house.database.write() as session:
        row = RoutingRule(
            priority=priority,
            field=condition.field,
            pattern=condition.pattern,
            words=condition.words,
            unit_id=need_unit(session, unit).id,
            active=True,
            valid_from=valid_from,
            valid_to=valid_to,
            created_by=actor.name,
            created_at=moment,
        )
        session.add(row)
        session.flush()
        record(
            session,
            actor,
            "rule.add",
            "rule",
            str(row.id),
            purpose=purpose,
            data={
                "priority": priority,
                "field": condition.field,
                "words": condition.words,
                "unit": row.unit_id,
                "valid_from": valid_from.isoformat() if valid_from else None,
                "valid_to": valid_to.isoformat() if valid_to else None,
            },
            values={"pattern": condition.pattern},  # may name a person
            at=moment,
        )
        return row.id


def remove_rule(house: House, actor: Actor, number: int, purpose: str = "") -> None:
    """End a rule; it stays in the register, since Routes name it. Raises: Forbidden, NotFound."""
    actor.need(Role.ADMIN)
    with house.database.write() as session:
        row = session.get(RoutingRule, number)
        if row is None or not row.active:
            raise NotFound(id=number)
        row.active = False
        record(session, actor, "rule.remove", "rule", str(number), purpose=purpose)


def list_rules(house: House, actor: Actor, *, ended: bool = False) -> list[dict[str, Any]]:
    """The rules in the order in which they are asked; with ``ended`` also those that were removed."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    with house.database.read() as session:
        codes = unit_codes(session)
        holding = {rule.id for rule in rules_of(session)}
        query = sa.select(RoutingRule).order_by(RoutingRule.priority, RoutingRule.id)
        rows = session.scalars(query if ended else query.where(RoutingRule.active))
        return [
            {
                "rule": row.id,
                "priority": row.priority,
                "field": row.field,
                "pattern": row.pattern,
                "words": row.words,
                "unit": codes[row.unit_id],
                "valid_from": row.valid_from.isoformat() if row.valid_from else None,
                "valid_to": row.valid_to.isoformat() if row.valid_to else None,
                "holds": row.id in holding,
                "created_by": row.created_by,
                "created_at": row.created_at.isoformat(),
            }
            for row in rows
        ]


@dataclass(frozen=True, slots=True)
class Trial:
    """A dry run. ``matched``: letters that meet the rule; ``asked``: those of them that no reference, ticket or
    earlier rule decides; ``changed``: those that would have gone elsewhere, or to nobody; ``against``: where a person
    said another unit. ``letters``: the changed ones that the actor may see."""

    n: int
    matched: int
    asked: int
    changed: int
    against: int
    letters: tuple[dict[str, Any], ...]

    def as_json(self) -> dict[str, Any]:
        """As JSON types."""
        return {name: getattr(self, name) for name in self.__slots__} | {"letters": list(self.letters)}


def try_rule(
    house: House,
    actor: Actor,
    condition: Condition | int,
    unit: str | None = None,
    *,
    priority: int = 100,
    last: int = LAST,
) -> Trial:
    """What a rule (a new one, or one of the register by its number) would do to the last archived letters.

    Asked are those that the actor may read, else a rule could ask hidden ones for any word.
    Changes nothing. Raises: Forbidden, NotFound, UsageError.
    """
    actor.need(Role.ADMIN)
    with house.database.read() as session:
        if isinstance(condition, int):
            row = session.get(RoutingRule, condition)
            if row is None:
                raise NotFound(id=condition)
            condition, target, priority, own = condition_of(row), row.unit_id, row.priority, row.id
        else:
            target, own = need_unit(session, unit or "").id, 0
        earlier = [
            condition_of(r) for r in rules_of(session) if r.id != own and (r.priority, r.id) < (priority, own or 10**9)
        ]
        codes = unit_codes(session)
        labels = pairs(session, sa.select(Label.document_id, Label.unit_id).where(Label.withdrawn_at.is_(None)))
        n = matched = asked = changed = against = 0
        letters = []
        for document in _latest(session, held_tokens(session, actor), last):
            n += 1
            fields = fields_of(document, "\f".join(texts_of(house, document.id)))
            if not condition.holds(fields):
                continue
            matched += 1
            if _decided_before(document) or any(one.holds(fields) for one in earlier):
                continue
            asked += 1
            label = labels.get(document.id)
            against += label is not None and label != target
            if document.unit_id == target:
                continue
            changed += 1
            letters.append(
                {
                    "id": document.id,
                    "entry_no": document.source.entry_no,
                    "from": codes.get(document.unit_id or ""),
                    "to": codes[target],
                    "label": codes.get(label or ""),
                }
            )
    return Trial(n, matched, asked, changed, against, tuple(letters))


def _latest(session: Session, tokens: Collection[str], last: int) -> Iterator[Document]:
    yield from session.scalars(
        sa.select(Document)
        .where(Document.object_path.is_not(None), readable(tokens))
        .order_by(Document.received_at.desc(), Document.id)
        .limit(last)
    )


def _decided_before(document: Document) -> bool:
    """Whether the machine's last Route came from a reference or a job ticket, which go before any rule."""
    machine = [route for route in document.routes if route.decided_by != DecidedBy.PERSON]
    if not machine:
        return False
    last = machine[-1]
    ticket = any(reason.get("code") == "ticket" for reason in last.reasons)
    return ticket or last.decided_by == DecidedBy.REFERENCE
