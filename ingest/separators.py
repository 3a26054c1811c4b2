"""Separator sheets: the job ticket's text, and the sheet for the printer.

A ticket is ``AL2;n=NUMBER;batch=..;unit=..;efile=..;pages=..;documents=..;c=CHECK`` with percent-encoded values, all
optional but the number and the check (``ingest/tickets.py``); without values the sheet only parts documents.
A sheet bears it as a QR code (ISO/IEC 18004, error correction H: read even when a corner is torn), the word
``PATCHT`` as Code 39 (ISO/IEC 16388) for scanners that part the stack themselves, and the same in words.
"""

from __future__ import annotations

import io
import re
from collections.abc import Sequence
from dataclasses import dataclass, fields
from urllib.parse import quote, unquote

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.code39 import Standard39
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.i18n import text

PATCH = "PATCHT"
QR_SIDE = 70 * mm
BAR_WIDTH = 0.7 * mm  # narrow bar of the Code 39: 4 pixels at 150 dpi
BAR_HEIGHT = 22 * mm
_START = "AL2"
_SAFE = "/.-_"
_PATCH = re.compile(r"^\*?PATCH[ _-]?(?:T|II|2)\*?$")


@dataclass(frozen=True, slots=True)
class JobTicket:
    """What a separator says about the one document behind it.

    ``pages``: pages that the document has; ``documents``: documents up to the next ticket that counts them.
    """

    batch: str | None = None
    unit: str | None = None
    efile: str | None = None
    pages: int | None = None
    documents: int | None = None

    def encoded(self, number: str) -> str:
        """The text of the QR code of sheet ``number``, without its check."""
        values = ((field.name, getattr(self, field.name)) for field in fields(self))
        return ";".join(
            [
                _START,
                f"n={number}",
                *(f"{name}={quote(str(value), safe=_SAFE)}" for name, value in values if value is not None),
            ]
        )

    @classmethod
    def decoded(cls, encoded: str) -> JobTicket | None:
        """The ticket of a QR code's text; None when it is none. Unknown keys, broken numbers are left out."""
        start, *pairs = encoded.strip().split(";")
        if start != _START:
            return None
        given = {key: unquote(value) for key, _, value in (pair.partition("=") for pair in pairs) if value}
        numbers = {
            key: int(given[key]) for key in ("pages", "documents") if re.fullmatch(r"\d{1,5}", given.get(key, ""))
        }
        return cls(given.get("batch"), given.get("unit"), given.get("efile"), **numbers)


def is_patch(code: str) -> bool:
    """Whether a bar code's text is a patch code that parts documents (patch T, patch II)."""
    return _PATCH.match(code.strip().upper()) is not None


def sheets(codes: Sequence[str], ticket: JobTicket, *, language: str | None = None) -> bytes:
    """Separator sheets for the printer (PDF, A4), one for each text of a QR code; ``ticket`` is printed in words."""
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=True)
    canvas.setTitle(text("separator.title", language))
    for code in codes:
        _draw_sheet(canvas, code, ticket, language)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw_sheet(canvas: Canvas, code: str, ticket: JobTicket, language: str | None) -> None:
    width, height = A4
    canvas.setFont("Helvetica-Bold", 26)
    canvas.drawCentredString(width / 2, height - 35 * mm, text("separator.title", language))
    canvas.setFont("Helvetica", 12)
    canvas.drawCentredString(width / 2, height - 44 * mm, text("separator.note", language))
    bars = Standard39(PATCH, barWidth=BAR_WIDTH, barHeight=BAR_HEIGHT, ratio=2.5, checksum=0, stop=1)
    for bottom in (height - 80 * mm, 25 * mm):
        bars.drawOn(canvas, (width - bars.width) / 2, bottom)
        canvas.drawCentredString(width / 2, bottom - 5 * mm, PATCH)
    _draw_ticket(canvas, code, ticket, language)


def _draw_ticket(canvas: Canvas, code: str, ticket: JobTicket, language: str | None) -> None:
    width, height = A4
    picture = QrCodeWidget(code, barWidth=QR_SIDE, barHeight=QR_SIDE, barLevel="H")
    drawing = Drawing(QR_SIDE, QR_SIDE)
    drawing.add(picture)
    renderPDF.draw(drawing, canvas, (width - QR_SIDE) / 2, height - 165 * mm)
    canvas.setFont("Courier", 9)  # a scanner that delivers searchable pages gives us this text, not the picture
    canvas.drawCentredString(width / 2, height - 171 * mm, code)
    top = height - 182 * mm
    for field in fields(ticket):
        value = getattr(ticket, field.name)
        if value is not None:
            canvas.setFont("Helvetica", 11)
            canvas.drawRightString(width / 2 - 4 * mm, top, text(f"separator.{field.name}", language))
            canvas.setFont("Helvetica-Bold", 11)
            canvas.drawString(width / 2, top, str(value)[:40])
            top -= 7 * mm
