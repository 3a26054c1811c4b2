"""Embedded files stay byte for byte (ISO 19005-3, 6.8); so a PDF/A that holds any is one of part 3."""

from __future__ import annotations

from collections.abc import Sequence

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from archive.objects import dictionaries

_DEPTH = 60


def own_filespecs(pdf: pikepdf.Pdf) -> None:
    """Make each description of an embedded file an object of its own, so that all are found and can be associated."""
    for item in list(pdf.objects):
        _lift(pdf, item, 0)


def _lift(pdf: pikepdf.Pdf, item: object, depth: int) -> None:
    if depth > _DEPTH or not isinstance(item, (Array, Dictionary, pikepdf.Stream)):
        return
    pairs = list(enumerate(item)) if isinstance(item, Array) else list(item.items())
    for key, child in pairs:
        if isinstance(child, (Array, Dictionary)) and not child.is_indirect:
            if isinstance(child, Dictionary) and isinstance(child.get("/EF"), Dictionary):
                item[key] = pdf.make_indirect(child)
            else:
                _lift(pdf, child, depth + 1)


def has_attachments(pdf: pikepdf.Pdf) -> bool:
    """Whether any file is embedded."""
    return any(isinstance(item, Dictionary) and "/EF" in item for item in dictionaries(pdf))


def describe_attachments(pdf: pikepdf.Pdf, warnings: set[str]) -> None:
    """Embedded files stay byte for byte and get what 19005-3, 6.8 asks for; what is left unsaid is said."""
    specs = [item for item in dictionaries(pdf) if "/EF" in item]
    if not specs:
        return
    associated = Array(pdf.Root.get("/AF", Array()))
    known = {item.objgen for item in associated if isinstance(item, Dictionary)}
    for number, spec in enumerate(specs):
        name = name_of(spec) or f"anlage-{number + 1}"
        spec["/F"] = spec.get("/F", pikepdf.String(name))
        spec["/UF"] = spec.get("/UF", pikepdf.String(name))
        spec["/Type"] = Name.Filespec
        if "/AFRelationship" not in spec:
            spec["/AFRelationship"] = Name.Unspecified
        for file in spec["/EF"].as_dict().values():
            if isinstance(file, pikepdf.Stream) and "/Subtype" not in file:
                file["/Subtype"] = Name("/application/octet-stream")
        if spec.is_indirect and spec.objgen not in known:
            associated.append(spec)
    pdf.Root["/AF"] = associated
    warnings.add("attachments_embedded")


def carry_attachments(source: pikepdf.Pdf, target: pikepdf.Pdf) -> None:
    """Embed the files of ``source`` in ``target``, bytes and description as they are."""
    found = [item for item in source.objects if isinstance(item, Dictionary) and "/EF" in item and item.is_indirect]
    embed(target, [target.copy_foreign(item) for item in found])


def embed(pdf: pikepdf.Pdf, specs: Sequence[Object]) -> None:
    """List file specifications of ``pdf`` as its embedded files; two may have one name."""
    names = pikepdf.NameTree.new(pdf)
    for number, spec in enumerate(specs, 1):
        name = name_of(spec) or f"anlage-{number}"
        names[name if name not in names else f"{name} ({number})"] = spec
    pdf.Root.Names = Dictionary(EmbeddedFiles=names.obj)


def name_of(spec: Object) -> str:
    """The file's name; "" when it has none."""
    return str(spec.get("/UF", spec.get("/F", "")))
