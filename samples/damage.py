"""What happens to a page between the desk of its writer and the scan file."""

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

from samples.letter import Letter
from samples.scan import load_font

PAPER = 247
TURNS = {
    90: Image.Transpose.ROTATE_270,  # Pillow counts counter-clockwise
    180: Image.Transpose.ROTATE_180,
    270: Image.Transpose.ROTATE_90,
}


def deliver(pages: list[Image.Image], letter: Letter, rng: np.random.Generator) -> list[Image.Image]:
    """Clean drawings in, page images as the scanner delivers them out."""
    if letter.blank_back:
        pages = [*pages, Image.new("RGB", pages[0].size, "white")]
    return [_page(page, letter, rng) for page in pages]


def _page(page: Image.Image, letter: Letter, rng: np.random.Generator) -> Image.Image:
    if letter.skew:
        page = page.rotate(letter.skew, resample=Image.Resampling.BICUBIC, fillcolor="white")
    if letter.ink != "colour":
        page = page.convert("L")
    if letter.faint:
        page = _fade(page)
    if letter.ink != "clean":
        page = _paper(page, rng, grain=3.0 if letter.faint else 0.9)
    if letter.blank_back:
        page = _specks(page, rng)
    if letter.fax:
        page = _fax(page, letter, rng)
    elif letter.ink == "bilevel":
        page = page.point(lambda value: 255 if value > 150 else 0).convert("1")
    elif letter.ink == "clean":
        page = page.quantize(16)
    if letter.turn:
        page = page.transpose(TURNS[letter.turn])
    return page


def _paper(page: Image.Image, rng: np.random.Generator, grain: float) -> Image.Image:
    """Slightly soft, not quite white, a little grainy."""
    soft = np.asarray(page.filter(ImageFilter.GaussianBlur(0.7)), dtype=np.float32)
    noise = rng.normal(0.0, grain, soft.shape[:2]).astype(np.float32)
    if soft.ndim == 3:
        noise = noise[:, :, None]
    return Image.fromarray(np.clip(soft * (PAPER / 255) + noise, 0, 255).astype(np.uint8))


def _fade(page: Image.Image) -> Image.Image:
    """A nearly empty ink ribbon: letters are only some greys darker than the paper."""
    return page.point(lambda value: 196 + value * 0.19)


def _specks(page: Image.Image, rng: np.random.Generator) -> Image.Image:
    """Some dust and the shadows of two punched holes."""
    draw = ImageDraw.Draw(page)
    for _ in range(25):
        x, y = int(rng.integers(60, page.width - 60)), int(rng.integers(60, page.height - 60))
        draw.ellipse((x, y, x + 3, y + 3), fill=int(rng.integers(150, 210)))
    radius = page.width // 75
    for y in (page.height // 2 - page.width // 5, page.height // 2 + page.width // 5):
        draw.ellipse((70 - radius, y - radius, 70 + radius, y + radius), fill=205)
    return page


def _fax(page: Image.Image, letter: Letter, rng: np.random.Generator) -> Image.Image:
    """Black and white with speckles, torn rows and the line that the sending machine prints."""
    draw = ImageDraw.Draw(page)
    header = f"{letter.date} 08:47   FAX {letter.sender[0]}   S. 01/01"
    draw.text((90, 24), header, font=load_font("mono", False, 20), fill=30)
    dark = np.asarray(page, dtype=np.uint8) < 165
    dark ^= rng.random(dark.shape) < 0.0015
    for row in rng.integers(0, dark.shape[0], 5):
        start = int(rng.integers(0, dark.shape[1] - 200))
        dark[row, start : start + 200] = True
    return Image.fromarray(~dark)
