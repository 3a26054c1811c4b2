"""Fonts that every viewer was to bring itself (Helvetica, Times, Courier and their kin) are embedded.

URW's base fonts have the same widths and glyph names (package fonts-urw-base35, AGPL with the exception for
embedding); so nothing moves, and the text keeps its codes. ISO 19005-2, 6.2.11.4.1, 6.2.11.5.
"""

from __future__ import annotations

import re
import struct
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Object
from reportlab.pdfbase._fontdata import encodings

FOLDER = Path("/usr/share/fonts")
_FAMILIES = (
    (("helvetica", "arial"), "NimbusSans", ("Regular", "Bold", "Italic", "BoldItalic")),
    (("times",), "NimbusRoman", ("Regular", "Bold", "Italic", "BoldItalic")),
    (("courier",), "NimbusMonoPS", ("Regular", "Bold", "Italic", "BoldItalic")),
)
_SYMBOLS = {
    "symbol": ("StandardSymbolsPS", "SymbolEncoding"),
    "zapfdingbats": ("D050000L", "ZapfDingbatsEncoding"),
}
_TOLERANCE = 2  # thousandths of an em that a width may differ
_MISFITS = 4  # codes whose widths may differ before the font is another one
_NONSYMBOLIC, _SYMBOLIC = 32, 4


@dataclass(frozen=True, slots=True)
class _Face:
    name: str
    program: bytes  # the CFF table
    widths: dict[str, int]  # by glyph name
    box: tuple[int, ...]
    encoding: str | None  # of a symbol font


def embed_standard_fonts(pdf: pikepdf.Pdf) -> None:
    """Embed every simple font that lacks its program and that we have a twin of. Others stay as they are."""
    programs: dict[str, Object] = {}
    for font in pdf.objects:
        if not isinstance(font, Dictionary) or font.get("/Type") != "/Font":
            continue
        if font.get("/Subtype") not in ("/Type1", "/TrueType", "/MMType1") or _has_program(font):
            continue
        face = _face_for(str(font.get("/BaseFont", "")))
        if face is None:
            continue
        names = _names(font, face)
        widths = [face.widths.get(name, 0) for name in names]
        if not _fits(font, widths):
            continue
        if face.name not in programs:
            stream = pdf.make_stream(face.program)
            stream.Subtype = Name.Type1C
            programs[face.name] = stream
        _write(pdf, font, face, widths, programs[face.name])


def _write(pdf: pikepdf.Pdf, font: Dictionary, face: _Face, widths: list[int], program: Object) -> None:
    if face.encoding:
        names = encodings[face.encoding]
        listed = [
            item for code, name in enumerate(names) if name and name != ".notdef" for item in (code, Name("/" + name))
        ]
        font["/Encoding"] = Dictionary(Type=Name.Encoding, Differences=Array(listed))
    font["/Subtype"] = Name.Type1
    font["/BaseFont"] = Name("/" + face.name)
    font["/FirstChar"], font["/LastChar"], font["/Widths"] = 0, 255, Array(widths)
    font["/FontDescriptor"] = pdf.make_indirect(
        Dictionary(
            Type=Name.FontDescriptor, FontName=Name("/" + face.name), FontBBox=Array(list(face.box)),
            Flags=_SYMBOLIC if face.encoding else _NONSYMBOLIC,
            ItalicAngle=-12 if "Italic" in face.name else 0,
            Ascent=face.box[3], Descent=face.box[1], CapHeight=729, StemV=85, FontFile3=program,
        )
    )  # fmt: skip


def _has_program(font: Object) -> bool:
    descriptor = font.get("/FontDescriptor")
    return isinstance(descriptor, Dictionary) and any(
        key in descriptor for key in ("/FontFile", "/FontFile2", "/FontFile3")
    )


def _face_for(base_font: str) -> _Face | None:
    name = re.sub(r"^/?(?:[A-Z]{6}\+)?", "", base_font).lower()
    for start, (file, encoding) in _SYMBOLS.items():
        if name.startswith(start):
            return _load(file, encoding)
    style = ("bold" in name) + 2 * ("italic" in name or "oblique" in name)
    for starts, family, styles in _FAMILIES:
        if name.startswith(starts) and "narrow" not in name and "black" not in name:
            return _load(f"{family}-{styles[style]}", None)
    return None


@lru_cache(maxsize=16)
def _load(file: str, encoding: str | None) -> _Face | None:
    """A face by its file name; None when the package is not installed."""
    opentype = FOLDER / "opentype" / "urw-base35" / f"{file}.otf"
    metrics = FOLDER / "type1" / "urw-base35" / f"{file}.afm"
    if not opentype.is_file() or not metrics.is_file():
        return None
    text = metrics.read_text("latin-1")
    widths = {found[2]: round(float(found[1])) for found in re.finditer(r"\bWX ([\d.]+)\s*;\s*N\s+(\S+)\s*;", text)}
    box = re.search(r"^FontBBox (\S+) (\S+) (\S+) (\S+)", text, re.MULTILINE)
    corners = tuple(round(float(value)) for value in box.groups()) if box else (-200, -300, 1200, 1000)
    return _Face(file, _cff(opentype.read_bytes()), widths, corners, encoding)


def _cff(opentype: bytes) -> bytes:
    """The CFF table of an OpenType font (OpenType 1.9, table directory)."""
    (count,) = struct.unpack_from(">H", opentype, 4)
    for number in range(count):
        tag, _, offset, length = struct.unpack_from(">4sIII", opentype, 12 + 16 * number)
        if tag == b"CFF ":
            return opentype[offset : offset + length]
    raise ValueError("no CFF table")


def _names(font: Object, face: _Face) -> list[str]:
    """The glyph name of every code (ISO 32000-1, 9.6.6)."""
    if face.encoding:
        return [name or ".notdef" for name in encodings[face.encoding]]
    encoding = font.get("/Encoding")
    base = encoding.get("/BaseEncoding") if isinstance(encoding, Dictionary) else encoding
    known = str(base)[1:] if base is not None and str(base)[1:] in encodings else "StandardEncoding"
    names = [name or ".notdef" for name in encodings[known]]
    if isinstance(encoding, Dictionary):
        code = 0
        for item in encoding.get("/Differences", Array()):
            if isinstance(item, Name):
                if code < 256:
                    names[code] = str(item)[1:]
                code += 1
            else:
                code = int(item)
    return names


def _fits(font: Object, widths: list[int]) -> bool:
    """Whether the widths that the file states are those of our face."""
    stated = font.get("/Widths")
    if not isinstance(stated, Array):
        return True
    first = int(font.get("/FirstChar", 0))
    pairs = [(float(value), widths[first + place]) for place, value in enumerate(stated) if first + place < 256]
    return sum(bool(value) and abs(value - own) > _TOLERANCE for value, own in pairs) <= _MISFITS
