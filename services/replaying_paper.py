"""Replaying what the journal says of paper: the twin of :mod:`services.paper`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from models import Document, Paper
from services.paper import note_comparison, note_draw, note_recall
from services.paper_release import note_destruction
from services.rescanning import note_rescan

Entry = dict[str, Any]


def paper_acts(session: Session) -> dict[str, Callable[[Entry, Any], None]]:
    """Action -> what it did to the rows."""

    def paper_of(entry: Entry) -> Paper:
        paper = session.get(Paper, entry["object_id"])
        if paper is None:
            paper = Paper(document_id=entry["object_id"], chosen=False, noted=True)
            session.add(paper)
            session.flush()
        return paper

    def compared(entry: Entry, data: Any) -> None:
        passed, words = entry["action"] == "paper.passed", entry["values"].get("agreement")
        note_comparison(
            session,
            paper_of(entry),
            passed=passed,
            by=entry["actor"],
            at=_moment(entry),
            words=words,
            settles=data["settles"],
        )

    def recalled(entry: Entry, _data: Any) -> None:
        lift = entry["action"] == "paper.unrecall"
        note_recall(paper_of(entry), entry["actor"], _moment(entry), lift=lift)

    def rescanned(entry: Entry, data: Any) -> None:
        note_rescan(session, session.get_one(Document, entry["object_id"]), data, _moment(entry))

    def noted(entry: Entry, _data: Any) -> None:
        paper_of(entry).noted = True

    return {
        "paper.check": lambda entry, data: note_draw(session, entry["object_id"], data, entry["actor"], _moment(entry)),
        "paper.passed": compared,
        "paper.failed": compared,
        "paper.recall": recalled,
        "paper.unrecall": recalled,
        "paper.destroy": lambda entry, data: note_destruction(
            session, data["documents"], entry["actor"], _moment(entry)
        ),
        "document.rescan": rescanned,
        "document.note": noted,
    }


def _moment(entry: Entry) -> datetime:
    return datetime.fromisoformat(entry["at"])
