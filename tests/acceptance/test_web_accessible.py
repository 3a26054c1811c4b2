"""Usable by everybody (BITV, WCAG 2.1 AA): by keyboard, in 320 pixels, at 200 %, read aloud, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import DOG_TAX, WebServer

Visitor = Callable[..., Page]
CHECKS = Path(__file__).parent / "accessible.js"
PAGES = {
    "search": "/suche",
    "hits": "/suche?q=Lindenfurt",
    "nothing": "/suche?q=Quarkspeisenverordnung&unit=22",
    "bad day": "/suche?q=Hund&from=gestern",
    "in-tray": "/postkorb",
    "clarify": "/klaerung",
    "quarantine": "/quarantaene",
    "status": "/stand",
    "letter": "/briefe/{letter}?q=Hundesteuer",
    "missing": "/briefe/gibtesnicht",
    "English": "/suche?q=Lindenfurt&lang=en",
}


FOCUSED = """() => {
    const element = document.activeElement, style = getComputedStyle(element);
    const words = element.tagName === 'BODY' ? '(nothing)' : element.innerText || element.id || element.tagName;
    return [words, element.href || '', style.outlineStyle === 'none' ? 0 : parseFloat(style.outlineWidth)];
}"""


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_passes_the_checks(visitor: Visitor, web_server: WebServer, scheme: str) -> None:
    letter = web_server.home.letters[DOG_TAX]["id"]
    page = visitor(color_scheme=scheme)
    page.goto("/anmelden")
    found = {"sign in": page.evaluate(CHECKS.read_text("utf-8"))}
    for name, user in (("steuer", "steuer"), ("post", "post")):
        page = visitor(user, color_scheme=scheme)
        for title, path in PAGES.items():
            answer = page.goto(path.format(letter=letter))
            assert answer is not None and answer.status < 500
            found[f"{name}: {title}"] = page.evaluate(CHECKS.read_text("utf-8"))
    assert {title: problems for title, problems in found.items() if problems} == {}


@pytest.mark.parametrize("width", [320, 640])  # 1280 pixels at 400 % and at 200 %
def test_no_page_has_to_be_moved_sideways(visitor: Visitor, web_server: WebServer, width: int) -> None:
    letter = web_server.home.letters[DOG_TAX]["id"]
    page = visitor("steuer", viewport={"width": width, "height": 700})
    for title, path in PAGES.items():
        page.goto(path.format(letter=letter))
        assert (title, page.evaluate("document.documentElement.scrollWidth")) == (title, width)


def test_from_search_to_letter_by_keyboard_alone(visitor: Visitor) -> None:
    page = visitor("steuer")
    page.keyboard.type("Raithel")  # the field has the focus
    page.keyboard.press("Enter")
    page.wait_for_url("**/suche?q=Raithel*")
    page.keyboard.press("Tab")
    skip = page.locator(":focus")
    expect(skip).to_have_text("Zum Inhalt springen")
    expect(skip).to_be_in_viewport()
    page.keyboard.press("Enter")
    passed: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        words, target, outline = page.evaluate(FOCUSED)
        assert outline >= 2, passed
        passed.append(words)
        if "Hundesteuer" in words and target:
            break
    else:
        pytest.fail(f"the hit was not reached: {passed}")
    page.keyboard.press("Enter")
    page.wait_for_url("**/briefe/**")
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hundesteuer")


def test_the_number_of_hits_is_announced(visitor: Visitor) -> None:
    page = visitor("steuer")
    page.goto("/suche?q=Raithel")
    expect(page.locator("[role=status][aria-live=polite]")).to_contain_text("1 Treffer")


def test_everything_works_without_scripts(visitor: Visitor) -> None:
    page = visitor("steuer", java_script_enabled=False)
    page.goto("/suche?q=Raithel")
    page.locator("ol.list a").first.click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Hundesteuer")


def test_no_page_asks_another_host_for_anything(visitor: Visitor, web_server: WebServer) -> None:
    page = visitor("post")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    for path in ("/suche?q=Hund", "/klaerung", "/quarantaene", "/stand"):
        answer = page.goto(path)
        assert answer is not None
        policy = answer.headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        scripts = policy.partition("script-src ")[2].partition(";")[0]
        assert scripts.startswith("'sha256-") if path.startswith("/suche") else not scripts
    assert asked and all(url.startswith(web_server.url) for url in asked)
