"""What a file is, by its bytes, and whether it is whole. Never by its name alone."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pillow_heif
from PIL import Image, UnidentifiedImageError

from core.errors import LetterError

PDF = "application/pdf"
TEXT = "text/plain"
SUFFIXES = {
    PDF: {".pdf"},
    "image/tiff": {".tif", ".tiff"},
    "image/jpeg": {".jpg", ".jpeg"},
    "image/png": {".png"},
    "image/bmp": {".bmp"},
    "image/gif": {".gif"},
    "image/webp": {".webp"},
    "image/heic": {".heic", ".heif"},
    TEXT: {".txt"},
}
HEAD = 1024
MAX_PIXELS = 400_000_000  # a bomb, not a page: A0 at 600 dpi has 560 million, A3 at 1,200 dpi 280 million
MAX_TEXT = 5_000_000  # bytes
Image.MAX_IMAGE_PIXELS = MAX_PIXELS
pillow_heif.register_heif_opener()


@dataclass(frozen=True, slots=True)
class Inspection:
    """A whole file of a known kind."""

    media_type: str
    pages: int
    warnings: tuple[str, ...] = ()


def inspect(path: Path) -> Inspection:
    """Look at a delivered file.

    Raises: LetterError with the reason code ``empty``, ``unsupported``, ``truncated``, ``encrypted``,
    ``damaged``, ``too_large`` or ``not_text``; OSError when it cannot be read.
    """
    size = path.stat().st_size
    if size == 0:
        raise LetterError("empty")
    with path.open("rb") as stream:
        head = stream.read(HEAD)
    media_type = _by_magic(head)
    if media_type is None and path.suffix.lower() in SUFFIXES[TEXT]:
        return _inspect_text(path, size)
    if media_type is None:
        raise LetterError("unsupported", suffix=path.suffix or "-")
    pages = _INSPECTORS.get(media_type, _inspect_image)(path)
    named = path.suffix.lower() in SUFFIXES[media_type]
    return Inspection(media_type, pages, () if named else ("name_mismatch",))


def _by_magic(head: bytes) -> str | None:
    if b"%PDF-" in head:
        return PDF
    if head[:4] in (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"):
        return "image/tiff"
    if head[:3] == b"\xff\xd8\xff":
        return "image/jpeg"
    if head[:8] == b"\x89PNG\r\n\x1a\n":
        return "image/png"
    if head[:2] == b"BM" and len(head) > 26 and head[6:10] == b"\0\0\0\0":
        return "image/bmp"
    if head[:6] in (b"GIF87a", b"GIF89a"):
        return "image/gif"
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return "image/webp"
    if head[4:8] == b"ftyp" and head[8:12] in (b"heic", b"heix", b"mif1", b"heim", b"heis", b"msf1"):
        return "image/heic"
    return None


def _inspect_pdf(path: Path) -> int:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 4096))
        tail = stream.read()
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            pages = len(pdf.pages)
            if b"%%EOF" not in tail and b"startxref" not in tail:
                raise LetterError("truncated")
            if pages == 0:
                raise LetterError("no_pages")
            for page in pdf.pages:
                page.obj.get("/MediaBox")
            return pages
    except pikepdf.PasswordError:
        raise LetterError("encrypted") from None
    except pikepdf.PdfError:
        raise LetterError("truncated" if b"%%EOF" not in tail else "damaged") from None


def _inspect_image(path: Path, *, whole: bool = False) -> int:
    """Decode every frame once: only so is a cut image noticed, unless it is known to be ``whole``.

    Returns: number of frames.
    """
    try:
        with Image.open(path) as image:
            frames = int(getattr(image, "n_frames", 1))
            for number in range(frames):
                image.seek(number)
                if image.width * image.height > MAX_PIXELS:
                    raise LetterError("too_large")
                if not whole:
                    image.draft("L", (1, 1))  # a JPEG's bytes are all read, its pixels need not all be made
                    image.load()
            return frames
    except Image.DecompressionBombError:
        raise LetterError("too_large") from None
    except UnidentifiedImageError:
        raise LetterError("damaged") from None
    except (OSError, EOFError, SyntaxError, ValueError, struct.error) as error:
        cut = "truncated" in str(error) or isinstance(error, EOFError) or "broken data" in str(error)
        raise LetterError("truncated" if cut else "damaged") from None


def _inspect_jpeg(path: Path) -> int:
    with path.open("rb") as stream:
        stream.seek(max(0, path.stat().st_size - 65536))
        if b"\xff\xd9" not in stream.read():  # EOI; some scanners pad after it
            raise LetterError("truncated")
    return _inspect_image(path)


def _inspect_png(path: Path) -> int:
    """Every chunk is there with its check sum, up to the last one (PNG specification, 5.3): no pixel is made."""
    data = memoryview(path.read_bytes())
    place, kind, drawn = 8, b"", False
    while kind != b"IEND":
        length = int.from_bytes(data[place : place + 4], "big")
        end = place + 12 + length
        if end > len(data):
            raise LetterError("truncated")
        kind = bytes(data[place + 4 : place + 8])
        if zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise LetterError("damaged")
        place, drawn = end, drawn or kind == b"IDAT"
    if not drawn:
        raise LetterError("damaged")
    return _inspect_image(path, whole=True)


def _inspect_text(path: Path, size: int) -> Inspection:
    if size > MAX_TEXT:
        raise LetterError("too_large")
    return Inspection(TEXT, decode_text(path.read_bytes()).count("\f") + 1)


def decode_text(data: bytes) -> str:
    """Plain text in UTF-8 (with or without mark), UTF-16 with mark, or Windows-1252.

    Raises: LetterError ``not_text`` for binary bytes, ``empty`` when only spaces.
    """
    encodings = ["utf-16"] if data[:2] in (b"\xff\xfe", b"\xfe\xff") else ["utf-8-sig", "cp1252"]
    for encoding in encodings:
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if any(ord(char) < 32 and char not in "\t\n\r\f\v" for char in text):
            break
        if not text.strip():
            raise LetterError("empty")
        return text.replace("\r\n", "\n").replace("\r", "\n").rstrip("\f\n ") + "\n"
    raise LetterError("not_text")


_INSPECTORS: dict[str, Callable[[Path], int]] = {
    PDF: _inspect_pdf,
    "image/jpeg": _inspect_jpeg,
    "image/png": _inspect_png,
}
