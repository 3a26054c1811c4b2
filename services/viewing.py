"""A letter as a person looks at it: facts, pages, marked words, precedents, pictures, downloads.

Looking at a letter is one reading in the journal; its page pictures belong to it for ten minutes.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from core.errors import NotFound, UsageError
from models import Actor, Document, EFile, OrgUnit, Permission, RoutingRule, Source, State
from models.access import document_tokens, held_tokens
from models.chain import record
from services.evidence import phrases_at
from services.finding import Alike, similar, unknown_words
from services.house import House
from services.indexing import texts_of, words_of
from services.marking import Area, Marks, mark, mark_places
from services.originals import Download, extract_of, may_have_all, original_of, own_sources, source_download
from services.picturing import picture_of
from services.view import Json, document_json, find_document, need_document, source_json

BELONGS_SECONDS = 600


@dataclass(frozen=True, slots=True)
class PageView:
    """One page. ``text`` is parted into (piece, is it a hit); ``areas`` are percent of the upright page."""

    position: int
    status: str | None
    left_out: bool
    width: int  # of the upright page, pixels; 0: unknown
    height: int
    text: tuple[tuple[str, bool], ...]
    areas: tuple[Area, ...]


@dataclass(frozen=True, slots=True)
class Precedent:
    """An earlier letter like this one, which the viewer may read."""

    id: str
    entry_no: str
    subject: str
    unit: str | None


@dataclass(frozen=True, slots=True)
class LetterView:
    """Everything that the page of a letter shows."""

    facts: Json
    unit_names: Mapping[str, str]
    pages: tuple[PageView, ...] = ()
    precedents: tuple[Precedent, ...] = ()
    reasons: tuple[Mapping[str, Any], ...] = ()
    alike: tuple[Alike, ...] = ()
    may_work: bool = False
    in_tray: bool = False
    original: str = ""  # what is downloaded as such: whole | part | reseal (archived before there were extracts)
    stack_kept: bool = False  # all of the Source may be downloaded too
    marked: str = ""  # what is marked on the pages, where a Route has words to show: query | reasons


class Readings:
    """Which letters were looked at lately and by whom, so that a page picture is no reading of its own.

    Kept in this process only: elsewhere, or later, the picture is journaled as a reading.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic, most: int = 10_000) -> None:
        self._clock, self._most = clock, most
        self._seen: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def note(self, actor: Actor, document_id: str) -> None:
        """``actor`` looks at the letter, and it was journaled."""
        with self._lock:
            self._seen[actor.name, document_id] = self._clock()
            self._seen.move_to_end((actor.name, document_id))
            while len(self._seen) > self._most:
                self._seen.popitem(last=False)

    def belongs(self, actor: Actor, document_id: str) -> bool:
        """Whether a picture belongs to a reading that was journaled."""
        with self._lock:
            seen = self._seen.get((actor.name, document_id))
        return seen is not None and self._clock() - seen < BELONGS_SECONDS


def look_at(house: House, actor: Actor, id: str, readings: Readings, *, query: str = "") -> LetterView:
    """A letter with its pages, ``query`` marked. Raises: NotFound (unknown, or not to be seen)."""
    unknown = unknown_words(house, actor, query)
    with house.database.read() as session:
        found = find_document(session, actor, id)
        names = {unit.code: unit.name for unit in session.scalars(sa.select(OrgUnit))}
        if isinstance(found, Source):
            facts = {**source_json(found), "details": found.reason_details}
            return LetterView(facts, unit_names=names, original=_kept(house, session, actor, found)[0])
        original, stack_kept = _kept(house, session, actor, found)
        route = found.route
        reasons = [dict(reason) for reason in route.reasons] if route else []
        texts = texts_of(house, found.id) if found.object_path is not None else []
        places = [place for reason in reasons for place in reason.get("at", ())]
        view = LetterView(
            facts={**document_json(session, found, held_tokens(session, actor)), "details": found.reason_details},
            precedents=_precedents(session, actor, reasons),
            reasons=tuple(spelled_out(session, reason, texts) for reason in reasons if reason["code"] != "similar"),
            unit_names=names,
            may_work=bool(held_tokens(session, actor, Permission.WORK) & document_tokens(found))
            and found.state in (State.CLARIFY, State.FILED),
            in_tray=found.state == State.FILED and found.worked_at is None,
            original=original,
            stack_kept=stack_kept,
            pages=_pages(house, found, query, places, unknown),
            marked="" if not places else "query" if query.strip() else "reasons",
        )
    _note(house, actor, found.id, {"text": True})
    readings.note(actor, found.id)
    known = {one.id for one in view.precedents}
    return replace(view, alike=tuple(one for one in similar(house, actor, found.id) if one.id not in known))


