"""Reseal: letters of stacks that were archived before parts had an original of their own.

Their PDF/A may hold what hung at the whole stack. It is made anew from the letter's pages, and the old one leaves every
version of the object, here and in the second copy.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Collection
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.clock import now
from core.durable import remove_tree
from core.errors import AktenlotseError, IntegrityError
from core.logs import log
from models import DOCUMENT, SYSTEM, Actor, Document, DocumentPage, Page, Role, State
from models.chain import lock, noted_digest, record
from services.copying import carry_over, copy_on, need_copy
from services.describing import document_metadata, said_of
from services.house import House
from services.reading import WORDS
from services.sealing import EXTRACTS, PDF, seal_pages, verdict_of
from services.view import Json

LOG = log(__name__)
ACTION = "document.reseal"
MESSAGE = "sealed anew"  # of the object's version


def without_extract(house: House, sources: Collection[str] | None = None) -> list[str]:
    """Archived Documents that are a part of their scan and have no extract. ``sources``: of these only."""
    held, whole = sa.func.count(sa.distinct(DocumentPage.page_id)), sa.orm.aliased(Page)
    of_scan = sa.select(sa.func.count(whole.id)).where(whole.source_id == Page.source_id).scalar_subquery()
    query = (
        sa.select(Document.id)
        .join(DocumentPage, sa.and_(DocumentPage.document_id == Document.id, DocumentPage.version == Document.version))
        .join(Page, Page.id == DocumentPage.page_id)
        .where(Document.object_path.is_not(None), Document.state.in_((State.FILED, State.CLARIFY)))
        .group_by(Document.id, Page.source_id)
        .having(held < of_scan)
        .order_by(Document.id)
    )
    if sources is not None:
        query = query.where(Page.source_id.in_(sources))
    with house.database.read() as session:
        there = [id for id in session.scalars(query).all() if house.store.exists(DOCUMENT, id)]
        return [id for id in there if not _has_extract(house, id) or _is_cut_off(house, session, id)]


def reseal(house: House, actor: Actor, progress: Callable[[int, int], None] = lambda _done, _all: None) -> Json:
    """Seal them all anew. Returns: ``resealed`` (ids) and ``failed`` (id and sentence).

    Raises: Forbidden, EnvironmentProblem (second copy, disk or a program missing: run it again).
    """
    actor.need(Role.ADMIN)
    answer: Json = {"resealed": [], "failed": []}
    ids = without_extract(house)
    for done, id in enumerate(ids):
        progress(done, len(ids))
        try:
            reseal_one(house, actor, id)
            answer["resealed"].append(id)
        except AktenlotseError as error:
            if error.retry:
                raise
            LOG.error("reseal_failed", extra={"document": id}, exc_info=error)
            answer["failed"].append({"id": id, "sentence": error.sentence()})
    copy_on(house)
    return answer


def reseal_part_of(house: House, source_id: str) -> None:
    """The same for the letters of one stack, of which a neighbour is being erased."""
    for id in without_extract(house, [source_id]):
        reseal_one(house, SYSTEM, id)


def reseal_one(house: House, actor: Actor, id: str) -> None:
    """Make one letter's PDF/A and extract anew, from the words that were read. Raises: AktenlotseError."""
    second = need_copy(house)
    with house.database.read() as session:
        noted = noted_digest(session, DOCUMENT, id)
        if noted != house.store.digest(DOCUMENT, id) and not _is_cut_off(house, session, id):
            raise IntegrityError("object_damaged", id=id, finding="A012")  # what was changed is not made good by us
    folder = house.work_folder(id)
    try:
        shutil.copyfile(house.store.file(DOCUMENT, id, WORDS), folder / WORDS)
        seal_pages(house, id)
        _replace(house, id)
        with house.database.write() as session:
            lock(session)
            digest = house.store.digest(DOCUMENT, id)
            if noted_digest(session, DOCUMENT, id) != digest:
                said = said_of(house.store.file(DOCUMENT, id, "metadata.json").read_bytes())
                data = {name: said["pdfa"][name] for name in ("valid", "flavour", "warnings")}
                apply(house, session, id, data)
                record(session, actor, ACTION, DOCUMENT, id, data={**data, "object": digest})
    finally:
        remove_tree(folder)
    if second is not None:
        carry_over(house, second, DOCUMENT, id)


def apply(house: House, session: Session, id: str, data: dict[str, Any]) -> None:
    """What it does to the rows (also when it is replayed)."""
    document = session.get_one(Document, id)
    document.valid, document.flavour = data["valid"], data["flavour"]
    document.warnings = list(dict.fromkeys([*document.warnings, *data["warnings"]]))
    document.pdf_path = None
    if document.valid:
        pdf = house.store.file(DOCUMENT, id, PDF)
        document.pdf_path = str(pdf.relative_to(house.settings.archive))
    document.updated_at = now()


def _replace(house: House, id: str) -> None:
    """One new version; the old PDF/A is in none."""
    folder, verdict = house.work_folder(id), verdict_of(house, id)
    with house.database.read() as session:
        metadata = document_metadata(session, session.get_one(Document, id), verdict)
    name = verdict["extract"]["name"]
    besides = {"metadata.json": metadata, name: folder / name}
    new = folder / PDF if verdict["pdf"] else None
    if PDF in house.store.names(DOCUMENT, id):
        house.store.redact(DOCUMENT, id, PDF, message=MESSAGE, user="aktenlotse", replacement=new, besides=besides)
        return
    changes = {**besides, **({PDF: new} if new else {})}
    house.store.add_version(DOCUMENT, id, changes, message=MESSAGE, user="aktenlotse")


def _is_cut_off(house: House, session: Session, id: str) -> bool:
    """Whether the object was replaced and a crash came before the entry."""
    newest = house.store.inventory(DOCUMENT, id).heads[-1]
    return newest["message"] == MESSAGE and noted_digest(session, DOCUMENT, id) != house.store.digest(DOCUMENT, id)


def _has_extract(house: House, id: str) -> bool:
    return any(name in EXTRACTS for name in house.store.names(DOCUMENT, id))
