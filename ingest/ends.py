"""Where a file ends by its own format, and what lies behind: nothing, padding, a stranger's bytes or a second file."""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Callable
from contextlib import suppress

from core.errors import LetterError
from ingest import marks

Data = bytes | mmap.mmap
DATA_AFTER_END = "data_after_end"
_PADDING = re.compile(rb"[\0\s\xff]*")  # copiers fill their last block, some with thousands of zero bytes
_NO_PADDING = re.compile(rb"[^\0\s\xff]")
_PDF_BEHIND_END = re.compile(rb"%%EOF[\0\s\xff]*(?=%PDF-\d)")
_PDF_PARTS = re.compile(rb"\d\s+\d+\s+obj\b|\bstream\r?\n|\bxref\b|\bendobj\b")
_JPEG_MARKER = re.compile(rb"\xff+([^\0\xff\xd0-\xd7])")  # but stuffing and restarts (ITU-T T.81, B.1.1.2)
_TIFF_SIZES = dict(zip(range(1, 14), (1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4), strict=True)) | {16: 8, 17: 8, 18: 8}
_WIDTH, _HEIGHT, _STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES = 256, 257, 273, 279, 324, 325  # TIFF 6.0
_OLD_JPEG, _OLD_JPEG_BYTES, _FOLDERS = 513, 514, (330, 34665, 34853)
_MOST_FOLDERS = 100_000


def check_end(media_type: str, data: Data) -> tuple[str, ...]:
    """Look at what lies behind a file's own end. Returns: warnings.

    Raises: LetterError: ``truncated``, its end is missing; ``glued``, a second file begins there.
    """
    find = _ENDS.get(media_type)
    end = find(data) if find else None
    if end is None:
        return ()
    if end > len(data):
        raise LetterError("truncated")
    behind = _skip_padding(data, end)
    if behind == len(data):
        return ()
    for start in (behind, *range(max(end, behind - 8), behind)):  # a mark may begin with what looks like padding
        if marks.kind_of(data[start : start + marks.HEAD]) not in (None, marks.OTHER) and _is_start(data, start):
            raise LetterError("glued", at=start)
    return (DATA_AFTER_END,)


def _is_start(data: Data, start: int) -> bool:
    """A PDF's mark may stand anywhere in a kilobyte; behind another file it counts at its place only."""
    return marks.kind_of(data[start : start + marks.HEAD]) != marks.PDF or data[start : start + 5] == b"%PDF-"


def _skip_padding(data: Data, start: int) -> int:
    found = _NO_PADDING.search(data, start)
    return found.start() if found else len(data)


def _pdf(data: Data) -> int | None:
    """Behind the last ``%%EOF``: several are normal (incremental updates), a new header after one is not."""
    second = _PDF_BEHIND_END.search(data)
    if second:
        raise LetterError("glued", at=second.end())
    last = max(data.rfind(b"%%EOF"), data.rfind(b"startxref"))
    if last < 0 or _PDF_PARTS.search(data, last + len(b"%%EOF")):
        raise LetterError("truncated")  # an update, or the rest of a linearised file, is cut
    return last + len(b"%%EOF") if data[last : last + 2] == b"%%" else None


def _jpeg(data: Data) -> int | None:
    """Behind EOI, segment by segment (ITU-T T.81, B.1.1); None for files of several pictures (CIPA DC-007)."""
    place = 2
    while found := _JPEG_MARKER.search(data, place):
        marker, place = found[1][0], found.end()
        if marker == 0xD9:
            return place
        if marker in (0x01, 0xD8):
            continue
        length = int.from_bytes(data[place : place + 2], "big")
        if marker == 0xE2 and data[place + 2 : place + 6] == b"MPF\0":
            return None
        place += length
    raise LetterError("truncated")


def _png(data: Data) -> int:
    """Behind IEND (PNG specification, 5.3)."""
    place, kind = 8, b""
    while place + 12 <= len(data) and kind != b"IEND":
        kind = bytes(data[place + 4 : place + 8])
        place += 12 + int.from_bytes(data[place : place + 4], "big")
    return place if kind == b"IEND" else len(data) + 1


def _riff(data: Data) -> int:
    return 8 + int.from_bytes(data[4:8], "little")


