"""The gate of a part: its files hold its pages, and of the other letters of the stack nothing.

It does not ask how a part was made. What each page of the Source paints, holds and says is gathered once a Source;
then every object of the part's files is compared with what is another page's.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Object

from archive.attachments import name_of
from archive.objects import MALFORMED
from archive.parts import tiff
from archive.parts.copier import inherited, parts_of
from archive.parts.files import files_of_page, files_of_stack, is_mentioned
from archive.parts.used import pruned
from core.errors import IntegrityError

_LONG = 64  # bytes of a stream, or
_WORDS = 4  # letters of a text, that two letters do not share by chance
_SAYS = (  # keys whose texts people wrote (ISO 32000-1)
    "/Title", "/Alt", "/ActualText", "/E", "/V", "/DV", "/T", "/TU", "/TM", "/Contents", "/RC", "/RV", "/UF", "/Desc",
    "/Subj", "/Name",
)  # fmt: skip
_FONTS = ("/FontFile", "/FontFile2", "/FontFile3")
_KINDS = {
    pikepdf.Name(f"/{name}") for name in ("Image", "Form", "EmbeddedFile", "Metadata", "XML")
}  # streams that may speak of a letter

_SHARED = {  # leads to other things than looks, or to tables that many fonts have alike
    f"/{name}" for name in ("P", "Dest", "A", "IRT", "Popup", "ToUnicode", "CIDToGIDMap", "CIDSet", "UseCMap")
}

Hashes = frozenset[bytes]


class ForeignContent(IntegrityError):
    """A file made for one letter holds something of another letter of its stack: a fault of ours."""

    code = "foreign_content"


@dataclass(frozen=True, slots=True)
class _Held:
    """What a page, or the rest of a file, holds: hashes of streams, of font programs, and texts."""

    streams: Hashes = frozenset()
    fonts: Hashes = frozenset()
    texts: frozenset[str] = frozenset()

    def __or__(self, other: _Held) -> _Held:
        return _Held(self.streams | other.streams, self.fonts | other.fonts, self.texts | other.texts)

    def __sub__(self, other: _Held) -> _Held:
        return _Held(self.streams - other.streams, self.fonts - other.fonts, self.texts - other.texts)


@dataclass(slots=True)
class _Gathered:
    """While a page is walked."""

    streams: set[bytes] = field(default_factory=set)
    fonts: set[bytes] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    seen: set[tuple[int, int]] = field(default_factory=set)

    def held(self) -> _Held:
        return _Held(frozenset(self.streams), frozenset(self.fonts), frozenset(self.texts))


@dataclass(frozen=True, slots=True)
class _Source:
    pages: tuple[_Held, ...]
    rest: _Held  # what no page needs
    files: tuple[tuple[str, _Held], ...]  # embedded in the stack, by name


def check_part(source: Path, media_type: str, pages: Sequence[int], text: str, files: Sequence[Path]) -> None:
    """Compare ``files`` (extract and PDF/A) of the part that ``pages`` (1-based) of ``source`` make.

    ``text``: the words of the pages, by which embedded files go with them. Raises: ForeignContent.
    """
    said = _look(source, source.stat().st_mtime_ns, media_type)
    own = _Held()
    for number in pages:
        own |= said.pages[number - 1]
    foreign = said.rest
    for number, held in enumerate(said.pages, 1):
        foreign |= held if number not in pages else _Held()
    for name, held in said.files:
        own, foreign = (own | held, foreign) if is_mentioned(name, text) else (own, foreign | held)
    for path in files:
        _check(path, foreign - own, len(pages))


def _check(path: Path, foreign: _Held, count: int) -> None:
    if path.suffix != ".pdf":
        frames = tiff.data_of(path)
        if len(frames) != count or any(_hash(piece) in foreign.streams for frame in frames for piece in frame):
            raise ForeignContent(file=path.name, why="frame")
        return
    why = _wrong(path, foreign, count, fonts=path.name.startswith("extract"))
    if why:
        raise ForeignContent(file=path.name, why=why)


def _wrong(path: Path, foreign: _Held, count: int, *, fonts: bool) -> str:
    """What is wrong with a part's PDF; "" when nothing is."""
    with pikepdf.open(path, suppress_warnings=True) as pdf:
        listed = {page.obj.objgen for page in pdf.pages}
        if len(listed) != count:
            return "pages"
        reached: set[tuple[int, int]] = set()
        for item in _reachable(pdf.trailer, reached):
            if item.get("/Type") == "/Page" and item.objgen not in listed:
                return "page"
            if isinstance(item, pikepdf.Stream) and not foreign.streams.isdisjoint(_hashes(item)):
                return "stream"
            if fonts and any(not foreign.fonts.isdisjoint(_hashes(font)) for font in _fonts(item)):
                return "font"
            if not foreign.texts.isdisjoint(_texts(item)):
                return "text"
        there = {one.objgen for one in pdf.objects if isinstance(one, (Array, Dictionary, pikepdf.Stream))}
        if any(one not in reached for one in there if not _is_container(pdf, one)):
            return "unreachable"
    return ""


def _is_container(pdf: pikepdf.Pdf, key: tuple[int, int]) -> bool:
    """Whether an object is a part of the file's own structure: object streams and cross-reference streams."""
    item = pdf.get_object(key)
    return isinstance(item, pikepdf.Stream) and item.get("/Type") in ("/ObjStm", "/XRef")


# --- what a Source holds ------------------------------------------------------------------------------------------


