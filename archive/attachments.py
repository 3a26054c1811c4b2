"""Embedded files stay byte for byte (ISO 19005-3, 6.8); so a PDF/A that holds any is one of part 3."""

from __future__ import annotations

import pikepdf
from pikepdf import Array, Dictionary, Name

from archive.objects import dictionaries


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
        name = str(spec.get("/UF", spec.get("/F", f"anlage-{number + 1}")))
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
    names = pikepdf.NameTree.new(target)
    for item in source.objects:
        if isinstance(item, Dictionary) and "/EF" in item and item.is_indirect:
            name = str(item.get("/UF", item.get("/F", f"anlage-{len(names) + 1}")))
            names[name] = target.copy_foreign(item)
    target.Root.Names = Dictionary(EmbeddedFiles=names.obj)
