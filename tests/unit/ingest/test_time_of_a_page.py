"""A page that does not want to be read gets no more tries when it has had its time."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from ingest.exec.tesseract import Tesseract
from ingest.pages import DeliveredPage
from ingest.reading import read_page
from tests.letters import small_scan

NO_WORDS = b'<html xmlns="http://www.w3.org/1999/xhtml"><body></body></html>'


class _Blind(Tesseract):
    """Finds nothing."""

    def hocr(self, image: Path, *, dpi: int, segmentation: int = 3) -> bytes:
        return NO_WORDS


class _Scan:
    """One page of print."""

    count = 1

    def __init__(self, path: Path) -> None:
        with Image.open(small_scan(path, 1)) as scan:
            self._grey = np.asarray(scan)

    def page(self, number: int) -> DeliveredPage:
        return DeliveredPage(number, self._grey, self._grey.shape[1], self._grey.shape[0], 150.0)


@pytest.mark.parametrize(("seconds", "one_try"), [(0, True), (120, False)])
def test_a_page_tries_other_plans_only_while_it_has_time(seconds: int, one_try: bool, tmp_path: Path) -> None:
    reading = read_page(_Scan(tmp_path / "a.png"), 1, _Blind(tmp_path, "deu", seconds, None), tmp_path)
    tried = reading.plan["tried"]
    assert isinstance(tried, list)
    assert (len(tried) == 1) == one_try
