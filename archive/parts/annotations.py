"""Annotations of the pages of a part, and the form that is left of the stack's form."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from archive.parts.copier import Copier, inherited
from archive.parts.files import filespec

_KEPT = [  # of an annotation, of whatever kind (ISO 32000-1, 12.5.2, 12.5.6); what leads elsewhere is treated apart
    f"/{name}"
    for name in (
        "Type", "Subtype", "Rect", "Contents", "NM", "M", "F", "AP", "AS", "Border", "C", "OC", "CA", "ca", "BS", "BE",
        "BM", "Lang", "T", "Subj", "RC", "CreationDate", "RT", "IT", "QuadPoints", "L", "LE", "IC", "LL", "LLE", "Cap",
        "LLO", "CP", "CO", "Measure", "Vertices", "InkList", "RD", "Q", "DS", "CL", "DA", "Sy", "Name", "Open", "State",
        "StateModel", "H", "MK", "RO", "OverlayText", "Repeat", "Path",
    )
]  # fmt: skip
_FIELD = [f"/{name}" for name in ("FT", "Ff", "V", "DV", "DA", "Q", "Opt", "MaxLen", "DS", "RV", "I", "TI")]
_NAMES = ("/TU", "/TM")  # of the field itself, not inherited
_FONT = re.compile(rb"/([^\s/\[\]()<>{}%]+)\s+[-+.\d]+\s+Tf")
_DEST_KINDS = {f"/{name}" for name in ("XYZ", "Fit", "FitH", "FitV", "FitR", "FitB", "FitBH", "FitBV")}


class Annotations:
    """Copies the annotations of pages that were copied. ``warnings``: what of them was left behind."""

    def __init__(self, copier: Copier, pages: list[tuple[pikepdf.Page, Object]]) -> None:
        self._copier, self._pages = copier, pages
        self._new_page = {old.obj.objgen: new for old, new in pages}
        self._fields: dict[object, list[tuple[Object, Object]]] = {}  # field -> its widgets, old and new
        self._named = _named_destinations(copier.source)
        self.warnings: set[str] = set()

    def carry(self) -> None:
        """Annotations first announced, then filled: some refer to others. Then the form."""
        chosen = []
        for old_page, new_page in self._pages:
            listed = old_page.obj.get("/Annots")
            kept = [one for one in (listed if isinstance(listed, Array) else ()) if self._is_kept(one)]
            pairs = [(old, self._copier.announce(old)) for old in kept]
            if pairs:
                new_page["/Annots"] = Array([new for _, new in pairs])
            chosen += [(old, new, new_page) for old, new in pairs]
        for old, new, new_page in chosen:
            self._fill(old, new, new_page)
        self._form()

    def _is_kept(self, annotation: object) -> bool:
        if not isinstance(annotation, Dictionary):
            return False
        leads = "/A" in annotation or "/Dest" in annotation
        return annotation.get("/Subtype") != "/Link" or not leads or self._link(annotation) is not None

    def _fill(self, old: Object, new: Object, page: Object) -> None:
        self._copier.fill(new, [(key, old[key]) for key in _KEPT if key in old])
        new["/P"] = page
        for key in ("/Popup", "/IRT", *(("/Parent",) if old.get("/Subtype") == "/Popup" else ())):
            known = self._copier.known(old.get(key))
            if known is not None:
                new[key] = known
        link = self._link(old)
        if link is not None:
            new[link[0]] = link[1]
        if isinstance(old.get("/FS"), Dictionary):
            new["/FS"] = filespec(self._copier, old["/FS"])
        if old.get("/Subtype") == "/Widget":
            field = _field_of(old)
            self._fields.setdefault(field.objgen if field.is_indirect else new.objgen, []).append((old, new))

    # --- where a link leads -----------------------------------------------------------------------

    def _link(self, annotation: Object) -> tuple[str, Object] | None:
        """A plain URI, or a place in a page of the same part; None: it leads elsewhere."""
        action = annotation.get("/A")
        if isinstance(action, Dictionary) and action.get("/S") == "/URI" and "/URI" in action:
            return "/A", Dictionary(S=Name.URI, URI=self._copier.copy(action["/URI"]))
        inside = isinstance(action, Dictionary) and action.get("/S") == "/GoTo"
        wanted = action.get("/D") if inside and isinstance(action, Dictionary) else annotation.get("/Dest")
        place = self._place(wanted)
        return None if place is None else ("/Dest", place)

    def _place(self, wanted: object) -> Array | None:
        if isinstance(wanted, (pikepdf.String, Name)):
            wanted = self._named.get(bytes(wanted) if isinstance(wanted, pikepdf.String) else str(wanted))
        if isinstance(wanted, Dictionary):
            wanted = wanted.get("/D")
        if not isinstance(wanted, Array) or not len(wanted) or not isinstance(wanted[0], Dictionary):
            return None
        page, kind = self._new_page.get(wanted[0].objgen), str(wanted[1]) if len(wanted) > 1 else "/Fit"
        if page is None or kind not in _DEST_KINDS:
            return None
        numbers = [None if isinstance(one, Object) else one for one in list(wanted)[2:6]]
        return Array([page, Name(kind), *numbers])

    # --- the form ---------------------------------------------------------------------------------

    def _form(self) -> None:
        """Each field with the widgets of these pages alone, cut loose from the stack's tree (12.7.3)."""
        if not self._fields:
            return
        old = self._copier.source.Root.get("/AcroForm")
        form = old if isinstance(old, Dictionary) else Dictionary()
        fields = [self._field(widgets) for widgets in self._fields.values()]
        new = Dictionary(Fields=Array(fields))
        for key in ("/NeedAppearances", "/DA", "/Q"):
            if key in form:
                new[key] = self._copier.copy(form[key])
        fonts = self._default_fonts(form, [new, *fields, *(one for field in fields for one in field.get("/Kids", ()))])
        if fonts:
            new["/DR"] = Dictionary(Font=Dictionary(fonts))
        if "/XFA" in form:
            self.warnings.add("xfa_removed")
        self._copier.target.Root.AcroForm = new

    def _field(self, widgets: list[tuple[Object, Object]]) -> Object:
        old, new = widgets[0]
        field = new if len(widgets) == 1 else self._copier.target.make_indirect(Dictionary())
        found = _field_of(old)
        values = [(key, inherited(found, key)) for key in _FIELD]
        if inherited(found, "/FT") == "/Sig":  # it signs the stack; a copy without the stack would sign nothing
            values = [(key, value) for key, value in values if key not in ("/V", "/DV")]
            if inherited(found, "/V") is not None:
                self.warnings.add("signature_only_in_original")
        values += [(key, found.get(key)) for key in _NAMES]
        self._copier.fill(field, [(key, value) for key, value in values if value is not None])
        field["/T"] = pikepdf.String(_full_name(found))
        if field.objgen != new.objgen:
            field["/Kids"] = Array([one for _, one in widgets])
            for _, one in widgets:
                one["/Parent"] = field
        return field

    def _default_fonts(self, form: Object, holders: list[Object]) -> dict[str, Any]:
        """The fonts of the form's default resources that an appearance string names."""
        held = form.get("/DR", Dictionary())
        held = held.get("/Font", Dictionary()) if isinstance(held, Dictionary) else Dictionary()
        said = [bytes(holder["/DA"]) for holder in holders if isinstance(holder.get("/DA"), pikepdf.String)]
        names = sorted({f"/{name.decode('latin-1')}" for one in said for name in _FONT.findall(one)})
        return {name: self._copier.copy(held[name]) for name in names if name in held}


