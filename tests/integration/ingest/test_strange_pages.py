"""A page whose objects are not what they should be is read by the renderer, or is unreadable; it never ends reading."""

from __future__ import annotations

import io
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pikepdf
import pytest
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image, ImageDraw

from core.errors import LetterError
from ingest.pages import DeliveredPage, Remembered, open_pages

WIDE, HIGH = 100, 140  # pixels of the picture, points of the page
DARK_CORNER = Image.new("L", (WIDE, HIGH), 255)
ImageDraw.Draw(DARK_CORNER).rectangle((0, 0, 49, 69), fill=0)  # the upper left quarter


def pdf_of(folder: Path, content: bytes = b"q 100 0 0 140 0 0 cm /I Do Q", **image: object) -> Path:
    """A page that shows the picture; ``image``: what its dictionary says otherwise, ``data``: its samples."""
    pdf = pikepdf.new()
    data = image.pop("data", DARK_CORNER.tobytes())
    assert isinstance(data, bytes)
    said = {"Width": WIDE, "Height": HIGH, "BitsPerComponent": 8, "ColorSpace": Name.DeviceGray, **image}
    picture = Stream(pdf, data, Type=Name.XObject, Subtype=Name.Image, **said)
    page = Dictionary(
        Type=Name.Page,
        MediaBox=Array([0, 0, WIDE, HIGH]),
        Contents=Stream(pdf, content),
        Resources=Dictionary(XObject=Dictionary({"/I": pdf.make_indirect(picture)})),
    )
    pdf.pages.append(pikepdf.Page(pdf.make_indirect(page)))
    path = folder / "a.pdf"
    pdf.save(path)
    return path


def first_page(path: Path) -> DeliveredPage:
    with open_pages(path, "application/pdf") as pages:
        return pages.page(1)


