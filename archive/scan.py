"""Scans: which pages of a PDF are nothing but images, and are the image streams the same afterwards."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import pikepdf
from pikepdf import Dictionary, Object

from archive.objects import filters

_PAINT = {"f", "F", "f*", "B", "B*", "b", "b*", "S", "s", "sh", "INLINE IMAGE"}
_SHOW = {"Tj", "TJ", "'", '"'}
_CONTENT_LIMIT = 400_000  # bytes of content that no page of mere images has
_SYMBOLIC_JBIG2 = {0, 4, 6, 7}  # ITU-T T.88, 7.3: symbol dictionary, text regions


@dataclass(frozen=True, slots=True)
class Look:
    """What a page paints. ``only_images``: besides them, nothing but invisible text."""

    only_images: bool
    hidden_text: bool


def look(page: pikepdf.Page) -> Look:
    """Read a page's content. Raises: pikepdf.PdfError."""
    if _content_size(page) > _CONTENT_LIMIT or "/Annots" in page.obj:
        return Look(False, False)
    shown, hidden, mode, stack = False, False, 0, []
    images = 0
    objects = dict(page.resources.get("/XObject", Dictionary()).items())
    for instruction in pikepdf.parse_content_stream(page):
        operands, name = instruction.operands, str(instruction.operator)
        if name in _PAINT:
            return Look(False, hidden)
        if name == "q":
            stack.append(mode)
        elif name == "Q" and stack:
            mode = stack.pop()
        elif name == "Tr":
            mode = int(operands[0])
        elif name in _SHOW:
            shown, hidden = shown or mode != 3, hidden or mode == 3
        elif name == "Do":
            painted = objects.get(str(operands[0]))
            if painted is None or painted.get("/Subtype") != "/Image":
                return Look(False, hidden)
            images += 1
    return Look(images > 0 and not shown, hidden)


def drop_hidden_text(pdf: pikepdf.Pdf, page: pikepdf.Page) -> None:
    """Take out text that is painted in mode 3 (invisible): ours takes its place."""
    mode, stack, kept = 0, [], []
    for instruction in pikepdf.parse_content_stream(page):
        operands, name = instruction.operands, str(instruction.operator)
        if name == "q":
            stack.append(mode)
        elif name == "Q" and stack:
            mode = stack.pop()
        elif name == "Tr":
            mode = int(operands[0])
        if name not in _SHOW or mode != 3:
            kept.append(instruction)
    page.Contents = pdf.make_stream(pikepdf.unparse_content_stream(kept))


@dataclass(frozen=True, slots=True)
class ImageGate:
    """Image streams of the pages: taken over bit by bit, coded anew without loss, or not found again."""

    identical: int
    rewrapped: int
    lost: int


def compare_images(before: pikepdf.Pdf, after: pikepdf.Pdf) -> ImageGate:
    """Compare the image streams page by page, as they are coded; where that differs, by their samples."""
    identical = rewrapped = lost = 0
    for old, new in zip(before.pages, after.pages, strict=True):
        have = [(image, _sha256(image.read_raw_bytes())) for image in images_of(new)]
        coded = {digest for _, digest in have}
        differing = [image for image in images_of(old) if _sha256(image.read_raw_bytes()) not in coded]
        identical += sum(1 for _ in images_of(old)) - len(differing)
        if differing:
            samples = {_sha256(_samples(image)) for image, _ in have}
            found = sum(_sha256(_samples(image)) in samples for image in differing)
            rewrapped, lost = rewrapped + found, lost + len(differing) - found
    return ImageGate(identical, rewrapped, lost)


def _samples(image: Object) -> bytes:
    """The samples where the coding has no loss, else the coded bytes."""
    if set(filters(image)) & {"/DCTDecode", "/JPXDecode", "/JBIG2Decode", "/CCITTFaxDecode"}:
        return image.read_raw_bytes()
    return image.read_bytes(pikepdf.StreamDecodeLevel.generalized)


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def images_of(page: pikepdf.Page) -> Iterator[Object]:
    """The image XObjects that a page can reach, also in form XObjects and as soft masks."""
    todo: list[Object] = [page.resources]
    done = set()
    while todo:
        for _, item in todo.pop().get("/XObject", Dictionary()).items():
            if not isinstance(item, pikepdf.Stream) or item.objgen in done:
                continue
            done.add(item.objgen)
            if item.get("/Subtype") == "/Image":
                yield item
                mask = item.get("/SMask")
                if isinstance(mask, pikepdf.Stream):
                    yield mask
            elif "/Resources" in item:
                todo.append(item["/Resources"])


def uses_cmyk(pdf: pikepdf.Pdf) -> bool:
    """Whether an image is in DeviceCMYK."""
    return any(image.get("/ColorSpace") == "/DeviceCMYK" for page in pdf.pages for image in images_of(page))


def has_symbolic_jbig2(pdf: pikepdf.Pdf) -> bool:
    """Whether an image is coded by JBIG2 symbols (which may have swapped characters before it came to us)."""
    return any(
        "/JBIG2Decode" in filters(image) and _is_symbolic(image.read_raw_bytes())
        for page in pdf.pages
        for image in images_of(page)
    )


def _is_symbolic(data: bytes) -> bool:
    """Read the segment headers of an embedded JBIG2 stream (ITU-T T.88, 7.2)."""
    place = 0
    while place + 11 <= len(data):
        number = int.from_bytes(data[place : place + 4], "big")
        flags, referred = data[place + 4], data[place + 5]
        if flags & 63 in _SYMBOLIC_JBIG2:
            return True
        count, place = referred >> 5, place + 6
        if count == 7:
            count = int.from_bytes(data[place - 1 : place + 3], "big") & 0x1FFFFFFF
            place += 3 + (count + 8) // 8
        place += count * (1 if number <= 256 else 2 if number <= 65536 else 4)
        place += 4 if flags & 64 else 1
        length = int.from_bytes(data[place : place + 4], "big")
        if length == 0xFFFFFFFF:
            return False
        place += 4 + length
    return False


def _content_size(page: pikepdf.Page) -> int:
    contents = page.obj.get("/Contents")
    streams = list(contents) if isinstance(contents, pikepdf.Array) else [contents]
    return sum(len(stream.read_raw_bytes()) for stream in streams if isinstance(stream, pikepdf.Stream))
