"""A model version as a folder of plain files: numbers as .npy inside one .npz, words as JSON, no pickle.

``card.json`` names the format and the sha256 of each other file. ``load`` checks in this order, before any
number is used: the folder holds exactly the known files; the card is JSON of the known format; the hashes
are right; arrays load with ``allow_pickle=False``, have the known names, types and shapes, and fit one
another. It does not check who wrote the folder: the caller keeps the card's hash in the journal.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import zipfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from classify.calibration import Calibration
from classify.card import FORMAT, ModelCard
from classify.errors import CorruptModel
from classify.features import BLOCKS, BUCKETS, Weighting
from classify.letters import UnitProfile
from classify.linear import Linear
from classify.memory import Memory
from classify.router import TrainedRouter

CARD, ARRAYS, WORDS = "card.json", "arrays.npz", "words.json"
_MOST_BYTES = 2 << 30
_TYPES = {
    "columns": np.int32,
    "idf": np.float32,
    "starts": np.int64,
    "coef": np.float32,
    "intercept": np.float32,
    "memory_data": np.float32,
    "memory_indices": np.int32,
    "memory_indptr": np.int64,
    "memory_units": np.int32,
}


def save(router: TrainedRouter, folder: Path) -> str:
    """Write a version into a new folder. Returns: sha256 of its card, which seals all the rest.

    The card is written last: a folder without one is no version. Raises: FileExistsError, when the folder is
    there (a version is never overwritten).
    """
    folder.mkdir(parents=True)
    arrays = {
        "columns": router.weighting.columns,
        "idf": router.weighting.idf,
        "starts": router.weighting.starts,
        "coef": router.linear.coef,
        "intercept": router.linear.intercept,
        "memory_data": router.memory.by_feature.data,
        "memory_indices": router.memory.by_feature.indices,
        "memory_indptr": router.memory.by_feature.indptr,
        "memory_units": router.memory.units,
    }
    packed = io.BytesIO()
    typed: dict[str, Any] = {name: np.asarray(arrays[name], dtype=kind) for name, kind in _TYPES.items()}
    np.savez(packed, **typed)
    words = {
        "units": router.units,
        "classes": router.classes,
        "profiles": [asdict(p) for p in router.profiles],
        "ids": router.memory.ids,
        "calibration": router.calibration.as_json(),
        "novelty": router.novelty.as_json(),
        "weights": router.weighting.weights,
        "blocks": [b.name for b in BLOCKS],
    }
    files = {ARRAYS: packed.getvalue(), WORDS: _json(words)}
    sealed = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
    files[CARD] = _json({"format": FORMAT, "files": sealed, "card": router.card.as_json()})
    for name, data in files.items():
        _write(folder / name, data)
    return hashlib.sha256(files[CARD]).hexdigest()


def load(folder: Path) -> TrainedRouter:
    """Read a version. Raises: CorruptModel, when anything is missing, foreign, damaged or does not fit."""
    try:
        return _load(folder)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile, EOFError) as error:
        raise CorruptModel(why=f"{type(error).__name__}: {error}", folder=str(folder)) from error


def _load(folder: Path) -> TrainedRouter:
    present = {p.name for p in folder.iterdir()}
    if present != {CARD, ARRAYS, WORDS}:
        raise ValueError(f"files are {sorted(present)}")
    seal = json.loads((folder / CARD).read_bytes())
    if seal["format"] != FORMAT:
        raise ValueError(f"format {seal['format']!r}, this program reads {FORMAT}")
    data: dict[str, bytes] = {}
    for name in (ARRAYS, WORDS):
        if (folder / name).stat().st_size > _MOST_BYTES:
            raise ValueError(f"{name} is too large")
        data[name] = (folder / name).read_bytes()
        if hashlib.sha256(data[name]).hexdigest() != seal["files"][name]:
            raise ValueError(f"{name} is not what the card says")
    with np.load(io.BytesIO(data[ARRAYS]), allow_pickle=False) as packed:
        if set(packed.files) != set(_TYPES):
            raise ValueError(f"arrays are {sorted(packed.files)}")
        arrays = {name: packed[name] for name in _TYPES}
    if any(arrays[name].dtype != kind for name, kind in _TYPES.items()):
        raise ValueError("an array has a foreign type")
    words = json.loads(data[WORDS])
    _check(arrays, words)
    size = len(arrays["columns"])
    by_feature = sparse.csr_matrix(
        (arrays["memory_data"], arrays["memory_indices"], arrays["memory_indptr"]),
        shape=(size, len(words["ids"])),
    )
    by_feature.check_format(full_check=True)
    return TrainedRouter(
        card=ModelCard.from_json(seal["card"]),
        units=tuple(words["units"]),
        weighting=Weighting(arrays["columns"], arrays["idf"], arrays["starts"], tuple(words["weights"])),
        linear=Linear(arrays["coef"], arrays["intercept"]),
        memory=Memory(by_feature, arrays["memory_units"], tuple(words["ids"])),
        calibration=_calibration(words["calibration"]),
        novelty=_calibration(words["novelty"]),
        profiles=tuple(UnitProfile(**p) for p in words["profiles"]),
        classes=tuple(words.get("classes", ())),
    )


def _check(arrays: dict[str, npt.NDArray[Any]], words: dict[str, Any]) -> None:
    """Whether the parts fit one another. Raises: ValueError."""
    classes = words.get("classes") or words["units"]
    features, units, letters = len(arrays["columns"]), len(classes), len(words["ids"])
    fits = (
        words["blocks"] == [b.name for b in BLOCKS]
        and set(classes) == set(words["units"])
        and arrays["idf"].shape == (features,)
        and arrays["coef"].shape == (features, units)
        and arrays["intercept"].shape == (units,)
        and arrays["starts"].shape == (len(BLOCKS) + 1,)
        and arrays["memory_units"].shape == (letters,)
        and bool(np.all((arrays["memory_units"] >= -1) & (arrays["memory_units"] < units)))
        and arrays["memory_indptr"].shape == (features + 1,)
        and bool(np.all(np.diff(arrays["columns"]) > 0))
        and (not features or 0 <= int(arrays["columns"][0]) <= int(arrays["columns"][-1]) < len(BLOCKS) * BUCKETS)
        and all(bool(np.isfinite(arrays[name]).all()) for name in ("idf", "coef", "intercept", "memory_data"))
    )
    if not fits:
        raise ValueError("the parts do not fit one another")


def _calibration(raw: dict[str, Any]) -> Calibration:
    first, second, third = (float(x) for x in raw["slopes"])
    return Calibration((first, second, third), float(raw["intercept"]), float(raw["sharpness"]))


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, indent=1).encode()


def _write(path: Path, data: bytes) -> None:
    with path.open("xb") as out:
        out.write(data)
        out.flush()
        os.fsync(out.fileno())
