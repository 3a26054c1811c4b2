"""The PDF/A ladder on image files and plain text."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pikepdf
import pytest
from PIL import Image, ImageCms

from archive import PageLayer, Sealed, check_part, extract
from tests.integration.archive import archive_pdfs as pdfs

Seal = Callable[..., Sealed]


def coded(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def build(name: str) -> tuple[bytes, str]:
    image, _ = pdfs.page_image(size=(620, 877))
    srgb = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    exif = b"Exif\0\0" + struct.pack(">2sHIHHHIHHI", b"MM", 42, 8, 1, 0x0112, 3, 1, 6, 0, 0)
    clear = image.copy()
    clear.putalpha(Image.linear_gradient("L").resize(image.size))
    deep = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    return {
        "jpeg": (coded(image, "JPEG"), "image/jpeg"),
        "jpeg grey": (coded(image.convert("L"), "JPEG"), "image/jpeg"),
        "jpeg cmyk": (coded(image.convert("CMYK"), "JPEG"), "image/jpeg"),
        "jpeg progressive, turned by exif": (coded(image, "JPEG", progressive=True, exif=exif), "image/jpeg"),
        "jpeg with profile": (coded(image, "JPEG", icc_profile=srgb), "image/jpeg"),
        "jpeg with a broken profile": (coded(image, "JPEG", icc_profile=b"rubbish " * 40), "image/jpeg"),
        "png": (coded(image, "PNG"), "image/png"),
        "png palette": (coded(image.convert("P"), "PNG"), "image/png"),
        "png one bit": (coded(image.convert("1"), "PNG"), "image/png"),
        "png transparent": (coded(clear, "PNG"), "image/png"),
        "png 16 bit": (coded(deep, "PNG"), "image/png"),
        "png with profile": (coded(image, "PNG", icc_profile=srgb), "image/png"),
        "gif": (coded(image.convert("P"), "GIF"), "image/gif"),
        "bmp": (coded(image, "BMP"), "image/bmp"),
        "webp": (coded(image, "WEBP", lossless=True), "image/webp"),
        "heic": (coded(image, "HEIF"), "image/heic"),
        "tiff": (coded(image, "TIFF"), "image/tiff"),
        "tiff lzw": (coded(image, "TIFF", compression="tiff_lzw"), "image/tiff"),
        "tiff jpeg": (coded(image, "TIFF", compression="jpeg"), "image/tiff"),
        "tiff g4": (coded(image.convert("1"), "TIFF", compression="group4"), "image/tiff"),
        "tiff cmyk": (coded(image.convert("CMYK"), "TIFF"), "image/tiff"),
    }[name]


NAMES = (
    "jpeg", "jpeg grey", "jpeg cmyk", "jpeg progressive, turned by exif", "jpeg with profile",
    "jpeg with a broken profile", "png", "png palette", "png one bit", "png transparent", "png 16 bit",
    "png with profile", "gif", "bmp", "webp", "heic", "tiff", "tiff lzw", "tiff jpeg", "tiff g4", "tiff cmyk",
)  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
def test_image_file_becomes_valid_without_loss(name: str, sealed: Seal) -> None:
    data, media_type = build(name)
    _, layer = pdfs.page_image(size=(620, 877))
    result = sealed(data, media_type, (layer,))
    assert result.valid and result.flavour == "2u" and result.pdf is not None, result
    assert result.rung == ("d" if name == "jpeg with a broken profile" else "a"), result
    if name.startswith("jpeg") and result.rung == "a":
        with pikepdf.open(result.pdf) as pdf:
            assert pdfs.only_image(pdf).read_raw_bytes() == data


def test_pages_of_a_tiff(sealed: Seal) -> None:
    image, layer = pdfs.page_image(size=(620, 877))
    frames = [image.convert("1"), Image.new("1", (620, 877), 1), image.convert("1").rotate(180)]
    data = coded(frames[0], "TIFF", compression="group4", save_all=True, append_images=frames[1:], dpi=(204, 98))
    result = sealed(data, "image/tiff", (layer, layer, layer))
    assert result.rung == "a" and result.gate["pages"] == 3


def test_a_part_of_a_tiff(sealed: Seal, tmp_path: Path) -> None:
    image, layer = pdfs.page_image(size=(620, 877))
    frames = [image.convert("1"), Image.new("1", (620, 877), 1), image.convert("1").rotate(180)]
    stack = tmp_path / "stapel.tif"
    stack.write_bytes(coded(frames[0], "TIFF", compression="group4", save_all=True, append_images=frames[1:]))
    made = extract(stack, "image/tiff", [3], "", tmp_path)
    part = sealed(made.path.read_bytes(), made.media_type, (layer,))
    assert part.rung == "a" and part.gate["pages"] == 1 and part.pdf is not None
    check_part(stack, "image/tiff", [3], "", [made.path, part.pdf])
    with pikepdf.open(part.pdf) as pdf:
        shown = pikepdf.PdfImage(pdfs.only_image(pdf)).as_pil_image()
        assert shown.convert("L").tobytes() == frames[2].convert("L").tobytes()


def test_no_image_is_said_so(sealed: Seal) -> None:
    _, layer = pdfs.page_image(size=(620, 877))
    result = sealed(b"GIF89a rubbish", "image/gif", (layer,))
    assert result.rung == "e" and not result.valid


@pytest.mark.parametrize(
    ("text", "complete"),
    [
        ("Sehr geehrte Damen und Herren,\n\näöüß – „Wohngeld“ 100 €\n\fSeite 2\n", True),
        ("lang " * 2000, True),
        ("", True),
        ("ein \U0001f600 Bild", False),
        ("Spalte\tZwei\r\nA\rB", True),
    ],
)
def test_plain_text_becomes_valid(text: str, complete: bool, sealed: Seal) -> None:
    result = sealed(text.encode(), "text/plain", (PageLayer(0, 0, 0, 0.0, (), 72.0, True),))
    assert result.rung == "c" and result.flavour == "2u", result
    assert ("characters_replaced" in result.warnings) is not complete


def test_plain_text_of_old_windows(sealed: Seal) -> None:
    assert sealed("Grüße".encode("cp1252"), "text/plain", ()).valid
