"""The front door is what it says."""

from __future__ import annotations

from types import ModuleType

import search


def test_front_door() -> None:
    public = {
        name for name, value in vars(search).items() if not name.startswith("_") and not isinstance(value, ModuleType)
    }
    assert set(search.__all__) == public
