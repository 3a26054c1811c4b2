"""Letters as damaged scans with their true text: the generator of the reading benchmark.

Text comes from the labelled sample letters; layout, fonts and damage are drawn from a seed.
"""

from __future__ import annotations

import json
import os
import random
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

LABELS = Path(__file__).parent.parent / "samples" / "labels.jsonl"
FONTS = tuple(os.environ.get("BENCH_FONTS", "DejaVuSans.ttf,DejaVuSerif.ttf").split(","))  # others: with their path
FONT_FOLDER = Path("/usr/share/fonts/truetype/dejavu")
A4 = 8.27, 11.69  # inches
Grey = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class Scan:
    """A scanned page with what stands on it. ``turn``: degrees clockwise that turn it upright."""

    kind: str
    name: str
    grey: Grey
    dpi: int
    truth: str
    turn: int = 0
    bilevel: bool = False

    def save(self, folder: Path) -> Path:
        """Write it as a scanner would: PNG for grey, TIFF G4 for one bit."""
        image = Image.fromarray(self.grey)
        path = folder / f"{self.kind}-{self.name}.{'tif' if self.bilevel else 'png'}"
        if self.bilevel:
            image.convert("1").save(path, compression="group4", dpi=(self.dpi, self.dpi))
        else:
            image.save(path, dpi=(self.dpi, self.dpi))
        return path


def page(text: str, dpi: int, dice: random.Random) -> tuple[Grey, str]:
    """A letter on A4 in one of the fonts, 10 to 12 points. Returns: grey image and the text in reading order."""
    points = dice.choice((10, 11, 12))
    font = ImageFont.truetype(str(FONT_FOLDER / dice.choice(FONTS)), round(points * dpi / 72))
    image = Image.new("L", (round(A4[0] * dpi), round(A4[1] * dpi)), 255)
    draw = ImageDraw.Draw(image)
    left, top, step = round(0.98 * dpi), round(0.9 * dpi), round(points * 1.35 * dpi / 72)
    width = round((A4[0] - 0.98 - 0.8) * dpi / font.getlength("n" * 10) * 10 * 1.05)
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += textwrap.wrap(paragraph, width) or [""]
    shown = []
    for line in lines:
        if top > image.height - round(0.9 * dpi):
            break
        draw.text((left, top), line, font=font, fill=dice.randrange(0, 40))
        shown.append(line)
        top += step
    return np.asarray(image), "\n".join(line for line in shown if line)


def on_paper(grey: Grey, dice: random.Random, noise: float, level: int = 245) -> Grey:
    """The page on grained, unevenly lit paper."""
    grain = np.random.default_rng(dice.randrange(1 << 30)).normal(0, noise, grey.shape)
    shade = np.linspace(0, dice.uniform(-8, 8), grey.shape[1])[None, :]
    return np.clip(grey.astype(np.float32) * level / 255 + grain + shade, 0, 255).astype(np.uint8)


def lean(grey: Grey, degrees: float) -> Grey:
    """The page, laid askew."""
    high, wide = grey.shape
    turn = cv2.getRotationMatrix2D((wide / 2, high / 2), degrees, 1.0)
    return np.asarray(cv2.warpAffine(grey, turn, (wide, high), borderValue=255, flags=cv2.INTER_CUBIC), np.uint8)


def _jpeg(grey: Grey, quality: int) -> Grey:
    _, data = cv2.imencode(".jpg", grey, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_GRAYSCALE), np.uint8)


def clean(name: str, text: str, dice: random.Random) -> Scan:
    grey, truth = page(text, 300, dice)
    return Scan("clean", name, grey, 300, truth)


def office(name: str, text: str, dice: random.Random) -> Scan:
    grey, truth = page(text, 300, dice)
    worn = _jpeg(on_paper(cv2.GaussianBlur(lean(grey, dice.uniform(-1.5, 1.5)), (0, 0), 0.8), dice, 4), 70)
    return Scan("office", name, worn, 300, truth)


def fax(name: str, text: str, dice: random.Random) -> Scan:
    grey, truth = page(text, 200, dice)
    rough = on_paper(grey, dice, 45)
    return Scan("fax", name, np.where(rough > 128, 255, 0).astype(np.uint8), 200, truth, bilevel=True)


def turned(name: str, text: str, dice: random.Random) -> Scan:
    upright = office(name, text, dice)
    turn = dice.choice((90, 180, 270))
    return Scan("turned", name, np.ascontiguousarray(np.rot90(upright.grey, turn // 90)), 300, upright.truth, turn)


def _faint(kind: str, dpi: int) -> Callable[[str, str, random.Random], Scan]:
    def make(name: str, text: str, dice: random.Random) -> Scan:
        grey, truth = page(text, dpi, dice)
        paper, ink = dice.randrange(185, 225), dice.randrange(20, 34)
        shadow = np.linspace(0, dice.uniform(-25, 25), grey.shape[0])[:, None]
        pale = paper + shadow - (255 - cv2.GaussianBlur(grey, (0, 0), 0.8)).astype(np.float32) / 255 * ink
        return Scan(kind, name, _jpeg(on_paper(pale.astype(np.uint8), dice, 5, 255), 70), dpi, truth)

    return make


DAMAGE = {
    "clean": clean,
    "office": office,
    "fax": fax,
    "turned": turned,
    "faint200": _faint("faint200", 200),
    "faint150": _faint("faint150", 150),
}


def scans(count: int, seed: int) -> list[Scan]:
    """``count`` scans of each kind of damage."""
    letters = [json.loads(line)["text"] for line in LABELS.read_text("utf-8").splitlines()]
    dice = random.Random(seed)
    return [
        make(f"{number:03d}", dice.choice(letters), random.Random(f"{seed}-{kind}-{number}"))
        for kind, make in DAMAGE.items()
        for number in range(count)
    ]
