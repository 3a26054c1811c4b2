"""A look at a page before OCR: what it costs a few milliseconds to know about the paper.

Everything is measured on a copy scaled to about 100 dpi, apart from the size of the letters.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.pages import DeliveredPage, Grey

LOOK_DPI = 100.0
NEAR_LOOK_DPI = 0.12  # deviation from it that no measure minds
SKEW_LIMIT = 8.0  # degrees searched to either side
MOST_PIXELS = 600_000  # looked at in full size
FEW_MARKS = 15  # words or letters; fewer have no direction that could be measured
GRAIN = 0.008  # deviation of the paper's grey, as a share of it, above which it is smoothed
PALEST, PALEST_SMOOTHED = 0.96, 0.985  # share of the paper's grey that can still be ink
MANY_LETTERS = 20  # whose median says how large the print is
NO_LETTER = 0.0, 0.0
DRAWN, FOLD = 40, 0.55  # pixels at look size of a mark that is no word; share of the page that a fold runs through
DRAWN_CONTRAST = 45  # grey steps; what shows through from the front has fewer
DARK_SHEET = 110  # grey of a page's middle value below which nothing is blank
FAINT_CONTRAST = 90  # grey steps between paper and ink below which a page counts as faint


@dataclass(frozen=True, slots=True)
class Look:
    """What was seen. ``box``: inked region in delivered pixels; ``skew``: degrees clockwise of the upright text."""

    width: int
    height: int
    dpi: float
    paper: float  # grey of the paper
    contrast: float  # grey steps between paper and ink
    noise: float  # deviation of the paper
    ink: float  # share of inked pixels
    blank: bool  # nothing that a person would look at: no word, no drawing, no dark sheet
    drawn: bool  # a mark too large for a word that is no fold and no shadow at an edge, or a dark sheet
    box: tuple[int, int, int, int]
    sideways: bool  # lines of text run up or down the delivered image
    skew: float
    lean: float  # -1 .. 1: below 0 the lines stand on their feet (seen from the side that ``sideways`` tells)
    letter_height: float  # delivered pixels of a small letter, 0 unknown
    letter_shape: float  # its width by its height as delivered, 0 unknown
    clipped: bool  # ink touches an edge
    blur: float  # variance of the Laplacian at look size
    bilevel: bool

    @property
    def faint(self) -> bool:
        return not self.bilevel and self.contrast < FAINT_CONTRAST

    def facts(self) -> dict[str, object]:
        """As plain values, rounded, for the record."""
        return {
            name: [int(v) for v in value]
            if isinstance(value, tuple)
            else round(value, 3)
            if isinstance(value, float)
            else value
            for name, value in asdict(self).items()
        }


def look(page: DeliveredPage) -> Look:
    """Look at a page image. ``page.grey`` must be there."""
    assert page.grey is not None
    small, scale = _smaller(page.grey, page.dpi)
    background = paper_of(small)
    level = np.asarray(small.astype(np.float32) / np.maximum(background, 1), np.float32)
    deviation, palest = _deviation(level), PALEST
    if deviation > GRAIN:  # thin strokes of faint print lie within the grain, until that is smoothed
        level = np.asarray(cv2.GaussianBlur(level, (0, 0), 1.0), np.float32)
        deviation, palest = _deviation(level), PALEST_SMOOTHED
    ink = (level < _ink_threshold(deviation, palest)).astype(np.uint8)
    ink = _without_edges_and_specks(ink)
    share = cv2.countNonZero(ink) / ink.size
    paper = float(np.median(background[::4, ::4]))
    dark = small[ink > 0]
    contrast = paper - float(np.percentile(dark[::3], 20)) if dark.size else 0.0
    plain = small[::3, ::3][(ink[::3, ::3] == 0) & (level[::3, ::3] > 0.9)]
    noise = float(plain.std()) if plain.size else 0.0
    marks = _marks(ink)
    sideways, skew, lean = _direction(ink) if len(marks) >= FEW_MARKS else (False, 0.0, 0.0)
    drawn = float(np.median(small[::3, ::3])) < DARK_SHEET or (contrast >= DRAWN_CONTRAST and _is_drawn(ink))
    letter_height, letter_shape = (
        _letter(page.grey, page.dpi, float(np.median(marks[:, 1])) / scale) if len(marks) else NO_LETTER
    )
    return Look(
        width=page.width,
        height=page.height,
        dpi=page.dpi,
        paper=paper,
        contrast=contrast,
        noise=noise,
        ink=share,
        blank=not drawn and _is_blank(marks, ink.shape),
        drawn=drawn,
        box=_box(marks, 1 / scale, page.width, page.height),
        sideways=sideways,
        skew=skew,
        lean=lean,
        letter_height=letter_height,
        letter_shape=letter_shape,
        clipped=_touches_edge(ink),
        blur=float(cv2.meanStdDev(cv2.Laplacian(small, cv2.CV_16S))[1][0, 0]) ** 2,
        bilevel=page.bilevel,
    )


def _smaller(grey: Grey, dpi: float) -> tuple[Grey, float]:
    """A copy of about ``LOOK_DPI`` and its scale. Where that comes near, whole numbers of pixels become one: quick."""
    if dpi <= LOOK_DPI:
        return grey, 1.0
    step = round(dpi / LOOK_DPI)
    rows, columns = grey.shape
    if abs(dpi / step / LOOK_DPI - 1) > NEAR_LOOK_DPI or min(rows, columns) < 2 * step:
        scale = LOOK_DPI / dpi
        return np.asarray(cv2.resize(grey, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8), scale
    size = columns // step, rows // step
    whole = grey[: size[1] * step, : size[0] * step]
    return np.asarray(cv2.resize(whole, size, interpolation=cv2.INTER_AREA), np.uint8), 1 / step


def paper_of(grey: Grey, reach: int = 25) -> NDArray[np.float32]:
    """The paper's grey at every place: a local maximum over ``reach`` pixels, smoothed (grey closing)."""
    rows, columns = grey.shape
    shrink = 4 if min(rows, columns) > 200 else 1
    tiny = cv2.resize(grey, (max(1, columns // shrink), max(1, rows // shrink)), interpolation=cv2.INTER_AREA)
    kernel = cv2.getStructuringElement(cv2.MORPH_RECT, (max(3, reach // shrink | 1),) * 2)
    smooth = cv2.GaussianBlur(cv2.dilate(cv2.medianBlur(tiny, 3), kernel), (0, 0), max(1.0, reach / shrink / 2))
    full = cv2.resize(smooth.astype(np.float32), (columns, rows), interpolation=cv2.INTER_LINEAR)
    return np.asarray(full, np.float32)


def _ink_threshold(deviation: float, palest: float) -> float:
    """Ink is what is clearly darker than the paper's own deviation around it: so faint lines count too."""
    return min(palest, max(0.75, 1 - 4 * deviation))


def _deviation(level: NDArray[np.float32]) -> float:
    """Of the paper's own grey."""
    paper = level[::3, ::3][level[::3, ::3] > 0.9]
    return float(np.std(paper)) if paper.size else 0.05


def _without_edges_and_specks(ink: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Without the scanner's dark edges, and without specks."""
    edge = max(2, round(min(ink.shape) * 0.012))
    inner = ink.copy()
    for side in (inner[:edge], inner[-edge:], inner[:, :edge], inner[:, -edge:]):
        side[:] = 0
    around = cv2.boxFilter(inner, cv2.CV_8U, (3, 3), normalize=False, borderType=cv2.BORDER_CONSTANT)
    return np.asarray(inner & (around > 1), np.uint8)  # a pixel without a neighbour is a speck


def _marks(ink: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Marks of the size of letters or words: rows of x, y, width, height, area at look size."""
    joined = cv2.morphologyEx(ink, cv2.MORPH_CLOSE, np.ones((2, 4), np.uint8))
    stats = _components(joined)
    good = (stats[:, 2] >= 3) & (stats[:, 3] >= 3) & (stats[:, 4] >= 8)
    return np.asarray(stats[good], np.int32)


def _components(ink: NDArray[np.uint8]) -> NDArray[np.int32]:
    """Connected marks: rows of x, y, width, height, area. Short labels, where they cannot run out, take a third."""
    labels = cv2.CV_16U if cv2.countNonZero(ink) < 2**16 - 1 else cv2.CV_32S
    _, _, stats, _ = cv2.connectedComponentsWithStats(ink, connectivity=8, ltype=labels)
    return np.asarray(stats[1:], np.int32)


def _is_blank(marks: NDArray[np.int32], shape: tuple[int, ...]) -> bool:
    """Blank for certain: nothing of a word's size away from the edges, where punch holes and staples are."""
    rows, columns = shape
    x, y, wide, high, area = (marks[:, column] for column in range(5))
    wordlike = (wide >= 6) & (high >= 5) & (high <= 80) & (area >= 20)
    inside = (x > 0.06 * columns) & (x + wide < 0.94 * columns) & (y > 0.03 * rows) & (y + high < 0.97 * rows)
    return not bool((wordlike & inside).any())


def _is_drawn(ink: NDArray[np.uint8]) -> bool:
    """Whether a mark is larger than words are, away from the edges: a drawing, a seal, an empty form.

    A fold is straight and thin, and runs through most of the page.
    """
    rows, columns = ink.shape
    side, end = round(0.06 * columns), round(0.03 * rows)
    inner = ink[end : rows - end, side : columns - side]
    _, _, wide, high, area = _components(cv2.morphologyEx(inner, cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))).T
    long, thin = np.maximum(wide, high), np.minimum(wide, high)
    fold = (thin < 0.05 * min(rows, columns)) & (np.maximum(wide / columns, high / rows) > FOLD)
    return bool(((long >= DRAWN) & (area >= DRAWN) & (thin > 1) & ~fold).any())


def _box(marks: NDArray[np.int32], scale: float, width: int, height: int) -> tuple[int, int, int, int]:
    if not len(marks):
        return 0, 0, width, height
    margin = 10
    x0 = max(0, int(marks[:, 0].min()) - margin) * scale
    y0 = max(0, int(marks[:, 1].min()) - margin) * scale
    x1 = (int((marks[:, 0] + marks[:, 2]).max()) + margin) * scale
    y1 = (int((marks[:, 1] + marks[:, 3]).max()) + margin) * scale
    return int(x0), int(y0), min(width, int(x1)), min(height, int(y1))


def _touches_edge(ink: NDArray[np.uint8]) -> bool:
    edge = max(3, round(min(ink.shape) * 0.016))
    sides = (ink[:edge], ink[-edge:], ink[:, :edge], ink[:, -edge:])
    return any(float(side.mean()) > 0.02 for side in sides)


def _direction(ink: NDArray[np.uint8]) -> tuple[bool, float, float]:
    """Whether lines run up or down, the skew: the angle at which the rows' ink differs most, and the lean.

    Projection profile method (Postl 1986; Bloomberg, Kopec, Dasari 1995: sum of squared differences), on the inked
    points of a copy of half the size.
    """
    shrunk = cv2.resize(ink * 255, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    rows, columns = shrunk.shape
    across, down = _points(shrunk)
    weights = shrunk[shrunk > 0].astype(np.float32)
    upright, upright_score = _best_skew(down, across - columns / 2, weights, rows)
    turned, turned_score = _best_skew(across, rows / 2 - down, weights, columns)
    sideways = turned_score > 1.15 * upright_score
    skew = turned if sideways else upright
    return sideways, skew, _lean(ink, sideways, skew)


def _lean(ink: NDArray[np.uint8], sideways: bool, skew: float) -> float:
    """Whether lines stand on their feet (below 0) or on their heads: -1 .. 1.

    Nearly all letters end sharply at the base line, but only some reach up and few reach down: so the steepest change
    between two rows of pixels lies at the feet (cf. Caprari 2000, up or down by the asymmetry of projection profiles).
    """
    rows, columns = ink.shape
    across, down = _points(ink)
    if sideways:
        down, across, rows, columns = across, rows - down, columns, rows
    profile = _profile(down, across - columns / 2, None, rows, skew)
    change = np.diff(profile) ** 3
    return float(change.sum() / (np.abs(change).sum() + 1))


def _points(ink: NDArray[np.uint8]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Columns and rows of the inked pixels, row by row from the top. There must be some."""
    points = np.asarray(cv2.findNonZero(ink), np.float32).reshape(-1, 2)
    return np.ascontiguousarray(points[:, 0]), np.ascontiguousarray(points[:, 1])


def _best_skew(
    down: NDArray[np.float32], across: NDArray[np.float32], weights: NDArray[np.float32], rows: int
) -> tuple[float, float]:
    """The best angle in degrees clockwise, and its score. ``across``: from the middle of the page."""
    known: dict[float, float] = {}

    def score(angle: float) -> float:
        if angle not in known:
            profile = _profile(down, across, weights, rows, angle)
            known[angle] = float(np.square(np.diff(profile)).sum() / (np.square(profile).sum() + 1))
        return known[angle]

    best = max(np.arange(-SKEW_LIMIT, SKEW_LIMIT + 0.1, 1.0), key=score)
    for step in (0.5, 0.25, 0.1):
        best = max((best, best - step, best + step), key=score)
    return float(best), score(best)


def _profile(
    down: NDArray[np.float32], across: NDArray[np.float32], weights: NDArray[np.float32] | None, rows: int, angle: float
) -> NDArray[np.float64]:
    """The ink of each row of a page that is turned back by ``angle`` degrees."""
    leaned = (down - np.float32(np.tan(np.radians(angle))) * across + np.float32(0.5)).astype(np.intp)
    leaned[(leaned < 0) | (leaned >= rows)] = rows  # beyond the page: counted in a row that is cut off
    return np.asarray(np.bincount(leaned, weights, rows + 1)[:rows], np.float64)


def _letter(grey: Grey, dpi: float, middle: float) -> tuple[float, float]:
    """Median height of marks that can be letters, in delivered pixels, and their median width by height.

    ``middle``: the row amid the print.
    """
    rows, columns = grey.shape
    part = grey[rows // 6 : rows * 5 // 6, columns // 8 : columns * 7 // 8]
    if part.size > MOST_PIXELS:  # a band of a large page says enough, if it has letters
        band = int(rows * MOST_PIXELS / part.size / 3)
        top = min(max(0, round(middle) - band), rows - 2 * band)
        letter = _median_letter(grey[top : top + 2 * band, columns // 8 : columns * 7 // 8], dpi)
        if letter != NO_LETTER or part.size > 10 * MOST_PIXELS:
            return letter
    return _median_letter(part, dpi)


def _median_letter(part: Grey, dpi: float) -> tuple[float, float]:
    if part.size == 0:
        return NO_LETTER
    _, ink = cv2.threshold(part, 0, 255, cv2.THRESH_BINARY_INV | cv2.THRESH_OTSU)
    stats = _components(np.asarray(ink, np.uint8))
    heights, widths = stats[:, 3], stats[:, 2]
    letters = (heights > 0.03 * dpi) & (heights < 0.3 * dpi) & (widths > 0.01 * dpi) & (widths < 0.4 * dpi)
    if letters.sum() < MANY_LETTERS:
        return NO_LETTER
    heights, widths = heights[letters], widths[letters]
    return float(np.median(heights)), float(np.median(widths / heights))
