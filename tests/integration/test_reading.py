"""Reading with the real Tesseract: every page has a status, words lie where they stand, turned pages come upright."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from archive import PageLayer, SealJob, Validator, seal
from archive import Word as SealWord
from ingest.exec.tesseract import Tesseract
from ingest.pages import open_pages
from ingest.reading import read_page
from ingest.words import PageReading
from models import PageStatus
from tests.letters import FONT, WORDS

DPI = 300
A4 = (2480, 3508)
Box = tuple[float, float, float, float]


def drawn_page(first: int = 0) -> tuple[Image.Image, dict[str, Box]]:
    """A page of 60 words with known boxes (pixels)."""
    image = Image.new("L", A4, 250)
    draw = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, 46)
    boxes: dict[str, Box] = {}
    for line in range(20):
        x = 300
        for place in range(3):
            word = f"{WORDS[(line * 3 + place + first) % len(WORDS)]}{chr(97 + line)}"
            y = 400 + line * 110
            draw.text((x, y), word, font=font, fill=20)
            box = draw.textbbox((x, y), word, font=font)
            boxes[word] = (float(box[0]), float(box[1]), float(box[2]), float(box[3]))
            x += 640
    return image, boxes


@pytest.fixture
def tesseract(tmp_path: Path) -> Iterator[Tesseract]:
    tesseract = Tesseract.behind_launcher(tmp_path, "deu", 60, 2048)
    yield tesseract
    tesseract.close()


def read_image(image: Image.Image, tesseract: Tesseract, folder: Path) -> PageReading:
    path = folder / "seite.png"
    image.save(path, dpi=(DPI, DPI))
    with open_pages(path, "image/png") as source:
        return read_page(source, 1, tesseract, folder)


def layer_of(page: PageReading) -> PageLayer:
    lines = tuple(tuple(SealWord(word.text, word.box) for word in line) for line in page.lines)
    return PageLayer(page.width, page.height, page.orientation, page.skew, lines, page.dpi, page.own_text)


@pytest.mark.parametrize("turn", [0, 90, 180, 270])
def test_the_text_layer_lies_on_the_words_of_a_page_that_opens_upright(
    turn: int, tesseract: Tesseract, tmp_path: Path
) -> None:
    image, boxes = drawn_page()
    page = read_image(image.rotate(turn, expand=True), tesseract, tmp_path)
    assert (page.status, page.orientation) == (PageStatus.OK, turn)
    tried = page.plan["tried"]
    assert isinstance(tried, list)
    assert len(tried) == 1  # the look told which way up
    validator = Validator(Path(sys.prefix) / "share" / "aktenlotse" / "verapdf")
    try:
        job = SealJob(tmp_path / "seite.png", "image/png", (layer_of(page),), "t", "deu")
        sealed = seal(job, validator, tmp_path)
    finally:
        validator.close()
    assert sealed.valid
    assert sealed.pdf is not None
    shown = subprocess.run(["pdftotext", "-bbox", str(sealed.pdf), "-"], check=True, capture_output=True).stdout
    found = {}
    for word in ElementTree.fromstring(shown).iter("{http://www.w3.org/1999/xhtml}word"):
        corners = [float(word.get(name, "0")) * DPI / 72 for name in ("xMin", "yMin", "xMax", "yMax")]
        found[word.text or ""] = corners
    known = [word for word in boxes if word in found]
    assert len(known) >= 0.95 * len(boxes)
    off = [max(abs(a - b) for a, b in zip(found[word], boxes[word], strict=True)) for word in known]
    assert float(np.percentile(off, 95)) <= 14  # pixels at 300 dpi: a little over a millimetre


@pytest.mark.parametrize("late", [False, True])
def test_the_orientation_in_a_png_is_followed_wherever_it_stands(late: bool, tmp_path: Path) -> None:
    image, _ = drawn_page()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees clockwise
    path = tmp_path / "seite.png"
    image.rotate(90, expand=True).save(path, exif=exif)
    if late:  # after the pixels, as the standard allows
        data = path.read_bytes()
        start = data.index(b"eXIf") - 4
        chunk = data[start : start + 12 + int.from_bytes(data[start : start + 4], "big")]
        rest = data[:start] + data[start + len(chunk) :]
        path.write_bytes(rest[:-12] + chunk + rest[-12:])
    with open_pages(path, "image/png") as source:
        assert source.page(1).turn == 90


@pytest.mark.parametrize("lean", [-4.0, 2.5])
def test_words_of_a_skewed_page_are_found_where_they_stand(lean: float, tesseract: Tesseract, tmp_path: Path) -> None:
    image, boxes = drawn_page()
    page = read_image(image.rotate(lean, fillcolor=250, resample=Image.Resampling.BICUBIC), tesseract, tmp_path)
    assert page.status == PageStatus.OK
    assert page.skew == pytest.approx(-lean, abs=0.4)
    angle = np.radians(-lean)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    middle = np.array(A4) / 2
    read = {word.text: word.box for line in page.lines for word in line}
    known = [word for word in boxes if word in read]
    assert len(known) >= 0.9 * len(boxes)
    off = []
    for word in known:
        x0, y0, x1, y1 = boxes[word]
        wanted = turn @ (np.array([(x0 + x1) / 2, (y0 + y1) / 2]) - middle) + middle
        a0, b0, a1, b1 = read[word]
        off.append(float(np.hypot(*(np.array([(a0 + a1) / 2, (b0 + b1) / 2]) - wanted))))
    assert float(np.percentile(off, 95)) <= 25


SHIM = """#!/bin/bash
case "$1" in
  *page-2.pgm) {fault} ;;
