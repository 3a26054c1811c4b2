"""Pictures of pages are drawn by programs with limits; a page that is too large for its resolution is drawn smaller."""

from __future__ import annotations

import io
from pathlib import Path

import pikepdf
import pytest
from PIL import Image

from core.errors import NotFound
from services.picturing import LONGEST, picture_of


@pytest.mark.parametrize(("side", "pixels"), [(72, 200), (14_400, LONGEST)])
def test_a_page_is_drawn_at_its_resolution_or_smaller(side: int, pixels: int, tmp_path: Path) -> None:
    pdf = pikepdf.new()
    pdf.add_blank_page(page_size=(side, side))
    pdf.save(tmp_path / "a.pdf")
    with Image.open(io.BytesIO(picture_of(tmp_path / "a.pdf", 1, 200))) as picture:
        assert picture.size == (pixels, pixels)
    with pytest.raises(NotFound):
        picture_of(tmp_path / "a.pdf", 2, 200)
