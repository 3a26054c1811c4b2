"""The ink ledger: each mark that looks like a letter lies in a word, or the page says that it was not read.

Measured on a small copy of what Tesseract saw: marks of letter size that stand in a row with others. Tesseract's own
confidence says nothing of the lines that it dropped.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.pages import Grey
from ingest.words import Box

LEDGER_DPI = 100.0
INK = 0.72  # of the paper's grey: darker is ink
SMALLEST, TALLEST = 0.028, 0.35  # inches: height of a letter
WIDEST = 10.0  # letters touch: width of a mark in letter heights
THIN = 0.05  # inches: a rule is thinner and
LONG = 0.5  # longer
NEAR = 1.3  # letter heights between neighbours in a row
ROW = 3  # marks that make a row
MOST_SHARE, LONGEST_ROW = 0.02, 6.0  # share of the rows' width and letter heights that may stay unread


@dataclass(frozen=True, slots=True)
class Unread:
    """What no word covers. ``share``: of the width of all rows; ``longest``: row in letter heights;
    ``boxes``: the rows, in pixels of the copy.
    """

    share: float = 0.0
    longest: float = 0.0
    boxes: tuple[Box, ...] = ()

    @property
    def too_much(self) -> bool:
        """Whether print was left over that a person reads."""
        return self.share > MOST_SHARE or self.longest > LONGEST_ROW


def unread(grey: Grey, dpi: float, squeeze: float, words: Sequence[Box]) -> Unread:
    """The rows of letters on a copy (``dpi`` down, ``dpi * squeeze`` across) that lie in none of the ``words``."""
    across, down = min(1.0, LEDGER_DPI / dpi / squeeze), min(1.0, LEDGER_DPI / dpi)
    small = np.asarray(cv2.resize(grey, None, fx=across, fy=down, interpolation=cv2.INTER_AREA), np.uint8)
    paper = max(1.0, float(np.median(small[::3, ::3])))
    ink = (small < INK * paper).astype(np.uint8)
    _, labels, stats, centres = cv2.connectedComponentsWithStats(ink, connectivity=8)
    high, wide = stats[:, cv2.CC_STAT_HEIGHT], stats[:, cv2.CC_STAT_WIDTH]
    unit = LEDGER_DPI if dpi >= LEDGER_DPI else dpi
    letters = (high >= SMALLEST * unit) & (high <= TALLEST * unit) & (wide >= 2) & (stats[:, cv2.CC_STAT_AREA] >= 5)
    letters[0] = False
    if letters.sum() < ROW:
        return Unread()
    tall = float(np.median(high[letters]))
    letters &= (high <= 4 * tall) & (wide <= WIDEST * tall)
    rows = _rows(labels, letters, tall)
    covered = _covered(small.shape, words, across, down)
    at = centres[letters].astype(int)
    row = rows[at[:, 1], at[:, 0]]
    read = covered[at[:, 1], at[:, 0]] > 0
    width, left, top = wide[letters], stats[letters, cv2.CC_STAT_LEFT], stats[letters, cv2.CC_STAT_TOP]
    right, bottom = left + width, top + high[letters]
    counted = np.bincount(row)[row] >= ROW
    total = float(width[counted].sum())
    if not total:
        return Unread()
    open_ = counted & ~read
    boxes, longest = [], 0.0
    for number in np.unique(row[open_]):
        one = open_ & (row == number)
        if one.sum() < ROW:
            continue
        box = int(left[one].min()), int(top[one].min()), int(right[one].max()), int(bottom[one].max())
        longest = max(longest, float(width[one].sum()) * 1.4 / tall)
        boxes.append(box)
    share = float(width[open_].sum()) / total
    places = tuple((round(a / across), round(b / down), round(c / across), round(d / down)) for a, b, c, d in boxes)
    return Unread(share, longest, places)


def _rows(labels: NDArray[np.int32], letters: NDArray[np.bool_], tall: float) -> NDArray[np.int32]:
    """The number of the row at each place: letters whose gaps are small become one."""
    marks = letters[labels].astype(np.uint8)
    reach = max(3, round(2 * NEAR * tall)) | 1
    joined = cv2.morphologyEx(marks, cv2.MORPH_CLOSE, np.ones((1, reach), np.uint8))
    _, rows = cv2.connectedComponents(joined, connectivity=8)
    return np.asarray(rows, np.int32)


def _covered(shape: tuple[int, ...], words: Sequence[Box], across: float, down: float) -> NDArray[np.uint8]:
    mask = np.zeros(shape, np.uint8)
    for x0, y0, x1, y1 in words:
        mask[max(0, int(y0 * down) - 1) : int(y1 * down) + 2, max(0, int(x0 * across) - 1) : int(x1 * across) + 2] = 1
    return mask
