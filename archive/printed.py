"""The journal's head on paper: one page with its number and hash in figures and as a QR code, to be kept elsewhere.

Whoever holds files, database and key could write the whole journal anew; they cannot change what was printed.
"""

from __future__ import annotations

import io
import re
from collections.abc import Mapping
from pathlib import Path

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from core.durable import write_whole

_HASH = re.compile(r"[0-9a-f]{64}")


def head_line(facts: Mapping[str, object]) -> str:
    """What the QR code says: ``aktenlotse:<number>:<hash>:<key>:<moment>``."""
    return ":".join(["aktenlotse", *(str(facts[name]) for name in ("seq", "hash", "key_id", "signed_at"))])


def hash_in(words: str) -> str | None:
    """The hash in what a person typed (groups and line ends do not matter) or a scanner read; None: there is none."""
    found = _HASH.search("".join(words.split()).lower())
    return found[0] if found else None


def print_head(target: Path, title: str, lines: Mapping[str, str], facts: Mapping[str, object]) -> None:
    """Write the page. ``lines``: label to value. Raises: StorageFull, OSError."""
    out = io.BytesIO()
    page = Canvas(out, pagesize=A4)
    page.setTitle(title)
    page.setFont("Helvetica-Bold", 16)
    page.drawString(25 * mm, 270 * mm, title)
    height = 258 * mm
    for label, value in lines.items():
        page.setFont("Helvetica", 10)
        page.drawString(25 * mm, height, label)
        page.setFont("Courier", 11)
        for part in (value[start : start + 36] for start in range(0, len(value), 36)):
            page.drawString(70 * mm, height, part)
            height -= 6 * mm
        height -= 2 * mm
    code = QrCodeWidget(head_line(facts), barLevel="M")
    left, low, right, high = code.getBounds()
    size = 60 * mm
    drawing = Drawing(size, size, transform=[size / (right - left), 0, 0, size / (high - low), 0, 0])
    drawing.add(code)
    renderPDF.draw(drawing, page, 25 * mm, height - size)
    page.showPage()
    page.save()
    write_whole(target, out.getvalue())


def grouped(digest: str) -> str:
    """A hash in groups of eight, to be read and typed."""
    return " ".join(digest[start : start + 8] for start in range(0, len(digest), 8))
