"""Destroy: the rows in the transaction of the release, then every byte that is left of them, wherever it lies.

The release is committed first, with the list of what goes. The removal follows it and may run any number of times:
what a crash cut off is finished by the next start or by ``disposal release`` without an id.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

import classify
from archive.store import Store
from classify import Example
from core.clock import now
from core.durable import remove_tree, sync_folder
from core.errors import EnvironmentProblem
from core.hashing import sha256_file
from core.ids import new_id
from core.logs import log
from models import (
    DOCUMENT,
    SOURCE,
    SYSTEM,
    Case,
    Delivery,
    Disposal,
    Document,
    DocumentPage,
    EFile,
    Grant,
    JournalEntry,
    JournalValue,
    Label,
    OutboxEntry,
    Page,
    Paper,
    Route,
    RouteCopy,
    RoutingModel,
    Source,
)
from models.chain import lock, record
from models.database import in_parts
from services import reindexing
from services.blanking import PAGES, blank, forget_facts
from services.copying import copy_on, need_copy
from services.describing import said_of
from services.house import House
from services.indexing import texts_of
from services.learning import load_router
from services.resealing import reseal_part_of

LOG = log(__name__)
PURGED = ("documents", "sources", "deliveries", "efiles", "cases", "routes", "labels", "pages", "journal_values")


def goes_with(session: Session, documents: Collection[str]) -> list[str]:
    """The Sources of which every Document and page goes with these Documents; another letter's scan stays."""
    gone = set(documents)
    sources: set[str] = set()
    for part in in_parts(documents):
        sources |= set(
            session.scalars(
                sa.select(Page.source_id)
                .join(DocumentPage, DocumentPage.page_id == Page.id)
                .where(DocumentPage.document_id.in_(part))
            )
        )
        sources |= set(session.scalars(sa.select(Document.source_id).where(Document.id.in_(part))))
    kept = set()
    for part in in_parts(sources):
        for source, document in session.execute(
            sa.select(Document.source_id, Document.id).where(Document.source_id.in_(part))
        ):
            kept |= {source} if document not in gone else set()
        for source, document in session.execute(
            sa.select(Page.source_id, DocumentPage.document_id)
            .join(DocumentPage, DocumentPage.page_id == Page.id)
            .where(Page.source_id.in_(part))
        ):
            kept |= {source} if document not in gone else set()
    return sorted(sources - kept)


def delete_rows(session: Session, objects: list[dict[str, Any]], efile_id: str | None) -> None:
    """Every row of the Documents and Sources, and of the EFile with its Cases (also when it is replayed)."""
    documents = [item["id"] for item in objects if item["kind"] == DOCUMENT]
    sources = [item["id"] for item in objects if item["kind"] == SOURCE]
    for part in in_parts(documents):
        routes = sa.select(Route.id).where(Route.document_id.in_(part))
        session.execute(sa.delete(RouteCopy).where(RouteCopy.route_id.in_(routes)))
        for table in (Route, Label, Grant, OutboxEntry, DocumentPage, Paper):
            session.execute(sa.delete(table).where(table.document_id.in_(part)))
        session.execute(sa.delete(Document).where(Document.id.in_(part)))
    for part in in_parts(sources):
        for row in (Page, Delivery):
            session.execute(sa.delete(row).where(row.source_id.in_(part)))
        session.execute(sa.delete(Source).where(Source.id.in_(part)))
    for item in objects:
        if item["kind"] == PAGES:
            forget_facts(session, item)
    if efile_id is not None:
        session.execute(sa.delete(Case).where(Case.efile_id == efile_id))
        session.execute(sa.delete(EFile).where(EFile.id == efile_id))
    session.expire_all()


def finish(house: House) -> int:
    """Remove what was released and is not gone yet. Returns: how many disposals were completed.

    Raises: EnvironmentProblem (index, disk, second copy or database do not answer: run it again).
    """
    if not _unfinished(house):
        return 0
    with house.database.exclusively("disposal"):
        waiting = _unfinished(house)
        second = need_copy(house)
        objects = [item for disposal in waiting for item in disposal.objects]
        _forget_letters(
            house, [item["id"] for item in objects if item["kind"] == DOCUMENT]
        )  # while the texts are there
        for item in objects:
            if item["kind"] == PAGES:
                blank(house, item, second)
                reseal_part_of(house, item["id"])
        _remove_objects(house, objects, second)
        _remove_copies(house, objects)
        for disposal in waiting:
            _erase_values(house, disposal)
        copy_on(house)  # the journal there loses the same values
        reindexing.renew(house)  # an index keeps deleted words until it is written anew
        house.database.scrub(PURGED)
        for disposal in waiting:
            with house.database.write() as session:
                row = session.get_one(Disposal, disposal.id)
                row.completed_at = now()
                record(session, SYSTEM, "disposal.done", "disposal", row.id, at=row.completed_at)
        return len(waiting)


def try_to_finish(house: House) -> None:
    """The same at the start of a process: a problem is logged, and the mail goes on."""
    try:
        finish(house)
    except EnvironmentProblem:
        LOG.warning("disposal_unfinished", exc_info=True)


def _unfinished(house: House) -> list[Disposal]:
    with house.database.read() as session:
        query = sa.select(Disposal).where(Disposal.released_at.is_not(None), Disposal.completed_at.is_(None))
        return list(session.scalars(query.order_by(Disposal.released_at)))


