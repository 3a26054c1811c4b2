"""Prove: check the journal and every byte of the archive, and hand out a Document with all its proofs."""

from __future__ import annotations

from collections.abc import Callable, Collection
from pathlib import Path

import sqlalchemy as sa

from archive.findings import Finding
from archive.fixity import Pace, verify_store
from archive.ocfl import urn
from archive.proof import export_proof
from core.errors import UsageError
from core.i18n import text
from models import Actor, Document, Role, Source
from models.chain import record
from services.house import House
from services.view import Json, need_document


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


def verify_archive(
    house: House,
    actor: Actor,
    *,
    rolling: bool = False,
    mb_per_second: float = 0.0,
    seconds: float = 0.0,
    progress: Callable[[int, int], None] = lambda _objects, _findings: None,
) -> Json:
    """Read every byte of the archive and compare it with the inventories, and those with the journal.

    ``rolling``: go on where the last run stopped. Raises: Forbidden.
    """
    actor.need(Role.ADMIN, Role.AUDITOR)
    with house.database.read() as session:
        sources = session.scalars(sa.select(Source.id).where(Source.object_path.is_not(None))).all()
        documents = session.scalars(sa.select(Document.id).where(Document.object_path.is_not(None))).all()
    expected = [*(("source", id) for id in sources), *(("document", id) for id in documents)]
    report = verify_store(
        house.store,
        place=house.settings.home / "fixity.place" if rolling else None,
        pace=Pace(seconds=seconds, mb_per_second=mb_per_second),
        expected=expected,
        progress=lambda seen: progress(seen.objects, seen.findings),
    )
    told = {finding.where for finding in report.findings if finding.code == "A001"}
    findings = [*report.findings, *_against_the_journal(house, told)]
    return {
        "ok": not findings,
        "complete": report.complete,
        "objects": report.objects,
        "bytes": report.read_bytes,
        "seconds": report.seconds,
        "repaired": list(report.repaired),
        "findings": [{"code": f.code, "where": f.where, "sentence": f.sentence()} for f in findings],
    }


def _against_the_journal(house: House, told: Collection[str]) -> list[Finding]:
    """What the (signed) journal noted last and the store does not have so.

    An object whose digest is another: file and inventory were changed together. One that is gone without a record of
    its destruction: row and object were removed together. ``told``: missing objects that are told of already.
    """
    noted: dict[tuple[str, str], str] = {}
    for entry in house.journal.entries():
        digest = entry["data"].get("object")
        if digest:
            noted[entry["kind"], entry["object_id"]] = digest
        if entry["action"] == "disposal.release":
            for item in entry["data"]["objects"]:
                noted.pop((item["kind"], item["id"]), None)
    findings = []
    for (kind, id), digest in noted.items():
        if not house.store.exists(kind, id):
            if urn(kind, id) not in told:
                findings.append(Finding("A001", urn(kind, id)))
        elif house.store.digest(kind, id) != digest:
            findings.append(Finding("A012", house.store.relative(kind, id)))
    return findings


def export(house: House, actor: Actor, id: str, target: Path, *, as_zip: bool) -> Path:
    """The proof package of a Document: original, PDF/A, TransferNote, hash path, and a stand-alone verifier.

    Raises: NotFound, UsageError when ``target`` is there already.
    """
    with house.database.read() as session:
        document = need_document(session, actor, id)
        facts = {
            text("field.entry_no"): document.source.entry_no,
            text("field.received_on"): document.received_on.isoformat(),
            text("field.sender"): document.sender or "–",
            text("field.subject"): document.subject or "–",
        }
    if document.object_path is None:
        raise UsageError("not_yet_archived", id=id)
    house.journal.sign(house.database, force=True)
    with house.database.write() as session:
        record(session, actor, "document.export", "document", document.id)
    objects = [("document", document.id), ("source", document.source_id)]
    try:
        proof = export_proof(
            house.store, house.journal, objects, target, title=document.source.entry_no, facts=facts, as_zip=as_zip
        )
    except FileExistsError:
        raise UsageError("target_exists", path=str(target)) from None
    return proof.path
