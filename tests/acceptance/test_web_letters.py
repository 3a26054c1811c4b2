"""Caseworkers find and read letters in a real browser; nobody sees what they may not."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.acceptance.conftest import DOG_TAX, HOPELESS, SECRET, SIDEWAYS, WebServer
from tests.conftest import run_program

Visitor = Callable[..., Page]
PAGE_TWO_WORD = "Fahrtenschreiber"


def _search(page: Page, words: str) -> None:
    page.goto("/suche")
    page.get_by_label("Suchworte").fill(words)
    page.get_by_role("button", name="Suchen").click()


def test_a_word_of_page_two_leads_to_the_upright_page_with_the_hit_marked(visitor: Visitor) -> None:
    page = visitor("fuehrer")
    _search(page, PAGE_TWO_WORD)
    expect(page.get_by_role("status")).to_contain_text("1 Treffer")
    hit = page.locator("ol.list > li")
    expect(hit.locator("mark")).to_have_text(PAGE_TWO_WORD)
    expect(hit).to_contain_text("S. 2")
    hit.get_by_role("link").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("Führerschein")
    picture = page.locator("#seite-2 img")
    picture.scroll_into_view_if_needed()
    wide, high = picture.evaluate("image => image.decode().then(() => [image.naturalWidth, image.naturalHeight])")
    assert high > wide  # it was scanned sideways
    expect(page.locator("#seite-2 .read mark")).to_have_text([PAGE_TWO_WORD])
    expect(page.locator("#seite-1 svg.marks")).to_have_count(0)
    marks = page.locator("#seite-2 svg.marks rect")
    assert marks.count() == 1
    assert _ink_share(page, "#seite-2") > 0.05
    box, sheet = marks.bounding_box(), picture.bounding_box()
    assert box and sheet
    assert box["width"] > 2 * box["height"]  # a word of upright text
    assert sheet["x"] <= box["x"] <= sheet["x"] + sheet["width"] - box["width"]
    assert sheet["y"] <= box["y"] <= sheet["y"] + sheet["height"] - box["height"]


def _ink_share(page: Page, sheet: str) -> float:
    """How much of the marked box is dark in the picture: it lies on a printed word, not on empty paper."""
    share = page.evaluate(
        """sheet => {
            const image = document.querySelector(sheet + ' img');
            const box = document.querySelector(sheet + ' svg.marks rect').getBoundingClientRect();
            const place = image.getBoundingClientRect(), scale = image.naturalWidth / place.width;
            const canvas = document.createElement('canvas');
            canvas.width = Math.ceil(box.width * scale); canvas.height = Math.ceil(box.height * scale);
            const context = canvas.getContext('2d');
            context.drawImage(image, (box.x - place.x) * scale, (box.y - place.y) * scale, canvas.width,
                canvas.height, 0, 0, canvas.width, canvas.height);
            const pixels = context.getImageData(0, 0, canvas.width, canvas.height).data;
            let dark = 0;
            for (let i = 0; i < pixels.length; i += 4) dark += pixels[i] < 128;
            return dark / (pixels.length / 4);
        }""",
        sheet,
    )
    return float(share)


def test_two_users_see_different_totals(visitor: Visitor) -> None:
    found = {}
    for name in ("fuehrer", "steuer"):
        page = visitor(name)
        _search(page, "Lindenfurt")
        found[name] = page.locator("ol.list > li h3 a").all_inner_texts()
        expect(page.get_by_role("status")).to_contain_text(f"{len(found[name])} Treffer")
        if name == "fuehrer":
            assert "Steueramt" not in page.locator("aside, ol.list").first.inner_text()
    assert len(found["fuehrer"]) == 1
    assert found["steuer"]
    assert not set(found["fuehrer"]) & set(found["steuer"])


@pytest.mark.parametrize("file", [SIDEWAYS, SECRET, HOPELESS])
@pytest.mark.parametrize("path", ["", "/pdf", "/original", "/seiten/1.jpg", "?q=Lindenfurt"])
def test_a_letter_that_one_may_not_see_answers_like_an_unknown_one(
    visitor: Visitor, web_server: WebServer, file: str, path: str
) -> None:
    request = visitor("fremd").context.request
    unseen = request.get(f"/briefe/{web_server.home.letters[file]['id']}{path}")
    unknown = request.get(f"/briefe/gibtesnicht{path}")
    assert unseen.status == unknown.status == 404
    assert unseen.body() == unknown.body()
    assert set(unseen.headers) == set(unknown.headers)


def test_the_api_answers_with_the_contract_and_alike_for_unseen_and_unknown(
    visitor: Visitor, web_server: WebServer
) -> None:
    letters = web_server.home.letters
    request = visitor("leser").context.request
    found = request.get("/api/search", params={"q": "Hundesteuer"}).json()
    assert {"total", "took_ms", "hits", "facets"} <= found.keys()
    assert [hit["id"] for hit in found["hits"]] == [letters[DOG_TAX]["id"]]
    shown = request.get(f"/api/documents/{letters[DOG_TAX]['id']}").json()
    assert shown["unit"] == "22" and shown["archive"]["valid"] is True
    unseen = request.get(f"/api/documents/{letters[SECRET]['id']}")
    unknown = request.get("/api/documents/gibtesnicht")
    assert (unseen.status, unseen.body()) == (unknown.status, unknown.body())
    assert unseen.status == 404


def test_downloads_are_the_delivered_bytes_and_never_run_in_the_browser(
    visitor: Visitor, web_server: WebServer
) -> None:
    import hashlib

    letter = web_server.home.letters[DOG_TAX]
    request = visitor("steuer").context.request
    original = request.get(f"/briefe/{letter['id']}/original")
    assert hashlib.sha256(original.body()).hexdigest() == letter["sha256"]
    pdf = request.get(f"/briefe/{letter['id']}/pdf")
    assert pdf.body().startswith(b"%PDF")
    for answer in (original, pdf):
        assert answer.headers["content-disposition"].startswith("attachment")
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert "no-store" in answer.headers["cache-control"]


def test_a_page_picture_is_fetched_once_and_asked_for_again(visitor: Visitor, web_server: WebServer) -> None:
    request = visitor("steuer").context.request
    address = f"/briefe/{web_server.home.letters[DOG_TAX]['id']}/seiten/1.jpg"
    first = request.get(address)
    assert first.headers["content-type"] == "image/jpeg"
    assert first.headers["cache-control"] == "private, no-cache"
    again = request.get(address, headers={"If-None-Match": first.headers["etag"]})
    assert (again.status, again.body()) == (304, b"")
    assert request.get(address.replace("1.jpg", "9.jpg")).status == 404
    assert request.get(f"{address}?dpi=4000").status == 404


def test_each_look_at_a_letter_is_one_reading_in_the_journal(visitor: Visitor, web_server: WebServer) -> None:
    home, letter = web_server.home.folder, web_server.home.letters[DOG_TAX]["id"]
    page = visitor("leser")
    before = _readings(web_server, letter)
    page.goto(f"/briefe/{letter}")
    page.wait_for_load_state("networkidle")  # with its picture
    page.context.request.get(f"/briefe/{letter}/pdf")
    after = _readings(web_server, letter)
    assert [entry["data"] for entry in after[len(before) :]] == [{"text": True}, {"download": "pdf"}]
    assert {entry["actor"] for entry in after[len(before) :]} == {"leser"}
    assert run_program(home, "audit", "verify", check=False).returncode == 0


def _readings(server: WebServer, document_id: str) -> list[dict[str, object]]:
    """What the journal says of a letter, from its open segments and the archive."""
    entries = {}
    for file in (server.home.folder / "journal").rglob("*.jsonl"):
        for line in file.read_text("utf-8").splitlines():
            entry = json.loads(line)
            if entry.get("object_id") == document_id and entry.get("action") == "document.read":
                entries[entry["seq"]] = entry
    return [entries[seq] for seq in sorted(entries)]


def test_english_is_spoken_where_it_is_asked_for(visitor: Visitor) -> None:
    page = visitor("steuer")
    page.goto("/suche?q=Hundesteuer&lang=en")
    assert page.locator("html").get_attribute("lang") == "en"
    expect(page.get_by_role("button", name="Sign out")).to_be_visible()
    page.goto("/postkorb")  # the cookie keeps it
    assert page.title().startswith("In-tray")


def test_the_place_on_which_a_routing_rests_is_marked(visitor: Visitor, web_server: WebServer) -> None:
    page = visitor("steuer")
    page.goto(f"/briefe/{web_server.home.letters[DOG_TAX]['id']}")
    expect(page.get_by_text("auf die sich die Zuordnung stützt")).to_be_visible()
    assert page.locator(".read mark").count() >= 1
    assert _ink_share(page, "section.sheet:has(rect)") > 0.05
    page.goto(f"/briefe/{web_server.home.letters[DOG_TAX]['id']}?q=Lindenfurt")
    page.get_by_role("link", name="die für die Zuordnung sprachen").click()
    expect(page.get_by_text("auf die sich die Zuordnung stützt")).to_be_visible()
