"""A home filled by the command line, a real server on it, and real browsers."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, Playwright, sync_playwright

from core.account import account_name
from core.settings import Settings
from models import Actor, Permission, Role
from models.actor import actor_at
from services.deciding import route_by_person
from services.house import House, open_house
from services.indexing import try_to_empty_outbox
from services.passwords import set_password
from services.registry import add_user
from tests.conftest import PROGRAM, ROOT, SAMPLE_FILES, SAMPLES, json_lines, run_program

CHROMIUM = "/usr/bin/chromium"
ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
PASSWORD = "sieben Zwerge im Wald"
SIDEWAYS = "14-fuehrerschein-quer-rechts-2-seiten.pdf"  # two pages, turned; ends in unit 36
DOG_TAX = "19-hundesteuer-mit-aktenzeichen.pdf"  # filed in unit 22 by its reference
SECRET = "21-personalrat-vertraulich.pdf"  # filed in unit 11, for named persons only
HOPELESS = "27-zettel-ohne-betreff.pdf"  # nobody can say: clarify
CUT_OFF = "30-abgeschnitten.pdf"  # quarantined
USERS: dict[str, dict[str, Any]] = {
    "fuehrer": {"units": ("36",)},
    "steuer": {"units": ("22",)},
    "post": {"roles": (Role.POST_ROOM,)},
    "leser": {"units": ("22",), "permission": Permission.READ},
    "fremd": {"units": ("40",)},
}


@dataclass(frozen=True)
class WebHome:
    """A filled home, and what became of its letters (the JSON of ``ingest``, by file name)."""

    folder: Path
    letters: dict[str, dict[str, Any]]


@dataclass(frozen=True)
class WebServer:
    """A running ``aktenlotse serve``."""

    url: str
    home: WebHome


@pytest.fixture(scope="package")
def web_home(tmp_path_factory: pytest.TempPathFactory) -> WebHome:
    """Five letters and four users; the sideways letter is routed to unit 36 by a person."""
    folder = tmp_path_factory.mktemp("web") / "home"
    run_program(folder, "init", *[f"--{name}={SAMPLES / file}" for name, file in SAMPLE_FILES.items()])
    files = [str(SAMPLES / "scans" / name) for name in (SIDEWAYS, DOG_TAX, SECRET, HOPELESS, CUT_OFF)]
    lines = json_lines(run_program(folder, "ingest", "--json", *files, check=False))
    letters = {line["source_name"]: line for line in lines}
    with as_admin(folder) as (house, admin):
        route_by_person(house, admin, letters[SIDEWAYS]["id"], "36")
        try_to_empty_outbox(house)
    for name, wishes in USERS.items():
        new_user(folder, name, **wishes)
    return WebHome(folder, letters)


@contextmanager
def as_admin(folder: Path) -> Iterator[tuple[House, Actor]]:
    """The home, opened in this process by its first user."""
    with open_house(Settings.load(folder, os.environ)) as house:
        with house.database.read() as session:
            actor = actor_at(session, account_name(), None)
        yield house, actor


def new_user(
    folder: Path,
    name: str,
    *,
    units: tuple[str, ...] = (),
    roles: tuple[Role, ...] = (Role.CASEWORKER,),
    permission: Permission = Permission.WORK,
) -> None:
    """A user with the password of all."""
    with as_admin(folder) as (house, admin):
        add_user(house, admin, name, display_name=None, roles=roles, units=units, permission=permission)
        set_password(house, admin, name, PASSWORD)


@pytest.fixture(scope="package")
def web_server(web_home: WebHome) -> Iterator[WebServer]:
    """The server on a free port; it ends well on SIGTERM."""
    process = subprocess.Popen(
        [*PROGRAM, "--home", str(web_home.folder), "serve", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONUNBUFFERED": "1", "COLUMNS": "200"},
    )
    assert process.stdout is not None
    ready = process.stdout.readline()
    try:
        yield WebServer(ready.split()[1].rstrip("/"), web_home)
    finally:
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate(timeout=30)
    assert (process.returncode, rest.strip()) == (0, "Beendet.")


@pytest.fixture(scope="package")
def playwright() -> Iterator[Playwright]:
    with sync_playwright() as started:
        yield started


@pytest.fixture(scope="package")
def chromium(playwright: Playwright) -> Iterator[Browser]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
    yield browser
    browser.close()


@pytest.fixture
def visitor(chromium: Browser, web_server: WebServer) -> Iterator[Callable[..., Page]]:
    """Opens a fresh browser profile; with a name, that user is signed in."""
    contexts: list[BrowserContext] = []

    def open_page(name: str | None = None, **options: Any) -> Page:
        wishes: dict[str, Any] = {
            "base_url": web_server.url,
            "locale": "de-DE",
            "viewport": {"width": 1280, "height": 900},
            **options,
        }
        context = chromium.new_context(**wishes)
        context.set_default_timeout(20_000)
        contexts.append(context)
        page = context.new_page()
        if name is not None:
            sign_in(page, name)
        return page

    yield open_page
    for context in contexts:
        context.close()


def sign_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """Fill the form and send it by Enter."""
    page.goto("/anmelden")
    page.get_by_label("Benutzername").fill(name)
    page.get_by_label("Kennwort").fill(password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/suche")
