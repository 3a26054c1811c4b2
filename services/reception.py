"""What is in no final state, and quarantine: list, try again, discard."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.errors import EnvironmentProblem, LetterError, NotFound, UnforeseenLetterError, UsageError
from models import (
    DOCUMENT,
    FINAL,
    SOURCE,
    SYSTEM,
    Actor,
    Document,
    OutboxEntry,
    Pending,
    Role,
    Source,
    State,
    Step,
)
from models.access import held_tokens, readable
from models.chain import lock, record
from services.four_eyes import need_person, need_second_person
from services.house import House
from services.indexing import queue_for_index
from services.intake import archive_source, look_into
from services.view import Json, document_json, source_json, unit_codes

TRIES = 4  # of a step that fails for no known reason, on a machine that is well
STUMBLED = "stumbled"  # reason of a letter that is tried again

DISCARDING = (Role.OPERATOR, Role.ADMIN, Role.POST_ROOM)


def put_aside(house: House, kind: str, id: str, code: str, details: dict[str, Any]) -> None:
    """Quarantine what cannot be processed: the bytes stay untouched in the archive, the reason is shown."""
    with house.database.write() as session:
        row = _thing(session, kind, id)
        if row.state in (State.FILED, State.CLARIFY):
            return
        row.state, row.reason, row.reason_details, row.updated_at = State.QUARANTINED, code, details, now()
        data = {"reason": code, "details": details, "step": row.step}
        record(session, SYSTEM, f"{kind}.quarantine", kind, id, data=data, at=row.updated_at)


def _thing(session: Session, kind: str, id: str) -> Source | Document:
    return session.get_one(Source, id) if kind == SOURCE else session.get_one(Document, id)


def pending(house: House) -> list[Pending]:
    """Everything that is in no final state, and what is final but neither indexed nor waiting for it."""
    with house.database.read() as session:
        sources = session.execute(sa.select(Source.id, Source.attempt).where(Source.state == State.WORKING))
        documents = session.execute(sa.select(Document.id, Document.attempt).where(sa.not_(Document.state.in_(FINAL))))
        found = [Pending(SOURCE, id, attempt) for id, attempt in sources]
        found += [Pending(DOCUMENT, id, attempt) for id, attempt in documents]
        forgotten = session.scalars(
            sa.select(Document.id)
            .outerjoin(OutboxEntry, OutboxEntry.document_id == Document.id)
            .where(
                Document.state.in_((State.FILED, State.CLARIFY)),
                sa.not_(Document.indexed),
                OutboxEntry.document_id.is_(None),
            )
        ).all()
    for document_id in forgotten:
        queue_for_index(house, document_id)
    return found


def documents_pending(house: House, source_id: str) -> list[Pending]:
    """The Documents of a Source that wait for their way."""
    with house.database.read() as session:
        rows = session.execute(
            sa.select(Document.id, Document.attempt).where(
                Document.source_id == source_id, Document.state == State.WORKING
            )
        )
        return [Pending(DOCUMENT, id, attempt) for id, attempt in rows]


def is_settled(house: House, kind: str, id: str) -> bool:
    """Whether a Source or Document is in its final state."""
    with house.database.read() as session:
        return _thing(session, kind, id).state != State.WORKING


def raise_attempt(house: House, item: Pending) -> None:
    """What ended without a final state gets a new workflow id."""
    with house.database.write() as session:
        row = _thing(session, item.kind, item.id)
        if row.attempt == item.attempt and row.state == State.WORKING:
            row.attempt += 1


def count_stumble(house: House, kind: str, id: str, problem: EnvironmentProblem) -> None:
    """An error that nobody foresaw, on a machine that is well: noted at the letter, which is tried again.

    Raises: UnforeseenLetterError when it was tried often enough; ``quarantine retry`` repeats it after an update.
    """
    kind_of_error = str(problem.details.get("kind", problem.code))
    with house.database.write() as session:
        row = _thing(session, kind, id)
        if row.state != State.WORKING:
            return
        tries = 1 + (int(row.reason_details.get("tries", 0)) if row.reason == STUMBLED else 0)
        if tries < TRIES:
            row.reason, row.reason_details = STUMBLED, {"kind": kind_of_error, "tries": tries, "of": TRIES}
            row.updated_at = now()
            return
    raise UnforeseenLetterError(kind=kind_of_error) from problem


def quarantined(house: House, actor: Actor) -> list[Json]:
    """What lies in quarantine, oldest first, with reason codes and their details."""
    actor.need(Role.OPERATOR, Role.ADMIN, Role.POST_ROOM, Role.AUDITOR)
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        sources = session.scalars(
            sa.select(Source)
            .where(Source.state == State.QUARANTINED, Source.discarded_at.is_(None))
            .order_by(Source.received_at)
        )
        documents = session.scalars(
            sa.select(Document).where(Document.state == State.QUARANTINED).order_by(Document.received_at)
        )
        return [
            *(
                {
                    **source_json(source),
                    "details": source.reason_details,
                    "discard": {"by": source.discard_by, "reason": source.discard_reason}
                    if source.discard_by
                    else None,
                }
                for source in sources
            ),
            *({**document_json(session, row, tokens), "details": row.reason_details} for row in documents),
        ]


def retry(house: House, actor: Actor, id: str) -> list[Pending]:
    """Try again what lies in quarantine, after its cause was mended. Returns: what is to be enqueued.

    Raises: Forbidden, NotFound, LetterError when the file is as bad as before.
    """
    actor.need(Role.OPERATOR, Role.ADMIN, Role.POST_ROOM)
    with house.database.read() as session:
        row = _quarantined(session, id)
    if isinstance(row, Source) and row.object_path is None:
        _archive_after_all(house, row)
    with house.database.write() as session:
        row = _quarantined(session, id)
        kind = SOURCE if isinstance(row, Source) else DOCUMENT
        row.state, row.reason, row.reason_details = State.WORKING, None, {}
        row.attempt += 1
        row.step = Step.OPEN if kind == SOURCE else Step.READ
        if isinstance(row, Source):
            row.discard_by = row.discard_account = row.discard_reason = None
        row.updated_at = now()
        record(session, actor, f"{kind}.retry", kind, row.id, data={"attempt": row.attempt})
        return [Pending(kind, row.id, row.attempt, urgent=True)]


def retry_all(house: House, actor: Actor, reason: str) -> tuple[list[Pending], int]:
    """Try again everything that lies in quarantine for one reason code, such as ``internal_error`` after an update.

    Returns: what is to be enqueued, and how many are as bad as before. Raises: Forbidden.
    """
    again: list[Pending] = []
    still = 0
    for line in quarantined(house, actor):
        if line["reason"] == reason:
            try:
                again += retry(house, actor, line["id"])
            except LetterError:
                still += 1
    return again, still


def discard(house: House, actor: Actor, id: str, purpose: str) -> bool:
    """Take a file out of the quarantine list, with a reason; its bytes stay where they are. With the setting
    ``discard_by_two`` the first call proposes it and another person's confirms it, whose reason may be left out.

    Returns: whether it is discarded now. Raises: Forbidden, NotFound, UsageError (no reason, a letter that is
    archived, discarded already, proposed by the same person).
    """
    actor.need(*DISCARDING)
    need_person(actor)
    with house.database.write() as session:
        lock(session)
        row = _quarantined(session, id)
        if not isinstance(row, Source):
            raise UsageError("discard_only_files", id=id)
        if row.discarded_at is not None:
            raise UsageError("discarded_already", id=id)
        why = purpose.strip() or row.discard_reason
        if not why:
            raise UsageError("discard_needs_reason")
        moment = now()
        if house.settings.discard_by_two and row.discard_by is None:
            row.discard_by, row.discard_account, row.discard_reason = actor.name, actor.hand, why
            data = {"account": actor.hand}
            record(session, actor, "source.propose_discard", SOURCE, row.id, purpose=why, data=data, at=moment)
            return False
        if house.settings.discard_by_two:
            need_second_person(
                actor, proposed_by=row.discard_by or "", proposed_account=row.discard_account, id=row.entry_no
            )
        row.discarded_at = moment
        record(session, actor, "source.discard", SOURCE, row.id, purpose=why, at=moment)
        return True


def _quarantined(session: Session, id: str) -> Source | Document:
    """What lies in quarantine under an id or entry number. Raises: NotFound."""
    source = session.get(Source, id) or session.scalar(sa.select(Source).where(Source.entry_no == id))
    document = session.get(Document, id)
    if source is not None and source.state != State.QUARANTINED:
        document = session.scalar(
            sa.select(Document).where(Document.source_id == source.id, Document.state == State.QUARANTINED)
        )
    row = document or source
    if row is None or row.state != State.QUARANTINED:
        raise NotFound(id=id)
    return row


def _archive_after_all(house: House, source: Source) -> None:
    """Bytes that lay in quarantine/ go into the archive, when they can be read now."""
    file = house.settings.quarantine / Path(source.quarantine_path or "")
    found, failure = look_into(house, file)
    if failure is not None or found is None:
        raise failure or LetterError()
    place = archive_source(
        house,
        source.id,
        source.sha256,
        file,
        source.name,
        found,
        batch_id=source.batch_id,
        received_on=source.received_on,
    )
    with house.database.write() as session:
        lock(session)
        row = session.get(Source, source.id)
        if row is None:  # erased meanwhile
            house.store.remove(SOURCE, source.id)
            raise NotFound(id=source.id)
        row.object_path, row.media_type = place, found.media_type
        row.warnings = list(found.warnings)


def list_documents(
    house: House, actor: Actor, *, state: State | None, unit: str | None, limit: int = 1000
) -> list[Json]:
    """Documents that the actor may see, newest first, and quarantined or waiting Sources without Documents."""
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        codes = {code: id for id, code in unit_codes(session).items()}
        query = sa.select(Document).where(readable(tokens)).order_by(Document.received_at.desc(), Document.id)
        if state is not None:
            query = query.where(Document.state == state)
        if unit is not None:
            query = query.where(Document.unit_id == codes.get(unit, ""))
        found = [document_json(session, document, tokens) for document in session.scalars(query.limit(limit))]
        if unit is None and state in (None, State.QUARANTINED, State.WORKING) and tokens & {"intake", "*"}:
            states = [State.QUARANTINED, State.WORKING] if state is None else [state]
            rows = session.scalars(
                sa.select(Source)
                .where(Source.state.in_(states), Source.discarded_at.is_(None))
                .order_by(Source.received_at.desc())
            )
            found += [source_json(source) for source in rows]
        return found