def _heic(data: Data) -> int | None:
    """Behind the last box (ISO/IEC 14496-12, 4.2)."""
    place = 0
    while place + 8 <= len(data):
        size = int.from_bytes(data[place : place + 4], "big")
        if size == 1:
            size = int.from_bytes(data[place + 8 : place + 16], "big")
        if size == 0:
            return None  # up to the end of the file
        if size < 8 or not data[place + 4 : place + 8].isalnum():
            break
        place += size
    return place


def _bmp(data: Data) -> int | None:
    size = int.from_bytes(data[2:6], "little")
    return size if 54 <= size <= len(data) else None  # many writers leave it wrong


def _tiff(data: Data) -> int:
    """Behind the last strip, folder or value that the folders name. Raises: LetterError ``damaged``."""
    order = "<" if data[:1] == b"I" else ">"
    big = struct.unpack_from(order + "H", data, 2)[0] == 43
    walk = _TiffWalk(data, order, big)
    try:
        walk.run()
    except struct.error:
        raise LetterError("truncated") from None
    return min(walk.end, len(data))  # lengths are often too large; whether pixels are missing, the decoder finds


class _TiffWalk:
    """All folders of a TIFF file, from one to the next; each once, so that a ring ends."""

    def __init__(self, data: Data, order: str, big: bool) -> None:
        self.data, self.order = data, order
        self.number, self.count, self.entry = ("Q", "Q", "HHQ") if big else ("I", "H", "HHI")
        self.first = 8 if big else 4
        self.end = 0

    def run(self) -> None:
        seen: set[int] = set()
        place, side = self._read(self.number, self.first), list[int]()
        while place and place not in seen and len(seen) < _MOST_FOLDERS:
            seen.add(place)
            place, tags = self._folder(place)
            if not tags.keys() >= {_WIDTH, _HEIGHT}:
                raise LetterError("damaged")
            self._pixels(tags)
            side += [one for tag in _FOLDERS for one in tags.get(tag, ())]
        for place in side:
            with suppress(struct.error):  # facts about the camera: no letter is worse without them
                self._folder(place)

    def _read(self, kind: str, place: int) -> int:
        return int(struct.unpack_from(self.order + kind, self.data, place)[0])

    def _folder(self, place: int) -> tuple[int, dict[int, tuple[int, ...]]]:
        count = self._read(self.count, place)
        place += struct.calcsize(self.order + self.count)
        size, width = struct.calcsize(self.order + self.entry + self.number), struct.calcsize(self.number)
        tags = {}
        for start in range(place, place + count * size, size):
            tag, kind, values = struct.unpack_from(self.order + self.entry, self.data, start)
            length = _TIFF_SIZES.get(kind, 1) * values
            at = start + size - width
            if length > width:
                at = self._read(self.number, at)
                self.end = max(self.end, at + length)
            if tag in _WANTED and kind in (3, 4, 13, 16, 18):
                form = {3: "H", 4: "I", 13: "I"}.get(kind, "Q")
                tags[tag] = struct.unpack_from(f"{self.order}{values}{form}", self.data, at)
        place += count * size
        self.end = max(self.end, place + width)
        return self._read(self.number, place), tags

    def _pixels(self, tags: dict[int, tuple[int, ...]]) -> None:
        for starts, lengths in ((_STRIPS, _STRIP_BYTES), (_TILES, _TILE_BYTES), (_OLD_JPEG, _OLD_JPEG_BYTES)):
            for start, length in zip(tags.get(starts, ()), tags.get(lengths, ()), strict=False):
                self.end = max(self.end, start + length)


_WANTED = {
    *(_WIDTH, _HEIGHT, _STRIPS, _STRIP_BYTES, _TILES, _TILE_BYTES, _OLD_JPEG, _OLD_JPEG_BYTES, *_FOLDERS),
}
_ENDS: dict[str, Callable[[Data], int | None]] = {
    marks.PDF: _pdf,
    marks.JPEG: _jpeg,
    marks.PNG: _png,
    marks.WEBP: _riff,
    marks.HEIC: _heic,
    marks.BMP: _bmp,
    marks.TIFF: _tiff,
}
