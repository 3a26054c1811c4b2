"""A stack of four letters for three units, one of them confidential: whoever may read one gets that letter alone.

Each route and command that gives bytes or facts is asked for each letter by each role; the answers are searched for the
words of the other letters, with packages unpacked and the streams of PDFs decoded.
"""

from __future__ import annotations

import asyncio
import base64
import io
import json
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pikepdf
import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas
from typer.testing import CliRunner

from cli import app as program
from models import Role
from services.passwords import set_password
from services.registry import add_user
from tests.acceptance.conftest import PASSWORD, as_admin
from tests.conftest import SAMPLE_FILES, SAMPLES, json_lines, run_program
from tests.stacks import STACK, WORDS, rich_stack, strings_and_streams, word
from web.app import make_app
from web.site import SESSION

UNITS = ("22", "36", "40", "11")  # of the letters; 11 is confidential
LETTERS = range(len(UNITS))
READERS: dict[str, dict[str, Any]] = {  # who may read which letters
    "amt22": {"units": ("22",)},
    "amt36": {"units": ("36",)},
    "post": {"roles": (Role.POST_ROOM,)},
    "scan": {"roles": (Role.OPERATOR,)},
    "pruefer": {"roles": (Role.AUDITOR,)},
    "verwalter": {"roles": (Role.ADMIN,)},
    "rat": {"units": ("11",), "confidential": True},
    "alles": {"units": UNITS, "confidential": True},
}
MAY_READ = {"amt22": {0}, "amt36": {1}, "rat": {3}, "alles": set(LETTERS)}


@dataclass(frozen=True)
class Town:
    """A home with the stack in it; ``letters`` in the order of the stack."""

    folder: Path
    letters: list[dict[str, Any]]

    @property
    def source(self) -> str:
        return str(self.letters[0]["source"]["id"])


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Town:
    folder = tmp_path_factory.mktemp("stack")
    home, stack = folder / "home", folder / "post-vom-montag.pdf"
    run_program(home, "init", *[f"--{name}={SAMPLES / file}" for name, file in SAMPLE_FILES.items()])
    run_program(home, "tickets", "print", "--to", str(folder / "trennblatt.pdf"))
    stack.write_bytes(rich_stack(len(UNITS), (folder / "trennblatt.pdf").read_bytes()))
    letters = json_lines(run_program(home, "ingest", "--json", str(stack)))
    assert len(letters) == len(UNITS)
    for letter, unit in zip(letters, UNITS, strict=True):
        run_program(home, "route", letter["id"], "--unit", unit, "--json")
    with as_admin(home) as (house, admin):
        for name, wishes in READERS.items():
            facts: dict[str, Any] = {"roles": (Role.CASEWORKER,), "units": (), **wishes}
            add_user(house, admin, name, display_name=None, **facts)
            set_password(house, admin, name, PASSWORD)
    return Town(home, letters)


@pytest.fixture(params=READERS)
def reader(request: pytest.FixtureRequest) -> str:
    return str(request.param)


class Browser:
    """Somebody who is signed in, and asks for one page after the other."""

    def __init__(self, app: FastAPI, name: str) -> None:
        self._app = app
        self._cookies = {SESSION: app.state.site.sessions.sign_in(name, PASSWORD, "")}

    def get(self, path: str, **wishes: Any) -> Response:
        async def ask() -> Response:
            transport = ASGITransport(self._app)
            async with AsyncClient(transport=transport, base_url="http://test", cookies=self._cookies) as client:
                return await client.get(path, **wishes)

        with ThreadPoolExecutor(1) as beside:  # the browser tests' own loop may be running in this thread
            return beside.submit(lambda: asyncio.run(ask())).result()


@pytest.fixture
def browser(town: Town, reader: str) -> Iterator[Browser]:
    with as_admin(town.folder) as (house, _):
        yield Browser(make_app(house), reader)


