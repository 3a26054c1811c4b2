"""Plain text as pages: DejaVu Sans Mono, embedded; form feeds part pages, long lines are wrapped."""

from __future__ import annotations

import io
import struct
from pathlib import Path

from reportlab.lib.pagesizes import A4
from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont, TTFontFace
from reportlab.pdfgen.canvas import Canvas

from core.errors import ProgramMissing

FONT = Path("/usr/share/fonts/truetype/dejavu/DejaVuSansMono.ttf")
SIZE, LEADING, MARGIN = 9.5, 12.0, 56.0
REPLACEMENT = "\ufffd"


class _Face(TTFontFace):  # type: ignore[misc]
    """ReportLab states most advances of a fixed-pitch font in the wrong unit (5.1); here they are right."""

    def makeSubset(self, subset: list[int]) -> bytes:  # noqa: N802
        program = bytearray(super().makeSubset(subset))
        (count,) = struct.unpack_from(">H", program, 4)
        tables = {
            bytes(program[place : place + 4]): struct.unpack_from(">I", program, place + 8)[0]
            for place in range(12, 12 + 16 * count, 16)
        }
        (metrics,) = struct.unpack_from(">H", program, tables[b"hhea"] + 34)
        advance = program[tables[b"hmtx"] : tables[b"hmtx"] + 2]
        for place in range(metrics):
            start = tables[b"hmtx"] + 4 * place
            program[start : start + 2] = advance
        return bytes(program)


def decode(data: bytes) -> str:
    """The text of a file: UTF-8 or UTF-16 by its mark, UTF-8 when it is valid, else Windows-1252."""
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        return data.decode("utf-16", "replace")
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError:
        return data.decode("cp1252", "replace")


def to_pdf(text: str) -> tuple[bytes, bool]:
    """Lay ``text`` out. Returns: the PDF, and whether all its characters are in the font.

    Raises: ProgramMissing when the font is not installed.
    """
    try:
        font = TTFont("DejaVuSansMono", str(FONT))
        font.face = _Face(str(FONT))
    except TTFError:
        raise ProgramMissing(program="fonts-dejavu-core") from None
    pdfmetrics.registerFont(font)
    glyphs = font.face.charToGlyph
    parts = text.replace("\r\n", "\n").replace("\r", "\n").expandtabs(8).split("\f")
    complete = all(char == "\n" or ord(char) in glyphs for part in parts for char in part)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=A4, invariant=1, pageCompression=1)
    columns = int((A4[0] - 2 * MARGIN) / pdfmetrics.stringWidth("m", "DejaVuSansMono", SIZE))
    rows = int((A4[1] - 2 * MARGIN) / LEADING)
    for part in parts:
        lines = [piece for line in part.split("\n") for piece in _wrap(line, columns)]
        for start in range(0, max(1, len(lines)), rows):
            sheet = canvas.beginText(MARGIN, A4[1] - MARGIN)
            sheet.setFont("DejaVuSansMono", SIZE, LEADING)
            for line in lines[start : start + rows]:
                sheet.textLine("".join(char if ord(char) in glyphs else REPLACEMENT for char in line))
            canvas.drawText(sheet)
            canvas.showPage()
    canvas.save()
    return buffer.getvalue(), complete


def _wrap(line: str, columns: int) -> list[str]:
    """Cut at the last space before the margin, else in the word."""
    pieces = []
    line = line.rstrip()
    while len(line) > columns:
        cut = line.rfind(" ", columns // 2, columns + 1)
        cut = columns if cut < 0 else cut
        pieces.append(line[:cut])
        line = line[cut:].lstrip(" ")
    return [*pieces, line]
