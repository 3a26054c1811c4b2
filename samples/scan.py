"""Draws the pages of a letter with Pillow, as a scanner would deliver them."""

from functools import cache
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageFont

from samples.letter import HEIGHT, POINT, WIDTH, Letter, Sheet, Typesetter

FONTS = Path("/usr/share/fonts/truetype/dejavu")
FACES = {
    "sans": ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf"),
    "serif": ("DejaVuSerif.ttf", "DejaVuSerif-Bold.ttf"),
    "mono": ("DejaVuSansMono.ttf", "DejaVuSansMono-Bold.ttf"),
    "sans-italic": ("DejaVuSans-Oblique.ttf", "DejaVuSans-BoldOblique.ttf"),
    "serif-italic": ("DejaVuSerif-Italic.ttf", "DejaVuSerif-BoldItalic.ttf"),
}
SHRINK = 0.9
"""DejaVu is a wide face: its 11 points are drawn as about 10."""

INK, ACCENT, SIGNATURE, STAMP = (35, 35, 40), (20, 70, 130), (25, 45, 140), (170, 40, 50)


def draw_pages(letter: Letter, rng: np.random.Generator) -> list[Image.Image]:
    """The pages of a letter as clean colour images in the letter's resolution."""
    pen = _Pen(letter)
    return [pen.draw(sheet, rng) for sheet in Typesetter(letter, pen.measure).set_pages()]


@cache
def load_font(face: str, bold: bool, pixels: int) -> ImageFont.FreeTypeFont:
    """A DejaVu face in a size."""
    path = FONTS / FACES[face][bold]
    if not path.exists():
        raise FileNotFoundError(f"{path} is missing: apt-get install fonts-dejavu")
    return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)


class _Pen:
    """Draws sheets in one resolution and face."""

    def __init__(self, letter: Letter) -> None:
        self.letter = letter
        self.scale = letter.dpi / 25.4

    def font(self, size: float, bold: bool) -> ImageFont.FreeTypeFont:
        return load_font(self.letter.font, bold, round(size * SHRINK * POINT * self.scale))

    def measure(self, text: str, size: float, bold: bool) -> float:
        return self.font(size, bold).getlength(text) / self.scale

    def draw(self, sheet: Sheet, rng: np.random.Generator) -> Image.Image:
        page = Image.new("RGB", (round(WIDTH * self.scale), round(HEIGHT * self.scale)), "white")
        draw = ImageDraw.Draw(page)
        for run in sheet.runs:
            draw.text(
                (run.x * self.scale, run.y * self.scale),
                run.text,
                font=self.font(run.size, run.bold),
                fill=ACCENT if run.accent else INK,
                anchor="rs" if run.right else "ls",
            )
        for rule in sheet.rules:
            draw.line([value * self.scale for value in rule], fill=ACCENT, width=3)
        if self.letter.style == "company" and sheet.runs[0].accent:
            draw.ellipse([v * self.scale for v in (178.0, 14.0, 190.0, 26.0)], fill=ACCENT)
        if sheet.signature:
            self._sign(draw, sheet.signature, rng)
        if self.letter.stamp:
            self._stamp(page, self.letter.stamp)
        return page

    def _sign(self, draw: ImageDraw.ImageDraw, place: tuple[float, float], rng: np.random.Generator) -> None:
        """A scribble of a few loops that gets flatter to the right."""
        t = np.linspace(0, 1, 240)
        loops, phase = rng.uniform(4, 7), rng.uniform(0, 3)
        x = place[0] + 34 * t + 2.5 * np.cos(2 * np.pi * loops * t + phase)
        y = place[1] + (4.2 - 3 * t) * np.sin(2 * np.pi * loops * t) + rng.uniform(-1, 1)
        points = [(float(a) * self.scale, float(b) * self.scale) for a, b in zip(x, y, strict=True)]
        draw.line(points, fill=SIGNATURE, width=max(2, round(0.4 * self.scale)), joint="curve")

    def _stamp(self, page: Image.Image, day: str) -> None:
        """The stamp of the post room, a little askew, beside the address."""
        layer = Image.new("L", (round(56 * self.scale), round(24 * self.scale)), 0)
        draw = ImageDraw.Draw(layer)
        draw.rectangle((2, 2, layer.width - 3, layer.height - 3), outline=255, width=5)
        rows = ((6.5, "STADT LINDENFURT", 11.0), (13.5, day, 14.0), (20.0, "Poststelle · Eingang", 9.0))
        for y, text, size in rows:
            draw.text((layer.width / 2, y * self.scale), text, font=self.font(size, True), fill=255, anchor="ms")
        layer = layer.rotate(4, resample=Image.Resampling.BICUBIC, expand=True)
        layer = layer.filter(ImageFilter.GaussianBlur(0.8)).point(lambda value: value * 0.8)
        page.paste(STAMP, (round(122 * self.scale), round(72 * self.scale)), layer)