def _remove_objects(house: House, objects: list[dict[str, Any]], second: Store | None) -> None:
    """The archive objects; one whose bytes were delivered again since then belongs to a new letter and stays.

    Under the chain's lock: the commit of a delivery either lies before it, or finds its object missing.
    """
    for item in objects:
        if item["kind"] == PAGES:
            continue
        table = Document if item["kind"] == DOCUMENT else Source
        with house.database.write() as session:
            lock(session)
            if session.get(table, item["id"]) is None:
                house.store.remove(item["kind"], item["id"])
                if second is not None:
                    second.remove(item["kind"], item["id"])
                if item["kind"] == DOCUMENT:
                    remove_tree(house.settings.work / item["id"])
                else:
                    remove_tree(house.settings.quarantine / item["id"])


def _remove_copies(house: House, objects: list[dict[str, Any]]) -> None:
    """Delivered files with the same bytes in done/, what a killed process left in staging/, and old drills."""
    wanted = {item["sha256"]: item["size"] for item in objects if item["kind"] == SOURCE}
    with house.database.read() as session:
        for part in in_parts(wanted):  # delivered again since then: a new letter's
            for sha256 in session.scalars(sa.select(Source.sha256).where(Source.sha256.in_(part))):
                del wanted[sha256]
    wanted |= {item["sha256"]: item["size"] for item in objects if item["kind"] == PAGES}
    sizes = set(wanted.values())
    settings = house.settings
    for folder in (settings.done, *settings.staging.glob("in-*")):
        for file in [path for path in folder.rglob("*") if path.is_file() and path.stat().st_size in sizes]:
            if sha256_file(file) in wanted:
                file.unlink()
                sync_folder(file.parent)
                _drop_if_empty(file.parent, settings.done)
    for drill in settings.staging.glob("drill-*"):
        remove_tree(drill)  # a copy of the whole database; a drill that runs now fails and is done again


def _drop_if_empty(folder: Path, root: Path) -> None:
    if folder != root and not any(folder.iterdir()):
        folder.rmdir()


def _erase_values(house: House, disposal: Disposal) -> None:
    """The journal's values of everything that went, and the questions whose answers showed it; hashes stay."""
    with house.database.read() as session:
        release = session.scalars(
            sa.select(JournalEntry).where(
                JournalEntry.action == "disposal.release", JournalEntry.object_id == disposal.id
            )
        ).one()
        ids = {item["id"] for item in disposal.objects if item["kind"] != PAGES} | set(release.data["files"])
        still = sa.exists().where(JournalValue.seq == JournalEntry.seq)
        before = sa.select(JournalEntry.seq, JournalEntry.data, JournalEntry.hashes).where(
            JournalEntry.seq < release.seq, still
        )
        fields: dict[int, set[str]] = {}
        for part in in_parts(ids):
            for seq, _, hashes in session.execute(before.where(JournalEntry.object_id.in_(part))):
                fields[seq] = set(hashes)
        asked = before.where(JournalEntry.action == "search.ask").execution_options(yield_per=2000)
        for seq, data, hashes in session.execute(asked):
            if not ids.isdisjoint(data.get("shown", ())):
                fields[seq] = set(hashes)
    if fields:
        house.journal.erase_values(house.database, fields, user=disposal.released_by or SYSTEM.name)


def _letter(house: House, document_id: str) -> Example | None:
    """A letter as the router learnt it, from its object; its row is gone already."""
    if not house.store.exists(DOCUMENT, document_id):
        return None
    said = said_of(house.store.file(DOCUMENT, document_id, "metadata.json").read_bytes())
    text = "\f".join(texts_of(house, document_id))
    return Example(text=text, subject=said["subject"] or "", sender=said["sender"] or "", id=document_id)


def _forget_letters(house: House, documents: list[str]) -> None:
    """Model versions that learnt from the letters are written anew without them; the old folders go."""
    with house.database.read() as session:
        rows = session.scalars(sa.select(RoutingModel).order_by(RoutingModel.version)).all()
    for row in rows:
        old = house.settings.routing_models / row.folder
        try:
            router = load_router(old, row.sha256)
        except classify.CorruptModel:
            LOG.warning("model_unreadable_removed", exc_info=True)
            remove_tree(old)  # nobody can use it, and nobody can say what it holds
            continue
        if not classify.knows(router, documents):
            continue
        known = [id for id in documents if id in set(router.memory.ids)]
        letters = [letter for id in known if (letter := _letter(house, id)) is not None]
        folder = f"{row.folder[:15]}-{new_id(4)}"
        seal = classify.save(classify.forget(router, documents, letters), house.settings.routing_models / folder)
        with house.database.write() as session:
            changed = session.get_one(RoutingModel, row.version)
            changed.folder, changed.sha256 = folder, seal
            data = {"folder": folder, "card_sha256": seal, "instead_of": row.folder}
            record(session, SYSTEM, "model.forget", "model", str(row.version), data=data)
    with house.database.read() as session:
        entries = session.scalars(sa.select(JournalEntry.data).where(JournalEntry.action == "model.forget")).all()
    for data in entries:
        remove_tree(house.settings.routing_models / data["instead_of"])
