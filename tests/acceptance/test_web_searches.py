"""Comfort of the search page in a real browser: suggestions while typing, saved searches, similar letters."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect

Visitor = Callable[..., Page]


def test_suggestions_while_typing(visitor: Visitor) -> None:
    page = visitor("steuer")
    troubles: list[str] = []
    page.on("console", lambda said: troubles.append(said.text) if said.type == "error" else None)
    page.goto("/suche")
    page.get_by_label("Suchworte").press_sequentially("Hundes")
    expect(page.locator("#vorschlaege option").first).to_have_attribute("value", "Hundesteuer")
    assert troubles == []


def test_a_search_is_kept_and_forgotten(visitor: Visitor) -> None:
    page = visitor("steuer")
    page.goto("/suche?q=Hundesteuer&from=2020-01-01")
    page.get_by_text("Diese Suche merken").click()
    page.get_by_label("Name der Suche").fill("Meine Hunde")
    page.get_by_role("button", name="Merken", exact=True).click()
    expect(page.get_by_text("Die Suche ist gemerkt.")).to_be_visible()
    page.goto("/suche")
    page.get_by_role("link", name="Meine Hunde").click()
    expect(page.get_by_label("Suchworte")).to_have_value("Hundesteuer")
    expect(page.get_by_label("Von")).to_have_value("2020-01-01")
    page.get_by_role("button", name="Löschen").click()
    expect(page.get_by_text("Die gemerkte Suche ist gelöscht.")).to_be_visible()
    expect(page.get_by_role("link", name="Meine Hunde")).to_have_count(0)


def test_another_person_has_other_suggestions(visitor: Visitor) -> None:
    page = visitor("fuehrer")
    answer = page.request.get("/suche/vorschlaege?q=Hundesteu")
    assert answer.json() == []
