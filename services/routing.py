"""Route: evidence before words. A known reference, then the admin's rules, then the model, which may abstain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

import classify
from classify import Abstained, Budget, Example, Routed, TrainedRouter
from classify.references import match, quoted_keys, same_party
from core.clock import now
from core.errors import EnvironmentProblem
from models import (
    SYSTEM,
    DecidedBy,
    Document,
    OrgUnit,
    Route,
    State,
    Step,
)
from models.chain import record
from models.references import reference_key
from services.evidence import place_of_span, places_of
from services.house import House
from services.learning import active_router, example_of
from services.reading import page_texts, readings_of
from services.register import entries_like, entries_of
from services.rules import condition_of, fields_of, rules_of
from services.units import is_valid, valid_units

SHORTLIST = 5


@dataclass(frozen=True)
class Proposal:
    """What was decided for a letter before it is written down. ``unit`` None: a person decides."""

    decided_by: DecidedBy
    unit: str | None
    confidence: float | None
    reasons: tuple[dict[str, Any], ...]
    candidates: tuple[tuple[str, float], ...] = ()
    efile: str | None = None
    case: str | None = None
    model_version: int | None = None


def route_document(house: House, document_id: str) -> None:
    """Decide on the unit and write the Route. A second run replaces its own earlier Route, never a person's."""
    texts = page_texts(readings_of(house, document_id))
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        if document.state != State.WORKING:
            return
        if document.version > 1 and document.unit_id is not None:
            return  # rescanned: where it was filed stays
        proposal = propose(house, session, document, "\f".join(texts))
    moment = now()
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        if document.state != State.WORKING:
            return
        if proposal.unit is not None and not is_valid(session.get_one(OrgUnit, proposal.unit)):
            raise EnvironmentProblem("units_changed")  # meanwhile; the next attempt sees the new ones
        for route in document.routes:
            if route.current and route.decided_by == DecidedBy.PERSON:
                return
            route.current = False
        session.add(
            Route(
                document_id=document_id,
                unit_id=proposal.unit,
                confidence=proposal.confidence,
                decided_by=proposal.decided_by,
                model_version=proposal.model_version,
                reasons=list(proposal.reasons),
                candidates=[list(candidate) for candidate in proposal.candidates],
                actor=SYSTEM.name,
                decided_at=moment,
                current=True,
            )
        )
        document.unit_id, document.efile_id, document.case_id = proposal.unit, proposal.efile, proposal.case
        document.step, document.updated_at = Step.SEAL, moment
        record(
            session,
            SYSTEM,
            "document.route",
            "document",
            document_id,
            data={
                "unit": proposal.unit,
                "decided_by": proposal.decided_by,
                "confidence": proposal.confidence,
                "model": proposal.model_version,
                "efile": proposal.efile,
                "case": proposal.case,
                "candidates": [list(candidate) for candidate in proposal.candidates],
                "reasons": list(proposal.reasons),
            },
            at=moment,
        )


def propose(house: House, session: Session, document: Document, text: str) -> Proposal:
    """Job ticket, reference, rule, model, in this order."""
    units = valid_units(session)
    if not units:
        return Proposal(DecidedBy.MODEL, None, None, ({"code": "no_units"},))
    by_ticket = _by_ticket(session, document, units)
    if by_ticket is not None:
        return by_ticket
    by_model = _by_model(house, session, document, text, units)
    by_reference = _by_reference(session, document, text, units, by_model)
    if by_reference is not None:
        return by_reference
    by_rule = _by_rule(session, document, text)
    if by_rule is not None:
        return by_rule
    return by_model


# -- evidence ----------------------------------------------------------------------------------------------------


def _by_ticket(session: Session, document: Document, units: Mapping[str, OrgUnit]) -> Proposal | None:
    """What a person said with a job ticket in the stack; what it names must exist."""
    if not document.hints:
        return None
    register = entries_of(session, [reference_key(str(document.hints.get("efile", "")))])
    for hit in register.keys.values():  # one at most: one key was asked for
        efile, case = register.targets[hit]
        if is_valid(efile.unit):
            reason, case_id = {"code": "ticket", "efile": efile.id}, case.id if case else None
            return Proposal(DecidedBy.RULE, efile.unit_id, 1.0, (reason,), efile=efile.id, case=case_id)
    unit = units.get(str(document.hints.get("unit", "")))
    return Proposal(DecidedBy.RULE, unit.id, 1.0, ({"code": "ticket"},)) if unit else None