def _said(data: bytes, scratch: Path) -> bytes:
    """Everything that an answer says: packages unpacked, streams of PDFs decoded."""
    if data[:4] == b"PK\3\4":
        with zipfile.ZipFile(io.BytesIO(data)) as packed:
            return b"\0".join(_said(packed.read(name), scratch) for name in packed.namelist())
    if data[:5] == b"%PDF-":
        file = scratch / "answer.pdf"
        file.write_bytes(data)
        return strings_and_streams(file)
    return data


def _foreign(data: bytes, readable: set[int], scratch: Path, asked: str = "") -> list[str]:
    """Words of letters that are not ``readable``; a word that was asked for may be repeated."""
    said = _said(data, scratch)
    words = [one for number, one in enumerate(WORDS) if number not in readable]
    return [one for one in (*words, STACK) if one != asked and one.encode() in said]


def test_no_page_and_no_file_for_one_letter_says_a_word_of_another(
    town: Town, reader: str, browser: Browser, tmp_path: Path
) -> None:
    mine = MAY_READ.get(reader, set())
    for number, letter in enumerate(town.letters):
        for path in ("", "?q=Hundesteuer", "/pdf", "/original", "/seiten/1.jpg"):
            answer = browser.get(f"/briefe/{letter['id']}{path}")
            assert answer.status_code == (200 if number in mine else 404), (path, number)
            may_see = {number} if path in ("/pdf", "/original") else mine
            assert _foreign(answer.content, may_see, tmp_path) == [], (path, number)
            if path in ("/pdf", "/original") and number in mine:
                assert word(number).encode() in _said(answer.content, tmp_path)
        answer = browser.get(f"/api/documents/{letter['id']}?text=true")
        assert answer.status_code == (200 if number in mine else 404)
        assert _foreign(answer.content, mine, tmp_path) == []
    for path in (
        "/postkorb",
        "/klaerung",
        "/quarantaene",
        "/stand",
        "/suche?q=Hundesteuer",
        "/api/search?q=Hundesteuer",
    ):
        answer = browser.get(path)
        assert answer.status_code in (200, 403), path
        assert _foreign(answer.content, mine, tmp_path) == [], path


def test_the_original_of_a_part_is_named_as_an_extract(town: Town, reader: str, browser: Browser) -> None:
    for number in MAY_READ.get(reader, set()):
        letter = town.letters[number]
        name = f"{letter['entry_no']}-{number + 1}-auszug-aus-{letter['sha256'][:8]}.pdf"
        answer = browser.get(f"/briefe/{letter['id']}/original")
        assert name in answer.headers["content-disposition"]
        assert "Auszug" in browser.get(f"/briefe/{letter['id']}").text


def test_the_whole_stack_is_for_those_who_may_read_each_letter_of_it(
    town: Town, reader: str, browser: Browser, tmp_path: Path
) -> None:
    answer = browser.get(f"/briefe/{town.source}/original")
    everything = MAY_READ.get(reader) == set(LETTERS)
    assert answer.status_code == (200 if everything else 404)
    if everything:
        assert all(word(number).encode() in _said(answer.content, tmp_path) for number in LETTERS)
    else:
        assert _same_as_unknown(answer, browser.get("/briefe/0000000000000000/original"))
        assert _foreign(answer.content, set(), tmp_path) == []
    shown = [browser.get(f"/briefe/{town.letters[number]['id']}").text for number in MAY_READ.get(reader, set())]
    assert all((f"/briefe/{town.source}/original" in page) is everything for page in shown)


def _same_as_unknown(answer: Response, unknown: Response) -> bool:
    return (answer.status_code, answer.text) == (unknown.status_code, unknown.text)


def test_a_search_for_the_words_of_another_letter_finds_counts_and_suggests_nothing(
    town: Town, reader: str, browser: Browser, tmp_path: Path
) -> None:
    mine = MAY_READ.get(reader, set())
    for number in LETTERS:
        found = browser.get("/api/search", params={"q": word(number)}).json()
        assert found["total"] == (number in mine)
        assert sum(found["facets"].get("unit", {}).values()) == found["total"]
        suggested = browser.get("/suche/vorschlaege", params={"q": word(number)[:6]}).content
        assert _foreign(suggested, mine, tmp_path) == []


