"""The paper behind the scans: a sample is compared with it, and it may be recalled (BSI TR-03138, quality check).

A failure makes all of its Batch be compared. Every act is a journal entry; the TransferNote in the object follows it by
a new version.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive.transfer_note import QualityCheck, with_quality
from core.clock import now
from core.errors import IntegrityError, NotFound, UsageError
from core.i18n import text
from core.ids import new_id
from core.logs import log
from models import (
    SYSTEM,
    Actor,
    Batch,
    Document,
    JournalEntry,
    Paper,
    PaperSample,
    ProtectionNeed,
    Role,
    Source,
    State,
)
from models.chain import lock, record
from services.describing import note_bytes, said_of
from services.house import House
from services.sampling import choose, rate_of
from services.view import Json

LOG = log(__name__)
KEEPERS = (Role.OPERATOR, Role.POST_ROOM, Role.ADMIN)
NOTE = "transfer-note.json"
ARCHIVED = (State.FILED, State.CLARIFY)


# -- the sample ------------------------------------------------------------------------------------------------------


def draw(house: House, actor: Actor, batch_id: str, need: ProtectionNeed, seed: str | None = None) -> Json:
    """Draw a sample among the archived letters of a Batch that no sample was drawn from yet.

    With none left it changes nothing. Returns: ``to_check`` (what waits for a comparison), and the last draw's
    ``need``, ``rate``, ``seed``, ``letters``. Raises: Forbidden, NotFound.
    """
    actor.need(*KEEPERS)
    with house.database.write() as session:
        lock(session)
        batch = session.get(Batch, batch_id)
        if batch is None:
            raise NotFound(id=batch_id)
        undrawn = session.scalars(
            sa.select(Document.id)
            .join(Source, Source.id == Document.source_id)
            .outerjoin(Paper, Paper.document_id == Document.id)
            .where(Source.batch_id == batch_id, Document.state.in_(ARCHIVED), Paper.sample_id.is_(None))
            .order_by(Document.id)
        ).all()
        if undrawn:
            rate = rate_of(need, _passed_in_a_row(session, batch))
            seed = seed or secrets.token_hex(8)
            chosen = choose(undrawn, rate, seed)
            data = {"id": new_id(), "need": need, "rate": rate, "seed": seed, "letters": undrawn, "chosen": chosen}
            moment = now()
            note_draw(session, batch_id, data, actor.name, moment)
            record(session, actor, "paper.check", "batch", batch_id, data=data, at=moment)
        last = session.scalar(
            sa.select(PaperSample).where(PaperSample.batch_id == batch_id).order_by(PaperSample.drawn_at.desc())
        )
        waiting = session.scalars(
            _of_batch(batch_id).where(Paper.chosen, Paper.passed.is_(None)).order_by(Paper.document_id)
        ).all()
        return {
            "batch": batch_id,
            "drawn": len(undrawn),
            **({name: getattr(last, name) for name in ("need", "rate", "seed", "letters", "chosen")} if last else {}),
            "to_check": [paper_line(paper.document) for paper in waiting],
            "settled": last is not None and settled(session, batch_id),
        }


def note_draw(session: Session, batch_id: str, data: Json, by: str, at: datetime) -> None:
    """A draw's rows (also for the replay)."""
    sample = PaperSample(
        id=data["id"],
        batch_id=batch_id,
        **{name: data[name] for name in ("need", "rate", "seed")},
        drawn_at=at,
        drawn_by=by,
        letters=len(data["letters"]),
        chosen=len(data["chosen"]),
    )
    session.add(sample)
    session.flush()
    chosen = set(data["chosen"])
    for document_id in data["letters"]:
        paper = session.get(Paper, document_id) or Paper(document_id=document_id, noted=True)
        paper.sample_id, paper.chosen = sample.id, document_id in chosen
        session.add(paper)
    session.flush()


def _passed_in_a_row(session: Session, batch: Batch) -> int:
    """Comparisons that passed since the last failure, over all batches of this device and operator."""
    if not batch.operator or not batch.device:
        return 0  # nobody's reliability
    same = sa.select(Batch.id).where(Batch.operator == batch.operator, Batch.device == batch.device)
    known = set(session.scalars(same))
    results = session.execute(
        sa.select(JournalEntry.action, JournalEntry.data)
        .where(JournalEntry.action.in_(("paper.passed", "paper.failed")))
        .order_by(JournalEntry.seq.desc())
    )
    passed = 0
    for action, data in results:
        if data["batch"] not in known:
            continue
        if action == "paper.failed":
            break
        passed += 1
    return passed


