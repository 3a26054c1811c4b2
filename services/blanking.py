"""Blank: the pages of an erased letter in the scan that other letters of its stack still need.

The scan's object gets a new original, with empty pages in the place of the erased ones, so that the pages of the others
keep their numbers; the delivered bytes are in no version of it any more. What was delivered is known by its hash alone.
"""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from archive import blanked, write_metadata
from archive.store import Store
from core.durable import make_folders, remove_tree
from core.ids import new_id
from models import SOURCE, SYSTEM, DocumentPage, JournalEntry, Page, Source
from models.chain import lock, noted_digest, record
from models.database import in_parts
from services.copying import carry_over
from services.describing import said_of
from services.house import House
from services.indexing import texts_of
from services.intake import original_file

PAGES = "pages"  # kind of an item of a disposal: pages of a Source that stays
ACTION = "source.erase"


def pages_to_blank(
    house: House, session: Session, documents: Collection[str], sources_gone: Collection[str]
) -> list[dict[str, Any]]:
    """The pages that none but these Documents need, in Sources that stay, with the separator sheets before them."""
    gone = set(documents)
    places = sa.select(Page.source_id, Page.number, DocumentPage.document_id).join(
        DocumentPage, DocumentPage.page_id == Page.id
    )
    sources: set[str] = set()
    for part in in_parts(gone):
        sources |= {row.source_id for row in session.execute(places.where(DocumentPage.document_id.in_(part)))}
    items = []
    for source_id in sorted(id for id in sources - set(sources_gone) if house.store.exists(SOURCE, id)):
        rows = session.execute(places.where(Page.source_id == source_id)).all()
        kept = {row.number for row in rows if row.document_id not in gone}
        letters = sorted({row.document_id for row in rows if row.document_id in gone})
        numbers = {row.number for row in rows if row.document_id in gone} | _separators(session, source_id, letters)
        source = session.get_one(Source, source_id)
        facts = {"sha256": source.sha256, "size": source.size, "object": house.store.digest(SOURCE, source_id)}
        items.append({"kind": PAGES, "id": source_id, "numbers": sorted(numbers - kept), "documents": letters, **facts})
    return items


def _separators(session: Session, source_id: str, documents: Collection[str]) -> set[int]:
    opened = session.scalars(
        sa.select(JournalEntry.data).where(JournalEntry.object_id == source_id, JournalEntry.action == "source.open")
    ).all()
    found = [one for data in opened for one in data["documents"] if one["id"] in documents]
    return {number for one in found for number in one["separators"]}


def forget_facts(session: Session, item: dict[str, Any]) -> None:
    """The rows of the pages say nothing any more (also when it is replayed)."""
    facts: dict[str, Any] = dict.fromkeys(
        ("width", "height", "dpi", "status", "reason", "confidence", "language", "words_sha256")
    )
    facts |= {"orientation": 0, "skew": 0.0, "plan": {}}
    session.execute(
        sa.update(Page).where(Page.source_id == item["id"], Page.number.in_(item["numbers"])).values(**facts)
    )


def blank(house: House, item: dict[str, Any], second: Store | None) -> None:
    """Write the Source's original anew without the pages, here and in the second copy; again, it changes nothing."""
    with house.database.read() as session:
        source = session.get(Source, item["id"])
    if source is None:
        return  # the rest of the stack was destroyed since
    said = said_of(house.store.file(SOURCE, source.id, "metadata.json").read_bytes())
    erased = sorted({*said.get("erased", ()), *item["numbers"]})
    scratch = house.settings.staging / f"in-{new_id()}"
    make_folders(scratch)
    try:
        if erased != said.get("erased"):
            _write(house, source, scratch, {**said, "erased": erased}, _text(house, item["documents"]))
        with house.database.write() as session:
            lock(session)
            digest = house.store.digest(SOURCE, source.id)
            if noted_digest(session, SOURCE, source.id) != digest:
                record(session, SYSTEM, ACTION, SOURCE, source.id, data={"pages": item["numbers"], "object": digest})
    finally:
        remove_tree(scratch)
    if second is not None:
        carry_over(house, second, SOURCE, source.id)


def _write(house: House, source: Source, scratch: Path, said: dict[str, Any], text: str) -> None:
    old = original_file(house, source)
    new = scratch / old.name
    blanked(old, source.media_type or "", said["erased"], text, new)
    said.pop("schema")
    house.store.redact(
        SOURCE,
        source.id,
        f"original/{old.name}",
        message="pages erased",
        user="aktenlotse",
        replacement=new,
        besides={"metadata.json": write_metadata(said)},
    )


def _text(house: House, documents: list[str]) -> str:
    """The words of the letters, while they are there."""
    there = [id for id in documents if house.store.exists("document", id)]
    return "\n".join(text for id in there for text in texts_of(house, id))
