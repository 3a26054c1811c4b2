"""Words of letters and people are shown, never obeyed: by no command, by no page, in no log."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from cli import app
from commands.context import OUT
from core.account import account_name
from core.errors import AktenlotseError
from core.foreign import escaped, visible, visible_line
from core.settings import Settings
from models import Document, EFile, OrgUnit, Source, User
from models.actor import actor_at
from services.house import House, open_house
from services.passwords import set_password
from tests.conftest import SAMPLES, json_lines, run_program
from tests.unit.test_docs import COMMANDS
from web.app import make_app

HOSTILE = (
    "[/2025] [bold]x[/] [link=file:///x]y :smile: \x1b[2J\x1b]0;t\x07 \x9b2J \x7f \r \u202e\u2066 {entry_no} %s "
    "<script>alert(1)</script> \"'&\nneue Zeile"
)
STEERING = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")
PASSWORD = "ein langes Kennwort 1"
STAYING = {"watch", "worker", "serve"}  # until a signal
OF_ITS_OWN_HOME = {"demo", "archive drill", "archive rebuild"}


@pytest.fixture(scope="module")
def hostile_home(new_home: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One letter whose every word is hostile, of a hostile unit, in a hostile EFile. Returns: home, id."""
    home = Path(shutil.copytree(new_home, tmp_path_factory.mktemp("hostile") / "home"))
    letter = home.parent / "brief [bold]\x1b[2J\u202e.txt"
    letter.write_text(f"Sehr geehrte Damen und Herren, ich melde meinen Hund ab.\n{visible(HOSTILE)}\n")
    (line,) = json_lines(run_program(home, "ingest", str(letter), "--json"))
    with open_house(Settings(home=home)) as house:
        with house.database.read() as session:
            actor = actor_at(session, account_name(), None)
        set_password(house, actor, actor.name, PASSWORD)
        with house.database.write() as session:
            words = {"sender": HOSTILE, "subject": HOSTILE, "file_reference": HOSTILE, "foreign_reference": HOSTILE}
            session.execute(sa.update(Document).values(**words))
            session.execute(sa.update(Source).values(name=HOSTILE))
            session.execute(sa.update(OrgUnit).values(name=HOSTILE, responsible_for=HOSTILE))
            session.execute(sa.update(EFile).values(title=HOSTILE))
            session.execute(sa.update(User).values(display_name=HOSTILE))
    return home, line["id"]


def words_of(home: Path, id: str) -> dict[str, list[str]]:
    """Words for each command: its parameters are hostile wherever it takes free text."""
    units, there = str(SAMPLES / "units.json"), str(home.parent / "there")
    calls: dict[str, list[str]] = {
        "init": [],
        "doctor": [],
        "ingest": [str(next(home.parent.glob("brief*")))],
        "search": ["Hund"],
        "explain": ["Hund", id],
        "show": [id],
        "route": [id, "--unit", "32", "--purpose", HOSTILE],
        "quarantine discard": [id, "--reason", HOSTILE],
        "paper rescan": [id, units],
        "tickets print": ["--to", there, "--batch", HOSTILE],
        "model train": ["--labels", str(SAMPLES / "labels.jsonl")],
        "archive export": [id, "--to", there],
        "user add": [HOSTILE],
        "rule add": ["--unit", "32", "--words", HOSTILE],
        "saved add": [HOSTILE, HOSTILE],
        "unit load": [units],
        "unit merge": ["32", "33", "--into", HOSTILE],
        "unit split": ["32", "--into", HOSTILE],
        "unit rename": ["36", "--name", HOSTILE],
        "plan load": [units],
        "efile load": [units],
        "efile open": [HOSTILE, HOSTILE, "--unit", "32"],
        "case open": [HOSTILE, HOSTILE, HOSTILE],
    }
    for name, command in COMMANDS:
        if name not in STAYING | OF_ITS_OWN_HOME:
            taken = [HOSTILE for one in command.params if one.required and one.param_type_name == "argument"]
            calls.setdefault(name, taken)
    return calls


def test_no_command_obeys_foreign_words(hostile_home: tuple[Path, str], monkeypatch: pytest.MonkeyPatch) -> None:
    home, id = hostile_home
    monkeypatch.setattr(OUT, "_width", 300)  # as wide as a cell needs, whoever made the console first
    runner, told = CliRunner(), {}
    for name, words in words_of(home, id).items():
        result = runner.invoke(app, ["--home", str(home), *name.split(), *words])
        error = result.exception
        assert error is None or isinstance(error, SystemExit | AktenlotseError), (name, result.exc_info)
        told[name] = result.output + (error.sentence() if isinstance(error, AktenlotseError) else "")
        assert not STEERING.search(result.output), (name, result.output)
    assert "[/2025] [bold]x[/]" in told["list"] and "␛[2J" in told["list"]
    assert ":smile:" in told["show"]
    for words in (["list", "--json"], ["show", id, "--json"], ["search", "Hund", "--json"]):
        answer = runner.invoke(app, ["--home", str(home), *words]).output
        assert not STEERING.search(answer.replace("\n", ""))
        json.loads(answer.splitlines()[0])
    shown = runner.invoke(app, ["--home", str(home), "show", id, "--text"]).output
    assert "Hund" in shown and not STEERING.search(shown)
    assert not STEERING.search((home / "aktenlotse.log").read_text() if (home / "aktenlotse.log").exists() else "")


@pytest.fixture
def house(hostile_home: tuple[Path, str]) -> Iterator[House]:
    with open_house(Settings(home=hostile_home[0])) as opened:
        yield opened


@pytest.mark.anyio
async def test_no_page_obeys_foreign_words(house: House, hostile_home: tuple[Path, str]) -> None:
    id = hostile_home[1]
    application = make_app(house)
    transport = httpx.ASGITransport(application)
    async with httpx.AsyncClient(transport=transport, base_url="http://town.example", follow_redirects=True) as client:
        form = (await client.get("/anmelden")).text
        token = re.search(r'name="form_token" value="([^"]+)"', form)
        assert token is not None
        entry = {"name": account_name(), "password": PASSWORD, "form_token": token[1]}
        await client.post("/anmelden", data=entry, headers={"Origin": "http://town.example"})
        paths = [path for path, methods in application.openapi()["paths"].items() if "get" in methods]
        seen = set()
        for path in paths:
            query = {"q": HOSTILE, "frage": HOSTILE, "weiter": HOSTILE}
            place = path.replace("{id}", id).replace("{position}", "1")
            for params in ({}, query):
                answer = await client.get(place, params=params)
                assert answer.status_code < 500, (path, answer.status_code)
                if "html" in answer.headers["content-type"]:
                    seen.add(path)
                    assert "<script>alert" not in answer.text, path
                    assert not STEERING.search(answer.text), path
                assert not STEERING.search("".join(answer.headers.values())), path
        assert {"/briefe/{id}", "/suche", "/postkorb", "/klaerung", "/quarantaene"} <= seen
        assert "[/2025]" in (await client.get(f"/briefe/{id}")).text


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


def test_what_steers_becomes_visible_and_all_else_stays() -> None:
    plain = "Müller & Söhne <b> [x] {y} %s\tÄ\n漢字 🙂"
    assert visible(plain) == plain
    assert visible("a\x1b[2J\x9b\x7f\r\u202e\udce4") == "a␛[2J�␡␍��"
    assert visible_line("a\nb") == "a␊b"
    value = {"subject": HOSTILE + "\udce4"}
    written = escaped(json.dumps(value, ensure_ascii=False))
    assert not STEERING.search(written) and json.loads(written) == value
