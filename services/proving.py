"""Prove: check the journal and every byte of the archive, and hand out a Document with all its proofs."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import sqlalchemy as sa

from archive.findings import Finding
from archive.fixity import Pace, verify_store
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
    findings = [*report.findings, *_against_the_journal(house)]
    return {
        "ok": not findings,
        "complete": report.complete,
        "objects": report.objects,
        "bytes": report.read_bytes,
        "seconds": report.seconds,
        "repaired": list(report.repaired),
        "findings": [{"code": f.code, "where": f.where, "sentence": f.sentence()} for f in findings],
    }


def _against_the_journal(house: House) -> list[Finding]:
    """Objects whose digest is not the one that the (signed) journal noted last: file and inventory changed together."""
    noted: dict[tuple[str, str], str] = {}
    for entry in house.journal.entries():
        digest = entry["data"].get("object")
        if digest:
            noted[entry["kind"], entry["object_id"]] = digest
    return [
        Finding("A012", house.store.relative(kind, id))
        for (kind, id), digest in noted.items()
        if house.store.exists(kind, id) and house.store.digest(kind, id) != digest
    ]


def export(house: House, actor: Actor, id: str, target: Path, *, as_zip: bool) -> Path:
    """The proof package of a Document: original, PDF/A, TransferNote, hash path, and a stand-alone verifier.

    Raises: NotFound, UsageError when ``target`` is there already.
    """
    with house.database.read() as session:
        document = need_document(session, actor, id)
        scan_id = document.scan.id
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
    sources = dict.fromkeys((document.source_id, scan_id))  # two after a rescan
    objects = [("document", document.id), *(("source", source_id) for source_id in sources)]
    try:
        proof = export_proof(
            house.store, house.journal, objects, target, title=document.source.entry_no, facts=facts, as_zip=as_zip
        )
    except FileExistsError:
        raise UsageError("target_exists", path=str(target)) from None
    return proof.path
