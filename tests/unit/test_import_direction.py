"""Imports only point down: a room knows the rooms below it, and none beside or above."""

from __future__ import annotations

import ast
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
ORDER = [
    {"cli"},
    {"commands"},  # `serve` starts the web
    {"web"},
    {"pipeline"},
    {"services"},
    {"ingest", "classify", "archive", "search", "jobs"},
    {"models"},
    {"core"},
]
ROOMS = set().union(*ORDER)


def _allowed(room: str) -> set[str]:
    level = next(number for number, rooms in enumerate(ORDER) if room in rooms)
    return {room}.union(*ORDER[level + 1 :])


def _files(room: str) -> list[Path]:
    return [ROOT / f"{room}.py"] if (ROOT / f"{room}.py").exists() else sorted((ROOT / room).rglob("*.py"))


def _imported(file: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.split(".")[0])
    return found


def test_imports_point_down() -> None:
    wrong = [
        (str(file.relative_to(ROOT)), other)
        for room in ROOMS
        for file in _files(room)
        for other in _imported(file) & ROOMS - _allowed(room)
    ]
    assert not wrong


def test_every_room_is_looked_at() -> None:
    assert all(_files(room) for room in ROOMS)


def test_only_jobs_knows_the_engine() -> None:
    wrong = [str(file) for room in ROOMS - {"jobs"} for file in _files(room) if "dbos" in _imported(file)]
    assert not wrong
