"""The opened home: what it changes in the process ends with it."""

from __future__ import annotations

import tempfile
from pathlib import Path

from core.settings import Settings
from services.house import make_home, open_house


def test_a_home_opened_inside_another_gives_the_temporary_folder_back(tmp_path: Path) -> None:
    before = tempfile.gettempdir()
    for name in ("home", "drill"):
        make_home(tmp_path / name)
    with open_house(Settings(home=tmp_path / "home")) as house:
        with open_house(Settings(home=tmp_path / "drill")) as copy:
            assert tempfile.gettempdir() == str(copy.settings.work)
        assert tempfile.gettempdir() == str(house.settings.work)
    assert tempfile.gettempdir() == before
