"""Read: the pages of a Document become text, words with boxes, and what the letter says about itself."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future
from itertools import islice
from pathlib import Path

import sqlalchemy as sa

from core.clock import now
from core.durable import write_whole
from core.hashing import canonical_json, sha256_bytes
from ingest import hocr
from ingest.letter import LetterFacts, read_letter
from ingest.pages import PageSource
from ingest.reading import read_page
from ingest.words import PageReading, mean_confidence
from models import OF_NOW, Confidentiality, Document, DocumentPage, Page, PageStatus
from services.house import House
from services.intake import original_file

WORDS = "words.hocr.gz"
SEAL_MARKS = ("persönlich", "vertraulich")


def read_document(house: House, document_id: str) -> None:
    """Read the pages and note their facts. Raises: ProgramMissing, StorageFull."""
    readings = readings_of(house, document_id)
    written = [page for page in readings if page.status != PageStatus.BLANK]
    facts = read_letter(written, town=house.settings.municipality or None)
    lines = tuple(line for page in readings for line in page.lines)
    with house.database.write() as session:
        document = session.get_one(Document, document_id)
        by_number = {entry.page.number: entry for entry in document.pages}
        for reading in readings:
            entry = by_number[reading.number]
            _note_page(entry.page, reading)
            # a blank back is left out of view, and can be brought back; page 1 never is
            entry.left_out = reading.status == PageStatus.BLANK and entry.position > 1
        document.sender = facts.sender
        document.subject = facts.subject
        document.letter_date = facts.letter_date
        document.file_reference = next(iter(facts.own_references), None)
        document.foreign_reference = next(iter(facts.foreign_references), None)
        document.doctype = facts.doctype
        document.language = next((page.language for page in readings if page.language), house.settings.languages)
        document.confidence = round(mean_confidence(lines), 4) if lines else None
        document.warnings = _warnings(document.warnings, readings, facts)
        if is_sealed(readings, facts):
            document.confidentiality = Confidentiality.CONFIDENTIAL
        document.updated_at = now()


def readings_of(house: House, document_id: str) -> tuple[PageReading, ...]:
    """The readings of a Document's pages: those of an earlier run, or made now."""
    stored = house.work_folder(document_id) / WORDS
    if stored.is_file():
        return hocr.read(stored.read_bytes())
    with house.database.read() as session:
        document = session.get_one(Document, document_id)
        numbers = [entry.page.number for entry in document.pages]
        path, media_type = original_file(house, document.scan), document.scan.media_type or ""
    with house.guarded.open_pages(path, media_type) as source:
        read = []
        for reading in _read_in_parallel(house, source, numbers, stored.parent):
            _note_progress(house, document_id, reading)
            read.append(reading)
    readings = tuple(read)
    write_whole(stored, hocr.write(readings), sync=False)
    return readings


def _read_in_parallel(house: House, source: PageSource, numbers: list[int], scratch: Path) -> Iterator[PageReading]:
    """Pages in order, as many in work as there are cores, so that a long file does not starve the others."""
    tesseract = house.tesseract

    def start(number: int) -> Future[PageReading]:
        return house.page_pool.submit(read_page, source, number, tesseract, scratch)

    waiting = iter(numbers)
    running = [start(number) for number in islice(waiting, house.settings.workers)]
    while running:
        yield running.pop(0).result()
        running += [start(number) for number in islice(waiting, 1)]


def _note_progress(house: House, document_id: str, reading: PageReading) -> None:
    """Plan and reason, for which hOCR has no words, go to the page's row at once; so people see how far it is."""
    with house.database.write() as session:
        page = session.scalars(
            sa.select(Page)
            .join(DocumentPage, DocumentPage.page_id == Page.id)
            .join(Document, OF_NOW)
            .where(Document.id == document_id, Page.number == reading.number)
        ).one()
        page.plan, page.reason, page.confidence = reading.plan, reading.reason, reading.confidence
        page.status = reading.status


def _note_page(page: Page, reading: PageReading) -> None:
    page.width, page.height, page.dpi = reading.width, reading.height, reading.dpi
    page.status = reading.status
    page.orientation, page.skew = reading.orientation, reading.skew
    page.language = reading.language
    page.words_sha256 = sha256_bytes(canonical_json([[word.text, word.box] for line in reading.lines for word in line]))


def _warnings(known: list[str], readings: tuple[PageReading, ...], facts: LetterFacts) -> list[str]:
    found = list(known)
    if any(page.status == PageStatus.UNREADABLE for page in readings):
        found.append("page_unreadable")
    if any(page.status == PageStatus.LOW_CONFIDENCE for page in readings):
        found.append("page_low_confidence")
    if all(page.status in (PageStatus.BLANK, PageStatus.UNREADABLE) for page in readings):
        found.append("nothing_read")
    return list(dict.fromkeys([*found, *facts.warnings]))


def is_sealed(readings: tuple[PageReading, ...], facts: LetterFacts) -> bool:
    """Whether the envelope's words stand above the address: "persönlich" or "vertraulich" (DIN 5008, 7.2)."""
    head = [" ".join(word.text for word in line).lower() for line in readings[0].lines[:14]] if readings else []
    marks = [*head, *(line.lower() for line in facts.recipient_lines)]
    return any(mark in line and len(line) < 60 for line in marks for mark in SEAL_MARKS)


def page_texts(readings: tuple[PageReading, ...]) -> list[str]:
    """The text of each page."""
    return [page.text for page in readings]
