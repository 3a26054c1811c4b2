"""A Route shows the words that counted, with their place; it stores places and ids only, and shows under rights."""

from __future__ import annotations

import json
from datetime import date

import sqlalchemy as sa

from models import SYSTEM, Actor, Document, JournalEntry, Role, State
from models.actor import actor_named
from services.deciding import route_by_person
from services.evidence import phrases_at, place_of_span, places_of
from services.house import House
from services.registry import add_user, open_efile
from services.rules import Condition, add_rule
from services.showing import show
from services.viewing import Readings, look_at
from tests.unit.classify.small_town import letter

from .conftest import Sender

TONS = letter("Biotonne", "Restmüll und Altpapier")


def test_words_side_by_side_are_a_phrase_on_their_page() -> None:
    text = "Die gelbe Tonne\fund die gelbe\nTonne, gelb"
    places = places_of(["gelbe", "Tonne"], text)
    assert places == [[1, 4, 15], [2, 8, 19]]
    assert phrases_at(places, text.split("\f")) == ["gelbe Tonne"]


def test_a_span_of_the_whole_text_lies_on_its_page() -> None:
    assert place_of_span(6, 9, "eins\f zwei") == [[2, 1, 4]]
    assert place_of_span(2, 7, "eins\f zwei") == []


def test_the_words_that_counted_are_shown_and_marked(trained: House, admin: Actor, send: Sender) -> None:
    view = look_at(trained, admin, send(TONS), Readings())
    words = next(reason for reason in view.reasons if reason["code"] == "words")
    assert words["unit"] == "70 Abfallwirtschaft"
    assert "Biotonne" in words["words"]
    marked = {piece for page in view.pages for piece, is_marked in page.text if is_marked}
    assert any("Biotonne" in piece for piece in marked)
    assert not {"Erika", "Beispiel"} & set(" ".join(marked).split())
    assert "".join(piece for page in view.pages for piece, _ in page.text) == "".join(
        page_text for page_text in show(trained, admin, view.facts["id"], with_text=True)["text"].split("\f\n")
    )


def test_no_word_of_a_letter_stands_in_route_or_journal(trained: House, send: Sender) -> None:
    id = send(TONS)
    with trained.database.read() as session:
        route = session.get_one(Document, id).route
        assert route is not None
        written = json.dumps(route.reasons) + json.dumps(session.scalars(sa.select(JournalEntry.data)).all())
    assert '"at"' in written
    assert not any(word in written for word in ("Biotonne", "Restm", "Altpapier"))


def test_references_and_rules_show_their_place(trained: House, admin: Actor, send: Sender) -> None:
    with trained.database.write() as session:
        open_efile(session, SYSTEM, "70-1/2025", "Tonnen", "70", None, [], date(2025, 1, 1))
    add_rule(trained, admin, Condition("text", "Weihnachtsbaum"), "22")
    for text, mark in ((f"{TONS}\nIhr Zeichen: 70-1/2025", "70-1/2025"), (letter("Weihnachtsbaum"), "Weihnachtsbaum")):
        view = look_at(trained, admin, send(text), Readings())
        assert mark in [piece for page in view.pages for piece, is_marked in page.text if is_marked]


def test_a_query_is_marked_in_place_of_reasons(trained: House, admin: Actor, send: Sender) -> None:
    view = look_at(trained, admin, send(TONS), Readings(), query="Nachricht")
    assert {piece for page in view.pages for piece, is_marked in page.text if is_marked} == {"Nachricht"}
    assert view.marked == "query"


def test_similar_letters_are_shown_to_those_who_may_read_them(trained: House, admin: Actor, send: Sender) -> None:
    hidden, shown = send(TONS), send(f"{TONS}\nMit Gruß")
    route_by_person(trained, admin, hidden, "22")
    route_by_person(trained, admin, shown, "70")
    id = send(f"{TONS}\nBis bald")
    with trained.database.write() as session:  # as if the machine had dared
        document = session.get_one(Document, id)
        document.state, document.unit_id = State.FILED, "70"
    found = {reason["document"] for reason in show(trained, SYSTEM, id)["route"]["reasons"] if "document" in reason}
    assert {hidden, shown} <= found
    add_user(trained, admin, "tonne", display_name=None, roles=(Role.CASEWORKER,), units=("70",))
    with trained.database.read() as session:
        user = actor_named(session, "tonne")
    assert {one.id for one in look_at(trained, user, id, Readings()).precedents} == {shown}
    reasons = show(trained, user, id)["route"]["reasons"]
    assert [reason["document"] for reason in reasons if "document" in reason] == [shown]
    assert {"code": "similar"} in reasons and hidden not in str(reasons)
