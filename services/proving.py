"""Prove: check the journal and every byte of the archive, and hand out a Document with all its proofs."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from archive.findings import Finding
from archive.fixity import Pace, verify_store
from archive.noted import Noted
from archive.ocfl import parse_folder, urn
from archive.printed import grouped, hash_in, head_line, print_head
from archive.proof import export_proof
from core.errors import UsageError
from core.i18n import text
from core.ids import ALPHABET
from models import Actor, Document, Role, Source
from models.access import held_tokens, readable
from models.chain import record
from services.copying import copy_on, copy_state, second_store
from services.house import House
from services.originals import extract_of, own_sources
from services.resealing import without_extract
from services.view import Json, need_document

READINGS = ("document.read", "document.export")
_ID = re.compile(rf"[{ALPHABET}]{{16}}(-\d+)?")  # of a Source or a Document


def verify_journal(house: House, actor: Actor, head: str | None = None) -> Json:
    """Check chain, values, signatures, and the database against the files.

    ``head``: a printed head's hash (or what its QR code says); when the chain does not hold it, that is a finding.
    Returns: also ``printed``, the number of the entry that has it. Raises: Forbidden, UsageError (no hash).
    """
    actor.need(Role.ADMIN, Role.AUDITOR)
    house.journal.catch_up(house.database)
    report = house.journal.verify(house.database)
    findings, printed = list(report.findings), None
    if head is not None:
        wanted = hash_in(head)
        if wanted is None:
            raise UsageError("no_hash")
        printed = next((entry["seq"] for entry in house.journal.entries() if entry["hash"] == wanted), None)
        if printed is None:
            findings.append(Finding("J013", wanted[:8]))
    return {
        "ok": not findings,
        "entries": report.entries,
        "head": report.head,
        "blocks": report.blocks,
        "anchored": report.anchored,
        "unproved": list(report.unproved) if report.unproved else None,
        "stamps": report.stamps,
        "stamped": report.stamped,
        "printed": printed,
        "findings": [
            {"code": finding.code, "where": finding.where, "sentence": finding.sentence()} for finding in findings
        ],
    }


def stamp_journal(house: House) -> None:
    """Have the journal's newest block stamped, where a service is set up. Raises: EnvironmentProblem."""
    if house.stamper is not None:
        house.journal.stamp(house.stamper)


def journal_head(house: House, actor: Actor, target: Path | None = None) -> Json:
    """Sign the journal's head now and say it: number, hash, key, moment. ``target``: a PDF to print and keep elsewhere.

    Raises: Forbidden, UsageError (nothing to sign), StorageFull, OSError.
    """
    actor.need(Role.ADMIN, Role.AUDITOR)
    house.journal.sign(house.database, force=True)
    block = house.journal.last_block()
    if block is None:
        raise UsageError("journal_empty")
    facts: Json = {"seq": block["last"], "hash": block["head"]}
    facts |= {name: block[name] for name in ("key_id", "signed_at")}
    if target is not None:
        lines = {
            text("head.town"): house.settings.municipality or "–",
            text("head.seq"): str(facts["seq"]),
            text("head.hash"): grouped(facts["hash"]),
            text("head.key_id"): facts["key_id"],
            text("head.signed_at"): facts["signed_at"],
        }
        print_head(target, text("head.title"), lines, facts)
    return {**facts, "line": head_line(facts)}


def verify_archive(
    house: House,
    actor: Actor,
    *,
    seconds: float = 0.0,
    share: float = 0.0,
    mb_per_second: float = 0.0,
    mend: bool = False,
    progress: Callable[[int, int, int], None] = lambda _objects, _total, _findings: None,
) -> Json:
    """Read every byte of the archive, and of its second copy, and compare it with inventories and (signed) journal.

    ``seconds`` or ``share`` (0..1 of the objects): only so much, going on where the last such run stopped. ``mend``:
    restore what is damaged or missing from the other copy, where that is what the journal says; each is journalled.
    ``progress``: objects, objects in all, findings. Raises: Forbidden; with ``mend`` UsageError without a copy.
    """
    actor.need(Role.ADMIN, *(() if mend else (Role.AUDITOR,)))
    house.journal.catch_up(house.database)
    copy_on(house)
    expected, noted = _expected(house), Noted(house.journal)
    second = second_store(house)
    if mend:
        if second is None:
            raise UsageError("no_second_copy")
        house.store.initialise()  # the root's own files are known
        second.initialise()
    total = len(expected)
    copied = _copied(house, expected)
    stores = [("", house.store, second), ("copy", second, house.store)]
    answer: Json = {"objects": 0, "bytes": 0, "seconds": 0.0, "complete": True, "repaired": [], "findings": []}
    for name, store, other in stores:
        if store is None:
            continue
        begun = answer["objects"]
        report = verify_store(
            store,
            place=house.settings.home / f"fixity{name}.place" if seconds or share else None,
            pace=Pace(seconds=seconds, mb_per_second=mb_per_second, objects=math.ceil(total * share)),
            expected=expected if store is house.store else copied,
            second=other if mend else None,
            noted=noted if store is house.store or copied else None,
            progress=lambda seen, begun=begun: progress(  # type: ignore[misc]
                begun + seen.objects, total * (1 + (second is not None)), len(answer["findings"]) + seen.findings
            ),
        )
        for field, value in (
            *(("objects", report.objects), ("bytes", report.read_bytes), ("seconds", report.seconds)),
            ("findings", [_told(finding, name) for finding in report.findings]),
            ("repaired", [f"{name}:{path}" if name else path for path in report.repaired]),
        ):
            answer[field] += value
        answer["complete"] = answer["complete"] and report.complete
    told = {finding["where"] for finding in answer["findings"]}
    must = [] if seconds or share else noted.objects()
    vanished = [Finding("A001", urn(kind, id)) for kind, id in must if not house.store.exists(kind, id)]
    answer["findings"] += [_told(finding, "") for finding in vanished if finding.where not in told]
    if not (seconds or share):
        answer["findings"] += [_told(Finding("A013", urn("document", id)), "") for id in without_extract(house)]
    _record_repairs(house, actor, answer["repaired"])
    return {**answer, "ok": not answer["findings"], "copy": second is not None}