@lru_cache(maxsize=4)
def _look(path: Path, _changed: int, media_type: str) -> _Source:
    """What each page holds, and what none needs."""
    if media_type == "image/tiff":
        try:
            frames = tiff.data_of(path)
        except tiff.ERRORS:
            return _Source(_Nothing(), _Held(), ())
        held = [_Held(frozenset(_hash(piece) for piece in frame if len(piece) >= _LONG)) for frame in frames]
        return _Source(tuple(held), _Held(), ())
    if media_type != "application/pdf":
        return _Source(_Nothing(), _Held(), ())
    with pikepdf.open(path, suppress_warnings=True) as pdf:
        pages = tuple(_of_page(page) for page in pdf.pages)
        files = tuple((name_of(spec), _of(spec)) for spec in files_of_stack(pdf))
        needed = _Held()
        for one in (*pages, *(held for _, held in files)):
            needed |= one
        return _Source(pages, _of_file(pdf) - needed, files)


def _of_file(pdf: pikepdf.Pdf) -> _Held:
    """The texts of a whole file, and those of its streams that may speak of a letter."""
    found = _Gathered()
    for item in _reachable(pdf.trailer, set()):
        found.texts |= _texts(item)
        if isinstance(item, pikepdf.Stream) and {item.get("/Subtype"), item.get("/Type")} & _KINDS:
            found.streams |= _hashes(item)
    return found.held()


class _Nothing(tuple[_Held, ...]):
    """Pages of which nothing is known."""

    def __getitem__(self, _: Any) -> Any:
        return _Held()


def _of_page(page: pikepdf.Page) -> _Held:
    """What a page paints, holds and says, as far as it can be read."""
    found = _Gathered()
    with suppress(*MALFORMED):  # such a page is parted as a picture
        _gather_page(page, found)
    return found.held()


def _gather_page(page: pikepdf.Page, found: _Gathered) -> None:
    contents = page.obj.get("/Contents")
    for stream in contents if isinstance(contents, Array) else (contents,):
        _gather(stream, found)
    listed = page.obj.get("/Annots")
    for annotation in listed if isinstance(listed, Array) else ():
        _gather(annotation, found)
        _says_field(annotation, found)
    for spec in files_of_page(page.obj):
        _gather(spec, found)
    for things in pruned([page], inherited(page.obj, "/Resources")).values():
        for thing in things.values():
            _gather(thing, found)


def _of(item: Object) -> _Held:
    found = _Gathered()
    _gather(item, found)
    return found.held()


def _says_field(node: Any, found: _Gathered) -> None:
    """The texts of a widget's field, and its full name."""
    names = []
    for _ in range(64):
        if not isinstance(node, Dictionary):
            break
        found.texts |= _texts(node)
        names += [str(node["/T"])] if "/T" in node else []
        node = node.get("/Parent")
    found.texts.add(".".join(reversed(names)))


def _gather(item: Any, found: _Gathered) -> None:
    todo = [item]
    while todo:
        one = todo.pop()
        if isinstance(one, dict):
            todo += one.values()
        if not isinstance(one, (Array, Dictionary, pikepdf.Stream)):
            continue
        if one.is_indirect:
            if one.objgen in found.seen:
                continue
            found.seen.add(one.objgen)
        if isinstance(one, Array):
            todo += list(one)
            continue
        if one.get("/Type") in ("/Page", "/Pages", "/StructElem"):
            continue
        found.texts |= _texts(one)
        if isinstance(one, pikepdf.Stream) and not _is_profile(one):
            found.streams |= _hashes(one)
        for font in _fonts(one):
            found.fonts |= _hashes(font)
            found.seen.add(font.objgen)
        try:
            todo += [value for key, value in parts_of(one) if key not in _SHARED]
        except MALFORMED:
            continue


# --- the walk over a file ---------------------------------------------------------------------------------------


def _reachable(start: Object, reached: set[tuple[int, int]]) -> Iterator[Object]:
    """Every dictionary and stream that can be reached, each once; ``reached`` gets the keys of all objects."""
    todo: list[Any] = [start]
    while todo:
        item = todo.pop()
        if not isinstance(item, (Array, Dictionary, pikepdf.Stream)):
            continue
        if item.is_indirect:
            if item.objgen in reached:
                continue
            reached.add(item.objgen)
        if isinstance(item, Array):
            todo += list(item)
            continue
        yield item
        todo += [value for _, value in item.items()]


def _fonts(item: Object) -> list[Object]:
    return [font for key in _FONTS if isinstance(font := item.get(key), pikepdf.Stream)]


def _is_profile(stream: Object) -> bool:
    """A colour profile (8.6.5.5): many files have the same, and so have ours."""
    return "/N" in stream and "/Subtype" not in stream


def _texts(item: Object) -> set[str]:
    """The texts that a dictionary says; a layer's name is one, the name of an icon is not."""
    found: set[str] = set()
    for key in _SAYS:
        value = item.get(key)
        if key == "/Name" and item.get("/Type") != "/OCG":
            continue
        if isinstance(value, pikepdf.String) and len(str(value)) >= _WORDS:
            found.add(str(value))
    return found


def _hashes(stream: Object) -> set[bytes]:
    """Of the bytes as they are coded and, where that has no loss, of what they say; none of what says nothing."""
    found: set[bytes] = set()
    try:
        raw = stream.read_raw_bytes()
    except pikepdf.PdfError:
        return found
    if len(raw) >= _LONG:
        found.add(_hash(raw))
    try:
        plain = stream.read_bytes(pikepdf.StreamDecodeLevel.generalized)
    except pikepdf.PdfError:
        return found
    if len(plain) < _LONG or plain.count(plain[:1]) == len(plain):
        return set()
    return {*found, _hash(plain)}


def _hash(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
