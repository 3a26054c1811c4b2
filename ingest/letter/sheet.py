"""The page laid out upright: printed rows in millimetres, standing together in blocks.

A page read by OCR has boxes in delivered pixels; they are turned upright, straightened and measured in
millimetres from the upper left corner, so that the zones of DIN 5008 can be asked for. A plain text has no
boxes: its rows are its lines and its blocks are its paragraphs.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from statistics import median

from ingest.words import PageReading, Word

MM_PER_INCH = 25.4
A4_WIDTH = 210.0  # mm
SAME_COLUMN = 4.0  # mm by which edges of one block may differ
BLOCK_PITCH = 1.85  # centre to centre, in row heights; more is an empty line
CLEAR = 3.0  # times as far in one direction as in the other
COLUMN_GAP = 3.5  # mm between two words that stand in different columns
COLUMN_GAP_HEIGHTS = 1.7  # and in row heights


@dataclass(frozen=True, slots=True)
class Box:
    """A place on the upright page in millimetres from its upper left corner."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        """Half way down."""
        return (self.top + self.bottom) / 2

    def overlap(self, other: Box) -> float:
        """Millimetres that both share from left to right (negative: the gap between them)."""
        return min(self.right, other.right) - max(self.left, other.left)


@dataclass(frozen=True, slots=True)
class Row:
    """A printed line, or what one column holds of it. ``box`` is None in a plain text."""

    text: str
    page: int  # 0-based
    block: int
    number: int  # on its page
    box: Box | None = None


@dataclass(frozen=True, slots=True)
class Sheet:
    """One page's rows: block by block, from the top down."""

    rows: tuple[Row, ...]
    width: float  # mm, 0 for a plain text
    height: float

    @property
    def has_places(self) -> bool:
        return self.width > 0

    def right_of(self, row: Row) -> Row | None:
        """The nearest row beside ``row``, on the same height."""
        box = row.box
        if box is None:
            return None
        beside = [
            (other.box.left, other)
            for other in self.rows
            if other.box is not None
            and other.box.left >= box.right - 1
            and abs(other.box.middle - box.middle) < 0.6 * max(box.height, other.box.height)
        ]
        return min(beside, key=lambda item: item[0])[1] if beside else None

    def below(self, row: Row) -> Row | None:
        """The nearest row under ``row`` in its column; in a plain text the next line of its block."""
        box = row.box
        if box is None:
            place = self.rows.index(row) + 1
            return self.rows[place] if place < len(self.rows) and self.rows[place].block == row.block else None
        under = [
            (other.box.top, other)
            for other in self.rows
            if other.box is not None
            and 0 < other.box.middle - box.middle < 3.2 * box.height
            and (other.box.overlap(box) > 0 or abs(other.box.left - box.left) < SAME_COLUMN)
            and other.box.top > box.middle
        ]
        return min(under, key=lambda item: item[0])[1] if under else None


def lay_out(pages: Sequence[PageReading]) -> tuple[Sheet, ...]:
    """All pages upright, in their order."""
    return tuple(_sheet(page, index) for index, page in enumerate(pages))


def _sheet(page: PageReading, index: int) -> Sheet:
    if page.width <= 0 or not any(word.box[2] > word.box[0] for line in page.lines for word in line):
        lines = [(block, line) for block, paragraph in enumerate(page.paragraphs) for line in paragraph if line]
        rows = tuple(
            Row(" ".join(word.text for word in line), index, block, number)
            for number, (block, line) in enumerate(lines)
        )
        return Sheet(rows, 0.0, 0.0)
    frame = _Frame(page)
    rows = tuple(row for line in page.lines for row in _columns(line, frame, index))
    return Sheet(_blocks(rows), frame.width, frame.height)


def _running(lines: Sequence[Sequence[Word]]) -> int | None:
    """Degrees clockwise that turn the page upright by the way its words follow each other; None where unclear.

    Tesseract reads lines that run up or down the page it is given, so the page's noted orientation can be wrong.
    """
    across = down = 0
    for line in lines:
        for word, following in itertools.pairwise(line):
            across += following.box[0] + following.box[2] - word.box[0] - word.box[2]
            down += following.box[1] + following.box[3] - word.box[1] - word.box[3]
    if max(abs(across), abs(down)) < CLEAR * min(abs(across), abs(down)) or across == down:
        return None
    if abs(across) > abs(down):
        return 0 if across > 0 else 180
    return 270 if down > 0 else 90