def _of_batch(batch_id: str) -> sa.Select[Paper]:
    return sa.select(Paper).join(PaperSample, PaperSample.id == Paper.sample_id).where(PaperSample.batch_id == batch_id)


def settled(session: Session, batch_id: str, sample_id: str | None = None) -> bool:
    """Whether all that was chosen from a Batch (or by one of its draws) was compared and agreed."""
    query = _of_batch(batch_id).where(Paper.chosen, Paper.passed.is_not(True))
    if sample_id is not None:
        query = query.where(Paper.sample_id == sample_id)
    return session.scalars(query.limit(1)).first() is None


# -- the comparison --------------------------------------------------------------------------------------------------


def compared(house: House, actor: Actor, id: str, *, passed: bool, words: str, settles: Iterable[str] = ()) -> Json:
    """Note a person's comparison of a letter with its paper, in the person's own words.

    ``settles``: what was conspicuous about the letter and proved harmless before the paper.

    Raises: Forbidden, NotFound, UsageError (no words, not drawn, compared already, failed and not rescanned,
    destroyed).
    """
    actor.need(*KEEPERS)
    if not words.strip():
        raise UsageError("paper_needs_words")
    with house.database.write() as session:
        lock(session)
        document = document_of(session, id)
        paper = paper_of(session, document)
        if paper.sample is None:
            raise UsageError("paper_not_drawn", id=id, batch=document.source.batch_id)
        if paper.passed is False:
            raise UsageError("paper_needs_rescan", id=id)
        if paper.passed and passed and set(settles) <= set(paper.settles):
            raise UsageError("paper_compared_already", id=id)
        moment, batch_id = now(), paper.sample.batch_id
        harmless = sorted(set(settles)) if passed else []
        note_comparison(session, paper, passed=passed, by=actor.name, at=moment, words=words.strip(), settles=harmless)
        record(
            session,
            actor,
            "paper.passed" if passed else "paper.failed",
            "document",
            document.id,
            data={"batch": batch_id, "sample": paper.sample_id, "settles": harmless},
            values={"agreement": words.strip()},
            at=moment,
        )
        answer = {"id": document.id, "passed": passed, "batch": batch_id, "settled": settled(session, batch_id)}
    renew_notes(house)
    return answer


def note_comparison(
    session: Session, paper: Paper, *, passed: bool, by: str, at: datetime, words: str | None, settles: list[str]
) -> None:
    """A comparison's rows (also for the replay)."""
    paper.chosen, paper.passed, paper.noted = True, passed, False
    paper.checked_by, paper.checked_at, paper.agreement, paper.settles = by, at, words, settles
    session.flush()
    assert paper.sample is not None
    batch_id = paper.sample.batch_id
    rows: list[Paper] = []
    if not passed:
        rows = list(session.scalars(_of_batch(batch_id).where(sa.not_(Paper.chosen), Paper.destroyed_at.is_(None))))
        for row in rows:
            row.chosen = True
    elif settled(session, batch_id, paper.sample_id):
        own = _of_batch(batch_id).where(Paper.sample_id == paper.sample_id, sa.not_(Paper.chosen))
        rows = list(session.scalars(own))
    for row in rows:
        row.noted = False
    session.flush()


def renew_notes(house: House) -> int:
    """Bring the TransferNotes in the objects up to what persons said; what a crash left open comes here again.

    Returns: how many were written. Raises: StorageFull.
    """
    done = 0
    with house.database.read() as session:
        waiting = session.scalars(
            sa.select(Paper.document_id)
            .join(Document, Document.id == Paper.document_id)
            .where(sa.not_(Paper.noted), Document.state.in_(ARCHIVED))
            .order_by(Paper.document_id)
        ).all()
    for document_id in waiting:
        try:
            done += _renew(house, document_id)
        except IntegrityError as error:  # its paper stays; the others go on
            LOG.warning("note_not_renewed", extra={"document": document_id, "why": error.code})
    return done


