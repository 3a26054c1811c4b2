"""Is a file complete? By its format's own end, by who has it open, and never before it is still.

A scanner that writes page by page pauses between pages, so stillness alone proves nothing. What a format says is used
only to wait longer: a file that stays incomplete is taken in the end, and gets its verdict as any other.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

PADDING = b"\0\xff\r\n\t \x1a"  # what copiers put behind the end, in any amount
TAIL = 1 << 16  # bytes read from the end, padding not counted
MOST_FOLDERS = 100_000  # image file directories of a TIFF that are followed


def is_open_for_writing(path: Path) -> bool:
    """Whether some process on this host has the file open for writing, as far as the kernel tells.

    A read lease is granted only when nobody writes (fcntl(2), F_SETLEASE); where leases do not work (network
    file systems, files of other users) the answer is False and the quiet time alone decides.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_RDLCK)
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    except OSError as error:
        return error.errno == errno.EAGAIN
    finally:
        os.close(descriptor)
    return False


def has_its_end(path: Path) -> bool:
    """Whether a file is whole as far as its format says; True for a format that says nothing. Raises: OSError."""
    with path.open("rb") as stream:
        head = stream.read(16)
        check = next((check for mark, check in _CHECKS if head.startswith(mark)), None)
        if check is None and head[4:8] == b"ftyp":
            check = _boxes_fit
        return head != b"" and (check is None or check(stream))


def _tail(stream: BinaryIO) -> bytes:
    """The last bytes before the padding."""
    end = stream.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - TAIL)
        stream.seek(start)
        piece = stream.read(end - start).rstrip(PADDING)
        if piece or start == 0:
            return piece
        end = start
    return b""


def _last(stream: BinaryIO) -> bytes:
    """The last bytes as they are, further back where they are all padding."""
    end = stream.seek(0, os.SEEK_END)
    while end > 0:
        start = max(0, end - TAIL)
        stream.seek(start)
        piece = stream.read(end - start)
        if start == 0 or piece.strip(b"\0"):
            return piece
        end = start + 1
    return b""


def _pdf_ends(stream: BinaryIO) -> bool:
    return b"%%EOF" in _tail(stream)[-2048:]  # ISO 32000-1, 7.5.5; readers allow some bytes behind it


def _jpeg_ends(stream: BinaryIO) -> bool:
    return b"\xff\xd9" in _last(stream)  # padding may be of the same bytes, so it is not taken off


def _png_ends(stream: BinaryIO) -> bool:
    return b"IEND" in _tail(stream)


def _gif_ends(stream: BinaryIO) -> bool:
    return _tail(stream).endswith(b";")


def _riff_fits(stream: BinaryIO) -> bool:
    stream.seek(4)
    (length,) = struct.unpack("<I", stream.read(4).ljust(4, b"\xff"))
    return stream.seek(0, os.SEEK_END) >= int(length) + 8


def _zip_ends(stream: BinaryIO) -> bool:
    return b"PK\5\6" in _last(stream)  # its own comment may stand behind it


def _boxes_fit(stream: BinaryIO) -> bool:
    """The boxes of an ISO base media file (HEIC) end where the file ends (ISO/IEC 14496-12, 4.2)."""
    size, place = stream.seek(0, os.SEEK_END), 0
    while place + 8 <= size:
        stream.seek(place)
        length, _, large = struct.unpack(">I4sQ", stream.read(16).ljust(16, b"\0"))
        step = large if length == 1 else length
        if length == 0:
            return True  # up to the end of the file
        if step < 8:
            return True  # no box: the look decides
        place += step
    return place <= size


def _tiff_fits(stream: BinaryIO) -> bool:
    """Every directory and every strip or tile lies within the file (TIFF 6.0, section 2; BigTIFF likewise)."""
    size = stream.seek(0, os.SEEK_END)
    stream.seek(0)
    order, version = stream.read(2), stream.read(2)
    end = "<" if order == b"II" else ">"
    big = version in (b"+\0", b"\0+")
    offset_type, count_type, entry_size = ("Q", "Q", 20) if big else ("I", "H", 12)
    stream.seek(8 if big else 4)
    place = _number(stream, end + offset_type)
    seen: set[int] = set()
    while place and place not in seen and len(seen) < MOST_FOLDERS:
        seen.add(place)
        stream.seek(place)
        count = _number(stream, end + count_type)
        entries = stream.read(count * entry_size) if place < size and count < 10_000 else b""
        if not entries or len(entries) < count * entry_size:
            return False
        following = stream.read(struct.calcsize(offset_type))
        if len(following) < struct.calcsize(offset_type):
            return False
        if not _strips_fit(stream, entries, entry_size, end, size):
            return False
        (place,) = struct.unpack(end + offset_type, following)
    return bool(seen)


_TIFF_TYPES = {3: "H", 4: "I", 16: "Q", 13: "I"}
_PLACES = {273: 279, 324: 325}  # offsets and byte counts of strips, of tiles


def _strips_fit(stream: BinaryIO, entries: bytes, entry_size: int, end: str, size: int) -> bool:
    values: dict[int, tuple[int, ...]] = {}
    wide = "Q" if entry_size == 20 else "I"
    for start in range(0, len(entries), entry_size):
        tag, kind = struct.unpack_from(end + "HH", entries, start)
        if tag not in {*_PLACES, *_PLACES.values()} or kind not in _TIFF_TYPES:
            continue
        (count,) = struct.unpack_from(end + wide, entries, start + 4)
        letter, field = _TIFF_TYPES[kind], start + 4 + struct.calcsize(wide)
        length = struct.calcsize(letter) * count
        if count > size:
            return False
        raw = entries[field : field + length]
        if length > struct.calcsize(wide):
            (at,) = struct.unpack_from(end + wide, entries, field)
            stream.seek(at)
            raw = stream.read(length)
        if len(raw) < length:
            return False
        values[tag] = struct.unpack(f"{end}{count}{letter}", raw)
    pairs = [(values.get(a, ()), values.get(b, ())) for a, b in _PLACES.items()]
    return all(at + length <= size for places, lengths in pairs for at, length in zip(places, lengths, strict=False))


def _number(stream: BinaryIO, form: str) -> int:
    raw = stream.read(struct.calcsize(form))
    return int(struct.unpack(form, raw)[0]) if len(raw) == struct.calcsize(form) else 0


_CHECKS: tuple[tuple[bytes, Callable[[BinaryIO], bool]], ...] = (
    (b"%PDF-", _pdf_ends),
    (b"\xff\xd8\xff", _jpeg_ends),
    (b"\x89PNG\r\n\x1a\n", _png_ends),
    (b"GIF8", _gif_ends),
    (b"RIFF", _riff_fits),
    (b"PK\3\4", _zip_ends),
    (b"II*\0", _tiff_fits),
    (b"MM\0*", _tiff_fits),
    (b"II+\0", _tiff_fits),
    (b"MM\0+", _tiff_fits),
)
