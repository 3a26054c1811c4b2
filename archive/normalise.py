"""What PDF/A forbids is taken out of a PDF, what it demands is put in; what pages paint stays as it is.

Numbers in comments are clauses of ISO 19005-2 (19005-3 has the same up to embedded files, 6.8).
Everything that a reader could miss is reported as a warning code; the original keeps it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from archive.attachments import describe_attachments
from archive.objects import copied, dictionaries, filters
from archive.xmp import Xmp, packet

DATA = Path(__file__).parent / "data"
FORBIDDEN_ACTIONS = {  # 6.5.1
    f"/{name}"
    for name in (
        "Launch", "Sound", "Movie", "ResetForm", "ImportData", "Hide", "SetOCGState", "Rendition", "Trans",
        "GoTo3DView", "JavaScript", "RichMediaExecute", "set-state", "no-op",
    )
}  # fmt: skip
NAMED_ACTIONS = {"/NextPage", "/PrevPage", "/FirstPage", "/LastPage"}
ANNOTATIONS = {  # 6.3.1
    f"/{name}"
    for name in (
        "Text", "Link", "FreeText", "Line", "Square", "Circle", "Polygon", "PolyLine", "Highlight",
        "Underline", "Squiggly", "StrikeOut", "Stamp", "Caret", "Ink", "Popup", "FileAttachment", "Widget",
        "PrinterMark",
        "TrapNet", "Watermark", "Redact",
    )
}  # fmt: skip
INVISIBLE, HIDDEN, PRINT, NO_VIEW, TOGGLE_NO_VIEW = 1, 2, 4, 32, 256
_INTENTS = {"/RelativeColorimetric", "/AbsoluteColorimetric", "/Perceptual", "/Saturation"}
_DEPTH = 60


def normalise(pdf: pikepdf.Pdf) -> set[str]:
    """Take out what is forbidden, add the output intent. Returns: warning codes.

    The XMP packet comes last and apart (:func:`write_metadata`). Raises: pikepdf.PdfError.
    """
    warnings: set[str] = set()
    _catalogue(pdf, warnings)
    _form(pdf, warnings)
    for page in pdf.pages:
        for key in ("/AA", "/PresSteps"):  # 6.5.2, 6.10
            if key in page.obj:
                del page.obj[key]
        _annotations(pdf, page, warnings)
    for item in list(pdf.objects):
        _walk(item, warnings, 0)
    _layers(pdf, warnings)
    describe_attachments(pdf, warnings)
    _output_intent(pdf)
    if "/Info" in pdf.trailer:
        del pdf.trailer["/Info"]
    return warnings


def write_metadata(pdf: pikepdf.Pdf, xmp: Xmp) -> None:
    """Write the XMP packet, as plain text (6.6.2.1: not filtered for part 1; we keep to it for all)."""
    stream = pikepdf.Stream(pdf, packet(xmp))
    stream.Type, stream.Subtype = Name.Metadata, Name.XML
    pdf.Root.Metadata = pdf.make_indirect(stream)
    if xmp.language:
        pdf.Root.Lang = pikepdf.String(xmp.language)


def save(pdf: pikepdf.Pdf, target: Path) -> None:
    """Save the way PDF/A wants it: not encrypted, with an ID, PDF 1.7 at most; the same bytes each time."""
    version = "1.7" if float(pdf.pdf_version) > 1.7 else ""
    pdf.save(
        target,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        compress_streams=True,
        deterministic_id=True,
        encryption=False,
        min_version="1.5",
        force_version=version,
    )


def use_default_cmyk(pdf: pikepdf.Pdf) -> None:
    """DeviceCMYK by way of DefaultCMYK (6.2.4.3) in every resource dictionary."""
    profile = pikepdf.Stream(pdf, (DATA / "cmyk.icc").read_bytes())
    profile.N, profile.Alternate = 4, Name.DeviceCMYK
    space = pdf.make_indirect(Array([Name.ICCBased, pdf.make_indirect(profile)]))
    holders: list[Object] = [page.obj for page in pdf.pages]
    for page in pdf.pages:
        page.obj["/Resources"] = copied(page.resources)
    holders += [item for item in dictionaries(pdf) if "/Resources" in item and item.get("/Type") != "/Pages"]
    for holder in holders:
        resources = holder.get("/Resources")
        if isinstance(resources, Dictionary):
            spaces = copied(resources.get("/ColorSpace"))
            spaces["/DefaultCMYK"] = space
            resources["/ColorSpace"] = spaces
    for item in dictionaries(pdf):
        if "/OPM" in item:  # 6.2.4.2: no overprint mode 1 with ICCBased CMYK
            item["/OPM"] = 0


def _catalogue(pdf: pikepdf.Pdf, warnings: set[str]) -> None:
    root = pdf.Root
    for key in ("/AA", "/Requirements", "/Perms", "/OutputIntents", "/Legal"):  # 6.5.2, 6.11, 6.1.12, 6.2.3
        if key in root:
            del root[key]
    if "/Names" in root:
        names = root.Names
        if "/JavaScript" in names:  # 6.5.1
            del names["/JavaScript"]
            warnings.add("scripts_removed")
        if "/AlternatePresentations" in names:  # 6.10
            del names["/AlternatePresentations"]


def _form(pdf: pikepdf.Pdf, warnings: set[str]) -> None:
    """Fields keep their values as appearances (6.4.1); XFA goes, signatures that our change breaks go too."""
    form = pdf.Root.get("/AcroForm")
    if not isinstance(form, Dictionary):
        return
    if "/XFA" in form:  # 6.4.2
        del form["/XFA"]
        warnings.add("xfa_removed")
    if form.get("/NeedAppearances", False):
        pdf.generate_appearance_streams()
    if "/NeedAppearances" in form:
        del form["/NeedAppearances"]
    if "/SigFlags" in form:
        del form["/SigFlags"]
    for field in dictionaries(pdf):
        if field.get("/FT") == "/Sig" and "/V" in field:
            del field["/V"]
            warnings.add("signature_only_in_original")
        if "/FT" in field or field.get("/Subtype") == "/Widget":
            for key in ("/A", "/AA"):  # 6.4.1
                if key in field:
                    del field[key]
                    warnings.add("form_actions_removed")
    if "/NeedsRendering" in pdf.Root:  # 6.4.2
        del pdf.Root["/NeedsRendering"]


def _annotations(pdf: pikepdf.Pdf, page: pikepdf.Page, warnings: set[str]) -> None:
    listed = page.obj.get("/Annots")
    if not isinstance(listed, Array):
        return
    kept = []
    for annotation in listed:
        if not isinstance(annotation, Dictionary):
            continue
        kind, flags = str(annotation.get("/Subtype", "")), int(annotation.get("/F", 0))
        if kind not in ANNOTATIONS:
            warnings.add("annotations_removed")
            continue
        if flags & (HIDDEN | NO_VIEW) and kind != "/Popup":  # 6.3.2: none may be hidden
            warnings.add("hidden_annotations_removed")
            continue
        if kind != "/Popup":
            annotation["/F"] = (flags | PRINT) & ~(INVISIBLE | TOGGLE_NO_VIEW)
        _appearance(pdf, annotation, kind, warnings)
        kept.append(annotation)
    page.obj["/Annots"] = Array(kept)


def _appearance(pdf: pikepdf.Pdf, annotation: Object, kind: str, warnings: set[str]) -> None:
    """Every annotation has one appearance, the normal one (6.3.3)."""
    looks = annotation.get("/AP")
    if isinstance(looks, Dictionary):
        for key in ("/R", "/D"):
            if key in looks:
                del looks[key]
    if kind in ("/Popup", "/Link") or (isinstance(looks, Dictionary) and "/N" in looks):
        return
    x0, y0, x1, y1 = (float(value) for value in annotation.get("/Rect", Array([0, 0, 0, 0])))
    if (x0, y0) == (x1, y1):
        return
    empty = pikepdf.Stream(pdf, b"")
    empty.Type, empty.Subtype = Name.XObject, Name.Form
    empty.BBox = Array([0, 0, abs(x1 - x0), abs(y1 - y0)])
    if annotation.get("/FT") == "/Btn" and kind == "/Widget":
        annotation["/AP"] = Dictionary(N=Dictionary(Off=pdf.make_indirect(empty)))
        annotation["/AS"] = Name.Off
    else:
        annotation["/AP"] = Dictionary(N=pdf.make_indirect(empty))
    if kind not in ("/Widget", "/FileAttachment"):
        warnings.add("annotation_without_appearance")


def _walk(item: Object, warnings: set[str], depth: int) -> None:
    """Repair an object and the direct objects in it; indirect ones come by themselves."""
    if depth > _DEPTH:
        return
    if isinstance(item, Array):
        for child in item:
            if isinstance(child, (Array, Dictionary)) and not child.is_indirect:
                _walk(child, warnings, depth + 1)
        return
    if not isinstance(item, (Dictionary, pikepdf.Stream)):
        return
    if isinstance(item, pikepdf.Stream):
        _stream(item, warnings)
    _actions(item, warnings)
    _graphics_state(item)
    if "/FontName" in item:
        for key in ("/CIDSet", "/CharSet"):  # 6.2.11.4.2: complete or absent
            if key in item:
                del item[key]
    for child in [value for _, value in item.items()]:
        if isinstance(child, (Array, Dictionary)) and not child.is_indirect:
            _walk(child, warnings, depth + 1)


def _stream(item: pikepdf.Stream, warnings: set[str]) -> None:
    for key in ("/F", "/FFilter", "/FDecodeParms"):  # 6.1.7.1
        if key in item:
            del item[key]
            warnings.add("external_stream")
    if "/LZWDecode" in filters(item):  # 6.1.7.2
        item.write(item.read_bytes(pikepdf.StreamDecodeLevel.generalized))
    kind = item.get("/Subtype")
    if kind == "/Image":
        for key in ("/Interpolate", "/Alternates", "/OPI"):  # 6.2.8
            if key in item:
                del item[key]
        _intent(item, "/Intent")
    elif kind == "/Form":
        for key in ("/OPI", "/PS", "/Subtype2", "/Ref"):  # 6.2.9
            if key in item:
                del item[key]


def _actions(item: Object, warnings: set[str]) -> None:
    for key in ("/A", "/PA", "/OpenAction", "/Next"):
        action = item.get(key)
        if isinstance(action, Array) and key == "/Next":
            item[key] = Array([one for one in action if not _is_forbidden(one)])
        elif _is_forbidden(action):
            del item[key]
            warnings.add("scripts_removed" if _kind(action) == "/JavaScript" else "actions_removed")
    if "/AA" in item and ("/Type" in item or "/Subtype" in item or "/FT" in item):  # 6.5.2
        del item["/AA"]
        warnings.add("actions_removed")


def _kind(action: Object | None) -> str:
    return str(action.get("/S")) if isinstance(action, Dictionary) and "/S" in action else ""


def _is_forbidden(action: Object | None) -> bool:
    kind = _kind(action)
    if kind == "/Named" and action is not None:
        return str(action.get("/N")) not in NAMED_ACTIONS
    return kind in FORBIDDEN_ACTIONS


def _graphics_state(item: Object) -> None:
    states = [item] if item.get("/Type") == "/ExtGState" else []
    listed = item.get("/ExtGState")
    if isinstance(listed, Dictionary):
        states += [state for state in listed.as_dict().values() if isinstance(state, Dictionary)]
    for state in states:
        for key in ("/TR", "/HTP", "/HT"):  # 6.2.5
            if key in state:
                del state[key]
        if state.get("/TR2") not in (None, Name.Default):
            del state["/TR2"]
        _intent(state, "/RI")


def _intent(item: Object, key: str) -> None:
    if key in item and str(item[key]) not in _INTENTS:  # 6.2.6
        del item[key]


def _layers(pdf: pikepdf.Pdf, warnings: set[str]) -> None:
    """Optional content keeps its groups; every configuration gets its own name and lists them all (6.9)."""
    content = pdf.Root.get("/OCProperties")
    if not isinstance(content, Dictionary):
        return
    groups = [group for group in content.get("/OCGs", Array()) if isinstance(group, Dictionary)]
    default = content.get("/D")
    configurations = [default] if isinstance(default, Dictionary) else []
    configurations += [one for one in content.get("/Configs", Array()) if isinstance(one, Dictionary)]
    names: set[str] = set()
    for number, configuration in enumerate(configurations):
        name = str(configuration.get("/Name", ""))
        if not name or name in names:
            name = f"Ansicht {number + 1}"
            configuration["/Name"] = pikepdf.String(name)
        names.add(name)
        if "/AS" in configuration:
            del configuration["/AS"]
        if "/Order" in configuration:
            listed = set(_listed(configuration["/Order"]))
            missing = [group for group in groups if group.objgen not in listed]
            configuration["/Order"].extend(missing)
    if isinstance(default, Dictionary) and (len(default.get("/OFF", Array())) or default.get("/BaseState") == "/OFF"):
        warnings.add("hidden_layers")


def _listed(order: Object) -> Iterator[tuple[int, int]]:
    for item in order:
        if isinstance(item, Array):
            yield from _listed(item)
        elif isinstance(item, Dictionary):
            yield item.objgen


def _output_intent(pdf: pikepdf.Pdf) -> None:
    """One sRGB output intent (6.2.3); DeviceGray and DeviceRGB are defined by it."""
    profile = pikepdf.Stream(pdf, (DATA / "srgb.icc").read_bytes())
    profile.N = 3
    intent = Dictionary(
        Type=Name.OutputIntent, S=Name.GTS_PDFA1, OutputConditionIdentifier=b"sRGB",
        Info=b"sRGB IEC61966-2.1",         DestOutputProfile=pdf.make_indirect(profile),
    )  # fmt: skip
    pdf.Root.OutputIntents = Array([intent])


def is_dynamic_xfa(pdf: pikepdf.Pdf) -> bool:
    """Whether the pages are only a stand-in for a form that a viewer would have to build."""
    return bool(pdf.Root.get("/NeedsRendering", False))
