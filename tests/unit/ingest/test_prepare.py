"""The copy that OCR sees."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest

from ingest.pages import Grey
from ingest.prepare import Plan, make_copy

FAINT = Plan(box=(0, 0, 900, 400), flatten=True)


def grainy(seed: int, words: str = "Widerspruch gegen die Gebühr") -> Grey:
    """Pale print on paper with grain."""
    page = np.full((400, 900), 205, np.uint8)
    for row in range(60, 380, 60):
        cv2.putText(page, words, (40, row), cv2.FONT_HERSHEY_SIMPLEX, 1.0, 150, 2, cv2.LINE_AA)
    noise = np.random.default_rng(seed).normal(0, 14, page.shape)
    return np.clip(page + noise, 0, 255).astype(np.uint8)


def specks(copy: Grey) -> int:
    """Marks that are both tiny and pale."""
    count, labels, stats, _ = cv2.connectedComponentsWithStats((copy < 235).astype(np.uint8), connectivity=8)
    inked = np.zeros(count, bool)
    inked[labels[copy < 90]] = True
    return int(((stats[:, cv2.CC_STAT_AREA] < 10) & ~inked).sum())


def test_cleaning_takes_the_grain_and_leaves_the_print() -> None:
    page = grainy(5)
    left, cleaned = (make_copy(page, replace(FAINT, despeckle=clean)).grey for clean in (False, True))
    assert specks(cleaned) == 0 < specks(left)
    assert (cleaned[left < 90] < 128).mean() > 0.95


@pytest.mark.parametrize("scale", [0.4, 0.667, 1.0, 1.5])
@pytest.mark.parametrize("orientation", [0, 90, 180, 270])
@pytest.mark.parametrize(("squeeze", "mirrored"), [(1.0, False), (0.76, False), (0.76, True)])
def test_a_word_of_the_copy_finds_its_way_back(scale: float, orientation: int, squeeze: float, mirrored: bool) -> None:
    page = np.full((600, 800), 255, np.uint8)
    page[200:260, 300:420] = 0
    plan = Plan(box=(100, 100, 700, 500), scale=scale, orientation=orientation, squeeze=squeeze, mirrored=mirrored)
    copy = make_copy(page, plan)
    down, across = np.nonzero(copy.grey < 128)
    box = copy.to_delivered((int(across.min()), int(down.min()), int(across.max()) + 1, int(down.max()) + 1))
    assert np.abs(np.array(box) - (300, 200, 420, 260)).max() <= 2 / scale / squeeze


def test_only_the_direction_of_the_lines_is_narrowed() -> None:
    page = np.full((600, 800), 255, np.uint8)
    whole = Plan(box=(0, 0, 800, 600), scale=0.5, squeeze=0.8)
    upright, sideways = (make_copy(page, replace(whole, orientation=turn)).grey.shape for turn in (0, 90))
    border = 2 * 12
    assert upright == (300 + border, 320 + border)
    assert sideways == (400 + border, 240 + border)
