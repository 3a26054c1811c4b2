"""Some frames of a TIFF as a TIFF of their own: strips and tiles byte for byte, and the tags that decoding needs.

Classic TIFF (TIFF 6.0) and BigTIFF. The directories are read here, since the libraries either decode and code anew
(Pillow) or follow a directory that points back to itself for ever (tifftools 1.7).
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

# by number; texts, times, thumbnails, EXIF and XMP are not needed to see the page
_KEPT = {
    *range(254, 260), 262, *range(263, 267), 273, 274, *range(277, 285), 286, 287, *range(290, 294), 296, 301,
    *range(317, 326), 332, 334, 336, *range(338, 343), 347, *range(512, 522), *range(529, 533), 34675,
}  # fmt: skip
_DATA = {273: 279, 324: 325, 513: 514, 519: None, 520: None, 521: None}  # offsets: lengths; old JPEG tables have none
_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 16: 8, 17: 8}  # of a type, bytes
_NUMBERS = {1: "B", 3: "H", 4: "I", 16: "Q"}
_MOST = 100_000  # frames, and bytes of a directory's entry count that is believed

ERRORS = (OSError, ValueError, KeyError, IndexError, struct.error, MemoryError)


@dataclass(frozen=True, slots=True)
class _Tag:
    kind: int
    count: int
    data: bytes


@dataclass(frozen=True, slots=True)
class _Frame:
    tags: dict[int, _Tag]
    pieces: dict[int, list[bytes]]  # tag of the offsets: what lies there


class _File:
    """A TIFF file that is read."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream
        head = stream.read(4)
        self.order = {b"II": "<", b"MM": ">"}[head[:2]]
        self.big = struct.unpack(f"{self.order}H", head[2:])[0] == 43
        self.offset, self.room = ("Q", 8) if self.big else ("I", 4)  # form of an offset; bytes of a value in its entry
        if self.big:
            stream.read(4)
        self._first = self._number(self.offset)

    def frames(self) -> list[_Frame]:
        """All frames, in their order. Raises: ERRORS."""
        found: list[_Frame] = []
        seen: set[int] = set()
        place = self._first
        while place:
            if place in seen or len(seen) > _MOST:
                raise ValueError("directories in a circle")
            seen.add(place)
            self._stream.seek(place)
            count = self._number("Q" if self.big else "H")
            if count > _MOST:
                raise ValueError("directory")
            entries = [self._entry() for _ in range(count)]
            place = self._number(self.offset)
            tags = {
                number: _Tag(kind, amount, self._value(kind, amount, room))
                for number, kind, amount, room in entries
                if number in _KEPT and kind in _SIZES
            }
            found.append(_Frame(tags, {number: self._pieces(tags, number) for number in _DATA if number in tags}))
        return found

    def _number(self, form: str) -> int:
        size = struct.calcsize(f"{self.order}{form}")
        number: int = struct.unpack(f"{self.order}{form}", self._stream.read(size))[0]
        return number

    def _entry(self) -> tuple[int, int, int, bytes]:
        number, kind = self._number("H"), self._number("H")
        return number, kind, self._number(self.offset), self._stream.read(self.room)

    def _value(self, kind: int, count: int, room: bytes) -> bytes:
        size = _SIZES[kind] * count
        if size <= len(room):
            return room[:size]
        return self._read(struct.unpack(f"{self.order}{self.offset}", room)[0], size)

    def _read(self, place: int, size: int) -> bytes:
        self._stream.seek(0, 2)
        if place + size > self._stream.tell():
            raise ValueError("cut off")
        self._stream.seek(place)
        return self._stream.read(size)

    def _pieces(self, tags: dict[int, _Tag], offsets: int) -> list[bytes]:
        lengths = _DATA[offsets]
        if lengths is None or lengths not in tags:
            raise ValueError("data without a length")
        places = zip(_numbers(tags[offsets], self.order), _numbers(tags[lengths], self.order), strict=True)
        return [self._read(place, length) for place, length in places]


