"""The TransferNote (Transfervermerk) of BSI TR-03138 RESISCAN: how a sheet of paper became a file, and
who says so.

What TR-03138 asks for (A.DA, "Transfervermerk"): who made the scan, on what, with which software and
settings, when, how many pages, what was done to the images, what was conspicuous, the result of the
quality check, and the statement that image and paper agree. What is missing is named; a note with gaps is
"unvollständig" and never frees the paper.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from core.clock import stamp
from core.hashing import canonical_json, sha256_bytes

SCHEMA = "aktenlotse/transfer-note/1"
_NEEDED = ("operator", "device", "profile")


@dataclass(frozen=True, slots=True)
class QualityCheck:
    """The result of a person's comparison with the paper. ``chosen_by``: seed and rate of the sample."""

    by: str
    at: datetime
    passed: bool
    chosen_by: str = ""
    remarks: str = ""


@dataclass(frozen=True, slots=True)
class ScanRecord:
    """What is known of a scan."""

    document_id: str
    source_id: str
    source_sha256: str
    operator: str | None
    device: str | None
    profile: str | None
    scanned_at: datetime
    sheets_counted: int | None  # by the person or the scanner
    pages_found: int
    software: Mapping[str, str]  # name to version
    image_processing: tuple[str, ...] = ()  # codes; empty: images as delivered
    anomalies: tuple[str, ...] = ()  # codes
    box: str | None = None
    quality: QualityCheck | None = None
    settled: tuple[str, ...] = ()  # anomalies that the person looked into and found harmless
    agreement: str = ""  # the statement's words, as the person confirmed them
    extra: Mapping[str, Any] = field(default_factory=dict)


def transfer_note(record: ScanRecord) -> dict[str, Any]:
    """The note as JSON, with the names of what is missing and its own hash."""
    facts = asdict(record)
    missing = [name for name in _NEEDED if not facts[name]]
    if record.quality is None or not record.quality.passed:
        missing.append("quality")
    if not record.agreement:
        missing.append("agreement")
    anomalies = list(record.anomalies)
    if record.sheets_counted is not None and not _pages_agree(record.sheets_counted, record.pages_found):
        anomalies = list(dict.fromkeys([*anomalies, "pages_differ"]))
    quality = None
    if record.quality is not None:
        quality = {**asdict(record.quality), "at": stamp(record.quality.at)}
    made = not [name for name in missing if name in _NEEDED]
    note = {
        **facts,
        "schema": SCHEMA,
        "scanned_at": stamp(record.scanned_at),
        "software": dict(record.software),
        "image_processing": list(record.image_processing),
        "anomalies": anomalies,
        "settled": list(record.settled),
        "quality": quality,
        "extra": dict(record.extra),
        "complete": made,
        "missing": missing,
        "paper_free": not missing and not set(anomalies) - set(record.settled),
    }
    return {**note, "sha256": sha256_bytes(canonical_json(note))}


def with_quality(
    note: Mapping[str, Any], quality: QualityCheck | None, agreement: str, settled: Iterable[str] = ()
) -> dict[str, Any]:
    """The same scan's note with another result of the comparison; the same result gives the same note."""
    facts = {name.name: note[name.name] for name in fields(ScanRecord)}
    record = ScanRecord(**{**facts, "scanned_at": datetime.fromisoformat(note["scanned_at"]), "quality": None})
    return transfer_note(replace(record, quality=quality, agreement=agreement, settled=tuple(settled)))


def is_untouched(note: Mapping[str, Any]) -> bool:
    """Whether a note has the hash that it states."""
    rest = {name: value for name, value in note.items() if name != "sha256"}
    return note.get("sha256") == sha256_bytes(canonical_json(rest))


def _pages_agree(sheets: int, pages: int) -> bool:
    """One or two pages a sheet."""
    return sheets <= pages <= 2 * sheets
