"""A real home of a town with four offices; letters go their whole way in this process."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from pathlib import Path

import pytest

from core.settings import Settings
from models import SYSTEM, Actor
from models.actor import actor_named
from pipeline import DOCUMENT_STEPS
from services.house import House, make_home, open_house
from services.intake import BatchFacts, receive, start_batch
from services.opening import open_source
from services.reception import documents_pending
from services.registry import load_units, set_up
from services.training import train_model
from tests.unit.classify.small_town import UNITS, letter, letters

Sender = Callable[[str], str]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A home with the four offices of the small town; ``amtfrau`` is its first user."""
    make_home(tmp_path / "home")
    units = tmp_path / "units.json"
    units.write_text(json.dumps({"units": [asdict(unit) for unit in UNITS]}), "utf-8")
    with open_house(Settings.load(tmp_path / "home", {})) as opened:
        set_up(opened, "amtfrau")
        load_units(opened, SYSTEM, units)
        yield opened


@pytest.fixture
def admin(house: House) -> Actor:
    with house.database.read() as session:
        return actor_named(session, "amtfrau")


@pytest.fixture
def send(house: House, tmp_path: Path) -> Sender:
    """Send a letter in; returns its id when it lies in the archive."""
    batch = start_batch(house, SYSTEM, BatchFacts())
    count = 0

    def arrive(text: str) -> str:
        nonlocal count
        count += 1
        file = tmp_path / f"brief-{count}.txt"
        file.write_text(text, "utf-8")
        source = receive(house, SYSTEM, file, batch).source_id
        open_source(house, source)
        (document,) = documents_pending(house, source)
        for _name, step in DOCUMENT_STEPS:
            step(house, document.id)
        return document.id

    return arrive


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """A file of labels of the small town."""
    file = tmp_path / "labels.jsonl"
    lines = [{"text": e.text, "unit": e.unit, "author": e.group} for e in letters(each=20)]
    file.write_text("\n".join(json.dumps(line, ensure_ascii=False) for line in lines), "utf-8")
    return file


@pytest.fixture
def trained(house: House, admin: Actor, labels: Path) -> House:
    """The home with a first version of the router."""
    train_model(house, admin, labels)
    return house


__all__ = ["letter"]
