"""What a file is, by its bytes, and whether it is whole. Never by its name alone."""

from __future__ import annotations

import mmap
import zlib
from dataclasses import dataclass
from pathlib import Path

import pikepdf
import pillow_heif
from PIL import Image, UnidentifiedImageError

from core.errors import LetterError
from ingest import marks
from ingest.ends import Data, check_end
from ingest.marks import BMP, GIF, HEIC, JPEG, PDF, PNG, TIFF, WEBP

TEXT = "text/plain"
SUFFIXES = {
    PDF: {".pdf"},
    TIFF: {".tif", ".tiff"},
    JPEG: {".jpg", ".jpeg"},
    PNG: {".png"},
    BMP: {".bmp"},
    GIF: {".gif"},
    WEBP: {".webp"},
    HEIC: {".heic", ".heif"},
    TEXT: {".txt"},
}
MAX_TEXT = 5_000_000  # bytes
WHOLE_PIXELS = 36_000_000  # of a page (A4 at 600 dpi has 34.8); one with more is not decoded here, and read smaller
pillow_heif.register_heif_opener()


@dataclass(frozen=True, slots=True)
class FileLimits:
    """What a delivered file may have; beyond it is no letter (``docs/settings.md`` explains each)."""

    file_mb: int = 1000
    pages: int = 5000
    page_points: int = 14_400  # ISO 32000-1, annex C
    page_pixels: int = 400_000_000  # A3 at 1,200 dpi has 280 million
    embedded: int = 100
    embedded_mb: int = 200
    nesting: int = 30


@dataclass(frozen=True, slots=True)
class Inspection:
    """A whole file of a known kind."""

    media_type: str
    pages: int
    warnings: tuple[str, ...] = ()


def inspect(path: Path, limits: FileLimits | None = None) -> Inspection:
    """Look at a delivered file. What strangers made can do anything to a library: call it in a child (``guarded``).

    Raises: LetterError with the reason code ``empty``, ``unsupported``, ``container``, ``glued``, ``truncated``,
    ``encrypted``, ``damaged``, ``no_pages``, ``not_text``, ``too_large``, ``too_many_pages``, ``too_many_embedded``
    or ``too_deep``; OSError when it cannot be read; and whatever the libraries raise.
    """
    limits = limits or FileLimits()
    size = path.stat().st_size
    if size == 0:
        raise LetterError("empty")
    if size > limits.file_mb << 20:
        raise LetterError("too_large")
    with path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        kind = marks.kind_of(data[: marks.HEAD])
        if kind is None and path.suffix.lower() in SUFFIXES[TEXT]:
            return _inspect_text(path, size, limits)
        if kind == marks.CONTAINER:
            raise LetterError("container")
        if kind is None or kind == marks.OTHER:
            raise LetterError("unsupported", suffix=path.suffix or "-")
        if kind == PDF:
            pages, warnings = _inspect_pdf(path, data, limits)
        else:
            pages, warnings = _inspect_image(path, kind, data, limits)
    if path.suffix.lower() not in SUFFIXES[kind]:
        warnings = ("name_mismatch", *warnings)
    return Inspection(kind, pages, warnings)


def _inspect_pdf(path: Path, data: Data, limits: FileLimits) -> tuple[int, tuple[str, ...]]:
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            warnings = check_end(PDF, data)
            pages = len(pdf.pages)
            if pages == 0:
                raise LetterError("no_pages")
            if pages > limits.pages:
                raise LetterError("too_many_pages", pages=pages, most=limits.pages)
            _check_embedded(pdf, limits)
            _Depths(limits.nesting).check(pdf)
            for page in pdf.pages:
                _check_size(page, limits)
            return pages, warnings
    except pikepdf.PasswordError:
        raise LetterError("encrypted") from None
    except pikepdf.PdfError:
        check_end(PDF, data)
        raise LetterError("damaged") from None


def _check_embedded(pdf: pikepdf.Pdf, limits: FileLimits) -> None:
    size = 0
    for count, attached in enumerate(pdf.attachments.values(), 1):
        size += sum(len(file.obj.read_raw_bytes()) for file in _files(attached))
        if count > limits.embedded or size > limits.embedded_mb << 20:
            raise LetterError("too_many_embedded", most=limits.embedded, most_mb=limits.embedded_mb)