def _numbers(tag: _Tag, order: str) -> list[int]:
    return list(struct.unpack(f"{order}{tag.count}{_NUMBERS[tag.kind]}", tag.data))


def extract_frames(original: Path, frames: Sequence[int] | None, target: Path, blank: Collection[int] = ()) -> None:
    """Write the frames (1-based; None: all) of a TIFF, those of ``blank`` white. The same frames give the same bytes.

    Raises: ERRORS.
    """
    with original.open("rb") as stream:
        file = _File(stream)
        found = file.frames()
    with target.open("wb") as out:
        offset = file.offset
        out.write(b"II" if file.order == "<" else b"MM")
        out.write(struct.pack(f"{file.order}HHH", 43, 8, 0) if file.big else struct.pack(f"{file.order}H", 42))
        link = out.tell()
        out.write(struct.pack(f"{file.order}{offset}", 0))
        for number in frames or range(1, len(found) + 1):
            frame = _white(found[number - 1], file.order) if number in blank else found[number - 1]
            tags = dict(frame.tags)
            for tag, pieces in frame.pieces.items():
                places = [_append(out, piece) for piece in pieces]
                kind = 16 if file.big else 4
                tags[tag] = _Tag(kind, len(places), struct.pack(f"{file.order}{len(places)}{_NUMBERS[kind]}", *places))
            link = _directory(out, file, tags, link)


def _white(frame: _Frame, order: str) -> _Frame:
    """A white bilevel frame of the same size and resolution, packed (TIFF 6.0, section 9)."""
    width, height = (_numbers(frame.tags[tag], order)[0] for tag in (256, 257))
    whole, rest = divmod((width + 7) // 8, 128)
    row = b"\x81\0" * whole + (bytes([(257 - rest) % 256, 0]) if rest else b"")
    data = row * height

    def number(kind: int, value: int) -> _Tag:
        return _Tag(kind, 1, struct.pack(f"{order}{_NUMBERS[kind]}", value))

    tags = {256: number(4, width), 257: number(4, height), 278: number(4, height), 279: number(4, len(data))}
    tags |= {tag: number(3, value) for tag, value in ((258, 1), (259, 32773), (262, 0), (277, 1))}
    tags |= {tag: frame.tags[tag] for tag in (274, 282, 283, 296) if tag in frame.tags}
    return _Frame(tags, {273: [data]})


def data_of(path: Path) -> list[list[bytes]]:
    """The coded strips or tiles of each frame. Raises: ERRORS."""
    with path.open("rb") as stream:
        return [[piece for pieces in frame.pieces.values() for piece in pieces] for frame in _File(stream).frames()]


def _append(out: BinaryIO, data: bytes) -> int:
    """Write ``data`` at the end, on a word (TIFF 6.0, section 2). Returns: its place."""
    out.seek(0, 2)
    if out.tell() % 2:
        out.write(b"\0")
    place = out.tell()
    out.write(data)
    return place


def _directory(out: BinaryIO, file: _File, tags: dict[int, _Tag], link: int) -> int:
    """Write a frame's directory, and its place at ``link``. Returns: where the next one's place is to stand."""
    offset, room = file.offset, file.room
    entries = []
    for number, tag in sorted(tags.items()):
        value = tag.data
        if len(value) > room:
            value = struct.pack(f"{file.order}{offset}", _append(out, value))
        head = struct.pack(f"{file.order}HH{offset}", number, tag.kind, tag.count)
        entries.append(head + value.ljust(room, b"\0"))
    count = struct.pack(f"{file.order}{'Q' if file.big else 'H'}", len(entries))
    place = _append(out, count + b"".join(entries) + struct.pack(f"{file.order}{offset}", 0))
    end = out.tell() - room
    out.seek(link)
    out.write(struct.pack(f"{file.order}{offset}", place))
    return end
