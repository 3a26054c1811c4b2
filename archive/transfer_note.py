"""The TransferNote (Transfervermerk) that BSI TR-03138 RESISCAN asks for, made with each scanned Document."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

SCHEMA = "aktenlotse-transfer-note-1"


def make(
    *,
    document_id: str,
    entry_no: str,
    source_sha256: str,
    operator: str | None,
    device: str | None,
    profile: str | None,
    box: str | None,
    received_at: str,
    pages_found: int,
    pages_counted: int | None,
    processing: Sequence[Mapping[str, Any]],
    anomalies: Sequence[str],
    software: Mapping[str, Any],
) -> dict[str, Any]:
    """The note as JSON. Without a named operator it is incomplete, and the paper is never free to destroy.

    Source: BSI TR-03138 (RESISCAN) 1.4, A.SC.M.2 and A.NB.4 (contents of the transfer note).
    """
    return {
        "schema": SCHEMA,
        "document": document_id,
        "entry_no": entry_no,
        "source_sha256": source_sha256,
        "operator": operator,
        "device": device,
        "profile": profile,
        "box": box,
        "scanned_at": received_at,
        "pages_found": pages_found,
        "pages_counted": pages_counted,
        "processing": list(processing),
        "anomalies": list(anomalies),
        "software": dict(software),
        "complete": operator is not None,
        "quality_check": None,
        "free_to_destroy": False,
    }
