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
def test_a_word_of_the_copy_finds_its_way_back(scale: float, orientation: int) -> None:
    page = np.full((600, 800), 255, np.uint8)
    page[200:260, 300:420] = 0
    copy = make_copy(page, Plan(box=(100, 100, 700, 500), scale=scale, orientation=orientation))
    down, across = np.nonzero(copy.grey < 128)
    box = copy.to_delivered((int(across.min()), int(down.min()), int(across.max()) + 1, int(down.max()) + 1))
    assert np.abs(np.array(box) - (300, 200, 420, 260)).max() <= 2 / scale
