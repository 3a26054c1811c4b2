"""Open: a Source becomes Documents. One Source can hold several letters, parted by separator sheets."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from core.clock import now
from core.errors import LetterError
from ingest.formats import TEXT
from ingest.split import Part, find_parts
from models import SYSTEM, Document, DocumentPage, Page, Source, State, Step
from models.chain import record
from services.house import House
from services.intake import original_file
from services.tickets import ticket_keys


def open_source(house: House, source_id: str) -> None:
    """Make the Pages and Documents of a Source. A second run finds them made. Raises: LetterError."""
    with house.database.read() as session:
        source = session.get_one(Source, source_id)
        if source.state != State.WORKING:
            return
        path, media_type = original_file(house, source), source.media_type or ""
    with house.guarded.open_pages(path, media_type) as pages:
        count = pages.count
        parts = find_parts(pages, ticket_keys(house)) if media_type != TEXT else (Part(tuple(range(1, count + 1))),)
    if not any(part.pages for part in parts):
        raise LetterError("only_separators")
    _make_documents(house, source_id, count, parts)


def _hints(part: Part) -> dict[str, Any]:
    """What the part's job ticket and labels say, as far as they say it."""
    said = {"batch": part.batch_hint, "unit": part.unit_hint, "efile": part.efile_hint, "asn": part.asn}
    return {name: value for name, value in said.items() if value is not None}


def _make_documents(house: House, source_id: str, count: int, found: tuple[Part, ...]) -> None:
    parts = [part for part in found if part.pages]
    idle = [part for part in found if not part.pages]  # tickets without pages: told at the Source
    with house.database.write() as session:
        source = session.get_one(Source, source_id)
        if source.state != State.WORKING:
            return
        if not session.scalar(sa.select(sa.func.count(Page.id)).where(Page.source_id == source_id)):
            session.add_all(Page(source_id=source_id, number=number) for number in range(1, count + 1))
            session.flush()
        pages = {page.number: page for page in source.pages}
        for number, part in enumerate(parts, start=1):
            document = Document(
                id=f"{source_id}-{number}",
                source_id=source_id,
                part=number,
                state=State.WORKING,
                step=Step.READ,
                attempt=source.attempt,
                hints=_hints(part),
                received_on=source.received_on,
                received_at=source.received_at,
                confidentiality=source.confidentiality,
                warnings=[*source.warnings, *part.warnings],
                timings={},
                updated_at=now(),
            )
            session.add(document)
            session.add_all(
                DocumentPage(document_id=document.id, position=position, page_id=pages[page].id)
                for position, page in enumerate(part.pages, start=1)
            )
        source.state, source.updated_at = State.OPENED, now()
        source.reason, source.reason_details = None, {}  # of tries that failed
        source.warnings = [*source.warnings, *(warning for part in idle for warning in part.warnings)]
        record(
            session,
            SYSTEM,
            "source.open",
            "source",
            source_id,
            data={
                "pages": count,
                "idle_separators": [page for part in idle for page in part.separator_pages],
                "warnings": source.warnings,
                "documents": [
                    {
                        "id": f"{source_id}-{number}",
                        "pages": list(part.pages),
                        "separators": list(part.separator_pages),
                        "warnings": list(part.warnings),
                        "hints": _hints(part),
                    }
                    for number, part in enumerate(parts, start=1)
                ],
            },
        )
