"""A stored model comes back as it was, or not at all."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from classify import CorruptModel, TrainedRouter, load, save, train

from .small_town import UNITS, letters


@pytest.fixture(scope="module")
def router() -> TrainedRouter:
    return train(letters(), UNITS, catalogue=())


@pytest.fixture
def folder(router: TrainedRouter, tmp_path: Path) -> Path:
    save(router, tmp_path / "1")
    return tmp_path / "1"


def test_what_is_loaded_is_what_was_saved(router: TrainedRouter, folder: Path) -> None:
    loaded = load(folder)
    assert loaded.card == router.card
    assert np.array_equal(loaded.score(letters()).confidence, router.score(letters()).confidence)
    assert loaded.similar(letters()[0]) == router.similar(letters()[0])


def test_a_version_is_never_overwritten(router: TrainedRouter, folder: Path) -> None:
    with pytest.raises(FileExistsError):
        save(router, folder)


@pytest.mark.parametrize("name", ["card.json", "arrays.npz", "words.json"])
def test_a_missing_file_is_noticed(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(CorruptModel):
        load(folder)


@pytest.mark.parametrize("name", ["card.json", "arrays.npz", "words.json"])
def test_a_changed_byte_is_noticed(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 0xFF
    (folder / name).write_bytes(bytes(data))
    with pytest.raises(CorruptModel):
        load(folder)


def test_a_foreign_file_is_refused(folder: Path) -> None:
    (folder / "extra.pkl").write_bytes(pickle.dumps({}))
    with pytest.raises(CorruptModel):
        load(folder)


def test_another_format_is_refused(folder: Path) -> None:
    card = json.loads((folder / "card.json").read_bytes())
    (folder / "card.json").write_text(json.dumps(card | {"format": 99}), "utf-8")
    with pytest.raises(CorruptModel):
        load(folder)


def test_no_folder_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(CorruptModel):
        load(tmp_path / "nowhere")


def test_no_word_of_a_letter_is_stored(folder: Path) -> None:
    stored = b"".join(p.read_bytes() for p in folder.iterdir())
    assert not any(word.encode() in stored for word in ("Erika", "Beispiel", "Biotonne", "Schlagloch"))
