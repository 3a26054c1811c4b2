"""Promise 5: database, audit trail, files and index come back from archive objects and journal alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from core.settings import Settings
from services.house import open_house
from services.rebuilding import differences
from tests.conftest import SAMPLES, json_lines, run_program
from tests.letters import some_letters


def _worked_home(home: Path, tmp_path: Path) -> list[dict[str, object]]:
    """A home in which everything happened once: filed, clarified, corrected, copied, quarantined, discarded."""
    some_letters(tmp_path / "scanner", 6)
    (tmp_path / "scanner" / "leer.pdf").touch()
    (tmp_path / "scanner" / "kaputt.tif").write_bytes(b"x" * 2000)
    run_program(home, "user", "add", "amt22", "--unit", "22")
    run_program(home, "--as", "amt22", "saved", "add", "Hunde", "Hundesteuer", "--unit", "22")
    run_program(home, "--as", "amt22", "saved", "add", "Weg", "Abfall")
    run_program(home, "--as", "amt22", "saved", "remove", "Weg")
    run_program(home, "grant", "give", "amt22", "--unit", "50")
    run_program(home, "grant", "revoke", "amt22", "--unit", "50")
    run_program(home, "ingest", str(tmp_path / "scanner"), str(SAMPLES / "scans"), "--operator", "Test", check=False)
    lines = json_lines(run_program(home, "list", "--json"))
    waiting = [line["id"] for line in lines if line["state"] == "clarify"]
    filed = [line["id"] for line in lines if line["state"] == "filed"]
    run_program(home, "route", waiting[0], "--unit", "22", "--copy", "20", "--purpose", "geklärt")
    run_program(home, "route", waiting[0], "--unit", "32")
    run_program(home, "route", filed[0], "--unit", "70")
    bad = json_lines(run_program(home, "quarantine", "list", "--json"))
    run_program(home, "quarantine", "discard", bad[0]["id"], "--reason", "neu gescannt")
    _lived_files(home, waiting[1])
    return json_lines(run_program(home, "list", "--json"))


def _lived_files(home: Path, unlawful: str) -> None:
    """Every act in the life of an EFile, and a letter that had to go."""
    run_program(home, "efile", "open", "22-leben", "--title", "Alt", "--unit", "22", "--party", "Raithel")
    run_program(home, "efile", "rename", "22-leben", "--title", "Neu", "--plan", "22.3")
    run_program(home, "case", "open", "22-leben", "22-leben/1", "--title", "Erster")
    run_program(home, "case", "open", "22-leben", "22-leben/2", "--title", "Zweiter")
    run_program(home, "efile", "rename", "22-leben/2", "--title", "Anders")
    run_program(home, "case", "close", "22-leben/2", "--purpose", "fertig")
    run_program(home, "case", "reopen", "22-leben/2", "--purpose", "doch nicht")
    letters = json_lines(run_program(home, "list", "--json", "--unit", "22"))
    run_program(home, "efile", "put", "22-leben/1", letters[0]["id"], "--purpose", "gehört hierher")
    run_program(home, "efile", "close", "22-leben")
    run_program(home, "efile", "reopen", "22-leben", "--purpose", "Nachtrag")
    run_program(home, "efile", "close", "22-leben", "--purpose", "fertig")
    run_program(home, "efile", "hold", "22-leben", "--purpose", "Klage")
    run_program(home, "efile", "hold", "66.2-EB-2024-031", "--purpose", "Klage")
    run_program(home, "efile", "unhold", "66.2-EB-2024-031", "--purpose", "Klage zurück")
    run_program(home, "user", "add", "zweite", "--role", "admin", "--role", "post_room")
    run_program(home, "disposal", "propose", unlawful, "--unlawful", "--purpose", "gehört der Nachbarstadt")
    id = json.loads(run_program(home, "disposal", "list", "--json").stdout)["id"]
    run_program(home, "disposal", "release", id, account="zweite")


def test_a_lost_database_is_rebuilt_equal(home: Path, tmp_path: Path) -> None:
    before = _worked_home(home, tmp_path)
    drill = json.loads(run_program(home, "archive", "drill", "--json").stdout)
    assert drill["different"] == {}
    kept = tmp_path / "kept"
    shutil.copytree(home, kept, symlinks=True)
    for name in ("aktenlotse.db", "aktenlotse.db-wal", "aktenlotse.db-shm", "jobs.db"):
        (home / name).unlink(missing_ok=True)
    shutil.rmtree(home / "index")
    (home / "index").mkdir()
    run_program(home, "archive", "rebuild")
    with open_house(Settings(home=kept)) as old, open_house(Settings(home=home)) as new:
        assert differences(old, new) == {}
    after = json_lines(run_program(home, "list", "--json"))
    volatile = {"timings", "step"}
    assert [{k: v for k, v in line.items() if k not in volatile} for line in after] == [
        {k: v for k, v in line.items() if k not in volatile} for line in before
    ]
    found = json.loads(run_program(home, "search", "Hundesteuer", "--json").stdout)
    assert found["total"] >= 6
    assert json.loads(run_program(home, "audit", "verify", "--json").stdout)["ok"]


def test_a_rebuild_never_touches_a_filled_database(home: Path) -> None:
    result = run_program(home, "archive", "rebuild", check=False)
    assert result.returncode == 2
    assert "archive drill" in result.stderr