def _renew(house: House, document_id: str) -> bool:
    with house.database.read() as session:
        paper = session.get_one(Paper, document_id)
        quality, agreement = _result(session, paper)
        seen, settles = _facts(paper), paper.settles
    old = said_of(house.store.file("document", document_id, NOTE).read_bytes())
    note = with_quality(old, quality, agreement, settles)
    house.store.add_version(
        "document", document_id, {NOTE: note_bytes(note)}, message="compared with the paper", user="aktenlotse"
    )
    with house.database.write() as session:
        lock(session)
        paper = session.get_one(Paper, document_id)
        if _facts(paper) != seen:
            return False  # something new was said meanwhile: the next round writes it
        paper.noted = True
        data = {
            "object": house.store.digest("document", document_id),
            "object_version": house.store.version("document", document_id),
        }
        record(session, SYSTEM, "document.note", "document", document_id, data=data)
    return True


def _facts(paper: Paper) -> tuple[Any, ...]:
    return paper.document.version, paper.document.state, paper.chosen, paper.passed, paper.checked_at


def _result(session: Session, paper: Paper) -> tuple[QualityCheck | None, str]:
    """Quality and agreement as they belong into the TransferNote."""
    sample = paper.sample
    if sample is None:
        return None, ""
    how = f"sample {sample.id}: {sample.chosen} of {sample.letters}, rate {sample.rate}, seed {sample.seed}"
    if paper.chosen:
        return _quality(paper, how), (paper.agreement or "") if paper.passed else ""
    if not settled(session, sample.batch_id, sample.id):
        return None, ""
    last = session.scalars(
        sa.select(Paper)
        .where(Paper.sample_id == sample.id, Paper.passed.is_(True))
        .order_by(Paper.checked_at.desc(), Paper.document_id)
    ).first()
    if last is None:
        return None, ""
    words = text("paper.by_sample", "de", chosen=sample.chosen, letters=sample.letters)
    return _quality(last, how, remarks="not compared itself, freed by the sample"), words


def _quality(paper: Paper, how: str, remarks: str = "") -> QualityCheck | None:
    if paper.passed is None or paper.checked_at is None:
        return None
    return QualityCheck(paper.checked_by or "", paper.checked_at, paper.passed, how, remarks)


# -- recall ----------------------------------------------------------------------------------------------------------


def recall(house: House, actor: Actor, id: str, purpose: str, *, lift: bool = False) -> None:
    """Keep a letter's paper, whatever else holds, or lift that again. Raises: Forbidden, NotFound, UsageError."""
    actor.need(*KEEPERS)
    if not purpose.strip():
        raise UsageError("paper_needs_purpose")
    with house.database.write() as session:
        lock(session)
        document = document_of(session, id)
        paper = paper_of(session, document)
        moment = now()
        note_recall(paper, actor.name, moment, lift=lift)
        action = "paper.unrecall" if lift else "paper.recall"
        record(session, actor, action, "document", document.id, purpose=purpose.strip(), at=moment)


def note_recall(paper: Paper, by: str, at: datetime, *, lift: bool) -> None:
    """A recall's row (also for the replay)."""
    paper.recalled_at, paper.recalled_by = (None, None) if lift else (at, by)


# -- finding ---------------------------------------------------------------------------------------------------------


def document_of(session: Session, id: str) -> Document:
    """A Document by its id or entry number, for those who keep its paper. Raises: NotFound."""
    wanted = id.strip()
    found = session.get(Document, wanted)
    if found is None:
        rows = session.scalars(
            sa.select(Document)
            .join(Source, Source.id == Document.source_id)
            .where(sa.or_(Source.entry_no == wanted, Source.id == wanted))
        ).all()
        if len(rows) > 1:
            raise UsageError("several_documents", id=id, ids=", ".join(sorted(row.id for row in rows)))
        found = rows[0] if rows else None
    if found is None:
        raise NotFound(id=id)
    return found


def paper_of(session: Session, document: Document) -> Paper:
    """The Document's paper; made when first spoken of. Raises: UsageError when it was destroyed."""
    paper = session.get(Paper, document.id)
    refuse_destroyed(paper)
    if paper is None:
        paper = Paper(document_id=document.id, chosen=False, noted=True)
        session.add(paper)
        session.flush()
    return paper


def refuse_destroyed(paper: Paper | None) -> None:
    if paper is not None and paper.destroyed_at is not None:
        raise UsageError("paper_destroyed", id=paper.document_id)


def paper_line(document: Document) -> Json:
    """What one needs to find a paper; no word of the letter."""
    return {
        "id": document.id,
        "entry_no": document.source.entry_no,
        "part": document.part,
        "pages": len(document.pages),
        "box": document.source.batch.box,
        "source_name": document.source.name,
        "warnings": list(document.warnings),
    }
