"""Copying objects from one PDF into another: coded streams as they are, and nothing that painting does not need."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from archive.parts.used import Content, contents_of, pruned

Key = tuple[int, int]
DROPPED = {  # keys that lead out of the page, or say more than it shows
    "/AA", "/AF", "/Alternates", "/LastModified", "/Metadata", "/OPI", "/Parent", "/PieceInfo", "/Ref",
    "/StructParent", "/StructParents", "/Thumb",
}  # fmt: skip
_NEVER = {f"/{name}" for name in ("Page", "Pages", "Catalog", "StructTreeRoot", "StructElem", "Thread", "Bead")}
_LAYER = ("/Type", "/Name", "/Intent")


def parts_of(item: Object) -> Iterator[tuple[str, Any]]:
    """Keys and values of a dictionary or stream that are taken over; resources only as far as they are used."""
    contents = contents_of(item)
    for key, value in item.items():
        if key in DROPPED or key in ("/Length", "/Resources"):
            continue
        yield key, value
    if contents and "/Resources" in item:
        yield "/Resources", pruned(contents, item["/Resources"])


class Copier:
    """Copies objects of ``source`` into ``target``; each indirect object once.

    ``layers``: the optional content groups that were met, old key to new object.
    """

    def __init__(self, source: pikepdf.Pdf, target: pikepdf.Pdf) -> None:
        self.source, self.target = source, target
        self.layers: dict[Key, Object] = {}
        self._pages = {page.obj.objgen for page in source.pages}
        self._made: dict[Key, Object] = {}

    def known(self, item: object) -> Object | None:
        """The copy of an indirect object that was made, or announced by :meth:`announce`."""
        indirect = isinstance(item, Object) and item.is_indirect
        return self._made.get(item.objgen) if indirect and isinstance(item, Object) else None

    def announce(self, item: Object) -> Dictionary:
        """An empty dictionary that will be the copy of ``item``."""
        new = self.target.make_indirect(Dictionary())
        if item.is_indirect:
            self._made[item.objgen] = new
        return new

    def copy(self, value: Any) -> Any:
        """The copy of a value; None for what does not belong to a page's looks. Raises: pikepdf.PdfError."""
        if isinstance(value, (Dictionary, pikepdf.Stream, Array)):
            known = self.known(value)
            return known if known is not None else self._container(value)
        if isinstance(value, dict):  # pruned resources
            return Dictionary({key: new for key, old in value.items() if (new := self.copy(old)) is not None})
        if isinstance(value, pikepdf.String):
            return pikepdf.String(bytes(value))
        if isinstance(value, Object):
            return Object.parse(value.unparse(resolved=True))
        return value

    def resources(self, contents: Iterable[Content], resources: Object | None) -> Dictionary:
        """A resource dictionary of its own, with what ``contents`` use."""
        copied: Dictionary = self.copy(pruned(contents, resources))
        return copied

    def _container(self, value: Object) -> Object | None:
        if value.is_indirect and value.objgen in self._pages:
            return None
        if isinstance(value, Array):
            new: Object = Array()
            if value.is_indirect:
                new = self._made[value.objgen] = self.target.make_indirect(new)
            new.extend(self.copy(child) for child in value)
            return new
        if value.get("/Type") in _NEVER:
            return None
        if value.get("/Type") == "/OCG":
            return self._layer(value)
        if isinstance(value, pikepdf.Stream):
            new = pikepdf.Stream(self.target, value.read_raw_bytes())
        else:
            new = Dictionary()
            new = self.target.make_indirect(new) if value.is_indirect else new
        if value.is_indirect:
            self._made[value.objgen] = new
        self.fill(new, parts_of(value))
        return new

    def fill(self, new: Object, parts: Iterable[tuple[str, Any]]) -> None:
        """Put copies of ``parts`` into ``new``."""
        for key, part in parts:
            copied = self.copy(part)
            if copied is not None:
                new[key] = copied

    def _layer(self, group: Object) -> Object:
        new = self.announce(group)
        self.fill(new, [(key, group[key]) for key in _LAYER if key in group])
        usage = group.get("/Usage")
        if isinstance(usage, Dictionary):
            said = {key: value for key, value in usage.items() if key != "/CreatorInfo"}
            new["/Usage"] = self.copy(said)
        if group.is_indirect:
            self.layers[group.objgen] = new
        return new


def inherited(page: Object, key: str) -> Any:
    """An inheritable attribute of a page or field (ISO 32000-1, 7.7.3.4, 12.7.3.1); None when it has none."""
    node: Any = page
    for _ in range(64):
        if not isinstance(node, Dictionary):
            return None
        if key in node:
            return node[key]
        node = node.get("/Parent")
    return None


def layers_of(copier: Copier) -> None:
    """OCProperties for the layers that the pages use, as visible as they were (8.11.4)."""
    content = copier.source.Root.get("/OCProperties")
    if not copier.layers or not isinstance(content, Dictionary):
        return
    old = content.get("/D")
    new = Dictionary(Order=Array(list(copier.layers.values())))
    if isinstance(old, Dictionary):
        for key in ("/BaseState", "/Intent"):
            if isinstance(old.get(key), Name):
                new[key] = Name(str(old[key]))
        for key in ("/ON", "/OFF", "/Locked"):
            if listed := _kept(copier, old.get(key)):
                new[key] = Array(listed)
        uses = []
        for one in old.get("/AS", Array()):
            if isinstance(one, Dictionary) and (kept := _kept(copier, one.get("/OCGs"))):
                said = {key: one[key] for key in ("/Event", "/Category") if key in one}
                use = copier.copy(said)
                use["/OCGs"] = Array(kept)
                uses.append(use)
        if uses:
            new["/AS"] = Array(uses)
    copier.target.Root.OCProperties = Dictionary(OCGs=Array(list(copier.layers.values())), D=new)


def _kept(copier: Copier, listed: object) -> list[Object]:
    groups = list(listed) if isinstance(listed, Array) else []
    return [copier.layers[one.objgen] for one in groups if isinstance(one, Dictionary) and one.objgen in copier.layers]
