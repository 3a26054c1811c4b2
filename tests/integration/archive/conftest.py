"""The real veraPDF, a real store: nothing here is a mock, and nothing is skipped when it is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive import PageLayer, Sealed, SealJob, Store, Validator, seal
from core.settings import Settings


@pytest.fixture(scope="session")
def validator() -> Iterator[Validator]:
    validator = Validator(Settings(home=Path("/")).verapdf)
    yield validator
    validator.close()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    store = Store(tmp_path / "archive", tmp_path / "staging")
    store.initialise()
    return store


Seal = Callable[..., Sealed]


@pytest.fixture
def sealed(validator: Validator, tmp_path: Path) -> Seal:
    """Seal bytes; the scratch folder is new each time."""
    count = 0

    def run(
        data: bytes,
        media_type: str = "application/pdf",
        layers: tuple[PageLayer, ...] = (PageLayer(0, 0, 0, 0.0, (), 300.0, True),),
    ) -> Sealed:
        nonlocal count
        count += 1
        scratch = tmp_path / f"scratch-{count}"
        scratch.mkdir()
        original = tmp_path / f"original-{count}"
        original.write_bytes(data)
        return seal(SealJob(original, media_type, layers, "Antrag & <Wohngeld>", "de"), validator, scratch)

    return run
