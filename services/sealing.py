"""Seal: the Document's PDF/A, with the validator's verdict beside it.

A letter that came in a stack is sealed from its extract, which is its original and is kept beside the PDF/A; neither is
accepted before it was compared with the other letters of the stack.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from archive import PageLayer, SealJob, check_apart, extract_apart, seal_apart
from archive import Word as SealWord
from core.clock import now
from core.durable import write_whole
from core.hashing import sha256_file
from ingest.words import PageReading
from models import Document, Step
from services.house import House
from services.intake import original_file
from services.reading import page_texts, readings_of

SECONDS, SECONDS_A_PAGE = 60, 5  # after which a letter has no PDF/A
PDF, VERDICT = "document.pdf", "sealed.json"
EXTRACTS = ("extract.pdf", "extract.tif")


def seal_document(house: House, document_id: str) -> None:
    """Make the PDF/A in the work folder. Where none can be made, the verdict says so and the original is the record."""
    seal_pages(house, document_id)
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        verdict = verdict_of(house, document_id)
        document.flavour, document.valid = verdict["flavour"], verdict["valid"]
        document.warnings = list(dict.fromkeys([*document.warnings, *verdict["warnings"]]))
        document.step, document.updated_at = Step.FILE, now()


def seal_pages(house: House, document_id: str) -> None:
    """Make the files in the work folder, where they are not there yet. Raises: ForeignContent."""
    folder = house.work_folder(document_id)
    if not (folder / VERDICT).is_file():
        _seal(house, document_id, folder)


def verdict_of(house: House, document_id: str) -> dict[str, Any]:
    """The stored result of sealing."""
    verdict: dict[str, Any] = json.loads((house.work_folder(document_id) / VERDICT).read_bytes())
    return verdict


def _seal(house: House, document_id: str, folder: Path) -> None:
    readings = readings_of(house, document_id)
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        source, pages = document.scan, [entry.page.number for entry in document.pages]
        whole, stack = len(pages) == len(source.pages), len(source.pages)
        title = f"{document.source.entry_no}"
    original, media_type, warnings = original_file(house, source), source.media_type or "", frozenset[str]()
    said, seconds = "\n".join(page_texts(readings)), SECONDS + SECONDS_A_PAGE * len(readings)
    patience = SECONDS + SECONDS_A_PAGE * stack
    part = None if whole else extract_apart(house.kept, original, media_type, pages, said, folder, seconds=patience)
    if part is not None:
        original, media_type, warnings = part.path, part.media_type, part.warnings
    job = SealJob(original, media_type, tuple(_layer(page) for page in readings), title, house.settings.languages)
    sealed = seal_apart(house.kept, job, house.validator, folder, seconds)
    if sealed.pdf is not None and sealed.pdf.parent == folder:
        sealed.pdf.replace(folder / PDF)
    elif sealed.pdf is not None:
        shutil.copyfile(sealed.pdf, folder / PDF)  # kept as delivered: the archived original stays where it is
    if part is not None:
        files = [part.path, *([folder / PDF] if sealed.pdf is not None else [])]
        whole_stack = original_file(house, source)
        check_apart(house.kept, whole_stack, source.media_type or "", pages, said, files, seconds=patience)
    verdict = {
        "extract": {"name": part.path.name, "sha256": sha256_file(part.path)} if part is not None else None,
        "pdf": sealed.pdf is not None,
        "rung": sealed.rung,
        "flavour": sealed.flavour,
        "valid": sealed.valid,
        "verdict": sealed.verdict,
        "gate": sealed.gate,
        "warnings": sorted({*sealed.warnings, *warnings}),
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
