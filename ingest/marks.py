"""The first bytes say what a file is: a format's own mark at its place decides, not what lies further inside."""

from __future__ import annotations

import re

PDF = "application/pdf"
TIFF, JPEG, PNG, BMP, GIF = "image/tiff", "image/jpeg", "image/png", "image/bmp", "image/gif"
WEBP, HEIC = "image/webp", "image/heic"
CONTAINER, OTHER = "container", "other"  # files that hold files; files of kinds that we do not read
HEAD = 1024  # bytes; a PDF's mark may stand anywhere in them (ISO 32000-1, annex H.3, note 13)

_AT_START = {
    TIFF: (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+"),
    JPEG: (b"\xff\xd8\xff",),
    PNG: (b"\x89PNG\r\n\x1a\n",),
    GIF: (b"GIF87a", b"GIF89a"),
    CONTAINER: (
        *(b"PK\x03\x04", b"PK\x05\x06", b"PK\x07\x08", b"Rar!\x1a\x07", b"7z\xbc\xaf\x27\x1c"),
        *(b"\x1f\x8b\x08", b"BZh", b"\xfd7zXZ\0", b"\x28\xb5\x2f\xfd", b"MSCF\0", b"!<arch>"),
    ),
    OTHER: (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"%!PS", b"\xc5\xd0\xd3\xc6", b"{\\rtf"),
}
_HEIC_BRANDS = (b"heic", b"heix", b"mif1", b"heim", b"heis", b"msf1")
_OFFICE = (b"[Content_Types].xml", b"mimetypeapplication/vnd.oasis", b"_rels/.rels", b"word/", b"xl/", b"ppt/")
_HTML = re.compile(rb"(?i)(\xef\xbb\xbf)?\s*<(!doctype html|html)")
_MAIL = re.compile(rb"(?i)(>?from [^\r\n]*\r?\n)?[a-z][a-z0-9-]*:[^\r\n]*\r?\n")  # RFC 5322, 2.2; mbox


def kind_of(head: bytes) -> str | None:
    """The media type of a file that begins with ``head``, ``CONTAINER``, ``OTHER``, or None: no mark is known."""
    for kind, begins in _AT_START.items():
        if head.startswith(begins):
            return OTHER if kind == CONTAINER and any(name in head for name in _OFFICE) else kind
    if head[:2] == b"BM" and len(head) > 26 and head[6:10] == b"\0\0\0\0":
        return BMP
    if head[:4] == b"RIFF" and head[8:12] == b"WEBP":
        return WEBP
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS:
        return HEIC
    if head[257:262] == b"ustar" or (_MAIL.match(head) and re.search(rb"(?im)^mime-version:", head)):
        return CONTAINER
    if _HTML.match(head):
        return OTHER
    return PDF if b"%PDF-" in head else None
