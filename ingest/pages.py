"""Page sources: every delivered file as page images, as they are, or as pages with a text layer of their own."""

from __future__ import annotations

import math
import re
import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import ClassVar, Protocol
from xml.etree import ElementTree

import cv2
import numpy as np
import pikepdf
from numpy.typing import NDArray
from PIL import Image

from core.errors import LetterError, ProgramFailed
from core.logs import log
from core.program import Limits, run
from ingest.formats import TEXT, WHOLE_PIXELS, decode_text
from ingest.marks import PDF
from ingest.words import Word

Grey = NDArray[np.uint8]  # height x width, 0 black .. 255 white
A4_INCHES = 8.27, 11.69
RASTER_DPI = 300
FALLBACK_DPI = 150  # of a page whose size is not known
KEPT_PAGES, KEPT_PIXELS = 4, 9_000_000  # decoded pages in memory: A4 at 300 dpi has 8.7 million pixels
POINT = 1 / 72  # inch
FULL = 0.97  # share of the page that its one image must cover to stand for the page
GOOD_TEXT_WORDS = 4
_TEXT_LIMITS, _RENDER_LIMITS = Limits(seconds=15, cpu_seconds=15), Limits(seconds=35, cpu_seconds=35)
_GREY = {  # how OpenCV reads a picture, by the factor by which it is read smaller
    1: cv2.IMREAD_GRAYSCALE,
    2: cv2.IMREAD_REDUCED_GRAYSCALE_2,
    4: cv2.IMREAD_REDUCED_GRAYSCALE_4,
    8: cv2.IMREAD_REDUCED_GRAYSCALE_8,
}
_LOG = log(__name__)
_XHTML = "{http://www.w3.org/1999/xhtml}"


@dataclass(frozen=True, slots=True)
class DeliveredPage:
    """One page as delivered, unturned. ``own_text``: its text layer is good, so it needs no OCR."""

    number: int
    grey: Grey | None
    width: int
    height: int
    dpi: float
    turn: int = 0  # degrees clockwise that the file itself asks for
    bilevel: bool = False
    own_text: tuple[tuple[tuple[Word, ...], ...], ...] | None = None


class PageSource(Protocol):
    """A file's pages, read one at a time, from several threads."""

    count: int

    def page(self, number: int) -> DeliveredPage:
        """Page ``number`` (1-based). Raises: LetterError, ProgramFailed."""


@contextmanager
def open_pages(path: Path, media_type: str) -> Iterator[PageSource]:
    """Open a file's pages, in this process: for a stranger's file, a child's (``guarded``). Raises: LetterError."""
    if media_type == TEXT:
        yield TextPages(path)
    elif media_type == PDF:
        with _pdf(path) as pdf:
            yield PdfPages(path, pdf)
    else:
        with Image.open(path) as image:
            yield ImagePages(path, image)


class Remembered:
    """A page source that keeps the pages decoded last: ``open`` looks at a page, and ``read`` soon after.

    The file at ``path`` must not change: an archived original never does.
    """

    _kept: ClassVar[OrderedDict[tuple[Path, float, int], DeliveredPage | LetterError]] = OrderedDict()
    _lock = threading.Lock()

    def __init__(self, path: Path, source: PageSource) -> None:
        self._path, self._source = path, source
        self._changed = path.stat().st_mtime
        self.count = source.count

    def page(self, number: int) -> DeliveredPage:
        """As :meth:`PageSource.page`."""
        key = self._path, self._changed, number
        with self._lock:
            known = self._kept.pop(key, None)  # read once more at most: then it is needed no longer
        if isinstance(known, LetterError):
            raise known
        if known is not None:
            return known
        try:
            page = self._source.page(number)
        except LetterError as error:
            self._keep(key, error)  # it may have taken long to find out
            raise
        if page.grey is not None and page.grey.size <= KEPT_PIXELS:
            self._keep(key, page)
        return page

    def _keep(self, key: tuple[Path, float, int], page: DeliveredPage | LetterError) -> None:
        with self._lock:
            self._kept[key] = page
            while len(self._kept) > KEPT_PAGES:
                self._kept.popitem(last=False)


