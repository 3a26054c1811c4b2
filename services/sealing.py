"""Seal: the Document's PDF/A, with the validator's verdict beside it."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from archive import PageLayer, SealJob, seal_apart
from archive import Word as SealWord
from core.clock import now
from core.durable import write_whole
from ingest.words import PageReading
from models import Document, Step
from services.house import House
from services.intake import original_file
from services.reading import readings_of

SECONDS, SECONDS_A_PAGE = 60, 5  # after which a letter has no PDF/A
PDF, VERDICT = "document.pdf", "verdict.json"


def seal_document(house: House, document_id: str) -> None:
    """Make the PDF/A in the work folder. Where none can be made, the verdict says so and the original is the record."""
    folder = house.work_folder(document_id)
    if not (folder / VERDICT).is_file():
        _seal(house, document_id, folder)
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        verdict = verdict_of(house, document_id)
        document.flavour, document.valid = verdict["flavour"], verdict["valid"]
        document.warnings = list(dict.fromkeys([*document.warnings, *verdict["warnings"]]))
        document.step, document.updated_at = Step.FILE, now()


def verdict_of(house: House, document_id: str) -> dict[str, Any]:
    """The stored result of sealing."""
    verdict: dict[str, Any] = json.loads((house.work_folder(document_id) / VERDICT).read_bytes())
    return verdict


def _seal(house: House, document_id: str, folder: Path) -> None:
    readings = readings_of(house, document_id)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        source = document.scan
        whole = len(document.pages) == len(source.pages)
        job = SealJob(
            original=original_file(house, source),
            media_type=source.media_type or "",
            layers=tuple(_layer(page) for page in readings),
            title=f"{document.source.entry_no}",
            language=house.settings.languages,
            pages=None if whole else tuple(entry.page.number for entry in document.pages),
        )
    seconds = SECONDS + SECONDS_A_PAGE * len(readings)
    sealed = seal_apart(house.kept, job, house.validator, folder, seconds)
    if sealed.pdf is not None and sealed.pdf.parent == folder:
        sealed.pdf.replace(folder / PDF)
    elif sealed.pdf is not None:
        shutil.copyfile(sealed.pdf, folder / PDF)  # kept as delivered: the archived original stays where it is
    verdict = {
        "pdf": sealed.pdf is not None,
        "rung": sealed.rung,
        "flavour": sealed.flavour,
        "valid": sealed.valid,
        "verdict": sealed.verdict,
        "gate": sealed.gate,
        "warnings": list(sealed.warnings),
    }
    write_whole(folder / VERDICT, json.dumps(verdict).encode(), sync=False)


def _layer(page: PageReading) -> PageLayer:
    return PageLayer(
        width=page.width,
        height=page.height,
        orientation=page.orientation,
        skew=page.skew,
        lines=tuple(tuple(SealWord(word.text, word.box) for word in line) for line in page.lines),
        dpi=page.dpi,
        own_text=page.own_text,
    )
