"""Embedded files of a stack: which of them goes with which part.

One that hangs at a page (an annotation, an associated file) goes with that page. One that hangs at the stack goes to
the part whose words name it; else it stays in the Source alone, and the part says so.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import PurePath
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Object

from archive.attachments import embed, name_of
from archive.parts.copier import Copier

IN_SOURCE = "attachments_in_source"
_SPEC = ("/Type", "/F", "/UF", "/Desc", "/AFRelationship")


def filespec(copier: Copier, spec: Object) -> Object:
    """A file specification with its embedded bytes (ISO 32000-1, 7.11.3), always an object of its own."""
    known = copier.known(spec)
    if known is not None:
        return known
    new = copier.announce(spec)
    copier.fill(new, [(key, spec[key]) for key in (*_SPEC, "/EF") if key in spec])
    return new


def is_mentioned(name: str, text: str) -> bool:
    """Whether ``text`` names a file: by its full name, or by its stem where that is no mere word ("Rechnung" stands in
    many letters, "Rechnung-4711" does not).
    """
    stem = PurePath(name).stem
    wanted = [name] + ([stem] if any(char.isdigit() for char in stem) and len(stem) >= 4 else [])
    return any(
        re.search(rf"(?<!\w){re.escape(one.casefold())}(?!\w)", text.casefold()) is not None for one in wanted if one
    )


def files_of_stack(pdf: pikepdf.Pdf) -> Iterator[Object]:
    """The file specifications that hang at the document: in its name tree and among its associated files."""
    names = pdf.Root.get("/Names")
    todo: list[Any] = [names.get("/EmbeddedFiles")] if isinstance(names, Dictionary) else []
    found: list[Any] = list(pdf.Root["/AF"]) if isinstance(pdf.Root.get("/AF"), Array) else []
    seen = set()
    while todo:
        node = todo.pop()
        if not isinstance(node, Dictionary) or (node.is_indirect and node.objgen in seen):
            continue
        seen.add(node.objgen)
        found += list(node.get("/Names", ()))[1::2]
        todo += list(node.get("/Kids", ()))
    known = set()
    for spec in found:
        if isinstance(spec, Dictionary) and "/EF" in spec and (not spec.is_indirect or spec.objgen not in known):
            known.add(spec.objgen)
            yield spec


def files_of_page(page: Object) -> Iterator[Object]:
    """The associated files of a page."""
    listed = page.get("/AF")
    for spec in listed if isinstance(listed, Array) else ():
        if isinstance(spec, Dictionary) and "/EF" in spec:
            yield spec


def carry_files(copier: Copier, pages: list[Object], takes: Callable[[str], bool]) -> set[str]:
    """Embed what hangs at these pages, and what ``takes`` says of the stack's, by its name. Returns: warnings."""
    of_pages = [spec for page in pages for spec in files_of_page(page)]
    at_pages = {spec.objgen for spec in _at_pages(copier.source) if spec.is_indirect}
    of_stack = [spec for spec in files_of_stack(copier.source) if spec.objgen not in at_pages]
    taken = [spec for spec in of_stack if takes(name_of(spec))]
    unique = {spec.objgen if spec.is_indirect else (place, -1): spec for place, spec in enumerate(of_pages + taken)}
    if unique:
        embed(copier.target, [filespec(copier, spec) for spec in unique.values()])
    return {IN_SOURCE} if len(taken) < len(of_stack) else set()


def _at_pages(pdf: pikepdf.Pdf) -> Iterator[Object]:
    """Everything that hangs at any page."""
    for page in pdf.pages:
        yield from files_of_page(page.obj)
        listed = page.obj.get("/Annots")
        for annotation in listed if isinstance(listed, Array) else ():
            if isinstance(annotation, Dictionary) and isinstance(annotation.get("/FS"), Dictionary):
                yield annotation["/FS"]
