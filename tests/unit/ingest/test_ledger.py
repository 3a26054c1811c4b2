"""The ink ledger, the reading order and the paper with its stains."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from ingest.ledger import unread
from ingest.order import in_order
from ingest.pages import Grey
from ingest.prepare import Plan, make_copy
from ingest.words import Box, Line, Word
from tests.letters import FONT

DPI = 150


def page(lines: int) -> tuple[Grey, list[Box]]:
    """A page of lines of print, and the box of each line."""
    image = Image.new("L", (1240, 1754), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 24)
    boxes = []
    for number in range(lines):
        place = (120, 150 + 60 * number)
        draw.text(place, f"Zeile {number} mit einigen Wörtern von einem Brief", font=font, fill=10)
        left, top, right, bottom = draw.textbbox(place, "Zeile 0 mit einigen Wörtern von einem Brief", font=font)
        boxes.append((int(left), int(top) - 4, int(right) + 30, int(bottom) + 4))
    return np.asarray(image, np.uint8), boxes


def test_print_that_words_cover_is_read() -> None:
    grey, boxes = page(12)
    found = unread(grey, DPI, 1.0, boxes)
    assert not found.too_much
    assert found.boxes == ()


def test_one_line_without_words_is_missed_and_named() -> None:
    grey, boxes = page(12)
    found = unread(grey, DPI, 1.0, [*boxes[:5], *boxes[6:]])
    assert found.too_much
    assert len(found.boxes) == 1
    x0, y0, x1, y1 = found.boxes[0]
    assert boxes[5][1] <= (y0 + y1) / 2 <= boxes[5][3]
    assert x0 < 140 and x1 > 500


def test_a_narrowed_copy_is_measured_alike() -> None:
    grey, boxes = page(12)
    narrow = np.asarray(cv2.resize(grey, None, fx=0.76, fy=1.0, interpolation=cv2.INTER_AREA), np.uint8)
    squeezed = [(round(a * 0.76), b, round(c * 0.76), d) for a, b, c, d in boxes]
    assert not unread(narrow, DPI, 0.76, squeezed).too_much
    assert unread(narrow, DPI, 0.76, squeezed[1:]).too_much


def test_rules_and_a_picture_are_no_print() -> None:
    grey, boxes = page(6)
    drawn = grey.copy()
    cv2.line(drawn, (100, 1000), (1100, 1000), 0, 2)
    cv2.circle(drawn, (600, 1300), 180, 40, -1)
    assert not unread(drawn, DPI, 1.0, boxes).too_much


def _line(text: str, box: Box) -> Line:
    return (Word(text, box, 0.9),)


def test_what_stands_above_in_its_column_is_read_before() -> None:
    body = [_line("body", (100, 300, 900, 320)), _line("more", (100, 330, 900, 350))]
    torn, foot = [_line("torn off", (100, 200, 900, 222))], [_line("foot", (100, 500, 900, 520))]
    assert in_order([body, torn, foot]) == [torn, body, foot]


def test_columns_stay_in_their_order() -> None:
    left = [_line("left", (100, 300, 450, 320)), _line("left", (100, 600, 450, 620))]
    right = [_line("right", (550, 280, 900, 300)), _line("right", (550, 600, 900, 620))]
    head = [_line("head", (100, 100, 900, 120))]
    assert in_order([head, left, right]) == [head, left, right]


def test_a_ring_and_a_fold_leave_the_print_alone() -> None:
    grey, _ = page(20)
    faded = 235 - (255 - grey.astype(np.float32)) * 0.5
    rows, columns = np.mgrid[0 : grey.shape[0], 0 : grey.shape[1]].astype(np.float32)
    ring = np.exp(-(((np.hypot(columns - 600, rows - 700) - 220) / 8) ** 2))
    fold = np.exp(-(((rows - 585) / 2.5) ** 2))
    stained = np.clip(faded * (1 - 0.4 * ring) * (1 - 0.5 * fold), 0, 255).astype(np.uint8)
    copy = make_copy(stained, Plan(box=(0, 0, 1240, 1754), flatten=True, dpi=DPI)).grey[12:-12, 12:-12]
    on_ring = (ring > 0.5) & (grey > 250) & (fold < 0.1)
    assert float(np.mean(copy[on_ring] < 128)) < 0.1
    assert float(np.mean(copy[(grey < 40) & (fold < 0.1)] < 128)) > 0.9
