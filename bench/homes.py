"""A new home with the sample town's offices, for measurements that drive the steps themselves."""

from __future__ import annotations

import os
from pathlib import Path

from core.account import account_name
from core.settings import Settings
from models import SYSTEM
from services import registry
from services.house import House, make_home

SAMPLES = Path(__file__).parent.parent / "samples"


def sample_home(folder: Path) -> House:
    """Make and open it; the caller closes it."""
    make_home(folder)
    house = House(Settings.load(folder, os.environ))
    registry.set_up(house, account_name())
    registry.load_units(house, SYSTEM, SAMPLES / "units.json")
    return house