def page_picture(
    house: House, actor: Actor, id: str, readings: Readings, *, position: int, dpi: int, known: str | None
) -> tuple[str, bytes | None]:
    """A page as JPEG, with a tag that changes when the picture does; no bytes when ``known`` is that tag.

    Raises: NotFound (unknown, not to be seen, or no PDF/A), ProgramMissing, ProgramFailed.
    """
    with house.database.read() as session:
        document = need_document(session, actor, id)
        if document.pdf_path is None:
            raise NotFound(id=id)
        pdf = house.settings.archive / document.pdf_path
    if not readings.belongs(actor, document.id):
        _note(house, actor, document.id, {"page": position})
        readings.note(actor, document.id)
    tag = f'"{document.id}-{len(document.pdf_path)}-{pdf.stat().st_mtime_ns:x}-{position}-{dpi}"'
    return tag, None if tag == known else picture_of(pdf, position, dpi)


def pdf_download(house: House, actor: Actor, id: str) -> Download:
    """The current PDF/A. Raises: NotFound (unknown, not to be seen, or there is none), UsageError (``no_extract``)."""
    with house.database.read() as session:
        document = need_document(session, actor, id)
        if document.pdf_path is None:
            raise NotFound(id=id)
        extract_of(house, session, document)  # a PDF/A of before may hold pages of the letters beside it
        name = f"{document.source.entry_no}-{document.part}.pdf"
        path = house.settings.archive / document.pdf_path
    _note(house, actor, document.id, {"download": "pdf"})
    return Download(path, name, "application/pdf")


def original_download(house: House, actor: Actor, id: str) -> Download:
    """The original of a letter; by a Source's own id all of its bytes, also from quarantine.

    Raises: NotFound (unknown, or not to be seen), UsageError (``no_extract``).
    """
    with house.database.read() as session:
        source = session.get(Source, id.strip())
        found = find_document(session, actor, id) if source is None else source
        if isinstance(found, Document):
            download, kind = original_of(house, session, found), "document"
        else:
            if not may_have_all(session, held_tokens(session, actor), found):
                raise NotFound(id=id)
            whole, kind = source_download(house, found), "source"
            if whole is None:
                raise NotFound(id=id)
            download = whole
    _note(house, actor, found.id, {"download": "original"}, kind)
    return download


def _kept(house: House, session: Session, actor: Actor, found: Document | Source) -> tuple[str, bool]:
    """What can be downloaded as the original (``whole``, ``part``, ``reseal``, "": nothing), and all of a stack too?"""
    source = found if isinstance(found, Source) else found.source
    there = source_download(house, source) is not None
    if isinstance(found, Source) or own_sources(session, found):
        return "whole" if there else "", False
    try:
        part = "part" if extract_of(house, session, found) is not None else ""
    except UsageError:
        part = "reseal"
    return part, there and may_have_all(session, held_tokens(session, actor), source)


def _note(house: House, actor: Actor, id: str, data: Mapping[str, object], kind: str = "document") -> None:
    with house.database.write() as session:
        record(session, actor, f"{kind}.read", kind, id, data=data)


def _precedents(session: Session, actor: Actor, reasons: list[dict[str, Any]]) -> tuple[Precedent, ...]:
    found = []
    for reason in reasons:
        if reason["code"] != "similar":
            continue
        try:
            document = need_document(session, actor, str(reason["document"]))
        except NotFound:
            continue
        found.append(
            Precedent(
                document.id,
                document.source.entry_no,
                document.subject or document.source.name,
                document.unit.code if document.unit else None,
            )
        )
    return tuple(found)


def spelled_out(session: Session, reason: dict[str, Any], texts: list[str]) -> dict[str, Any]:
    """Ids of files, units and rules as the words that people know, and places as the letter's words."""
    if reason["code"] == "words":
        reason["words"] = ", ".join(f"„{phrase}“" for phrase in phrases_at(reason["at"], texts)) or "–"
    if "efile" in reason:
        efile = session.get(EFile, reason["efile"])
        reason["efile"] = efile.reference if efile else "–"
    if "unit" in reason:
        unit = session.get(OrgUnit, reason["unit"])
        reason["unit"] = f"{unit.code} {unit.name}" if unit else "–"
    if "rule" in reason:
        rule = session.get(RoutingRule, reason["rule"])
        reason["field"] = rule.field if rule else "–"
    return reason


def _pages(
    house: House, document: Document, query: str, places: list[list[int]], unknown: frozenset[str]
) -> tuple[PageView, ...]:
    if document.object_path is None:
        return ()
    marks = _marks(house, document.id, query, places, unknown)
    nothing = Marks((), ())
    views = []
    for place, entry in enumerate(document.pages):
        page = entry.page
        across = page.orientation % 180 == 90
        width, height = page.width or 0, page.height or 0
        found = marks[place] if place < len(marks) else nothing
        views.append(
            PageView(
                position=entry.position,
                status=page.status,
                left_out=entry.left_out,
                width=height if across else width,
                height=width if across else height,
                text=found.text,
                areas=found.areas,
            )
        )
    return tuple(views)


def _marks(house: House, document_id: str, query: str, places: list[list[int]], unknown: frozenset[str]) -> list[Marks]:
    """What is marked: the hits of a query, else the words that decided."""
    if query.strip():
        return mark(query, words_of(house, document_id), unknown)
    if places:
        return mark_places(places, words_of(house, document_id))
    return [Marks(((text, False),), ()) for text in texts_of(house, document_id)]
