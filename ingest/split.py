"""Splitting a stack: separator sheets (patch codes, job tickets) part documents, serial numbers are noted.

Every page of the source is in exactly one part, or is one of its separator pages. What a ticket says holds
for the part behind it alone. A code steers only when this town issued it (``ingest/tickets.py``): anybody can print
one. A page with a code of somebody else is a page like any other, and its part says so. A page that bears a code of
ours and a letter's worth of print is no separator sheet: it stays a page of a new part, its ticket is not obeyed.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

import cv2
import numpy as np
import zxingcpp

from core.errors import LetterError, ProgramFailed
from ingest.look import look
from ingest.pages import DeliveredPage, Grey, PageSource
from ingest.separators import JobTicket, is_patch
from ingest.tickets import TicketKeys

SEARCH_DPI = 150  # enough for a sheet's codes and most labels
MARKS_DPI = 75
SHEET_MARKS = 260  # letters and words of print beside the codes that a sheet may have; a letter has more
SHEET_WORDS = 60  # the same for a page that comes with its own text
PAGE_COUNT_DIFFERS = "page_count_differs"
DOCUMENT_COUNT_DIFFERS = "document_count_differs"
TICKET_WITHOUT_PAGES = "ticket_without_pages"
SEPARATOR_NOT_OURS = "separator_not_ours"
SEPARATOR_ON_LETTER = "separator_on_letter"
SEVERAL_ASN = "several_asn"
ASN_ON_LATER_PAGE = "asn_on_later_page"
_FORMATS = zxingcpp.BarcodeFormats(
    [zxingcpp.BarcodeFormat.QRCode, zxingcpp.BarcodeFormat.Code39Std, zxingcpp.BarcodeFormat.Code128]
)
_ASN = re.compile(r"^ASN[ -]?(\d{1,10})$")
_TICKET = re.compile(r"^AL\d;")
_OWN_TICKET = re.compile(r"\bAL\d;\S*")
_OWN_PATCH = re.compile(r"(?<!\S)\*?PATCH ?(?:T|II)\*?(?!\S)")


@dataclass(frozen=True, slots=True)
class Part:
    """The pages of one document (1-based), and what its sheet says. ``asn``: archive serial number."""

    pages: tuple[int, ...]
    separator_pages: tuple[int, ...] = ()
    batch_hint: str | None = None
    unit_hint: str | None = None
    efile_hint: str | None = None
    asn: int | None = None
    warnings: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Codes:
    """What the codes of a page say. ``sheet``: the page is a separator and nothing else; ``foreign``: it bears a
    separator code that is not obeyed."""

    separates: bool = False
    ticket: JobTicket | None = None
    foreign: bool = False
    asns: tuple[int, ...] = ()
    sheet: bool = False


@dataclass(slots=True)
class _Open:
    """The part that is being filled."""

    separators: list[int] = field(default_factory=list)
    pages: list[int] = field(default_factory=list)
    ticket: JobTicket | None = None
    asn: int | None = None
    warnings: list[str] = field(default_factory=list)

    def warn(self, code: str) -> None:
        if code not in self.warnings:
            self.warnings.append(code)

    def closed(self) -> Part:
        ticket = self.ticket or JobTicket()
        if ticket.pages is not None and ticket.pages != len(self.pages):
            self.warn(PAGE_COUNT_DIFFERS)
        return Part(
            tuple(self.pages),
            tuple(self.separators),
            ticket.batch,
            ticket.unit,
            ticket.efile,
            self.asn,
            tuple(self.warnings),
        )


def find_parts(source: PageSource, keys: TicketKeys, *, asn_starts: bool = False) -> tuple[Part, ...]:
    """The documents of a source. ``keys``: whose sheets are obeyed; ``asn_starts``: a page with a serial number begins
    a document.

    A source without separators is one part; one of nothing but separators is one part without pages. A page
    that cannot be read stays in the part at hand.
    """
    parts: list[tuple[Part, JobTicket | None]] = []
    now = _Open()
    after_sheet = False
    for number, page in _pages(source):
        codes = find_codes(page, keys) if page is not None else Codes()
        if codes.sheet:
            if now.pages:
                parts.append((now.closed(), now.ticket))
                now = _Open()
            _take_sheet(now, number, codes)
            after_sheet = True
            continue
        if after_sheet and page is not None and _is_blank(page):
            now.separators.append(number)
            after_sheet = False
            continue
        after_sheet = False
        if now.pages and (codes.separates or (asn_starts and codes.asns)):
            parts.append((now.closed(), now.ticket))
            now = _Open()
        _take_page(now, number, codes)
    _finish(parts, now)
    return _counted(parts)


def _pages(source: PageSource) -> Iterator[tuple[int, DeliveredPage | None]]:
    for number in range(1, source.count + 1):
        try:
            yield number, source.page(number)
        except (LetterError, ProgramFailed):
            yield number, None


def _take_sheet(now: _Open, number: int, codes: Codes) -> None:
    """A ticket stands for its part until another ticket; a patch code alone does not undo it."""
    now.separators.append(number)
    if codes.ticket is not None:
        if now.ticket is not None and now.ticket != codes.ticket:
            now.warn(TICKET_WITHOUT_PAGES)
        now.ticket = codes.ticket


def _take_page(now: _Open, number: int, codes: Codes) -> None:
    if codes.foreign:
        now.warn(SEPARATOR_NOT_OURS)
    if codes.separates:
        now.warn(SEPARATOR_ON_LETTER)
    if codes.asns and now.pages:
        now.warn(ASN_ON_LATER_PAGE)
    elif len(codes.asns) > 1:
        now.warn(SEVERAL_ASN)
    elif codes.asns:
        now.asn = codes.asns[0]
    now.pages.append(number)


def _finish(parts: list[tuple[Part, JobTicket | None]], last: _Open) -> None:
    """Close the last part; sheets without pages behind them go to the part before."""
    if last.pages or not parts:
        if not last.pages and last.ticket is not None:
            last.warn(TICKET_WITHOUT_PAGES)
        parts.append((last.closed(), last.ticket))
        return
    if last.separators:
        part, ticket = parts[-1]
        more = (TICKET_WITHOUT_PAGES,) if last.ticket is not None else ()
        closed = replace(
            part,
            separator_pages=(*part.separator_pages, *last.separators),
            warnings=tuple(dict.fromkeys((*part.warnings, *more))),
        )
        parts[-1] = (closed, ticket)


def _counted(parts: Sequence[tuple[Part, JobTicket | None]]) -> tuple[Part, ...]:
    """The parts; marked where the ticket announces another number of documents than came."""
    found = []
    for place, (part, ticket) in enumerate(parts):
        wanted = ticket.documents if ticket is not None else None
        if wanted is not None:
            after = (later for later in range(place + 1, len(parts)) if _counts_documents(parts[later][1]))
            if next(after, len(parts)) - place != wanted:
                part = replace(part, warnings=(*part.warnings, DOCUMENT_COUNT_DIFFERS))  # noqa: PLW2901
        found.append(part)
    return tuple(found)


def _counts_documents(ticket: JobTicket | None) -> bool:
    return ticket is not None and ticket.documents is not None


def find_codes(page: DeliveredPage, keys: TicketKeys) -> Codes:
    """The codes of a page: bar codes of an image, or the same words in the text that a page comes with."""
    if page.grey is None:
        return _codes_of_text(page, keys)
    scale = max(1, round(page.dpi / SEARCH_DPI))
    small = _smaller(page.grey, scale)
    found = [
        code
        for code in zxingcpp.read_barcodes(small, formats=_FORMATS, try_downscale=False, try_invert=False)
        if code.valid
    ]
    codes = _codes([code.text for code in found], keys)
    if not codes.separates:
        return codes
    marks = _marks(small, page.dpi / scale, [_corners(code.position) for code in found])
    return replace(codes, sheet=marks <= SHEET_MARKS)


def _codes(texts: Sequence[str], keys: TicketKeys) -> Codes:
    tickets = [text for text in texts if _TICKET.match(text)]
    ours = [ticket for ticket in map(keys.read, tickets) if ticket is not None]
    orders = [ticket for ticket in ours if ticket != JobTicket()]  # others only part documents
    patch = any(is_patch(text) for text in texts)
    separates = bool(ours) or (patch and keys.any_patch)
    asns = {int(match[1]) for match in map(_ASN.match, texts) if match is not None}
    return Codes(
        separates=separates,
        ticket=orders[0] if orders else None,
        foreign=not separates and bool(patch or tickets),
        asns=tuple(sorted(asns)),
    )


def _codes_of_text(page: DeliveredPage, keys: TicketKeys) -> Codes:
    words = [word.text for paragraph in page.own_text or () for line in paragraph for word in line]
    text = " ".join(words)
    codes = _codes([*_OWN_TICKET.findall(text), *_OWN_PATCH.findall(text)], keys)
    return replace(codes, sheet=codes.separates and len(words) <= SHEET_WORDS)


def _smaller(grey: Grey, scale: int) -> Grey:
    """Every ``scale`` pixels as one: whole numbers are quick, and keep bars straight."""
    if scale == 1:
        return np.ascontiguousarray(grey)
    rows, columns = grey.shape
    size = max(1, columns // scale), max(1, rows // scale)
    return np.asarray(
        cv2.resize(grey[: size[1] * scale, : size[0] * scale], size, interpolation=cv2.INTER_AREA), np.uint8
    )


def _corners(position: zxingcpp.Position) -> tuple[int, int, int, int]:
    points = (position.top_left, position.top_right, position.bottom_right, position.bottom_left)
    across, down = [point.x for point in points], [point.y for point in points]
    return min(across), min(down), max(across), max(down)


def _marks(small: Grey, dpi: float, codes: Sequence[tuple[int, int, int, int]]) -> int:
    """How many marks of a letter's size the page has beside its codes."""
    rest = small.copy()
    margin = round(dpi * 0.5)  # inches around a code: its quiet zone, its bars above and below the line that was read
    for left, top, right, bottom in codes:
        rest[max(0, top - margin) : bottom + margin, max(0, left - margin) : right + margin] = 255
    _, ink = cv2.threshold(rest, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8)
    heights, widths = stats[1:, cv2.CC_STAT_HEIGHT], stats[1:, cv2.CC_STAT_WIDTH]
    letters = (heights > 0.03 * dpi) & (heights < 0.4 * dpi) & (widths > 0.008 * dpi) & (widths < 1.0 * dpi)
    return int(letters.sum())


def _is_blank(page: DeliveredPage) -> bool:
    if page.grey is None:
        return not page.own_text
    return look(page).blank