class _Frame:
    """The way from delivered pixels to upright millimetres."""

    def __init__(self, page: PageReading) -> None:
        running = _running(page.lines)
        self._orientation = (page.orientation if running is None else running) % 360
        self._pixels = page.width, page.height
        across = page.height if self._orientation in (90, 270) else page.width
        down = page.width if self._orientation in (90, 270) else page.height
        scale = MM_PER_INCH / page.dpi if page.dpi > 0 else 0.0
        if not 130 <= across * scale <= 330:  # the dpi cannot be right for a letter: take it for A4
            scale = A4_WIDTH / across
        self._scale = scale
        self.width, self.height = across * scale, down * scale
        self._slope = math.tan(math.radians(page.skew))

    def place(self, word: Word) -> Box:
        """The upright, straightened box of a word."""
        x0, y0, x1, y1 = word.box
        wide, high = self._pixels
        if self._orientation == 90:
            x0, y0, x1, y1 = high - y1, x0, high - y0, x1
        elif self._orientation == 180:
            x0, y0, x1, y1 = wide - x1, high - y1, wide - x0, high - y0
        elif self._orientation == 270:
            x0, y0, x1, y1 = y0, wide - x1, y1, wide - x0
        left, top, right, bottom = (value * self._scale for value in (x0, y0, x1, y1))
        lean = abs(self._slope) * (right - left)  # what the lean adds to the height of the box around it
        middle = (top + bottom) / 2 - self._slope * ((left + right) / 2 - self.width / 2)
        half = max(bottom - top - lean, 0.5 * (bottom - top)) / 2
        shift = self._slope * (middle - self.height / 2)
        return Box(left + shift, middle - half, right + shift, middle + half)


def _columns(line: Sequence[Word], frame: _Frame, page: int) -> Iterable[Row]:
    """A line as read, cut where a gap says that another column begins."""
    placed = sorted(((frame.place(word), word.text) for word in line), key=lambda item: item[0].left)
    height = median(box.height for box, _ in placed)
    part = [placed[0]]
    for item in placed[1:]:
        gap = item[0].left - part[-1][0].right
        if gap > COLUMN_GAP and gap > COLUMN_GAP_HEIGHTS * height:
            yield _row(part, page)
            part = []
        part.append(item)
    yield _row(part, page)


def _row(part: Sequence[tuple[Box, str]], page: int) -> Row:
    boxes = [box for box, _ in part]
    middle = median(box.middle for box in boxes)
    half = max(box.height for box in boxes) / 2
    place = Box(min(box.left for box in boxes), middle - half, max(box.right for box in boxes), middle + half)
    return Row(" ".join(text for _, text in part), page, 0, 0, place)


def _blocks(rows: Sequence[Row]) -> tuple[Row, ...]:
    """Rows with the number of their block, ordered by blocks from the top down."""
    placed = [(row, row.box) for row in sorted(rows, key=_top) if row.box is not None]
    usual = median(box.height for _, box in placed)
    blocks: list[list[tuple[Row, Box]]] = []
    for row, box in placed:
        near = [block for block in blocks if _continues(block[-1][1], box, usual)]
        if near:
            max(near, key=lambda block: block[-1][1].overlap(box)).append((row, box))
        else:
            blocks.append([(row, box)])
    blocks.sort(key=lambda block: (round(block[0][1].top / 2), block[0][1].left))
    ordered = [(number, row) for number, block in enumerate(blocks) for row, _ in block]
    return tuple(replace(row, block=block, number=number) for number, (block, row) in enumerate(ordered))


def _top(row: Row) -> float:
    return row.box.middle if row.box is not None else 0.0


def _continues(above: Box, box: Box, usual: float) -> bool:
    pitch = box.middle - above.middle
    height = max(min(above.height, box.height), 0.8 * usual)
    if not 0.5 * height < pitch < BLOCK_PITCH * height + 0.5 * abs(above.height - box.height):
        return False
    aligned = (
        abs(above.left - box.left) < SAME_COLUMN
        or abs(above.right - box.right) < SAME_COLUMN
        or abs((above.left + above.right) - (box.left + box.right)) / 2 < SAME_COLUMN
    )
    return aligned or above.overlap(box) > 0.5 * min(above.right - above.left, box.right - box.left)