def test_a_place_in_a_list_of_hits_is_sealed(town: Town) -> None:
    with as_admin(town.folder) as (house, _):
        browser = Browser(make_app(house), "alles")
        wish = {"q": "Hundesteuer", "limit": "1"}
        ids = []
        while wish:
            found = browser.get("/api/search", params=wish).json()
            ids += [hit["id"] for hit in found["hits"]]
            wish = {**wish, "after": found["next"]} if found["next"] else {}
        assert sorted(ids) == sorted(letter["id"] for letter in town.letters)
        first = browser.get("/api/search?q=Hundesteuer&limit=1").json()["next"]
        assert b"[" not in base64.urlsafe_b64decode(first)[:1]
        assert browser.get("/api/search", params={"q": "Hundesteuer", "after": "WzEuMCwgMV0"}).status_code == 400


def test_a_letter_archived_before_there_were_extracts_waits_for_its_reseal(town: Town, tmp_path: Path) -> None:
    home, letter = Path(shutil.copytree(town.folder, tmp_path / "home")), town.letters[0]
    with as_admin(home) as (house, _):
        house.store.add_version("document", letter["id"], {"extract.pdf": None}, message="as before", user="test")
        browser = Browser(make_app(house), "amt22")
        for path in ("original", "pdf"):
            answer = browser.get(f"/briefe/{letter['id']}/{path}")
            assert answer.status_code == 400 and "archive reseal" in answer.text
        assert "archive reseal" in browser.get(f"/briefe/{letter['id']}").text
    arguments = ["--home", str(home), "--as", "amt22", "archive", "export", letter["id"], "--to", str(tmp_path / "b")]
    done = CliRunner().invoke(program, arguments)
    assert "archive reseal" in str(done.exception) and not (tmp_path / "b").exists()


def _letter(path: Path) -> None:
    """Two plain pages."""
    canvas = Canvas(str(path), pagesize=A4)
    for side in (1, 2):
        canvas.drawString(60, 780, f"Stadt Lindenfurt, Steueramt: Anmeldung zur Hundesteuer, Seite {side}")
        canvas.showPage()
    canvas.save()


def test_a_letter_with_its_own_separator_sheet_is_all_of_its_source(town: Town, tmp_path: Path) -> None:
    file, home = tmp_path / "einzeln.pdf", Path(shutil.copytree(town.folder, tmp_path / "home"))
    _letter(tmp_path / "brief.pdf")
    with pikepdf.open(town.folder.parent / "trennblatt.pdf") as pdf, pikepdf.open(tmp_path / "brief.pdf") as one:
        pdf.pages.extend(one.pages)
        pdf.save(file)
    (letter,) = json_lines(run_program(home, "ingest", str(file), "--json"))
    assert letter["source"]["pages"] == [2, 3]
    run_program(home, "route", letter["id"], "--unit", "22")
    with as_admin(home) as (house, _):
        browser = Browser(make_app(house), "amt22")
        assert browser.get(f"/briefe/{letter['id']}/original").content == file.read_bytes()
        assert "Auszug" not in browser.get(f"/briefe/{letter['id']}").text
    run_program(home, "archive", "export", letter["id"], "--to", str(tmp_path / "beweis"))
    assert (tmp_path / "beweis/objects/2-source/files/original/einzeln.pdf").read_bytes() == file.read_bytes()


def test_a_score_is_a_rank_and_a_time_is_rough(town: Town, reader: str, browser: Browser) -> None:
    found = browser.get("/api/search", params={"q": "Hundesteuer"}).json()
    assert all(hit["score"] in {tenth / 10 for tenth in range(11)} for hit in found["hits"])
    assert not found["hits"] or found["hits"][0]["score"] == 1.0
    assert found["took_ms"] % 10 == 0


