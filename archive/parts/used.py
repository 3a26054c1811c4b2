"""What a content stream really uses of its resources. Resource dictionaries are often shared by all pages of a file,
so that a page may use nothing of most of what it names (ISO 32000-1, 7.8.3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pikepdf
from pikepdf import Dictionary, Object

Content = Object | pikepdf.Page
Names = dict[str, set[str]]  # resource category -> names
_CATEGORY = {
    "Do": "/XObject", "gs": "/ExtGState", "Tf": "/Font", "cs": "/ColorSpace", "CS": "/ColorSpace",
    "scn": "/Pattern", "SCN": "/Pattern", "sh": "/Shading", "BDC": "/Properties", "DP": "/Properties",
}  # fmt: skip
_OPERATORS = " ".join([*_CATEGORY, "BI", "ID", "EI"])
_IMPLICIT = {"/ColorSpace": ("/DefaultGray", "/DefaultRGB", "/DefaultCMYK")}  # 8.6.5.6: used without being named


def pruned(contents: Iterable[Content], resources: Object | None) -> dict[str, dict[str, object]]:
    """Of ``resources``, what ``contents`` use: category -> name -> object. Raises: pikepdf.PdfError."""
    if not isinstance(resources, Dictionary):
        return {}
    kept: dict[str, dict[str, object]] = {}
    for category, names in _used(contents, resources).items():
        held = _of(resources, category)
        kept[category] = {name: held[name] for name in sorted(names) if name in held}
    return {category: things for category, things in kept.items() if things}


def contents_of(holder: Object) -> list[Object]:
    """The content streams for which a form, a tiling pattern or a Type 3 font has resources; else none."""
    if isinstance(holder, pikepdf.Stream):
        paints = holder.get("/Subtype") == "/Form" or holder.get("/PatternType") == 1 or "/BBox" in holder
        return [holder] if paints else []
    if holder.get("/Subtype") == "/Type3":
        return [proc for proc in _of(holder, "/CharProcs").values() if isinstance(proc, pikepdf.Stream)]
    return []


def _used(contents: Iterable[Content], resources: Object) -> Names:
    """The names, also those in forms and glyphs that have no resources of their own and so use these."""
    found: Names = {category: set(names) for category, names in _IMPLICIT.items()}
    todo = list(contents)
    while todo:
        for category, name in _names(todo.pop()):
            if name in found.setdefault(category, set()):
                continue
            found[category].add(name)
            thing = _of(resources, category).get(name)
            if isinstance(thing, (Dictionary, pikepdf.Stream)):
                todo += _borrowing(thing)
    return found


def _borrowing(thing: Object) -> list[Object]:
    mask = thing.get("/SMask")
    if isinstance(mask, Dictionary) and isinstance(mask.get("/G"), pikepdf.Stream):
        thing = mask["/G"]
    return [] if "/Resources" in thing else contents_of(thing)


def _names(content: Content) -> Iterator[tuple[str, str]]:
    for step in pikepdf.parse_content_stream(content, _OPERATORS):
        if isinstance(step, pikepdf.ContentStreamInlineImage):
            space = step.iimage.obj.get("/ColorSpace")
            listed = list(space) if isinstance(space, pikepdf.Array) else [space]
            yield from (("/ColorSpace", str(name)) for name in listed if isinstance(name, pikepdf.Name))
            continue
        name = step.operands[-1] if len(step.operands) else None
        if str(step.operator) == "Tf":
            name = step.operands[0] if len(step.operands) else None
        if isinstance(name, pikepdf.Name):
            yield _CATEGORY[str(step.operator)], str(name)


def _of(holder: Object, key: str) -> dict[str, Object]:
    held = holder.get(key)
    return dict(held.items()) if isinstance(held, Dictionary) else {}