def _by_reference(
    session: Session, document: Document, text: str, units: Mapping[str, OrgUnit], by_model: Proposal
) -> Proposal | None:
    quoted = [reference for reference in (document.file_reference,) if reference]
    own, in_text = [reference_key(reference) for reference in quoted], quoted_keys(text)
    register = entries_of(session, [*own, *in_text])
    if not register.keys:
        register = entries_like(session, own)
    hit = match(quoted, in_text, register.keys)
    if hit is None:
        return None
    efile, case = register.targets[hit.target]
    reason: dict[str, Any] = {
        "code": "reference",
        "efile": efile.id,
        "case": case.id if case else None,
        "slips": hit.slips,
    }
    places = places_of(
        [reference for reference in (*quoted, efile.reference, case.reference if case else "") if reference], text
    )
    if places:
        reason["at"] = places
    if not is_valid(efile.unit):  # its unit was split, and nobody said yet who goes on with the file
        return Proposal(
            DecidedBy.REFERENCE,
            None,
            by_model.confidence,
            (reason, {"code": "unit_is_gone"}, *by_model.reasons),
            by_model.candidates,
            model_version=by_model.model_version,
        )
    known_sender = same_party(document.sender or "", efile.parties)
    model_is_firm = by_model.unit is not None and not _related(by_model.unit, efile.unit, units)
    if model_is_firm and not known_sender:
        both = [(efile.unit_id, 0.0), *by_model.candidates]
        return Proposal(
            DecidedBy.REFERENCE,
            None,
            by_model.confidence,
            (reason, {"code": "reference_disputed", "unit": by_model.unit}, *by_model.reasons),
            tuple(_unique(both))[:SHORTLIST],
            model_version=by_model.model_version,
        )
    return Proposal(
        DecidedBy.REFERENCE,
        efile.unit_id,
        1.0 if hit.slips == 0 else 0.98,
        (reason,),
        by_model.candidates,
        efile=efile.id,
        case=case.id if case else None,
        model_version=by_model.model_version,
    )


def _unique(candidates: list[tuple[str, float]]) -> list[tuple[str, float]]:
    """Each unit once, with its highest confidence, in the order of first mention."""
    best: dict[str, float] = {}
    for unit, confidence in candidates:
        best[unit] = max(confidence, best.get(unit, 0.0))
    return list(best.items())


def _related(unit_id: str, other: OrgUnit, units: Mapping[str, OrgUnit]) -> bool:
    """Whether two units are the same or one lies directly under the other."""
    by_id = {unit.id: unit for unit in units.values()}
    parent = by_id[unit_id].parent_id if unit_id in by_id else None
    return other.id in {unit_id, parent} or other.parent_id == unit_id


def _by_rule(session: Session, document: Document, text: str) -> Proposal | None:
    fields = fields_of(document, text)
    for rule in rules_of(session):
        found = condition_of(rule).find(fields)
        if found is not None:
            reason: dict[str, Any] = {"code": "rule", "rule": rule.id}
            places = place_of_span(*found, text) if rule.field == "text" else []
            return Proposal(DecidedBy.RULE, rule.unit_id, 1.0, ({**reason, "at": places} if places else reason,))
    return None


# -- the model ---------------------------------------------------------------------------------------------------


def _by_model(house: House, session: Session, document: Document, text: str, units: Mapping[str, OrgUnit]) -> Proposal:
    active = active_router(house, session)
    router = active.router
    letter = example_of(document, text)
    decision = classify.decide(router, letter, Budget(house.settings.budget))
    shortlist = [c for c in decision.ranking.candidates if c.unit in units][:SHORTLIST]
    candidates = tuple((units[c.unit].id, round(c.confidence, 4)) for c in shortlist)
    facts = {"learnt": active.learnt, "unknown_words": round(router.unknown_words(letter), 3)}
    routed = isinstance(decision, Routed) and decision.unit in units
    first: dict[str, Any]
    if routed and isinstance(decision, Routed):
        first = {"code": "model", "provisional": decision.provisional}
    else:
        first = {"code": decision.reason if isinstance(decision, Abstained) else "unit_is_gone"}
    reasons = [{**first, **facts}]
    if shortlist:
        places = places_of(router.explain(letter, shortlist[0].unit), text)
        if places:
            reasons.append({"code": "words", "unit": units[shortlist[0].unit].id, "at": places})
    return Proposal(
        DecidedBy.MODEL,
        units[shortlist[0].unit].id if routed else None,
        round(shortlist[0].confidence, 4) if shortlist else None,
        (*reasons, *_precedents(router, letter)),
        candidates,
        model_version=active.version,
    )


def _precedents(router: TrainedRouter, letter: Example) -> list[dict[str, Any]]:
    """The most similar earlier letters, by id only; they are shown under the viewer's rights."""
    return [
        {"code": "similar", "document": document, "likeness": round(likeness, 3)}
        for document, likeness in router.similar(letter, 3)
        if likeness > 0.2
    ]
