"""A home with one user, opened in this process."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.settings import Settings
from services.house import House, make_home, open_house
from services.registry import set_up


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A new home; its first user is ``amtfrau``."""
    make_home(tmp_path / "home")
    with open_house(Settings.load(tmp_path / "home", {})) as opened:
        set_up(opened, "amtfrau")
        yield opened
