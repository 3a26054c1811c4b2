"""The invisible text layer: one glyphless font a file, every word scaled to its box, in the direction of
the page.

The idea is Tesseract's and OCRmyPDF's (a font whose glyphs are empty, ``data/glyphless.ttf`` is Tesseract's
``pdf.ttf``, Apache-2.0); codes are our own, given as characters appear, so that ToUnicode is exact beyond
the BMP and for every code that is used (ISO 19005-2, 6.2.11.7.2). Widths agree with the font program
(6.2.11.5).
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name

from archive.objects import copied

DATA = Path(__file__).parent / "data"
RESOURCE = "/AktenlotseText"
_HALF_EM = 0.5  # advance of every glyph
_UNIT = 1000  # text space in thousandths of a point: whole numbers are shorter, and cheaper to validate
_CMAP_CHUNK = 100  # entries in one bfchar block (Adobe technical note 5411)


@dataclass(frozen=True, slots=True)
class Word:
    """A word and its box x0, y0, x1, y1: pixels of the page image as delivered, unturned, y downwards."""

    text: str
    box: tuple[int, int, int, int]


@dataclass(frozen=True, slots=True)
class PageLayer:
    """What was read on one page; ``orientation``: degrees clockwise that turn the delivered page upright."""

    width: int
    height: int
    orientation: int
    skew: float
    lines: tuple[tuple[Word, ...], ...]
    dpi: float
    own_text: bool  # the page has its own good text layer, add none


class GlyphlessFont:
    """The font of one file; :meth:`finish` writes what :meth:`encode` has seen."""

    def __init__(self, pdf: pikepdf.Pdf) -> None:
        self._pdf = pdf
        self._codes: dict[str, str] = {}
        self.object = pdf.make_indirect(Dictionary(Type=Name.Font))

    def encode(self, text: str) -> str:
        """The characters' codes as hexadecimal digits."""
        codes = self._codes
        for char in text:
            if char not in codes:
                codes[char] = f"{len(codes) + 1:04x}"
        return "".join([codes[char] for char in text])

    def finish(self) -> None:
        """Write font, descriptor and ToUnicode."""
        pdf, count = self._pdf, len(self._codes)
        program = pdf.make_stream((DATA / "glyphless.ttf").read_bytes())
        program.Length1 = len(program.read_bytes())
        descriptor = Dictionary(
            Type=Name.FontDescriptor, FontName=Name.GlyphLessFont, Flags=5, FontBBox=Array([0, 0, 500, 1000]),
            ItalicAngle=0, Ascent=1000, Descent=-1, CapHeight=1000, StemV=80, FontFile2=program,
        )  # fmt: skip
        descendant = Dictionary(
            Type=Name.Font, Subtype=Name.CIDFontType2, BaseFont=Name.GlyphLessFont, DW=500,
            CIDSystemInfo=Dictionary(Registry=b"Adobe", Ordering=b"Identity", Supplement=0),
            CIDToGIDMap=pdf.make_stream(b"\0\0" + b"\0\1" * count),
            FontDescriptor=pdf.make_indirect(descriptor),
        )  # fmt: skip
        self.object.Subtype = Name.Type0
        self.object.BaseFont = Name.GlyphLessFont
        self.object.Encoding = Name("/Identity-H")
        self.object.DescendantFonts = Array([pdf.make_indirect(descendant)])
        self.object.ToUnicode = pdf.make_stream(self._to_unicode())

    def _to_unicode(self) -> bytes:
        pairs = [f"<{code}> <{char.encode('utf-16-be', 'surrogatepass').hex()}>" for char, code in self._codes.items()]
        blocks = []
        for start in range(0, len(pairs), _CMAP_CHUNK):
            chunk = pairs[start : start + _CMAP_CHUNK]
            blocks += [f"{len(chunk)} beginbfchar", *chunk, "endbfchar"]
        head = (
            "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
            "/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n"
            "/CMapName /Adobe-Identity-UCS def\n/CMapType 2 def\n"
            "1 begincodespacerange\n<0000> <ffff>\nendcodespacerange\n"
        )
        tail = "\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend\n"
        return (head + "\n".join(blocks) + tail).encode()


def add_text(pdf: pikepdf.Pdf, layers: Iterable[tuple[pikepdf.Page, PageLayer]]) -> int:
    """Lay the words of ``layers`` under their pages. Returns: the number of words laid.

    The layer comes first in the content, so that no state left open by the page's own content moves it.
    """
    font = GlyphlessFont(pdf)
    count = 0
    for page, layer in layers:
        content, words = _content(page, layer, font)
        if words:
            page.contents_add(pdf.make_stream(content), prepend=True)
            _own_resources(page)[RESOURCE] = font.object
            count += words
    if count:
        font.finish()
    return count


def _own_resources(page: pikepdf.Page) -> pikepdf.Object:
    """The page's font resources, no longer shared with (or inherited by) other pages."""
    resources = copied(page.resources)
    fonts = copied(resources.get("/Font"))
    resources["/Font"] = fonts
    page.obj["/Resources"] = resources
    return page.obj["/Resources"]["/Font"]


def _content(page: pikepdf.Page, layer: PageLayer, font: GlyphlessFont) -> tuple[bytes, int]:
    left, bottom, right, top = (float(value) for value in page.mediabox)
    left, right, bottom, top = min(left, right), max(left, right), min(bottom, top), max(bottom, top)
    across, up = (right - left) / max(1, layer.width), (top - bottom) / max(1, layer.height)
    parts, count = [f"q {1 / _UNIT} 0 0 {1 / _UNIT} 0 0 cm BT 3 Tr {RESOURCE} 1 Tf"], 0
    for line in layer.lines:
        for place, word in enumerate(line):
            text = word.text
            if not text.isascii() or not text.isprintable():
                text = _as_seen(text)
            if not text:
                continue
            x0, y0, x1, y1 = word.box
            box = left + x0 * across, top - y1 * up, left + x1 * across, top - y0 * up
            matrix = _matrix(box, layer.orientation, len(text))
            space = " " if place + 1 < len(line) else ""
            parts.append(f"{matrix} Tm <{font.encode(text + space)}> Tj")
            count += 1
    parts.append("ET Q\n")
    return "\n".join(parts).encode(), count


def _as_seen(text: str) -> str:
    """What can be shown of a word, in the order in which it is seen: viewers give it back as it is read."""
    text = "".join(char for char in text if char.isprintable() and char != "\ufffe")
    turned = any(unicodedata.bidirectional(char) in ("R", "AL") for char in text)
    return text[::-1] if turned else text


def _matrix(box: tuple[float, float, float, float], orientation: int, length: int) -> str:
    """The text matrix that spans ``length`` glyphs over ``box`` (points), read as the turned page is read."""
    x0, y0, x1, y1 = box
    wide, high = max(x1 - x0, 0.01), max(y1 - y0, 0.01)
    along, across = (wide, high) if orientation in (0, 180) else (high, wide)
    step = along / (length * _HALF_EM)
    a, b, c, d, e, f = {
        0: (step, 0.0, 0.0, across, x0, y0),
        90: (0.0, step, -across, 0.0, x1, y0),
        180: (-step, 0.0, 0.0, -across, x1, y1),
        270: (0.0, -step, across, 0.0, x0, y1),
    }[orientation % 360]
    return " ".join(str(round(value * _UNIT)) for value in (a, b, c, d, e, f))
