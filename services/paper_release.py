"""Destroy: the list of papers that are free, by box, and the record of their destruction (BSI TR-03138).

Paper is free only when somebody compared all of its Batch's sample and everything agreed, its TransferNote has no gaps,
nothing is conspicuous, and its archive objects were read and found whole just now.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive.transfer_note import is_untouched
from core.clock import now
from core.errors import UsageError
from models import (
    DOCUMENT,
    Actor,
    Batch,
    Document,
    Paper,
    Source,
    State,
)
from models.chain import lock, noted_digest, record
from services.copying import second_store
from services.describing import said_of
from services.house import House
from services.paper import ARCHIVED, KEEPERS, NOTE, paper_line, settled
from services.view import Json


def free(house: House, actor: Actor, box: str | None = None) -> Json:
    """The destruction list: what is free, and what is kept and why, by box. Every object in it is read and checked.

    Returns: ``boxes`` (``box``, ``free``, ``kept`` with ``reasons``), ``without_box`` (papers that lie nowhere known).
    Raises: Forbidden.
    """
    actor.need(*KEEPERS)
    with house.database.read() as session:
        boxes: dict[str, Json] = {}
        without = 0
        for source in session.scalars(_sources(box)):
            name = source.batch.box
            documents = session.scalars(
                sa.select(Document).where(Document.source_id == source.id).order_by(Document.part)
            ).all()
            papers = {paper.document_id: paper for paper in _papers(session, documents)}
            if name is None:
                without += len(documents)
                continue
            here = boxes.setdefault(name, {"box": name, "free": [], "kept": []})
            if not documents:
                here["kept"].append({**_bare_line(source), "reasons": ["not_archived"]})
            for document in documents:
                paper = papers.get(document.id)
                if paper is not None and paper.destroyed_at is not None:
                    continue
                reasons = _reasons(house, session, document, paper)
                line = paper_line(document)
                here["kept" if reasons else "free"].append({**line, "reasons": reasons} if reasons else line)
    listed = [found for found in boxes.values() if found["free"] or found["kept"]]
    with house.database.write() as session:
        for found in listed:
            data = {"free": [line["id"] for line in found["free"]], "kept": len(found["kept"])}
            record(session, actor, "paper.free", "box", found["box"], data=data)
    return {"boxes": listed, "without_box": without}


def destroyed(house: House, actor: Actor, box: str, *, partly: bool = False) -> Json:
    """Record that the free papers of a box were destroyed. ``partly``: what is not free was taken out before.

    Raises: Forbidden, UsageError (nothing free, or something in the box is not free).
    """
    listed = free(house, actor, box)["boxes"]
    found = listed[0] if listed else {"free": [], "kept": []}
    if not found["free"]:
        raise UsageError("paper_nothing_free", box=box)
    if found["kept"] and not partly:
        raise UsageError("paper_box_not_free", box=box, count=len(found["kept"]))
    ids = [line["id"] for line in found["free"]]
    moment = now()
    with house.database.write() as session:
        lock(session)
        for document_id in ids:
            paper = session.get_one(Paper, document_id)
            if paper.recalled_at is not None or paper.document.state not in ARCHIVED or not _is_settled(session, paper):
                raise UsageError("paper_box_not_free", box=box, count=1)  # somebody was faster
        note_destruction(session, ids, actor.name, moment)
        record(session, actor, "paper.destroy", "box", box, data={"documents": ids}, at=moment)
    return {"box": box, "destroyed": found["free"], "kept": found["kept"]}


def note_destruction(session: Session, ids: Iterable[str], by: str, at: datetime) -> None:
    """A destruction's rows (also for the replay)."""
    for document_id in ids:
        paper = session.get_one(Paper, document_id)
        paper.destroyed_at, paper.destroyed_by = at, by


def _sources(box: str | None) -> sa.Select[Source]:
    """The Sources that arrived as paper in a box, in the order of their numbers; rescans lie where the first lay."""
    first = sa.or_(
        sa.exists().where(Document.source_id == Source.id),
        Source.state.in_((State.WORKING, State.QUARANTINED)),
    )
    query = sa.select(Source).join(Batch, Batch.id == Source.batch_id).where(first, Source.discarded_at.is_(None))
    if box is not None:
        query = query.where(Batch.box == box)
    return query.order_by(Batch.box, Source.entry_no)


def _papers(session: Session, documents: Iterable[Document]) -> Iterable[Paper]:
    return session.scalars(sa.select(Paper).where(Paper.document_id.in_([document.id for document in documents])))


def _is_settled(session: Session, paper: Paper) -> bool:
    return paper.sample is not None and settled(session, paper.sample.batch_id)


def _reasons(house: House, session: Session, document: Document, paper: Paper | None) -> list[str]:
    """Why a letter's paper must be kept; none: it is free. The costly look at the objects comes last."""
    if document.state not in ARCHIVED:
        return ["not_archived"]
    reasons = []
    if paper is not None and paper.recalled_at is not None:
        reasons.append("recalled")
    if paper is None or paper.sample is None:
        return [*reasons, "not_drawn"]
    if paper.passed is False:
        reasons.append("failed")
    elif paper.chosen and paper.passed is None:
        reasons.append("not_compared")
    elif not settled(session, paper.sample.batch_id):
        reasons.append("batch_open")
    if not paper.noted:
        reasons.append("note_behind")
    if reasons:
        return reasons
    return _reasons_of_object(house, session, document)


def _reasons_of_object(house: House, session: Session, document: Document) -> list[str]:
    if not _is_whole(house, session, document):
        return ["damaged"]
    note = said_of(house.store.file("document", document.id, NOTE).read_bytes())
    if not is_untouched(note):
        return ["damaged"]
    reasons = [] if _is_copied(house, document.id) else ["not_copied"]
    if note["missing"]:
        reasons.append("note_gaps")
    if set(note["anomalies"]) - set(note["settled"]):
        reasons.append("anomalies")
    return reasons if reasons or note["paper_free"] else ["note_gaps"]


def _is_whole(house: House, session: Session, document: Document) -> bool:
    """Read the Document's object and those of its scans; each must be the one that the journal noted last."""
    objects = {(DOCUMENT, document.id), ("source", document.source_id), ("source", document.scan.id)}
    return all(
        not house.store.verify(kind, id) and house.store.digest(kind, id) == noted_digest(session, kind, id)
        for kind, id in objects
    )


def _is_copied(house: House, document_id: str) -> bool:
    """Whether the second copy, where one is configured, has this very object."""
    if not house.settings.archive_copy:
        return True
    second = second_store(house)
    if second is None or not second.exists(DOCUMENT, document_id):
        return False
    return second.digest(DOCUMENT, document_id) == house.store.digest(DOCUMENT, document_id)


def _bare_line(source: Source) -> Json:
    return {
        "id": source.id,
        "entry_no": source.entry_no,
        "part": None,
        "pages": None,
        "box": source.batch.box,
        "source_name": source.name,
        "warnings": list(source.warnings),
    }
