"""A letter's word is found nowhere after its file was destroyed: no file, no database page, no index, no model."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageDraw, ImageFont

import archive.journal
from classify import Example
from classify.features import count
from core.clock import now
from core.settings import Settings
from models import RoutingModel
from services.house import open_house
from services.learning import load_router
from tests.conftest import PROGRAM, ROOT, SAMPLES, json_lines, run_program
from tests.letters import FONT
from tests.traces import dog_tax_file, traces

CANARY = "Zwirbelquast"
REFERENCE = "22.3-HuSt-2009-0001"
PLACES = {"aktenlotse.db", "archive", "done", "index", "journal"}


def test_the_canary_word_is_found_nowhere_after_the_destruction(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _open_file(home, tmp_path)
    _deliver(home, tmp_path)
    letters = json_lines(run_program(home, "list", "--json"))
    assert [line["efile"] for line in letters] == [REFERENCE] * 3, letters
    for letter in letters:
        run_program(home, "route", letter["id"], "--unit", "22", "--file", f"{REFERENCE}/1")
    run_program(home, "model", "train", "--labels", str(SAMPLES / "labels.jsonl"))
    assert json.loads(run_program(home, "search", CANARY, "--json").stdout)["total"] == 3
    known = _columns(home, letters[0]["id"])
    assert known
    _turn_the_day(home, monkeypatch)
    run_program(home, "efile", "rename", REFERENCE, "--title", f"Hundesteuer {CANARY}, Abmeldung")

    run_program(home, "user", "add", "zweite", "--role", "admin", "--unit", "22")
    run_program(home, "efile", "close", REFERENCE, "--on", "2010-05-01", "--purpose", "erledigt")
    assert "31.12.2020" in run_program(home, "disposal", "due").stdout
    assert REFERENCE in run_program(home, "efile", "list", "--due").stdout
    run_program(home, "disposal", "propose", REFERENCE, "--purpose", "§ 4 Aktenordnung")
    id = json.loads(run_program(home, "disposal", "list", "--json").stdout)["id"]
    refused = run_program(home, "disposal", "release", id, check=False)
    assert (refused.returncode, "andere Person" in refused.stderr) == (2, True)
    before = traces(home, CANARY)
    assert {place.split("/")[0] for place in before} == PLACES  # so that the search for it can fail
    assert any("archive/" in place and place.endswith("values.jsonl") for place in before)  # a day that is an object

    run_program(home, "disposal", "release", id, account="zweite")

    assert traces(home, CANARY) == set()
    assert _columns(home, letters[0]["id"], forgotten=True) == set()
    assert json.loads(run_program(home, "audit", "verify", "--json").stdout)["ok"]
    assert json.loads(run_program(home, "archive", "verify", "--json").stdout)["ok"]
    assert json.loads(run_program(home, "archive", "drill", "--json").stdout)["different"] == {}
    record = json.loads(run_program(home, "disposal", "list", "--json").stdout)
    assert (record["state"], record["documents"], record["sources"]) == ("destroyed", 3, 3)
    assert run_program(home, "show", letters[0]["id"], check=False).returncode == 2
    assert run_program(home, "efile", "show", REFERENCE, check=False).returncode == 2
    assert json.loads(run_program(home, "search", CANARY, "--json").stdout)["total"] == 0


def _open_file(home: Path, tmp_path: Path) -> None:
    (tmp_path / "efiles.json").write_text(json.dumps([dog_tax_file(REFERENCE, CANARY)]))
    run_program(home, "efile", "load", str(tmp_path / "efiles.json"))


def _deliver(home: Path, tmp_path: Path) -> None:
    """A text, its scan and another text; each also through the watched folder, so that done/ holds its bytes."""
    folder = tmp_path / "scanner"
    folder.mkdir()
    for number in (1, 2):
        (folder / f"{CANARY}-{number}.txt").write_text(_text(number), "utf-8")
    image = Image.new("L", (1240, 620), 255)
    draw, font = ImageDraw.Draw(image), ImageFont.truetype(FONT, 26)
    for line, sentence in enumerate(_text(3).splitlines()):
        draw.text((90, 50 + 44 * line), sentence, font=font, fill=0)
    image.save(folder / "scan.png", dpi=(150, 150))
    run_program(home, "ingest", str(folder), "--received", "2009-03-01")
    for file in folder.iterdir():
        (home / "inbox" / file.name).write_bytes(file.read_bytes())
    watch = subprocess.Popen(
        [*PROGRAM, "--home", str(home), "watch"],
        stdout=subprocess.DEVNULL,
        cwd=ROOT,
        env={**os.environ, "AKTENLOTSE_QUIET_SECONDS": "0.2", "AKTENLOTSE_SCAN_SECONDS": "0.5"},
    )
    end = time.monotonic() + 120
    while len([file for file in (home / "done").rglob("*") if file.is_file()]) < 3:
        assert time.monotonic() < end
        time.sleep(0.1)
    watch.send_signal(signal.SIGTERM)
    watch.wait(timeout=60)


def _text(number: int) -> str:
    return (
        "Stadt Lindenfurt, Steueramt\n"
        f"Ihr Zeichen: {REFERENCE}\n"
        f"Betreff: Hundesteuer für {CANARY}, Schreiben {number}\n"
        "Sehr geehrte Damen und Herren,\n"
        f"mein Hund {CANARY} ist gestorben.\n"
        "Bitte schicken Sie mir den Bescheid.\n"
        f"Mit freundlichen Grüßen, Fritz {CANARY}\n"
    )


def _turn_the_day(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is tomorrow for the journal: what was written until now becomes an object of the archive."""
    with open_house(Settings(home=home)) as house, monkeypatch.context() as patch:
        patch.setattr(archive.journal, "now", lambda: now() + timedelta(days=1))
        assert house.journal.close_days(house.database)


def _columns(home: Path, document_id: str, *, forgotten: bool = False) -> set[int]:
    """Columns of the canary's letters, and of no training letter, that a version of the router knows."""
    lines = [json.loads(line) for line in (SAMPLES / "labels.jsonl").read_text("utf-8").splitlines()]
    others = count([Example(text=line["text"], subject=line.get("subject") or "") for line in lines])
    own = np.setdiff1d(count([Example(text=_text(1))]).indices, others.indices)
    found: set[int] = set()
    with open_house(Settings(home=home)) as house, house.database.read() as session:
        for row in session.query(RoutingModel):
            router = load_router(house.settings.routing_models / row.folder, row.sha256)
            assert (document_id in router.memory.ids) != forgotten
            rare = router.weighting.idf > router.weighting.idf.max() - 1.5  # three letters at most had it
            found |= set(np.intersect1d(own, router.weighting.columns[rare]).tolist())
    return found