def _field_of(widget: Object) -> Object:
    """The field that a widget shows: the nearest dictionary with a name."""
    for node in _upwards(widget):
        if "/T" in node:
            return node
    return widget


def _full_name(field: Object) -> str:
    return ".".join(str(node["/T"]) for node in reversed(list(_upwards(field))) if "/T" in node)


def _upwards(node: Any) -> Iterator[Object]:
    for _ in range(64):
        if not isinstance(node, Dictionary):
            return
        yield node
        node = node.get("/Parent")


def _named_destinations(pdf: pikepdf.Pdf) -> dict[bytes | str, Object]:
    """Destinations by name, of both kinds (12.3.2.3); a broken tree has none."""
    found: dict[bytes | str, Object] = {}
    old = pdf.Root.get("/Dests")
    if isinstance(old, Dictionary):
        found |= dict(old.items())
    names = pdf.Root.get("/Names")
    todo: list[Any] = [names.get("/Dests")] if isinstance(names, Dictionary) else []
    seen = set()
    while todo:
        node = todo.pop()
        if not isinstance(node, Dictionary) or (node.is_indirect and node.objgen in seen):
            continue
        seen.add(node.objgen)
        pairs = list(node.get("/Names", ()))
        found |= {bytes(name): place for name, place in zip(pairs[::2], pairs[1::2], strict=False)}
        todo += list(node.get("/Kids", ()))
    return found