@contextmanager
def _pdf(path: Path) -> Iterator[pikepdf.Pdf]:
    try:
        with pikepdf.open(path, suppress_warnings=True) as pdf:
            yield pdf
    except pikepdf.PdfError:
        raise LetterError("damaged") from None


class ImagePages:
    """Frames of a TIFF, JPEG, PNG, BMP, GIF, WebP or HEIC file."""

    def __init__(self, path: Path, image: Image.Image) -> None:
        self._path = path
        self._image = image
        self._lock = threading.Lock()
        self.count = int(getattr(image, "n_frames", 1))

    def page(self, number: int) -> DeliveredPage:
        with self._lock:
            try:
                self._image.seek(number - 1)
                wide = self._image.width
                orientation = self._orientation()
                grey, bilevel = self._smaller() or self._quickly(orientation) or to_grey(self._image)
            except (OSError, EOFError, ValueError):
                raise LetterError("damaged") from None
            dpi = _image_dpi(self._image) * grey.shape[1] / wide
            turn = {3: 180, 6: 90, 8: 270}.get(orientation, 0)
        height, width = grey.shape
        return DeliveredPage(number, grey, width, height, dpi, turn, bilevel)

    def _orientation(self) -> int:
        """The EXIF orientation (1: as it is). Pillow makes all pixels of a PNG to find one, so only where one is."""
        image = self._image
        if image.format == "PNG" and "exif" not in image.info and b"eXIf" not in self._path.read_bytes():
            return 1
        return int(image.getexif().get(0x0112, 1))

    def _smaller(self) -> tuple[Grey, bool] | None:
        """A picture with more pixels than reading needs, by half, a quarter or an eighth; None: it has not.

        OpenCV reads all but JPEG line by line into grey and shrinks that: a quarter of the colours' memory.
        """
        image = self._image
        by = _reduction(image.width * image.height)
        if by == 1:
            return None
        flags = _GREY[by] | cv2.IMREAD_IGNORE_ORIENTATION
        if self.count == 1:
            grey = cv2.imdecode(np.fromfile(self._path, np.uint8), flags)
        else:
            read, frames = cv2.imreadmulti(str(self._path), image.tell(), 1, flags=flags)
            grey = frames[0] if read else None
        if grey is None:
            grey = to_grey(image)[0]
        if grey.shape[1] == image.width:  # OpenCV 5.0 shrinks no later page of a file
            grey = cv2.resize(grey, (image.width // by, image.height // by), interpolation=cv2.INTER_AREA)
        return np.asarray(grey, np.uint8), False

    def _quickly(self, orientation: int) -> tuple[Grey, bool] | None:
        """The same grey values by OpenCV, in half of Pillow's time; None where it is not sure to give the same."""
        image = self._image
        if orientation != 1:
            return None
        if self.count > 1 or image.format not in ("PNG", "JPEG", "TIFF") or image.mode not in ("1", "L", "RGB"):
            return None
        if "transparency" in image.info:
            return None
        data = np.fromfile(self._path, np.uint8)
        grey = cv2.imdecode(data, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)
        if grey is None or grey.shape != (image.height, image.width):
            return None
        return np.asarray(grey, np.uint8), False


class TextPages:
    """A plain text file: pages are parted by form feeds; there is nothing to read but the text."""

    def __init__(self, path: Path) -> None:
        self._pages = decode_text(path.read_bytes()).split("\f")
        self.count = len(self._pages)

    def page(self, number: int) -> DeliveredPage:
        blocks = re.split(r"\n\s*\n", self._pages[number - 1])
        paragraphs = tuple(
            tuple(
                tuple(Word(word, (0, 0, 0, 0), 1.0) for word in line.split())
                for line in block.split("\n")
                if line.strip()
            )
            for block in blocks
            if block.strip()
        )
        return DeliveredPage(number, None, 0, 0, 72.0, own_text=paragraphs)


class PdfPages:
    """Pages of a PDF: a good text layer is kept, one full-page image is taken as it is, the rest is rendered."""

    def __init__(self, path: Path, pdf: pikepdf.Pdf) -> None:
        self._path = path
        self._pdf = pdf
        self._lock = threading.Lock()
        self.count = len(pdf.pages)

    def page(self, number: int) -> DeliveredPage:
        """What cannot be taken out of the page is rendered. Raises: LetterError where that fails, too."""
        with self._lock:
            try:
                found = _look_at(self._pdf.pages[number - 1])
            except Exception as error:  # noqa: BLE001  whatever is wrong with its objects, the renderer may have an answer
                _LOG.info("page_not_understood", extra={"page": number, "why": type(error).__name__})
                return self._rendered(number, 0, None)
        if found.width < 1 or found.height < 1:
            raise LetterError("damaged")
        if found.may_have_text:
            own = self._own_text(number, found.turn, found.width, found.height)
            if own is not None:
                return own
        if found.image is not None:
            grey, bilevel = found.image
            high, wide = grey.shape
            return DeliveredPage(number, grey, wide, high, wide / (found.width * POINT), found.turn, bilevel)
        return self._rendered(number, found.turn, (found.width, found.height))

    def _rendered(self, number: int, turn: int, size: tuple[float, float] | None) -> DeliveredPage:
        """The page as an unturned grey image, at 300 dpi or as much as reading needs; ``size`` in points."""
        dpi: float = FALLBACK_DPI
        if size is not None:
            dpi = min(RASTER_DPI, math.sqrt(WHOLE_PIXELS / (size[0] * size[1])) / POINT)
        page = ["-f", str(number), "-l", str(number), "-singlefile"]
        try:
            data = run(["pdftoppm", "-r", f"{dpi:.2f}", "-gray", *page, str(self._path)], _RENDER_LIMITS)
        except ProgramFailed as error:
            raise LetterError("too_slow" if error.details["why"] == "timeout" else "damaged") from None
        shown = _parse_pgm(data)
        if shown.size == 1:  # what poppler makes of a page for which it has no memory
            raise LetterError("too_large")
        grey = np.ascontiguousarray(np.rot90(shown, turn // 90))
        high, wide = grey.shape
        return DeliveredPage(number, grey, wide, high, wide / (size[0] * POINT) if size else dpi, turn)

    def _own_text(self, number: int, turn: int, width: float, height: float) -> DeliveredPage | None:
        """The page by its text layer, if that is good: some words, most of them of letters or digits."""
        page = ["-f", str(number), "-l", str(number)]
        try:
            xml = run(["pdftotext", "-bbox-layout", "-enc", "UTF-8", *page, str(self._path), "-"], _TEXT_LIMITS)
            root = ElementTree.fromstring(re.sub(rb"[\x00-\x08\x0b\x0c\x0e-\x1f]", b"", xml))
        except (ProgramFailed, ElementTree.ParseError):
            return None
        scale = RASTER_DPI * POINT
        turned_wide = (height if turn in (90, 270) else width) * scale
        turned_high = (width if turn in (90, 270) else height) * scale
        paragraphs = []
        for block in root.iter(f"{_XHTML}block"):
            lines = []
            for line in block.iter(f"{_XHTML}line"):
                words = tuple(
                    Word(text, _unturn(_corners(word, scale), turn, turned_wide, turned_high), 1.0)
                    for word in line.iter(f"{_XHTML}word")
                    if (text := "".join(word.itertext()).strip())
                )
                if words:
                    lines.append(words)
            if lines:
                paragraphs.append(tuple(lines))
        texts = [word.text for paragraph in paragraphs for line in paragraph for word in line]
        if not is_good_text(texts):
            return None
        return DeliveredPage(
            number,
            None,
            round(width * scale),
            round(height * scale),
            RASTER_DPI,
            turn,
            own_text=tuple(paragraphs),
        )


@dataclass(frozen=True, slots=True)
class _PdfLook:
    """What the objects of a PDF page say. ``image``: of its one full-page image; sizes in points."""

    width: float
    height: float
    turn: int
    may_have_text: bool
    image: tuple[Grey, bool] | None


def _look_at(page: pikepdf.Page) -> _PdfLook:
    """Raises: whatever pikepdf and Python say of objects that are not what they should be."""
    box = [float(value) for value in page.mediabox]
    unit = float(page.obj.get("/UserUnit", 1))
    has_font = "/Font" in (page.obj.get("/Resources") or {}) or _inherits_font(page)
    found = _only_image(page, box)
    return _PdfLook(
        width=abs(box[2] - box[0]) * unit,
        height=abs(box[3] - box[1]) * unit,
        turn=int(_inherited(page, "/Rotate", 0)) % 360,
        may_have_text=has_font or found is None,
        image=_image_bytes(found) if found is not None else None,
    )


def _parse_pgm(data: bytes) -> Grey:
    """A binary PGM as poppler writes it. Raises: LetterError where it has written none."""
    head = re.match(rb"P5\n(\d+) (\d+)\n255\n", data)
    if head is None:
        raise LetterError("damaged")
    wide, high = int(head[1]), int(head[2])
    return np.frombuffer(data, np.uint8, wide * high, head.end()).reshape(high, wide)


def is_good_text(words: list[str]) -> bool:
    """Whether a text layer can be trusted: enough words, few replacement characters, most of it readable."""
    text = "".join(words)
    if len(words) < GOOD_TEXT_WORDS or not text:
        return False
    readable = sum(char.isalnum() and ord(char) < 0x2000 for char in text) / len(text)
    broken = sum(char == "\ufffd" or 0xE000 <= ord(char) < 0xF900 for char in text) / len(text)
    single = sum(len(word) == 1 for word in words) / len(words)
    return readable > 0.6 and broken < 0.02 and single < 0.6


def _reduction(pixels: int) -> int:
    """By what a picture is read smaller: 1, 2, 4 or 8."""
    return next((by for by in _GREY if pixels <= WHOLE_PIXELS * by**2), max(_GREY))


def to_grey(image: Image.Image) -> tuple[Grey, bool]:
    """A Pillow image as grey values on white paper, and whether it has one bit a pixel."""
    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        alpha = image.convert("RGBA")
        paper = Image.new("RGBA", alpha.size, "white")
        image = Image.alpha_composite(paper, alpha)
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        deep = np.asarray(image).astype(np.float32)
        top = 65535.0 if deep.max(initial=0) > 255 else 255.0
        return np.clip(deep * (255.0 / top), 0, 255).astype(np.uint8), False
    if image.mode == "LAB":
        return np.asarray(image.getchannel(0)), False
    return np.asarray(image if image.mode == "L" else image.convert("L")), image.mode == "1"


def _image_dpi(image: Image.Image) -> float:
    given = image.info.get("dpi")
    if isinstance(given, tuple) and 60 <= float(given[0]) <= 1300:
        return float(given[0])
    return min(image.size) / A4_INCHES[0]  # no word about it: most likely a sheet of A4


def _inherits_font(page: pikepdf.Page) -> bool:
    return "/Font" in page.resources or _has_form(page)


def _has_form(page: pikepdf.Page) -> bool:
    objects = page.resources.get("/XObject")
    if objects is None:
        return False
    return any(objects[name].get("/Subtype") == "/Form" for name in objects.keys())  # noqa: SIM118


def _only_image(page: pikepdf.Page, box: list[float]) -> pikepdf.Stream | None:
    """The page's one image, if it alone covers the page, upright in page space; else None."""
    resources = page.resources
    if _has_form(page):
        return None
    found: pikepdf.Stream | None = None
    matrix = pikepdf.Matrix()
    stack: list[pikepdf.Matrix] = []
    try:
        instructions = pikepdf.parse_content_stream(page)
    except pikepdf.PdfError:
        return None
    for instruction in instructions:
        operator = str(instruction.operator)
        if operator == "q":
            stack.append(matrix)
        elif operator == "Q" and stack:
            matrix = stack.pop()
        elif operator == "cm":
            matrix = pikepdf.Matrix(*[float(value) for value in instruction.operands]) @ matrix
        elif operator == "Do":
            if found is not None:
                return None
            objects = resources.get("/XObject")
            image = objects.get(str(instruction.operands[0])) if objects is not None else None
            if not isinstance(image, pikepdf.Stream) or not _covers(matrix, box):
                return None
            found = image
        elif operator in ("BI", "INLINE IMAGE", "sh", "f", "F", "f*", "B", "b", "S", "s", "B*", "b*"):
            return None
    if found is None or "/SMask" in found or "/Mask" in found or found.get("/ImageMask", False):
        return None
    return found


def _covers(matrix: pikepdf.Matrix, box: list[float]) -> bool:
    wide, high = box[2] - box[0], box[3] - box[1]
    upright = abs(matrix.b) < 0.01 * wide and abs(matrix.c) < 0.01 * high and matrix.a > 0 and matrix.d > 0
    fits = FULL <= matrix.a / wide <= 2 - FULL and FULL <= matrix.d / high <= 2 - FULL
    at_corner = abs(matrix.e - box[0]) < (1 - FULL) * wide and abs(matrix.f - box[1]) < (1 - FULL) * high
    return upright and fits and at_corner


def _image_bytes(image: pikepdf.Stream) -> tuple[Grey, bool] | None:
    """The image's grey values; None where its coding or its colours need the renderer."""
    wide, high = int(image.get("/Width", 0)), int(image.get("/Height", 0))
    bits, space = int(image.get("/BitsPerComponent", 8)), image.get("/ColorSpace")
    try:
        if _filters(image) == ["/DCTDecode"] and space in ("/DeviceGray", "/DeviceRGB") and "/Decode" not in image:
            data = np.frombuffer(image.read_raw_bytes(), np.uint8)
            decoded = cv2.imdecode(data, _GREY[_reduction(wide * high)] | cv2.IMREAD_IGNORE_ORIENTATION)
            return None if decoded is None else (np.asarray(decoded, np.uint8), False)
        if _reduction(wide * high) > 1 or not _plain_colours(space) or ("/Decode" in image and bits > 1):
            return None
        return to_grey(pikepdf.PdfImage(image).as_pil_image())
    except Exception as error:  # noqa: BLE001  the renderer has decoders and patience of its own
        _LOG.info("image_not_extracted", extra={"why": type(error).__name__})
        return None


def _plain_colours(space: pikepdf.Object | None) -> bool:
    """Grey, RGB or a palette of them: others (Separation, DeviceN, Lab, ...) mean something else by their numbers."""
    if isinstance(space, pikepdf.Array):
        family = str(space[0])
        if family == "/Indexed":
            return _plain_colours(space[1])
        return family in ("/CalGray", "/CalRGB") or (family == "/ICCBased" and int(space[1].get("/N", 0)) in (1, 3))
    return space is None or str(space) in ("/DeviceGray", "/DeviceRGB")


def _filters(image: pikepdf.Stream) -> list[str]:
    """The names of a stream's filters."""
    given = image.get("/Filter")
    return [str(given)] if isinstance(given, pikepdf.Name) else [str(one) for one in given or []]


def _corners(word: ElementTree.Element, scale: float) -> tuple[float, float, float, float]:
    x0, y0, x1, y1 = (float(word.get(name, "0")) * scale for name in ("xMin", "yMin", "xMax", "yMax"))
    return x0, y0, x1, y1


def _unturn(box: tuple[float, float, float, float], turn: int, wide: float, high: float) -> tuple[int, int, int, int]:
    """A box of the page as shown (turned clockwise by ``turn``; ``wide`` x ``high``), on the unturned page."""
    x0, y0, x1, y1 = box
    if turn == 90:
        x0, y0, x1, y1 = y0, wide - x1, y1, wide - x0
    elif turn == 180:
        x0, y0, x1, y1 = wide - x1, high - y1, wide - x0, high - y0
    elif turn == 270:
        x0, y0, x1, y1 = high - y1, x0, high - y0, x1
    return round(x0), round(y0), round(x1), round(y1)


def _inherited(page: pikepdf.Page, key: str, default: int) -> int:
    """An inheritable number of a page (ISO 32000-1, 7.7.3.4); a broken one counts as the default."""
    node: pikepdf.Object | None = page.obj
    for _ in range(32):
        if node is None:
            break
        if key in node:
            try:
                return int(float(node[key]))
            except (TypeError, ValueError):
                return default
        node = node.get("/Parent")
    return default
