"""Letters for the tests: pages of plain lines, or of lines with places on a sheet of A4."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from ingest.words import Box, PageReading, Word
from models import PageStatus

DPI = 200
PIXELS = DPI / 25.4  # a millimetre
WIDTH, HEIGHT = round(210 * PIXELS), round(297 * PIXELS)


def plain(text: str) -> PageReading:
    """A page without boxes: lines, empty lines between paragraphs."""
    blocks = re.split(r"\n\s*\n", text.strip())
    paragraphs = tuple(
        tuple(tuple(Word(word, (0, 0, 0, 0), 1.0) for word in line.split()) for line in block.split("\n"))
        for block in blocks
    )
    return PageReading(1, 0, 0, 72.0, PageStatus.OK, own_text=True, paragraphs=paragraphs)


def drawn(
    lines: Sequence[tuple[float, float, str]],
    *,
    height: float = 3.6,
    shift: tuple[float, float] = (0.0, 0.0),
    skew: float = 0.0,
    orientation: int = 0,
) -> PageReading:
    """A scanned page: lines at (left, top) in millimetres, then shifted, leaning and turned as a scanner does it."""
    paragraphs = []
    for left, top, text in lines:
        words, x = [], left + shift[0]
        for word in text.split():
            width = 0.5 * height * len(word)
            words.append(Word(word, _delivered(x, top + shift[1], width, height, skew, orientation), 0.95))
            x += width + 0.35 * height
        paragraphs.append((tuple(words),))
    across = (HEIGHT, WIDTH) if orientation in (90, 270) else (WIDTH, HEIGHT)
    return PageReading(
        1, *across, float(DPI), PageStatus.OK, orientation=orientation, skew=skew, paragraphs=tuple(paragraphs)
    )


def _delivered(x: float, y: float, width: float, height: float, skew: float, orientation: int) -> Box:
    slope = math.tan(math.radians(skew))
    down = slope * (x + width / 2 - 105)
    box = [x * PIXELS, (y + down) * PIXELS, (x + width) * PIXELS, (y + height + down) * PIXELS]
    x0, y0, x1, y1 = (round(value) for value in box)
    if orientation == 90:
        return y0, WIDTH - x1, y1, WIDTH - x0
    if orientation == 180:
        return WIDTH - x1, HEIGHT - y1, WIDTH - x0, HEIGHT - y0
    if orientation == 270:
        return HEIGHT - y1, x0, HEIGHT - y0, x1
    return x0, y0, x1, y1
