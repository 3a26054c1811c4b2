"""The plan for a page, and the copy that OCR sees. Original pixels are never changed.

One affine map leads from the delivered page to the copy (turn, deskew, crop, scale), so every word finds its way back.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from ingest.look import Look, paper_of
from ingest.pages import Grey
from ingest.words import Box

READ_DPI = 180  # enough for Tesseract's LSTM on office print down to 7 points, and cheaper than 300
FINE_DPI = 300
SMALL_LETTER = 12.0  # pixels of a small letter in the copy, below which it is enlarged
SPECK_PIXELS, SPECK_EDGE, SPECK_CORE = 10, 235, 90  # size, grey that parts a mark from the paper, grey of real ink
NARROW, NARROWEST = 0.64, 0.76  # width by height of a narrow font's letters; least share of its width for any line
STROKE, RUN = 11, 61  # pixels at 150 dpi: wider than a stroke of print, longer than a word is without a gap
STAIN, STAINED = 0.05, 0.002  # share of the paper's grey that a stain takes; of the page that has one
DARKEST_STAIN = 0.7  # of the paper's grey: what is darker is ink
MIN_SKEW = 0.35  # degrees; Tesseract follows smaller slopes by itself
MAX_PIXELS = 30_000_000


@dataclass(frozen=True, slots=True)
class Plan:
    """What is done to the copy of a page before Tesseract sees it, and how Tesseract is asked."""

    orientation: int = 0  # degrees clockwise
    skew: float = 0.0  # undone when not 0
    box: Box = (0, 0, 0, 0)  # crop, delivered pixels
    scale: float = 1.0
    squeeze: float = 1.0  # of the scale, along the lines
    flatten: bool = False  # divide by the paper, stretch
    despeckle: bool = False  # without its grain
    blur: float = 0.0  # sigma in delivered pixels
    segmentation: int = 3
    mirrored: bool = False  # to see the other side, where it shows through
    dpi: float = 150.0  # of the delivered page
    guarded: bool = False  # what is as dark as ink is no stain

    def facts(self) -> dict[str, object]:
        """As plain values for the record."""
        return {
            **asdict(self),
            "box": list(self.box),
            "scale": round(self.scale, 4),
            "squeeze": round(self.squeeze, 3),
            "skew": round(self.skew, 2),
        }


def first_plan(seen: Look, orientation: int) -> Plan:
    """The plan that the look suggests."""
    dpi = READ_DPI
    if seen.faint or seen.dpi < 170:
        dpi = FINE_DPI
    scale = dpi / seen.dpi
    if seen.letter_height and seen.letter_height * scale < SMALL_LETTER:
        scale = min(SMALL_LETTER / seen.letter_height, 1.4 * FINE_DPI / seen.dpi)
    if seen.bilevel and scale > 1:
        scale = max(1.0, min(scale, FINE_DPI / seen.dpi))
    if 0.87 < scale < 1.15:
        scale = 1.0  # resampling costs sharpness, so only where it pays
    # a faint line is easily overlooked at the edge; grain on the empty rest would cost Tesseract minutes
    box = _grown(seen.box, 0.3 * seen.dpi, seen) if seen.faint else seen.box
    pixels = (box[2] - box[0]) * (box[3] - box[1]) * scale**2
    if pixels > MAX_PIXELS:
        scale *= math.sqrt(MAX_PIXELS / pixels)
    return Plan(
        orientation=orientation,
        skew=seen.skew if abs(seen.skew) >= MIN_SKEW else 0.0,
        box=box,
        scale=scale,
        squeeze=_squeeze(seen),
        flatten=seen.faint or (not seen.bilevel and seen.paper < 200),
        blur=1.1 if seen.bilevel else 0.0,
        dpi=seen.dpi,
    )


def _squeeze(seen: Look) -> float:
    """How much wide letters can be narrowed: the network's time grows with the length of the lines, and it reads the
    letters of a narrow font as well."""
    if seen.faint or not seen.letter_shape:
        return 1.0
    shape = 1 / seen.letter_shape if seen.sideways else seen.letter_shape
    squeeze = max(NARROWEST, NARROW / shape)
    return squeeze if squeeze < 0.9 else 1.0  # resampling costs sharpness, so only where it pays


def _grown(box: Box, margin: float, seen: Look) -> Box:
    grown = round(margin)
    return (
        max(0, box[0] - grown),
        max(0, box[1] - grown),
        min(seen.width, box[2] + grown),
        min(seen.height, box[3] + grown),
    )


def other_plans(seen: Look, plan: Plan, shape: tuple[int, int]) -> list[Plan]:
    """What to try when the first reading is poor: the other treatment of the paper, whole page, other segmentation."""
    whole = (0, 0, shape[1], shape[0])
    fine = max(plan.scale, min(FINE_DPI / seen.dpi, 2.5))
    if seen.faint:  # never without flattening: its grain would cost Tesseract minutes
        cleaned = replace(plan, despeckle=True)
        return [replace(cleaned, segmentation=segmentation) for segmentation in (4, 6)]
    wide = replace(plan, squeeze=1.0)
    others = [
        replace(wide, flatten=not plan.flatten, scale=fine),
        replace(wide, flatten=True, blur=1.0, scale=fine, segmentation=4),
        replace(wide, box=whole, scale=min(fine, 1.0), segmentation=6),
        replace(wide, box=whole, scale=fine / 2, segmentation=11),
    ]
    return [other for other in others if other != plan]


@dataclass(frozen=True, slots=True)
class Copy:
    """The copy that OCR sees, and the way back from it."""

    grey: Grey
    back: tuple[tuple[float, float, float], tuple[float, float, float]]  # copy -> delivered pixels
    width: int  # of the delivered page
    height: int

    def to_delivered(self, box: Box) -> Box:
        """A box of the copy as the smallest box around it on the delivered page."""
        x0, y0, x1, y1 = box
        (a, b, c), (d, e, f) = self.back
        across = [a * x + b * y + c for x in (x0, x1) for y in (y0, y1)]
        down = [d * x + e * y + f for x in (x0, x1) for y in (y0, y1)]
        return (
            max(0, round(min(across))),
            max(0, round(min(down))),
            min(self.width, round(max(across))),
            min(self.height, round(max(down))),
        )


def make_copy(grey: Grey, plan: Plan) -> Copy:
    """Carry out a plan on a page."""
    height, width = grey.shape
    x0, y0, x1, y1 = plan.box
    part = grey[y0:y1, x0:x1]
    if plan.blur:
        part = cv2.GaussianBlur(part, (0, 0), plan.blur)
    forward = np.array([[1, 0, -x0], [0, 1, -y0], [0, 0, 1]], float)
    if plan.flatten and plan.scale >= 1:
        part = _flattened(part, plan, plan.dpi)
    wide, high = plan.scale, plan.scale
    if plan.orientation in (0, 180):
        wide *= plan.squeeze
    else:
        high *= plan.squeeze
    if abs(wide - 1) > 1e-3 or abs(high - 1) > 1e-3:
        wanted = max(1, round(part.shape[1] * wide)), max(1, round(part.shape[0] * high))
        forward = np.diag([wanted[0] / part.shape[1], wanted[1] / part.shape[0], 1]) @ forward
        part = _resized(part, wanted, plan)
    if plan.flatten and plan.scale < 1:  # on the smaller image: a large page needs no more memory for it
        part = _flattened(part, plan, plan.dpi * plan.scale)
    for _ in range(plan.orientation // 90):
        forward = np.array([[0, -1, part.shape[0]], [1, 0, 0], [0, 0, 1]], float) @ forward
        part = cv2.rotate(part, cv2.ROTATE_90_CLOCKWISE)
    if plan.skew:
        part, forward = _deskewed(part, plan.skew, forward)
    if plan.mirrored:
        forward = np.array([[-1, 0, part.shape[1]], [0, 1, 0], [0, 0, 1]], float) @ forward
        part = cv2.flip(part, 1)
    border = 12
    part = cv2.copyMakeBorder(part, border, border, border, border, cv2.BORDER_CONSTANT, value=_edge_grey(part))
    forward = np.array([[1, 0, border], [0, 1, border], [0, 0, 1]], float) @ forward
    across, down, _ = np.linalg.inv(forward).tolist()
    return Copy(np.asarray(part, np.uint8), (tuple(across), tuple(down)), width, height)


def _resized(part: Grey, wanted: tuple[int, int], plan: Plan) -> Grey:
    if plan.scale < 0.5:
        return np.asarray(cv2.resize(part, wanted, interpolation=cv2.INTER_AREA), np.uint8)
    if plan.scale < 1:  # a light blur does for the mean over an area, in a third of its time
        smooth = part if plan.blur else cv2.GaussianBlur(part, (3, 3), 0.5)
        return np.asarray(cv2.resize(smooth, wanted, interpolation=cv2.INTER_LINEAR), np.uint8)
    interpolation = cv2.INTER_LANCZOS4 if plan.flatten else cv2.INTER_CUBIC
    return np.asarray(cv2.resize(part, wanted, interpolation=interpolation), np.uint8)


def _paper(grey: Grey, dpi: float, guarded: bool) -> NDArray[np.float32]:
    """The paper's grey at every place; where something lies on it as a stain, with the stain.

    Only then: on faint print without stains the closings would follow the grain.
    """
    plain = paper_of(grey, reach=max(25, min(grey.shape) // 40))
    stained = _stained_paper(grey, dpi)
    darker = cv2.resize((plain - stained) / np.maximum(plain, 1), None, fx=0.25, fy=0.25, interpolation=cv2.INTER_AREA)
    share = float(np.mean(darker > np.median(darker) + STAIN))
    if share <= STAINED:
        return plain
    return np.maximum(stained, plain * DARKEST_STAIN) if guarded else stained


def _stained_paper(grey: Grey, dpi: float) -> NDArray[np.float32]:
    """The paper's grey at every place, with what lies on it as a stain: cup rings, folds, shadows.

    The least of three grey closings (Serra 1982): a disc fills what is as thin as a letter's stroke, a line across and
    one down follow what runs on, as folds do and print does not.
    """
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.8)
    disc, line = (round(length * dpi / 150) | 1 for length in (STROKE, RUN))
    closings = [
        cv2.morphologyEx(smooth, cv2.MORPH_CLOSE, kernel)
        for kernel in (
            cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (disc, disc)),
            np.ones((1, line), np.uint8),
            np.ones((line, 1), np.uint8),
        )
    ]
    return np.asarray(cv2.GaussianBlur(np.minimum.reduce(closings).astype(np.float32), (0, 0), 1.0), np.float32)


def _flattened(grey: Grey, plan: Plan, dpi: float) -> Grey:
    """Divide by the paper and stretch, so that faint ink on grey paper becomes dark ink on white paper."""
    if plan.despeckle:
        grey = _denoised(grey)
    paper = np.maximum(_paper(grey, dpi, plan.guarded), 1)
    smooth = cv2.GaussianBlur(grey, (0, 0), 0.6 if plan.despeckle else 0.8)
    level = np.minimum(smooth.astype(np.float32) / paper, 1)
    sample = level[::3, ::3]
    low = float(np.percentile(sample, 0.5))
    middle = float(np.median(sample))
    grain = sample[sample > middle]
    # the paper's grain becomes white: specks would cost Tesseract minutes
    high = middle - max(0.02, 2 * float(np.std(grain)) if grain.size else 0.0)
    flat = np.asarray(np.clip((level - low) / max(high - low, 0.05) * 255, 0, 255), np.uint8)
    return _without_specks(flat) if plan.despeckle else flat


def _denoised(grey: Grey) -> Grey:
    """Without the paper's grain: the mean of places that look alike keeps the strokes (non-local means: Buades, Coll,
    Morel 2005). Takes a second or two."""
    level = grey.astype(np.float32)
    strength = 1.48 * float(np.median(np.abs(level - cv2.GaussianBlur(level, (0, 0), 1.0))))  # deviation (Hampel 1974)
    clean = cv2.fastNlMeansDenoising(grey, None, h=max(1.0, strength), templateWindowSize=5, searchWindowSize=15)
    return np.asarray(clean, np.uint8)


def _without_specks(flat: Grey) -> Grey:
    """White where marks are both tiny and pale. A dot of an i is one or the other."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats((flat < SPECK_EDGE).astype(np.uint8), connectivity=8)
    kept = stats[:, cv2.CC_STAT_AREA] >= SPECK_PIXELS
    kept[labels[flat < SPECK_CORE]] = True
    kept[0] = False  # the paper
    around = cv2.dilate(kept[labels].astype(np.uint8), np.ones((3, 3), np.uint8))
    return np.where(around > 0, flat, 255).astype(np.uint8)


def _deskewed(part: Grey, skew: float, forward: NDArray[np.float64]) -> tuple[Grey, NDArray[np.float64]]:
    rows, columns = part.shape
    turn = np.vstack([cv2.getRotationMatrix2D((columns / 2, rows / 2), skew, 1.0), [0, 0, 1]])
    grown_wide = int(columns + abs(np.sin(np.radians(skew))) * rows)
    grown_high = int(rows + abs(np.sin(np.radians(skew))) * columns)
    turn = np.array([[1, 0, (grown_wide - columns) / 2], [0, 1, (grown_high - rows) / 2], [0, 0, 1]], float) @ turn
    turned = cv2.warpAffine(
        part,
        turn[:2],
        (grown_wide, grown_high),
        flags=cv2.INTER_LINEAR,
        borderMode=cv2.BORDER_CONSTANT,
        borderValue=_edge_grey(part),
    )
    return np.asarray(turned, np.uint8), turn @ forward


def _edge_grey(part: Grey) -> int:
    return int(np.percentile(part[:: max(1, part.shape[0] // 200), :: max(1, part.shape[1] // 200)], 80))
