"""Some pages of a PDF as a PDF of their own, built up from the pages: what they do not need never gets in.

Content and image streams keep the bytes of their coding. Outlines, destinations, structure tree, threads, labels,
scripts, Info and XMP speak of the stack and stay there.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Sequence
from pathlib import Path

import pikepdf
from pikepdf import Array, Dictionary, Name, Object

from archive.parts.annotations import Annotations
from archive.parts.copier import Copier, inherited, layers_of
from archive.parts.files import carry_files

_INHERITED = ("/MediaBox", "/CropBox", "/Rotate")  # ISO 32000-1, table 30; resources are treated apart
_SIZE = ("/UserUnit",)
_KEPT = ("/BleedBox", "/TrimBox", "/ArtBox", *_SIZE, "/Group")
_A4 = (0, 0, 595.276, 841.89)


def extract_pages(
    original: Path,
    pages: Sequence[int],
    target: Path,
    takes: Callable[[str], bool],
    blank: Collection[int] = (),
) -> set[str]:
    """Write the pages (1-based) of ``original``, those of ``blank`` without anything on them. ``takes``: whether a file
    that is embedded in the stack goes with them, by its name.

    The same pages give the same bytes. Returns: warnings. Raises: pikepdf.PdfError and others of a malformed file.
    """
    with pikepdf.open(original, suppress_warnings=True) as source, pikepdf.new() as new:
        copier = Copier(source, new)
        pairs = []
        for number in pages:
            new_page = _page(copier, source.pages[number - 1], blank=number in blank)
            if number not in blank:
                pairs.append((source.pages[number - 1], new_page))
        annotations = Annotations(copier, pairs)
        annotations.carry()
        warnings = annotations.warnings | carry_files(copier, [page.obj for page, _ in pairs], takes)
        layers_of(copier)
        save(new, target, source.pdf_version)
    return warnings


def save(pdf: pikepdf.Pdf, target: Path, version: str) -> None:
    """Save with the streams as they are coded, without anything of the moment."""
    pdf.save(
        target,
        object_stream_mode=pikepdf.ObjectStreamMode.generate,
        compress_streams=False,
        stream_decode_level=pikepdf.StreamDecodeLevel.none,
        deterministic_id=True,
        encryption=False,
        min_version=max(version, "1.6"),
    )


def _page(copier: Copier, page: pikepdf.Page, *, blank: bool) -> Object:
    """A page with its own keys only, appended to the new file."""
    new = copier.target.make_indirect(Dictionary(Type=Name.Page, MediaBox=Array(_A4)))
    copier.fill(new, [(key, value) for key in _INHERITED if (value := inherited(page.obj, key)) is not None])
    copier.fill(new, [(key, page.obj[key]) for key in (_SIZE if blank else _KEPT) if key in page.obj])
    new["/Resources"] = Dictionary() if blank else copier.resources([page], inherited(page.obj, "/Resources"))
    contents = page.obj.get("/Contents")
    if not blank and isinstance(contents, (Array, pikepdf.Stream)):
        new["/Contents"] = copier.copy(contents)
    copier.target.pages.append(pikepdf.Page(new))
    return copier.target.pages[-1].obj
