"""The shipped letters, through the command line as an operator calls it: each ends in the state that it demands."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ocfl
import pikepdf
import pytest

from tests.conftest import ROOT, SAMPLE_FILES, SAMPLES, json_lines, run_program

EXPECTED = json.loads((SAMPLES / "expected.json").read_text("utf-8"))
BY_FILE = {entry["file"]: entry for entry in EXPECTED}
GOOD = [entry["file"] for entry in EXPECTED if entry["state"] not in ("quarantined", "duplicate")]


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, list[dict[str, Any]]]]:
    """A home into which all samples went, and the lines that ``ingest`` printed."""
    home = tmp_path_factory.mktemp("samples") / "home"
    run_program(home, "init", *(f"--{name}={SAMPLES / file}" for name, file in SAMPLE_FILES.items()))
    run_program(home, "model", "train", "--labels", str(SAMPLES / "labels.jsonl"))
    result = run_program(home, "ingest", str(SAMPLES / "scans"), "--json", "--operator", "Test", check=False)
    assert result.returncode == 3, result.stderr
    yield home, json_lines(result)


@pytest.fixture
def home(filled: tuple[Path, list[dict[str, Any]]]) -> Path:
    return filled[0]


@pytest.fixture
def lines(filled: tuple[Path, list[dict[str, Any]]]) -> dict[str, dict[str, Any]]:
    return {line["source_name"]: line for line in filled[1]}


def test_every_file_has_its_line(lines: dict[str, dict[str, Any]]) -> None:
    assert set(lines) == set(BY_FILE)


@pytest.mark.parametrize("name", BY_FILE)
def test_a_letter_ends_in_the_state_that_it_demands(name: str, lines: dict[str, dict[str, Any]]) -> None:
    entry, line = BY_FILE[name], lines[name]
    allowed = {"filed_or_clarify": {"filed", "clarify"}, "duplicate": {"filed", "clarify"}}
    assert line["state"] in allowed.get(entry["state"], {entry["state"]})
    assert line["indexed"] == (line["state"] != "quarantined")
    if entry["state"] == "quarantined":
        assert line["reason"] == entry["reason"]
    if entry["state"] == "duplicate":
        assert line["duplicate_of"] == lines[entry["duplicate_of"]]["id"]


def test_what_is_routed_without_a_person_is_right(lines: dict[str, dict[str, Any]]) -> None:
    filed = {
        name: line["unit"] for name, line in lines.items() if line["state"] == "filed" and BY_FILE[name].get("unit")
    }
    wrong = {name: unit for name, unit in filed.items() if unit != BY_FILE[name]["unit"]}
    assert not wrong
    assert len(filed) >= 15


def test_quarantine_says_what_to_do(home: Path) -> None:
    listed = json_lines(run_program(home, "quarantine", "list", "--json"))
    assert len(listed) == sum(entry["state"] == "quarantined" for entry in EXPECTED)
    assert all(len(line["sentence"]) > 40 and "{" not in line["sentence"] for line in listed)


@pytest.mark.parametrize("name", GOOD)
def test_its_pdfa_is_valid_and_opens_upright(name: str, home: Path, lines: dict[str, dict[str, Any]]) -> None:
    line = lines[name]
    assert line["archive"]["valid"] is True
    with pikepdf.open(home / "archive" / line["archive"]["pdf"]) as pdf:
        assert len(pdf.pages) == line["pages"]
        turned = BY_FILE[name].get("upright", 0)  # degrees clockwise by which the scan lies wrong
        assert {int(page.obj.get("/Rotate", 0)) for page in pdf.pages} == {(360 - turned) % 360}


@pytest.mark.parametrize("name", [name for name in GOOD if BY_FILE[name].get("words_page2")])
def test_words_of_page_two_are_found(name: str, home: Path, lines: dict[str, dict[str, Any]]) -> None:
    answer = json.loads(run_program(home, "search", " ".join(BY_FILE[name]["words_page2"]), "--json").stdout)
    assert answer["hits"][0]["id"] == lines[name]["id"]
    assert answer["hits"][0]["page"] == 2


def test_two_users_get_different_totals_and_facets(home: Path) -> None:
    for user, unit in (("tiefbau", "66"), ("steuern", "22")):
        run_program(home, "user", "add", user, "--unit", unit)
    answers = {
        user: json.loads(run_program(home, "--as", user, "search", "Stadt Lindenfurt", "--json").stdout)
        for user in ("tiefbau", "steuern")
    }
    for user, unit in (("tiefbau", "66"), ("steuern", "22")):
        assert answers[user]["total"] > 0
        assert set(answers[user]["facets"]["unit"]) == {unit}
    everybody = json.loads(run_program(home, "search", "Stadt Lindenfurt", "--json").stdout)
    assert everybody["total"] > answers["tiefbau"]["total"] + answers["steuern"]["total"]


def test_a_letter_that_one_may_not_see_answers_like_an_unknown_one(
    home: Path, lines: dict[str, dict[str, Any]]
) -> None:
    run_program(home, "user", "add", "fremd", "--unit", "40")
    secret = next(name for name in GOOD if BY_FILE[name]["unit"] == "11")
    for call in (["show"], ["show", "--text"], ["explain", "Personalrat"], ["route", "--unit", "40"]):
        seen = run_program(home, "--as", "fremd", *call, lines[secret]["id"], check=False)
        unknown = run_program(home, "--as", "fremd", *call, "0000000000000000-1", check=False)
        assert seen.returncode == unknown.returncode == 2
        assert seen.stderr.replace(lines[secret]["id"], "X") == unknown.stderr.replace("0000000000000000-1", "X")


def test_a_person_routes_a_clarification_and_the_unit_finds_it(home: Path, lines: dict[str, dict[str, Any]]) -> None:
    name = next(name for name in GOOD if BY_FILE[name]["state"] == "clarify" and BY_FILE[name]["nature"] == "hard")
    run_program(home, "user", "add", "buergeramt", "--unit", "33")
    word = BY_FILE[name]["words"][0]
    before = json.loads(run_program(home, "--as", "buergeramt", "search", word, "--json").stdout)
    assert before["total"] == 0
    routed = json.loads(run_program(home, "route", lines[name]["id"], "--unit", "33", "--json").stdout)
    assert (routed["state"], routed["unit"], routed["route"]["decided_by"]) == ("filed", "33", "person")
    after = json.loads(run_program(home, "--as", "buergeramt", "search", word, "--json").stdout)
    assert [hit["id"] for hit in after["hits"]] == [lines[name]["id"]]


def test_the_originals_are_kept_byte_for_byte(home: Path, lines: dict[str, dict[str, Any]]) -> None:
    kept = {path.read_bytes() for path in (home / "archive").rglob("content/original/*") if path.is_file()}
    kept |= {path.read_bytes() for path in (home / "quarantine").rglob("*") if path.is_file()}
    missing = [name for name in BY_FILE if (SAMPLES / "scans" / name).read_bytes() not in kept]
    assert not missing


def test_the_embedded_invoice_data_survive(home: Path, lines: dict[str, dict[str, Any]]) -> None:
    name = next(entry["file"] for entry in EXPECTED if entry["nature"] == "e_invoice")
    wanted = (SAMPLES / "factur-x.xml").read_bytes()
    with pikepdf.open(home / "archive" / lines[name]["archive"]["pdf"]) as pdf:
        assert [part.get_file().read_bytes() for part in pdf.attachments.values()] == [wanted]


def test_an_independent_validator_finds_the_archive_whole(home: Path) -> None:
    root = ocfl.StorageRoot(root=str(home / "archive"))
    good = root.validate(log_errors=True, log_warnings=False)
    assert good[1] == good[0] > 30 if isinstance(good, tuple) else good


def test_the_journal_holds_every_change_and_proves_it(home: Path) -> None:
    report = json.loads(run_program(home, "audit", "verify", "--json").stdout)
    assert report["ok"]
    assert report["entries"] > 4 * len(GOOD)


def test_the_demo_runs_twice(tmp_path: Path) -> None:
    for _ in range(2):
        result = subprocess.run(
            [sys.executable, "-m", "cli", "demo", "--in", str(tmp_path / "demo")],
            capture_output=True,
            text=True,
            cwd=ROOT,
            timeout=600,
            check=True,
        )
        assert "Fertig in" in result.stdout
