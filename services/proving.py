"""Prove: check the journal and every byte of the archive, and hand out a Document with all its proofs."""

from __future__ import annotations

from models import Actor, Role
from services.house import House
from services.view import Json


def verify_journal(house: House, actor: Actor) -> Json:
    """Check chain, values, signatures, and the database against the files. Raises: Forbidden."""
    actor.need(Role.ADMIN, Role.AUDITOR)
    house.journal.catch_up(house.database)
    report = house.journal.verify(house.database)
    return {
        "ok": report.ok,
        "entries": report.entries,
        "head": report.head,
        "blocks": report.blocks,
        "anchored": report.anchored,
        "unproved": list(report.unproved) if report.unproved else None,
        "findings": [
            {"code": finding.code, "where": finding.where, "sentence": finding.sentence()}
            for finding in report.findings
        ],
    }