esac
exec {program} "$@"
"""
FAULTS = {
    "killed": ("kill -SEGV $$", "page_ocr_failed"),
    "error": ("exit 3", "page_ocr_failed"),
    "hangs": ("sleep 600", "page_timeout"),
    "silent": ("exit 0", "page_ocr_failed"),
    "garbage": ('printf "<html" > "$2.hocr"; exit 0', "page_ocr_failed"),
}


@pytest.mark.parametrize("kind", FAULTS)
def test_a_failing_tesseract_leaves_a_clear_status_and_the_rest_read(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fault, reason = FAULTS[kind]
    program = subprocess.run(["which", "tesseract"], check=True, capture_output=True, text=True).stdout.strip()
    (tmp_path / "bin").mkdir()
    shim = tmp_path / "bin" / "tesseract"
    shim.write_text(SHIM.format(fault=fault, program=program))
    shim.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path / 'bin'}:{os.environ['PATH']}")
    pages = [drawn_page(first)[0].crop((200, 300, 2300, 1400)) for first in (0, 5, 9)]
    pages[0].save(tmp_path / "brief.tif", save_all=True, append_images=pages[1:], dpi=(DPI, DPI))
    tesseract = Tesseract.behind_launcher(tmp_path, "deu", 2 if kind == "hangs" else 60, 2048)
    with open_pages(tmp_path / "brief.tif", "image/tiff") as source:
        read = [read_page(source, number, tesseract, tmp_path) for number in (1, 2, 3)]
    assert [page.status for page in read] == [PageStatus.OK, PageStatus.UNREADABLE, PageStatus.OK]
    assert read[1].reason == reason
    assert not list(tmp_path.glob("*.pgm"))


def test_a_disk_that_is_full_leaves_a_clear_status(
    tesseract: Tesseract, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, _ = drawn_page()
    image.save(tmp_path / "seite.png", dpi=(DPI, DPI))
    missing = tmp_path / "no-such-folder"
    with open_pages(tmp_path / "seite.png", "image/png") as source:
        page = read_page(source, 1, tesseract, missing)
    assert (page.status, page.reason) == (PageStatus.UNREADABLE, "page_copy_not_written")


@pytest.mark.parametrize("words", [[], ["Danke"], ["mit", "Gruß", "Oma"]])
def test_only_an_empty_page_is_blank(words: list[str], tesseract: Tesseract, tmp_path: Path) -> None:
    image = Image.fromarray(np.random.default_rng(3).normal(244, 3, (A4[1], A4[0])).clip(0, 255).astype(np.uint8))
    draw = ImageDraw.Draw(image)
    draw.ellipse((140, 1580, 210, 1650), fill=60)  # a punch hole
    for line, word in enumerate(words):
        draw.text((900, 1200 + 90 * line), word, font=ImageFont.truetype(FONT, 52), fill=40)
    page = read_image(image, tesseract, tmp_path)
    assert (page.status == PageStatus.BLANK) == (not words)
    assert page.status != PageStatus.UNREADABLE
    assert all(word in page.text for word in words)


def paper() -> Image.Image:
    return Image.fromarray(np.random.default_rng(3).normal(244, 3, (A4[1], A4[0])).clip(0, 255).astype(np.uint8))


def with_sketch() -> Image.Image:
    image = paper()
    ImageDraw.Draw(image).line((400, 600, 2000, 2600), fill=120, width=4)
    ImageDraw.Draw(image).arc((1000, 1200, 1800, 2400), 0, 250, fill=130, width=4)
    return image


def with_seal() -> Image.Image:
    image = paper()
    for radius in (180, 240):
        ImageDraw.Draw(image).ellipse((1700 - radius, 2800 - radius, 1700 + radius, 2800 + radius), outline=90, width=6)
    return image


def with_empty_table() -> Image.Image:
    image = paper()
    for step in range(8):
        ImageDraw.Draw(image).line((300, 800 + 200 * step, 2200, 800 + 200 * step), fill=60, width=4)
    for step in range(5):
        ImageDraw.Draw(image).line((300 + 475 * step, 800, 300 + 475 * step, 2200), fill=60, width=4)
    return image


def with_dark_sheet() -> Image.Image:
    return Image.new("L", A4, 20)


@pytest.mark.parametrize("draw", [with_sketch, with_seal, with_empty_table, with_dark_sheet])
def test_a_page_with_ink_and_no_words_is_shown(
    draw: Callable[[], Image.Image], tesseract: Tesseract, tmp_path: Path
) -> None:
    assert read_image(draw(), tesseract, tmp_path).status != PageStatus.BLANK


def test_a_fold_and_the_shadow_of_an_edge_are_no_ink(tesseract: Tesseract, tmp_path: Path) -> None:
    image = paper()
    ImageDraw.Draw(image).line((0, 1170, A4[0], 1180), fill=150, width=5)
    ImageDraw.Draw(image).rectangle((0, 0, 60, A4[1]), fill=90)
    assert read_image(image, tesseract, tmp_path).status == PageStatus.BLANK


def pale(image: Image.Image, ink: int, *, soft: float) -> Image.Image:
    """The page printed so palely that nobody reads it, ``ink`` grey steps below grained paper."""
    soft_image = image.filter(ImageFilter.GaussianBlur(soft))
    grain = np.random.default_rng(7).normal(0, 4, (image.height, image.width))
    return Image.fromarray(
        np.clip(205 - (250 - np.asarray(soft_image, float)) * ink / 230 + grain, 0, 255).astype("u1")
    )


def test_what_shows_through_from_the_front_is_blank_and_pale_print_is_not(tesseract: Tesseract, tmp_path: Path) -> None:
    image, _ = drawn_page()
    small = image.resize((A4[0] // 3, A4[1] // 3)).resize(A4)
    back = read_image(pale(small.transpose(Image.Transpose.FLIP_LEFT_RIGHT), 20, soft=1), tesseract, tmp_path)
    front = read_image(pale(small, 14, soft=7), tesseract, tmp_path)
    assert back.status == PageStatus.BLANK
    assert front.status in (PageStatus.UNREADABLE, PageStatus.LOW_CONFIDENCE)
