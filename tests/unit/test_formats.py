"""A file is judged by its bytes: whole and known, or a reason code that an operator understands."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from core.errors import LetterError
from core.i18n import keys
from ingest.formats import inspect


def _pdf(pages: int = 1, **save: object) -> bytes:
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page()
    out = io.BytesIO()
    pdf.save(out, **save)  # type: ignore[arg-type]
    return out.getvalue()


def _image(kind: str, **options: object) -> bytes:
    out = io.BytesIO()
    noise = Image.effect_noise((300, 400), 60)
    noise.save(out, kind, **options)
    return out.getvalue()


def _flipped(data: bytes) -> bytes:
    middle = len(data) // 2
    return data[:middle] + bytes([data[middle] ^ 1]) + data[middle + 1 :]


GOOD = {
    "a.pdf": (_pdf(3), "application/pdf", 3),
    "a.png": (_image("PNG"), "image/png", 1),
    "a.jpg": (_image("JPEG"), "image/jpeg", 1),
    "a.bmp": (_image("BMP"), "image/bmp", 1),
    "a.gif": (_image("GIF"), "image/gif", 1),
    "a.webp": (_image("WEBP"), "image/webp", 1),
    "a.tif": (_image("TIFF", save_all=True, append_images=[Image.new("L", (9, 9))]), "image/tiff", 2),
    "a.txt": ("Grüße\fSeite zwei".encode("cp1252"), "text/plain", 2),
    "u.txt": ("Grüße".encode("utf-16"), "text/plain", 1),
}
BAD = {
    "leer.pdf": (b"", "empty"),
    "leer.txt": (b"  \n ", "empty"),
    "word.pdf": (b"PK\x03\x04" + b"x" * 500, "unsupported"),
    "bild.tif": (bytes(range(256)) * 4, "unsupported"),
    "kurz.pdf": (_pdf(2)[:-300], "truncated"),
    "kurz.png": (_image("PNG")[:-2000], "truncated"),
    "gekippt.png": (_flipped(_image("PNG")), "damaged"),
    "kurz.jpg": (_image("JPEG")[:-2000], "truncated"),
    "kurz.tif": (_image("TIFF")[:-60000], "truncated"),
    "geheim.pdf": (_pdf(encryption=pikepdf.Encryption(user="x", owner="y")), "encrypted"),
    "keine.pdf": (_pdf(0), "no_pages"),
    "binaer.txt": (b"abc\x00\x01\x02", "not_text"),
    "kopf.pdf": (b"%PDF-1.7\n%%EOF\n", "damaged"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_whole_file_is_known_by_its_bytes(name: str, tmp_path: Path) -> None:
    data, media_type, pages = GOOD[name]
    (tmp_path / name).write_bytes(data)
    found = inspect(tmp_path / name)
    assert (found.media_type, found.pages, found.warnings) == (media_type, pages, ())


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_has_a_reason_with_a_sentence(name: str, tmp_path: Path) -> None:
    data, reason = BAD[name]
    (tmp_path / name).write_bytes(data)
    with pytest.raises(LetterError) as caught:
        inspect(tmp_path / name)
    assert caught.value.code == reason
    assert f"reason.{reason}" in keys("de")


def test_a_pdf_that_needs_no_password_to_read_is_taken(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(_pdf(encryption=pikepdf.Encryption(user="", owner="y")))
    assert inspect(tmp_path / "a.pdf").pages == 1


def test_a_jpeg_named_pdf_is_read_with_a_warning(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(_image("JPEG"))
    assert inspect(tmp_path / "a.pdf").warnings == ("name_mismatch",)


@pytest.mark.parametrize("cut", range(1, 40))
@pytest.mark.parametrize("whole", [_pdf(2), _image("PNG")], ids=["pdf", "png"])
def test_no_cut_of_a_file_breaks_the_program(whole: bytes, cut: int, tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(whole[: len(whole) * cut // 40])
    with pytest.raises(LetterError):
        inspect(tmp_path / "a.pdf")
