"""The post room clarifies, units pass letters on and finish them; forms keep strangers out."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from services.accounts import revoke
from services.deciding import route_by_person
from tests.acceptance.conftest import DOG_TAX, HOPELESS, PASSWORD, SIDEWAYS, WebServer, as_admin, new_user, sign_in
from tests.conftest import PROGRAM, ROOT, run_program

Visitor = Callable[..., Page]


def test_a_form_of_another_site_is_refused(visitor: Visitor, web_server: WebServer) -> None:
    letter = web_server.home.letters[DOG_TAX]["id"]
    request = visitor("steuer").context.request
    for token in ({}, {"form_token": ""}, {"form_token": "0" * 64}):
        for act, fields in (("erledigt", {}), ("zuordnung", {"unit": "20", "purpose": "x", "kind": "misdelivery"})):
            answer = request.post(f"/briefe/{letter}/{act}", form={**fields, **token})
            assert answer.status == 403
    assert request.post("/abmelden", form={}).status == 403
    assert request.get("/suche").ok  # still signed in
    assert request.get(f"/api/documents/{letter}").json()["unit"] == "22"


def test_the_word_of_another_session_does_not_open_a_form(visitor: Visitor, web_server: WebServer) -> None:
    theirs = _form_token(visitor("post"))
    request = visitor("steuer").context.request
    letter = web_server.home.letters[DOG_TAX]["id"]
    assert request.post(f"/briefe/{letter}/erledigt", form={"form_token": theirs}).status == 403


def _form_token(page: Page) -> str:
    return page.locator("input[name=form_token]").first.get_attribute("value") or ""


def test_who_may_only_read_is_offered_no_act_and_refused_one(visitor: Visitor, web_server: WebServer) -> None:
    page = visitor("leser")
    letter = web_server.home.letters[DOG_TAX]["id"]
    page.goto(f"/briefe/{letter}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hundesteuer")
    expect(page.locator("main form")).to_have_count(0)
    answer = page.context.request.post(f"/briefe/{letter}/erledigt", form={"form_token": _form_token(page)})
    assert answer.status == 403
    assert page.context.request.get("/klaerung").status == 403
    assert page.context.request.get("/stand").status == 403
    assert page.context.request.get("/quarantaene").status == 403


def test_the_post_room_clarifies_and_the_letter_lies_in_the_new_units_in_tray(
    visitor: Visitor, web_server: WebServer
) -> None:
    number = web_server.home.letters[HOPELESS]["entry_no"]
    post = visitor("post")
    post.get_by_role("link", name="Klärfälle").click()
    card = post.locator("li.card", has_text=number)
    expect(card.get_by_role("group", name="Vorschläge").get_by_role("button")).not_to_have_count(0)
    card.get_by_label("Aktenzeichen").press("Enter")  # decides nothing, least of all for the first proposal
    expect(post).to_have_url(f"{web_server.url}/klaerung")
    card.get_by_role("button", name="Zuordnen").click()  # nothing chosen yet
    expect(post.get_by_role("alert")).to_contain_text("Wählen Sie eine Organisationseinheit")
    unit = post.get_by_label("Andere Einheit")
    assert unit.get_attribute("aria-invalid") == "true"
    unit.select_option("22")
    post.get_by_label("Aktenzeichen", exact=True).fill("99-gibt-es-nicht")
    post.get_by_role("button", name="Zuordnen").click()
    expect(post.get_by_role("alert")).to_contain_text("99-gibt-es-nicht")
    expect(unit).to_have_value("22")  # what was chosen is kept
    post.get_by_label("Aktenzeichen", exact=True).fill("")
    post.get_by_role("button", name="Zuordnen").click()
    expect(post.get_by_role("status").first).to_contain_text(f"Brief {number} liegt jetzt bei 22 Steueramt")
    expect(post.locator("li.card", has_text=number)).to_have_count(0)

    unit_page = visitor("steuer")
    unit_page.get_by_role("link", name="Postkorb").click()
    letter = unit_page.locator("li.card", has_text=number)
    letter.get_by_role("link").click()
    expect(unit_page.get_by_text("Ein Mensch hat den Klärfall entschieden.")).to_be_visible()
    unit_page.get_by_role("button", name="Erledigt").click()
    expect(unit_page.get_by_role("status").first).to_contain_text(f"Brief {number} ist erledigt")
    expect(unit_page.locator("li.card", has_text=number)).to_have_count(0)
    for _ in range(20):  # the server brings the index up to date every two seconds
        unit_page.goto("/suche?q=Hornbrille")
        if "1 Treffer" in unit_page.get_by_role("status").first.inner_text():
            break
        unit_page.wait_for_timeout(500)
    expect(unit_page.locator("ol.list > li")).to_have_count(1)


def test_a_misdelivery_needs_a_reason_and_then_leaves_the_unit(visitor: Visitor, web_server: WebServer) -> None:
    letter = web_server.home.letters[SIDEWAYS]
    page = visitor("fuehrer")
    page.goto("/postkorb")
    card = page.locator("li.card", has_text=letter["entry_no"])
    card.get_by_text("An eine andere Einheit geben").click()
    card.get_by_label("Zuständig ist").select_option("33")
    card.get_by_role("button", name="Weitergeben").click()
    reason = page.get_by_label("Begründung")
    assert reason.get_attribute("aria-invalid") == "true"
    described = reason.get_attribute("aria-describedby") or ""
    expect(page.locator(f"[id='{described}']")).to_contain_text("warum")
    reason.fill("Der Führerschein kommt aus dem Bürgeramt.")
    page.get_by_role("button", name="Weitergeben").click()
    expect(page.get_by_role("status").first).to_contain_text("33 Bürgeramt")
    assert page.context.request.get(f"/briefe/{letter['id']}").status == 404  # no longer theirs
    with as_admin(web_server.home.folder) as (house, admin):
        route_by_person(house, admin, letter["id"], "36")


def test_a_right_that_is_taken_ends_at_once(visitor: Visitor, web_server: WebServer) -> None:
    home, letter = web_server.home.folder, web_server.home.letters[DOG_TAX]["id"]
    new_user(home, "kurz", units=("22",))
    request = visitor("kurz").context.request
    assert request.get(f"/briefe/{letter}").ok
    with as_admin(home) as (house, admin):
        revoke(house, admin, "kurz", unit="22")
    assert request.get(f"/briefe/{letter}").status == 404


def test_a_new_password_by_the_command_ends_the_sessions_of_the_old_one(
    visitor: Visitor, web_server: WebServer
) -> None:
    home, fresh = web_server.home.folder, "acht Raben auf dem Dach"
    new_user(home, "neu", units=("22",))
    page = visitor("neu")
    command = [*PROGRAM, "--home", str(home), "user", "password", "neu"]
    subprocess.run(command, input=f"{fresh}\n", text=True, check=True, capture_output=True, cwd=ROOT, timeout=120)
    page.goto("/postkorb")
    assert "/anmelden?weiter=" in page.url
    sign_in(page, "neu", fresh)


def test_wrong_passwords_are_slowed_down(visitor: Visitor, web_server: WebServer) -> None:
    new_user(web_server.home.folder, "langsam", units=("22",))
    page = visitor()
    page.goto("/anmelden")
    for _ in range(5):
        page.get_by_label("Benutzername").fill("langsam")
        page.get_by_label("Kennwort").fill("ganz falsches Kennwort")
        page.get_by_role("button", name="Anmelden").click()
        expect(page.get_by_role("alert")).to_contain_text("passen nicht zusammen")
    page.get_by_label("Kennwort").fill(PASSWORD)
    with page.expect_response("**/anmelden") as answer:
        page.get_by_role("button", name="Anmelden").click()
    assert answer.value.status == 429
    assert int(answer.value.headers["retry-after"]) > 200
    expect(page.get_by_role("alert")).to_contain_text("Zu viele Versuche")
    sign_in(visitor(), "steuer")  # others are not held up


def test_an_unknown_name_gets_the_same_words_as_a_wrong_password(visitor: Visitor) -> None:
    words = []
    for name in ("steuer", "niemand"):
        page = visitor()
        page.goto("/anmelden")
        page.get_by_label("Benutzername").fill(name)
        page.get_by_label("Kennwort").fill("ganz falsches Kennwort")
        page.keyboard.press("Enter")
        words.append(page.get_by_role("alert").inner_text())
    assert words[0] == words[1]


def test_signing_out_ends_the_session_for_good(visitor: Visitor, web_server: WebServer) -> None:
    page = visitor("steuer")
    cookies = page.context.cookies()
    session = next(cookie for cookie in cookies if cookie["name"] == "aktenlotse_session")
    assert session["httpOnly"] and session["sameSite"] == "Lax"
    page.get_by_role("button", name="Abmelden").click()
    expect(page.get_by_role("status").first).to_contain_text("abgemeldet")
    stolen = visitor()
    stolen.context.add_cookies([{"name": session["name"], "value": session["value"], "url": web_server.url}])
    stolen.goto("/suche")
    assert re.search(r"/anmelden\?weiter=", stolen.url)


@pytest.mark.parametrize("target", ["//example.org/", "https://example.org/", "/\\example.org"])
def test_signing_in_never_leads_to_another_site(visitor: Visitor, web_server: WebServer, target: str) -> None:
    page = visitor()
    page.goto(f"/anmelden?weiter={target}")
    page.get_by_label("Benutzername").fill("steuer")
    page.get_by_label("Kennwort").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url(f"{web_server.url}/suche")
    assert page.url == f"{web_server.url}/suche"


def test_quarantine_and_state_of_the_mail_are_shown_to_the_post_room(visitor: Visitor, web_server: WebServer) -> None:
    page = visitor("post")
    page.get_by_role("link", name="Quarantäne").click()
    row = page.get_by_role("row", name=re.compile("30-abgeschnitten.pdf"))
    expect(row).to_contain_text("abgeschnitten: Der Scan oder die Übertragung brach ab")
    page.get_by_role("link", name="Stand").click()
    filed = json.loads(run_program(web_server.home.folder, "status", "--json").stdout)["filed"]
    expect(page.get_by_role("row", name="abgelegt").get_by_role("cell")).to_have_text(str(filed))