def is_dark_above_left(page: DeliveredPage) -> bool:
    assert page.grey is not None
    high, wide = page.grey.shape
    dark, light = page.grey[: high // 2 - 9, : wide // 2 - 9], page.grey[high // 2 + 9 :, wide // 2 + 9 :]
    return float(dark.mean()) < 60 and float(light.mean()) > 200


INVERTED = bytes(255 - value for value in DARK_CORNER.tobytes())
BITS = DARK_CORNER.convert("1").tobytes()


@pytest.mark.parametrize(
    "case",
    {
        "plain": {},
        "decode": {"Decode": Array([1, 0]), "data": INVERTED},
        "bits": {"BitsPerComponent": 1, "data": BITS},
        "bits inverted": {"BitsPerComponent": 1, "Decode": Array([1, 0]), "data": bytes(255 - one for one in BITS)},
        "palette": {
            "ColorSpace": Array([Name.Indexed, Name.DeviceRGB, 255, bytes(range(256)) * 3]),
            "data": bytes(85 if not value else 84 for value in DARK_CORNER.tobytes()),
        },
        "unknown operator in an array": {"content": b"[1 foo] 0 d q 100 0 0 140 0 0 cm /I Do Q"},
        "name that is no UTF-8": {"content": b"/\xe4\xff gs q 100 0 0 140 0 0 cm /I Do Q"},
    }.items(),
    ids=lambda case: case[0],
)
def test_what_is_taken_out_of_a_page_is_what_it_shows(case: tuple[str, dict[str, object]], tmp_path: Path) -> None:
    name, said = case
    page = first_page(pdf_of(tmp_path, **said))  # type: ignore[arg-type]
    if name == "palette":
        assert page.grey is not None
    else:
        assert is_dark_above_left(page)


@pytest.mark.parametrize("family", ["Separation", "DeviceN"])
def test_ink_is_not_taken_for_light(family: str, tmp_path: Path) -> None:
    path = pdf_of(tmp_path, data=INVERTED)  # 1: full ink
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        function = pdf.make_indirect(
            Stream(pdf, b"{1 exch sub}", FunctionType=4, Domain=Array([0, 1]), Range=Array([0, 1]))
        )
        names = Name.Black if family == "Separation" else Array([Name.Black])
        space = Array([Name("/" + family), names, Name.DeviceGray, function])
        pdf.pages[0].Resources.XObject["/I"].ColorSpace = space
        pdf.save(path)
    assert is_dark_above_left(first_page(path))


BROKEN = {
    "samples missing": {"data": b"\0" * 40, "BitsPerComponent": 1},
    "no width": {"Width": Name("/Keine")},
    "colours of nothing": {"ColorSpace": Array([])},
    "filter of nothing": {"Filter": Name("/Nichts"), "data": b"abc"},
    "broken jpeg": {"Filter": Name.DCTDecode, "data": b"\xff\xd8\xff\xe0abc"},
    "broken jbig2": {"Filter": Name.JBIG2Decode, "BitsPerComponent": 1, "data": b"abc"},
    "operands missing": {"content": b"1 0 cm /I Do Do q Q Q Q"},
    "content cut": {"content": b"q [ ( << /I Do"},
}


@pytest.mark.parametrize("case", BROKEN)
def test_a_broken_page_is_rendered_or_has_a_reason(case: str, tmp_path: Path) -> None:
    path = pdf_of(tmp_path, **BROKEN[case])  # type: ignore[arg-type]
    page = first_page(path)
    assert page.grey is not None


@pytest.mark.parametrize("box", [Array([0, 0, 100]), Array([Name.a, 0, 100, 140]), Name.Weit])
def test_a_page_without_a_size_is_rendered(box: pikepdf.Object, tmp_path: Path) -> None:
    path = pdf_of(tmp_path)
    with pikepdf.open(path, allow_overwriting_input=True) as pdf:
        pdf.pages[0].obj.MediaBox = box
        pdf.save(path)
    page = first_page(path)
    assert page.grey is not None


def test_a_page_that_cannot_be_had_is_asked_for_once(tmp_path: Path) -> None:
    class Failing:
        count, asked = 1, 0

        def page(self, number: int) -> DeliveredPage:
            self.asked += 1
            raise LetterError("too_slow")

    path = tmp_path / "a.pdf"
    path.write_bytes(b"")
    failing = Failing()
    for _ in range(2):  # open, then read
        with pytest.raises(LetterError):
            Remembered(path, failing).page(1)
    assert failing.asked == 1


SCRIPT = """
import sys
from pathlib import Path
from ingest.pages import open_pages
with open_pages(Path(sys.argv[1]), sys.argv[2]) as pages:
    page = pages.page(pages.count)
print(page.width, page.height, round(page.dpi), page.grey.shape == (page.height, page.width), end=" ")
status = Path("/proc/self/status").read_text().split()
print(int(status[status.index("VmHWM:") + 1]) >> 10, int(page.grey[50, 50]), int(page.grey[-50, -50]))
"""


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "TIFF", "TIFF of two", "PDF"])
def test_a_huge_picture_is_read_smaller(kind: str, tmp_path: Path) -> None:
    side = 12_000
    image = Image.new("RGB", (side, side), "white")
    image.paste("black", (0, 0, side // 2, side // 2))
    coding = kind.split(maxsplit=1)[0]
    path = tmp_path / f"a.{coding.lower()}"
    if kind == "PDF":
        buffer = io.BytesIO()
        image.save(buffer, "JPEG", quality=50)
        said = {"Width": side, "Height": side, "ColorSpace": Name.DeviceRGB, "Filter": Name.DCTDecode}
        path = pdf_of(tmp_path, data=buffer.getvalue(), **said)  # type: ignore[arg-type]
    elif kind == "TIFF of two":
        small = Image.new("RGB", (9, 9))
        small.save(path, save_all=True, append_images=[image], compression="tiff_lzw", dpi=(600, 600))
    else:
        options: dict[str, dict[str, Any]] = {
            "PNG": {"compress_level": 1},
            "JPEG": {"quality": 50},
            "TIFF": {"compression": "tiff_lzw"},
        }
        image.save(path, dpi=(600, 600), **options[coding])
    media_type = "application/pdf" if kind == "PDF" else f"image/{coding.lower()}"
    command = [sys.executable, "-c", SCRIPT, str(path), media_type]
    said_ = subprocess.run(command, capture_output=True, text=True, check=True).stdout.split()
    wide, high, dpi, whole, megabytes, dark, light = said_
    assert (wide, high, whole) == (str(side // 2), str(side // 2), "True")
    assert kind == "PDF" or dpi == "300"
    assert (int(dark) < 10, int(light) > 245) == (True, True)
    assert int(megabytes) < 450  # whole, in colours: 576


def test_a_poster_is_rendered_with_as_many_pixels_as_reading_needs(tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(5184, 5184))
    pdf.save(tmp_path / "a.pdf")
    page = first_page(tmp_path / "a.pdf")
    assert page.grey is not None
    assert 35_000_000 < page.grey.size <= 36_100_000
    assert np.all(page.grey == 255)
