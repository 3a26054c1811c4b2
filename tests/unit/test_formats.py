"""A file is judged by its bytes: whole and known, or a reason code that an operator understands."""

from __future__ import annotations

import io
import tarfile
import zipfile
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from core.errors import LetterError
from core.i18n import keys
from ingest.formats import FileLimits, inspect
from tests.letters import without_width


def _pdf(
    pages: int = 1, *, size: tuple[int, int] = (595, 842), attached: int = 0, depth: int = 0, **save: object
) -> bytes:
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page().MediaBox = pikepdf.Array([0, 0, *size])
    for number in range(attached):
        pdf.attachments[f"{number}.txt"] = pikepdf.AttachedFileSpec(pdf, b"a", filename=f"{number}.txt")
    inner = pikepdf.Dictionary()
    for _ in range(depth):
        form = pikepdf.Stream(pdf, b"/F Do", Type=pikepdf.Name.XObject, Subtype=pikepdf.Name.Form)
        form.Resources, form.BBox = inner, [0, 0, 9, 9]
        inner = pikepdf.Dictionary(XObject=pikepdf.Dictionary(F=pdf.make_indirect(form)))
    if depth:
        pdf.pages[0].Resources = inner
    out = io.BytesIO()
    pdf.save(out, **save)  # type: ignore[arg-type]
    return out.getvalue()


def _updated(data: bytes) -> bytes:
    """The PDF with an incremental update behind it (ISO 32000-1, 7.5.6)."""
    start = len(data)
    previous = int(data.rsplit(b"startxref\n", 1)[1].split()[0])
    with pikepdf.open(io.BytesIO(data)) as pdf:
        root, size = pdf.Root.objgen[0], len(pdf.objects) + 1
    body = b"%d 0 obj\n<< /Neu true >>\nendobj\n" % size
    table = b"xref\n%d 1\n%010d 00000 n \n" % (size, start)
    trailer = b"trailer << /Size %d /Root %d 0 R /Prev %d >>\n" % (size + 1, root, previous)
    return data + body + table + trailer + b"startxref\n%d\n%%%%EOF\n" % (start + len(body))


def _zip(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as package:
        for name, data in files.items():
            package.writestr(name, data)
    return out.getvalue()


def _tar(files: dict[str, bytes]) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.USTAR_FORMAT) as package:
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            package.addfile(entry, io.BytesIO(data))
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
    "word.pdf": (_zip({"[Content_Types].xml": b"<Types/>"}), "unsupported"),
    "post.pdf": (_zip({"eins.pdf": _pdf(), "zwei.pdf": _pdf()}), "container"),
    "post.tar": (_tar({"eins.pdf": _pdf()}), "container"),
    "post.eml": (b"Subject: Antrag\r\nMIME-Version: 1.0\r\n\r\n%PDF-1.7\r\n", "container"),
    "post.ps": (b"%!PS-Adobe-3.0\n% %PDF-1.4\n", "unsupported"),
    "zwei.pdf": (_pdf(2) + _pdf(), "glued"),
    "zwei-gepolstert.pdf": (_pdf(2) + bytes(4845) + _pdf(), "glued"),
    "bild-dahinter.pdf": (_pdf() + _image("JPEG"), "glued"),
    "zwei.jpg": (_image("JPEG") + _image("JPEG"), "glued"),
    "pdf-dahinter.tif": (_image("TIFF") + _pdf(), "glued"),
    "zip-dahinter.png": (_image("PNG") + _zip({"a.txt": b"a"}), "glued"),
    "ohne-mass.tif": (without_width(_image("TIFF", save_all=True, append_images=[Image.new("L", (9, 9))])), "damaged"),
    "abgeschnittene-fassung.pdf": (_updated(_pdf())[:-40], "truncated"),
    "gross.pdf": (_pdf(size=(14_500, 200)), "too_large"),
    "viele.txt": (b"a\f" * 100_000, "too_many_pages"),
    "anlagen.pdf": (_pdf(attached=101), "too_many_embedded"),
    "tief.pdf": (_pdf(depth=40), "too_deep"),
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


PADDING = {"zero": bytes(4845), "spaces": b" " * 100_000, "lines": b"\r\n" * 3000, "ones": b"\xff" * 70_000}


@pytest.mark.parametrize("padding", PADDING)
@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.png", "a.tif", "a.bmp", "a.webp"])
def test_padding_behind_the_end_is_no_damage(name: str, padding: str, tmp_path: Path) -> None:
    data, media_type, pages = GOOD[name]
    (tmp_path / name).write_bytes(data + PADDING[padding])
    found = inspect(tmp_path / name)
    assert (found.media_type, found.pages, found.warnings) == (media_type, pages, ())


@pytest.mark.parametrize("name", ["a.pdf", "a.jpg", "a.png", "a.tif"])
def test_what_lies_behind_the_end_is_said(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(GOOD[name][0] + b"Samsung trailer")
    assert inspect(tmp_path / name).warnings == ("data_after_end",)


def test_a_pdf_that_was_changed_by_appending_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(_updated(_updated(_pdf(2))))
    assert inspect(tmp_path / "a.pdf").warnings == ()


def test_a_jpeg_of_several_pictures_is_one_file(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(_image("MPO", save_all=True, append_images=[Image.new("L", (64, 64))]))
    assert inspect(tmp_path / "a.jpg").pages == 2


def test_a_form_in_itself_is_not_deep(tmp_path: Path) -> None:
    with pikepdf.open(io.BytesIO(_pdf(depth=2))) as pdf:
        outer = pdf.pages[0].Resources.XObject.F
        outer.Resources.XObject.F.Resources = outer.Resources
        pdf.save(tmp_path / "a.pdf")
    assert inspect(tmp_path / "a.pdf").pages == 1


def test_a_limit_is_a_setting(tmp_path: Path) -> None:
    (tmp_path / "a.pdf").write_bytes(_pdf(3))
    with pytest.raises(LetterError, match="3"):
        inspect(tmp_path / "a.pdf", FileLimits(pages=2))