def test_no_command_for_one_letter_says_a_word_of_another(town: Town, reader: str, tmp_path: Path) -> None:
    mine = MAY_READ.get(reader, set())
    calls: list[list[str]] = [
        ["list", "--json"],
        ["list"],
        ["search", "Hundesteuer", "--json"],
        ["search", "Hundesteuer"],
    ]
    calls += [["status", "--json"], ["quarantine", "list", "--json"], ["efile", "list", "--json"], ["paper", "free"]]
    calls += [["show", town.letters[0]["entry_no"], "--json"], ["show", town.source, "--text"]]
    calls += [["efile", "show", f"{unit}-Posteingang-{town.letters[0]['received_on'][:4]}", "--json"] for unit in UNITS]
    for letter in town.letters:
        calls += [["show", letter["id"], *option] for option in ([], ["--json"], ["--text"])]
        calls += [["explain", "Hundesteuer", letter["id"], "--json"]]
    for call in calls:
        done = CliRunner().invoke(program, ["--home", str(town.folder), "--as", reader, *call])
        said = done.output.encode() + str(done.exception).encode()
        assert _foreign(said, mine, tmp_path) == [], call
        assert '"score": null' in done.output or call[0] != "explain" or done.exit_code


def test_lists_of_files_count_only_what_may_be_read(town: Town, reader: str) -> None:
    done = CliRunner().invoke(program, ["--home", str(town.folder), "--as", reader, "efile", "list", "--json"])
    counts = {
        line["reference"]: line["documents"] for line in _lines(done.stdout) if "Posteingang" in line["reference"]
    }
    year = town.letters[0]["received_on"][:4]
    for number, unit in enumerate(UNITS):
        assert counts.get(f"{unit}-Posteingang-{year}", 0) == (number in MAY_READ.get(reader, set()))


def _lines(printed: str) -> list[dict[str, Any]]:
    found = [json.loads(line) for line in printed.splitlines()]
    return [line for one in found for line in (one if isinstance(one, list) else one.get("efiles", [one]))]


def test_a_proof_package_holds_one_letter_and_no_entry_about_another(town: Town, reader: str, tmp_path: Path) -> None:
    mine = MAY_READ.get(reader, set())
    for number, letter in enumerate(town.letters):
        target = tmp_path / f"beweis-{number}"
        arguments = ["--home", str(town.folder), "--as", reader, "archive", "export", letter["id"], "--to", str(target)]
        done = CliRunner().invoke(program, [*arguments, "--zip"])
        assert (done.exit_code == 0) is (number in mine)
        if number not in mine:
            assert not target.with_suffix(".zip").exists()
            continue
        package = target.with_suffix(".zip").read_bytes()
        assert _foreign(package, {number}, tmp_path) == []
        assert word(number).encode() in _said(package, tmp_path)
        with zipfile.ZipFile(io.BytesIO(package)) as packed:
            packed.extractall(tmp_path)
        checked = subprocess.run(
            [sys.executable, "-I", "-S", str(target / "verify.py")], capture_output=True, text=True, check=False
        )
        assert checked.returncode == 0, checked.stdout
        assert "proved: extract.pdf names what was received" in checked.stdout
        _holds_own_entries_alone(target, letter)


def _holds_own_entries_alone(package: Path, letter: dict[str, Any]) -> None:
    parts = [json.loads(path.read_bytes()) for path in package.glob("journal/*.json")]
    entries = [line["entry"] for part in parts for line in part["entries"] if "entry" in line]
    assert {entry["object_id"] for entry in entries} == {letter["id"], letter["source"]["id"]}
    assert {entry["action"] for entry in entries if entry["kind"] == "source"} == {"source.receive"}
    assert not {entry["action"] for entry in entries} & {"document.read", "document.export"}
    assert not list(package.glob("objects/*-source"))
