"""Originals: what is handed out as the delivered bytes, and to whom (promise 7 holds for bytes too).

The original of a letter is the Source as delivered where the letter is all of it, else the extract of its pages. A
Source that holds several letters is handed out by its own id alone, to those who may read each letter of it.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import NotFound, UsageError
from models import Document, DocumentPage, JournalEntry, Page, Source
from models.access import EVERYTHING, document_tokens
from services.house import House
from services.intake import original_file

_SAFE_TYPES = {
    "application/pdf": (".pdf",),
    "image/jpeg": (".jpg", ".jpeg"),
    "image/png": (".png",),
    "image/tiff": (".tif", ".tiff"),
}
OTHER = "application/octet-stream"


@dataclass(frozen=True, slots=True)
class Download:
    """A file to be handed out, and under which name."""

    path: Path
    name: str
    media_type: str


def own_sources(session: Session, document: Document) -> list[Source]:
    """The Sources, of its arrival and of its last rescan, that hold this letter and nothing else."""
    both = {source.id: source for source in (document.source, document.scan)}
    return [source for source in both.values() if _holds_all(session, document, source)]


def original_of(house: House, session: Session, document: Document) -> Download:
    """The original of one letter. Raises: NotFound (there is none), UsageError (``no_extract``: archived before)."""
    for source in own_sources(session, document):
        whole = source_download(house, source)
        if whole is not None:
            return whole
    extract = extract_of(house, session, document)
    if extract is None:
        raise NotFound(id=document.id)
    source = document.source
    name = f"{source.entry_no}-{document.part}-auszug-aus-{source.sha256[:8]}{extract.suffix}"
    return Download(extract, name, _media_type(extract.suffix))


def extract_of(house: House, session: Session, document: Document) -> Path | None:
    """The extract of a letter that is only a part of its Sources; None: it needs none, or is not archived yet.

    Raises: UsageError (``no_extract``: it was archived before there were extracts, and its PDF/A may hold more).
    """
    if document.object_path is None or own_sources(session, document):
        return None
    names = [name for name in house.store.names("document", document.id) if name.startswith("extract.")]
    if not names:
        raise UsageError("no_extract", id=document.id)
    return house.store.file("document", document.id, names[0])


def source_download(house: House, source: Source) -> Download | None:
    """All bytes of a Source, also from quarantine; None: they are gone."""
    if source.object_path is not None:
        path = original_file(house, source)
    elif source.quarantine_path is not None:
        path = house.settings.quarantine / source.quarantine_path
        if not path.is_file():
            return None
    else:
        return None
    return Download(path, source.name, (source.media_type or "") if source.media_type in _SAFE_TYPES else OTHER)


def may_have_all(session: Session, tokens: Collection[str], source: Source) -> bool:
    """Whether the holder of ``tokens`` may have all bytes of a Source: who may read each of its letters.

    Separator sheets and pages that belong to no letter go with the rest. Of a Source without letters (quarantined, on
    its way): who looks after the intake. Where a letter was erased: nobody, for what was delivered is no more.
    """
    documents = session.scalars(
        sa.select(Document).where(
            sa.or_(
                Document.source_id == source.id,
                Document.id.in_(
                    sa.select(DocumentPage.document_id)
                    .join(Page, Page.id == DocumentPage.page_id)
                    .where(Page.source_id == source.id)
                ),
            )
        )
    ).all()
    held, there = set(tokens), {document.id for document in documents}
    if any(id not in there for id, _ in _opened(session, source)[0]):
        return False
    if not documents:
        return bool(held & {"intake", EVERYTHING})
    return all(held & document_tokens(document) for document in documents)


def _holds_all(session: Session, document: Document, source: Source) -> bool:
    """Whether a Source holds a letter's pages and its own separator sheets, and nothing else."""
    if source.id == document.scan.id and len(document.pages) == len(source.pages):
        return True
    parts, pages = _opened(session, source)
    return len(parts) == 1 and parts[0][1] == pages


def _opened(session: Session, source: Source) -> tuple[list[tuple[str, int]], int]:
    """The letters that came of a Source with the number of their pages and sheets, and of its pages, by the journal."""
    data = session.scalar(
        sa.select(JournalEntry.data)
        .where(JournalEntry.object_id == source.id, JournalEntry.action == "source.open")
        .order_by(JournalEntry.seq.desc())
        .limit(1)
    )
    if data is None:
        return [], 0
    return [(one["id"], len(one["pages"]) + len(one["separators"])) for one in data["documents"]], data["pages"]


def _media_type(suffix: str) -> str:
    return next((kind for kind, suffixes in _SAFE_TYPES.items() if suffix in suffixes), OTHER)
