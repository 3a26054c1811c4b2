"""Two persons and locked users in the browser."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from core.account import account_name
from models import Role
from services.passwords import set_password
from tests.acceptance.conftest import PASSWORD, WebServer, as_admin, new_user
from tests.conftest import json_lines, run_program

Visitor = Callable[..., Page]
CHECKS = Path(__file__).parent / "accessible.js"
ADMINS = ("chefin", "zweite")


@pytest.fixture(scope="module")
def admins(web_server: WebServer) -> Iterator[Path]:
    """The served home with two more admins; the caller's own user may sign in too."""
    home = web_server.home.folder
    for name in ADMINS:
        new_user(home, name, roles=(Role.ADMIN,), units=("22",))
    with as_admin(home) as (house, admin):
        set_password(house, admin, account_name(), PASSWORD)
    yield home
    for name in ADMINS:
        run_program(home, "user", "lock", name)


def _quarantined(home: Path, folder: Path, words: str) -> str:
    """The entry number of a new file in quarantine."""
    (folder / f"{words}.pdf").write_bytes(b"%PDF-1.4 " + words.encode())
    (line,) = json_lines(run_program(home, "ingest", "--json", str(folder / f"{words}.pdf"), check=False))
    number: str = line["entry_no"]
    return number


def test_a_locked_or_signed_out_user_lands_at_the_sign_in_page(visitor: Visitor, admins: Path) -> None:
    page = visitor("zweite")
    for words in (("sign-out", "zweite"), ("lock", "zweite")):
        expect(page.locator("h1")).to_be_visible()
        assert len(json.loads(run_program(admins, "user", "show", "zweite", "--json").stdout)["sessions"]) == 1
        run_program(admins, "user", *words)
        page.goto("/quarantaene")
        expect(page).to_have_url(f"{page.url.split('/anmelden')[0]}/anmelden?weiter=%2Fquarantaene")
        if words[0] == "sign-out":
            page.get_by_label("Benutzername").fill("zweite")
            page.get_by_label("Kennwort").fill(PASSWORD)
            page.keyboard.press("Enter")
            page.wait_for_url("**/quarantaene")
    page.get_by_label("Benutzername").fill("zweite")
    page.get_by_label("Kennwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    run_program(admins, "user", "unlock", "zweite")


def test_what_one_proposed_at_the_command_line_another_releases_in_the_browser(
    visitor: Visitor, admins: Path, tmp_path: Path
) -> None:
    number = _quarantined(admins, tmp_path, "fremder Brief")
    run_program(admins, "--as", "chefin", "disposal", "propose", number, "--unlawful", "--purpose", "nicht unseres")
    same = visitor(account_name())  # whose account proposed it, by another name
    same.goto("/vernichtung")
    same.get_by_role("button", name=f"{number} freigeben").click()
    expect(same.get_by_role("alert")).to_contain_text(account_name())
    own = visitor("chefin")
    own.goto("/vernichtung")
    expect(own.get_by_role("cell", name="vorgeschlagen")).to_be_visible()
    expect(own.get_by_role("button", name=f"{number} freigeben")).to_have_count(0)
    second = visitor("zweite")
    second.goto("/vernichtung")
    assert not second.evaluate(CHECKS.read_text("utf-8"))
    second.get_by_role("button", name=f"{number} freigeben").click()
    expect(second.get_by_role("row").filter(has_text=number)).to_contain_text("vernichtet")
    assert json.loads(run_program(admins, "disposal", "list", "--json").stdout)["released_by"] == "zweite"
    clerk = visitor("steuer")
    assert (answer := clerk.goto("/vernichtung")) is not None
    assert answer.status == 403


def test_a_file_is_discarded_in_the_browser_by_two(visitor: Visitor, admins: Path, tmp_path: Path) -> None:
    number = _quarantined(admins, tmp_path, "leere Seite")
    first = visitor("chefin")
    first.goto("/quarantaene")
    assert not first.evaluate(CHECKS.read_text("utf-8"))
    row = first.get_by_role("row").filter(has_text=number)
    row.locator("summary").click()
    row.get_by_label(f"Warum {number}").fill("nur ein <b>leeres</b> Blatt")
    row.get_by_role("button", name="Verwerfen").click()
    row = first.get_by_role("row").filter(has_text=number)
    expect(row).to_contain_text("chefin schlägt vor, die Datei zu verwerfen: nur ein <b>leeres</b> Blatt")
    expect(row.get_by_role("button")).to_have_count(0)
    second = visitor("post")
    second.goto("/quarantaene")
    second.get_by_role("button", name=f"Verwerfen von {number} bestätigen").click()
    expect(second.get_by_role("row").filter(has_text=number)).to_have_count(0)