def _told(finding: Finding, copy: str) -> Json:
    where = f"{copy}:{finding.where}" if copy else finding.where
    return {"code": finding.code, "where": where, "sentence": Finding(finding.code, where, finding.details).sentence()}


def _expected(house: House) -> list[tuple[str, str]]:
    with house.database.read() as session:
        sources = session.scalars(sa.select(Source.id).where(Source.object_path.is_not(None))).all()
        documents = session.scalars(sa.select(Document.id).where(Document.object_path.is_not(None))).all()
    days = house.journal.closed_days()
    pairs = (("source", sources), ("document", documents), ("journal", days))
    return [(kind, id) for kind, ids in pairs for id in ids]


def _copied(house: House, expected: list[tuple[str, str]]) -> list[tuple[str, str]]:
    """What the copy must have: everything, once it is not behind."""
    state = copy_state(house)
    return expected if state is not None and not state["behind"] else []


def _record_repairs(house: House, actor: Actor, repaired: list[str]) -> None:
    with house.database.write() as session:
        for where in repaired:
            known = parse_folder(where.rpartition("/")[2])
            if known is not None:
                data = {"from": "archive" if where.startswith("copy:") else "copy"}
                record(session, actor, "archive.repair", *known, data=data)


def export(house: House, actor: Actor, id: str, target: Path, *, as_zip: bool) -> Path:
    """The proof package of a Document: original, PDF/A, TransferNote, audit paths, and a stand-alone verifier.

    Of a letter that came in a stack it holds the letter's object with its extract, of the stack the receipt alone.
    Raises: NotFound, UsageError when ``target`` is there already, or it is not (``no_extract``: not anew) archived.
    """
    with house.database.read() as session:
        document = need_document(session, actor, id)
        if document.object_path is None:
            raise UsageError("not_yet_archived", id=id)
        extract = extract_of(house, session, document)
        facts = {
            text("field.entry_no"): document.source.entry_no,
            text("field.received_on"): document.received_on.isoformat(),
            text("field.sender"): document.sender or "–",
            text("field.subject"): document.subject or "–",
        }
        if extract is not None:
            facts[text("proof.extract")] = document.source.sha256
        sources = [source.id for source in own_sources(session, document)]
        receipts = {document.source_id, document.scan.id}
    house.journal.sign(house.database, force=True)
    with house.database.write() as session:
        record(session, actor, "document.export", "document", document.id)
    try:
        proof = export_proof(
            house.store,
            house.journal,
            [("document", document.id), *(("source", source_id) for source_id in sources)],
            target,
            title=document.source.entry_no,
            facts=facts,
            receipts=receipts,
            closed=lambda entry: _closed(house, actor, entry, {document.id, *receipts}),
            as_zip=as_zip,
        )
    except FileExistsError:
        raise UsageError("target_exists", path=str(target)) from None
    return proof.path


def _closed(house: House, actor: Actor, entry: Mapping[str, Any], own: set[str]) -> bool:
    """Whether an entry leaves as its hash alone: readings, what has a person's free words, or names another letter that
    the actor may not read.
    """
    if entry["action"] in READINGS or entry["purpose"]:
        return True
    ids = {one for one in _strings(entry["data"]) if _ID.fullmatch(one)} - own
    if not ids:
        return False
    with house.database.read() as session:
        tokens = held_tokens(session, actor)
        seen = session.scalars(sa.select(Document.id).where(Document.id.in_(ids), readable(tokens))).all()
    return bool(ids - set(seen))


def _strings(data: Any) -> Iterator[str]:
    if isinstance(data, str):
        yield data
    elif isinstance(data, Mapping):
        for name, value in data.items():
            yield name
            yield from _strings(value)
    elif isinstance(data, list):
        for one in data:
            yield from _strings(one)