def _files(attached: pikepdf.AttachedFileSpec) -> list[pikepdf.AttachedFile]:
    try:
        return [attached.get_file()]
    except (pikepdf.PdfError, ValueError, KeyError):
        return []  # named, but not there


def _check_size(page: pikepdf.Page, limits: FileLimits) -> None:
    """A page that does not say its size is no damage here: reading and sealing have answers for it."""
    try:
        box = [float(value) for value in page.mediabox]
        unit = float(page.obj.get("/UserUnit", 1))
    except (TypeError, ValueError, pikepdf.PdfError):
        return
    if max(abs(box[2] - box[0]), abs(box[3] - box[1])) * unit > limits.page_points:
        raise LetterError("too_large")


class _Depths:
    """How deep forms lie in forms. Raises: LetterError ``too_deep``."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._known: dict[tuple[int, int], int] = {}

    def check(self, pdf: pikepdf.Pdf) -> None:
        for page in pdf.pages:
            self._depth(page.obj.get("/Resources"), 0)

    def _depth(self, resources: pikepdf.Object | None, level: int) -> int:
        if level > self._most:
            raise LetterError("too_deep", most=self._most)
        objects = resources.get("/XObject") if isinstance(resources, pikepdf.Dictionary) else None
        deepest = 0
        for _, item in objects.items() if isinstance(objects, pikepdf.Dictionary) else ():
            if isinstance(item, pikepdf.Stream) and "/Resources" in item:
                if item.objgen not in self._known:
                    self._known[item.objgen] = 0  # a ring ends here
                    self._known[item.objgen] = self._depth(item["/Resources"], level + 1)
                deepest = max(deepest, 1 + self._known[item.objgen])
                if level + deepest > self._most:
                    raise LetterError("too_deep", most=self._most)
        return deepest


def _inspect_image(path: Path, kind: str, data: Data, limits: FileLimits) -> tuple[int, tuple[str, ...]]:
    """Decode every frame once, where that is the only way to notice a cut image. Returns: frames, warnings."""
    warnings = check_end(kind, data)
    if kind == PNG:
        _check_png(data)
    Image.MAX_IMAGE_PIXELS = limits.page_pixels
    try:
        with Image.open(path) as image:
            frames = int(getattr(image, "n_frames", 1))
            if frames > limits.pages:
                raise LetterError("too_many_pages", pages=frames, most=limits.pages)
            for number in range(frames):
                image.seek(number)
                if image.width * image.height > limits.page_pixels:
                    raise LetterError("too_large")
                if kind == JPEG and frames == 1:  # what follows a draft is not decoded (Pillow 13)
                    image.draft("L", (1, 1))  # its bytes are all read, its pixels need not all be made
                    image.load()
                elif kind != PNG and image.width * image.height <= WHOLE_PIXELS:
                    image.load()
            return frames, warnings
    except Image.DecompressionBombError:
        raise LetterError("too_large") from None
    except UnidentifiedImageError:
        raise LetterError("damaged") from None
    except (OSError, EOFError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        cut = "truncated" in str(error) or isinstance(error, EOFError) or "broken data" in str(error)
        raise LetterError("truncated" if cut else "damaged") from None


def _check_png(data: Data) -> None:
    """Every chunk is there with its check sum, up to the last one (PNG specification, 5.3): no pixel is made."""
    place, kind, drawn = 8, b"", False
    while kind != b"IEND":
        length = int.from_bytes(data[place : place + 4], "big")
        end = place + 12 + length
        kind = data[place + 4 : place + 8]
        if zlib.crc32(data[place + 4 : end - 4]) != int.from_bytes(data[end - 4 : end], "big"):
            raise LetterError("damaged")
        place, drawn = end, drawn or kind == b"IDAT"
    if not drawn:
        raise LetterError("damaged")


def _inspect_text(path: Path, size: int, limits: FileLimits) -> Inspection:
    if size > MAX_TEXT:
        raise LetterError("too_large")
    pages = decode_text(path.read_bytes()).count("\f") + 1
    if pages > limits.pages:
        raise LetterError("too_many_pages", pages=pages, most=limits.pages)
    return Inspection(TEXT, pages)


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
