"""Paper is never freed before it was compared, archived whole and found without gaps; and every act comes back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from archive import Validator, is_untouched
from core.errors import Forbidden, NotFound, UsageError
from core.settings import Settings
from models import SYSTEM, Actor, ProtectionNeed, Role
from services.filing import file_document
from services.house import House, make_home, open_house
from services.intake import BatchFacts
from services.opening import open_source
from services.paper import compared, draw, recall, renew_notes
from services.paper_release import destroyed, free
from services.reading import read_document
from services.rebuilding import rehearse
from services.reception import documents_pending
from services.registry import set_up
from services.rescanning import rescan
from services.routing import route_document
from services.sealing import seal_document
from tests.letters import small_scan, small_text

Json = dict[str, Any]
CLERK = Actor("clerk", "x", frozenset({Role.OPERATOR}))
NEED = ProtectionNeed.NORMAL
WORDS = "Seite für Seite verglichen, stimmt überein"
FACTS = BatchFacts("Frau Scan", "fi-7160", "200 dpi grau", box="K-1")


@pytest.fixture(scope="module")
def validator() -> Iterator[Validator]:
    validator = Validator(Settings(home=Path("/")).verapdf)
    yield validator
    validator.close()


@pytest.fixture
def house(tmp_path: Path, validator: Validator) -> Iterator[House]:
    make_home(tmp_path / "home")
    with open_house(Settings.load(tmp_path / "home", {})) as house:
        set_up(house, "root")
        vars(house)["validator"] = validator  # one for all tests of this page
        yield house
        del vars(house)["validator"]


def on_its_way(house: House, document_id: str) -> None:
    for step in (read_document, route_document, seal_document, file_document):
        step(house, document_id)


def take(house: House, tmp_path: Path, facts: BatchFacts, numbers: range) -> tuple[str, list[str]]:
    """A batch of small letters, archived. Returns: the batch and the documents."""
    from services.intake import receive, start_batch

    batch, ids = start_batch(house, SYSTEM, facts), []
    for number in numbers:
        path = small_text(tmp_path / f"{number}.txt", number)
        source_id = receive(house, SYSTEM, path, batch).source_id
        open_source(house, source_id)
        for item in documents_pending(house, source_id):
            on_its_way(house, item.id)
            ids.append(item.id)
    return batch, ids


def listed(house: House, box: str = "K-1") -> tuple[set[str], dict[str, list[str]]]:
    """What is free in a box, and what is kept and why."""
    boxes = free(house, CLERK, box)["boxes"]
    if not boxes:
        return set(), {}
    return {line["id"] for line in boxes[0]["free"]}, {line["id"]: line["reasons"] for line in boxes[0]["kept"]}


def note_of(house: House, document_id: str) -> Json:
    note: Json = json.loads(house.store.file("document", document_id, "transfer-note.json").read_bytes())
    assert is_untouched(note)
    return note


def test_paper_is_free_only_after_its_sample_was_compared(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, earlier = take(house, tmp_path, FACTS, range(2))
    assert draw(house, CLERK, first, NEED)["rate"] == 1.0
    assert listed(house) == (set(), {id: ["not_compared"] for id in earlier})
    for id in earlier:
        compared(house, CLERK, id, passed=True, words=WORDS)
    assert listed(house)[0] == set(earlier)

    monkeypatch.setattr("services.sampling.FIRST", 2)  # two passes halve the rate
    batch, ids = take(house, tmp_path, FACTS, range(2, 6))
    assert {reason for reasons in listed(house)[1].values() for reason in reasons} == {"not_drawn"}
    drawn = draw(house, CLERK, batch, NEED, seed="s")
    assert (drawn["rate"], drawn["chosen"], drawn["letters"]) == (0.5, 2, 4)
    again = draw(house, CLERK, batch, NEED)
    assert again["drawn"] == 0 and again["to_check"] == drawn["to_check"]
    chosen = [line["id"] for line in drawn["to_check"]]
    compared(house, CLERK, chosen[0], passed=True, words=WORDS)
    assert listed(house)[0] == set(earlier)
    compared(house, CLERK, chosen[1], passed=True, words=WORDS)
    assert listed(house) == ({*earlier, *ids}, {})
    own, other = note_of(house, chosen[0]), note_of(house, (set(ids) - set(chosen)).pop())
    assert own["paper_free"] and own["agreement"] == WORDS and "seed s" in own["quality"]["chosen_by"]
    assert other["paper_free"] and "2 von 4" in other["agreement"] and other["quality"]["remarks"]
    assert house.store.version("document", chosen[0]) == 2
    assert rehearse(house, SYSTEM, lambda _: None)["different"] == {}


def test_gaps_recalls_damage_and_quarantine_keep_the_paper(house: House, tmp_path: Path) -> None:
    batch, ids = take(house, tmp_path, FACTS, range(3))
    nameless, orphans = take(house, tmp_path, BatchFacts(box="K-1"), range(3, 4))
    for one in (batch, nameless):
        draw(house, CLERK, one, NEED)
    for id in (*ids, *orphans):
        compared(house, CLERK, id, passed=True, words=WORDS)
    recall(house, CLERK, ids[0], "Gericht")
    text = house.store.file("document", ids[1], "text.txt")
    whole = text.read_bytes()
    text.write_bytes(whole[:-1] + b"x")
    assert listed(house) == (
        {ids[2]},
        {ids[0]: ["recalled"], ids[1]: ["damaged"], orphans[0]: ["note_gaps"]},
    )
    text.write_bytes(whole)
    with pytest.raises(UsageError, match="--partly"):
        destroyed(house, CLERK, "K-1")
    answer = destroyed(house, CLERK, "K-1", partly=True)
    assert {line["id"] for line in answer["destroyed"]} == {ids[1], ids[2]}
    assert listed(house)[0] == set()
    for act in (
        lambda: recall(house, CLERK, ids[1], "zu spät"),
        lambda: rescan(house, CLERK, ids[1], small_text(tmp_path / "neu.txt", 9), FACTS),
        lambda: compared(house, CLERK, ids[1], passed=False, words=WORDS),
    ):
        with pytest.raises(UsageError, match="vernichtet"):
            act()
    recall(house, CLERK, ids[0], "erledigt", lift=True)
    assert listed(house)[0] == {ids[0]}
    assert rehearse(house, SYSTEM, lambda _: None)["different"] == {}


def test_a_change_made_to_object_and_inventory_together_keeps_the_paper(house: House, tmp_path: Path) -> None:
    batch, ids = take(house, tmp_path, FACTS, range(1))
    draw(house, CLERK, batch, NEED)
    compared(house, CLERK, ids[0], passed=True, words=WORDS)
    house.store.add_version("document", ids[0], {"text.txt": b"anders"}, message="heimlich", user="niemand")
    assert listed(house) == (set(), {ids[0]: ["damaged"]})


def test_a_failure_makes_all_of_the_batch_be_compared_and_a_rescan_opens_the_check_again(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.sampling.rate_of", lambda need, passed: 0.3)
    monkeypatch.setattr("services.paper.rate_of", lambda need, passed: 0.3)
    batch, ids = take(house, tmp_path, FACTS, range(3))
    (bad,) = (line["id"] for line in draw(house, CLERK, batch, NEED)["to_check"])
    compared(house, CLERK, bad, passed=False, words="Rückseite fehlt")
    assert {line["id"] for line in draw(house, CLERK, batch, NEED)["to_check"]} == set(ids) - {bad}
    for id in set(ids) - {bad}:
        compared(house, CLERK, id, passed=True, words=WORDS)
    assert listed(house)[1][bad] == ["failed"] and not listed(house)[0]
    with pytest.raises(UsageError, match="rescan"):
        compared(house, CLERK, bad, passed=True, words=WORDS)

    new = small_scan(tmp_path / "neu.png", 44)
    before = house.store.file("document", bad, "document.pdf").read_bytes()
    item = rescan(house, CLERK, bad, new, BatchFacts("Herr Neu", "fi-8000", "300 dpi"))
    assert item.id == bad and listed(house)[1][bad] == ["not_archived"]
    with pytest.raises(UsageError):
        rescan(house, CLERK, bad, new, FACTS)  # it is on its way
    on_its_way(house, bad)
    renew_notes(house)
    assert house.store.file("document", bad, "document.pdf", 1).read_bytes() == before
    assert house.store.file("document", bad, "document.pdf").read_bytes() != before
    note = note_of(house, bad)
    assert (note["operator"], note["device"], note["box"]) == ("Herr Neu", "fi-8000", "K-1")
    assert note["quality"] is None and not note["paper_free"]
    assert listed(house)[1][bad] == ["not_compared"]
    with pytest.raises(UsageError, match="schon im Archiv"):
        rescan(house, CLERK, bad, new, FACTS)
    compared(house, CLERK, bad, passed=True, words=WORDS)
    assert listed(house) == (set(ids), {})
    assert rehearse(house, SYSTEM, lambda _: None)["different"] == {}


def test_a_crash_between_the_word_and_the_note_is_made_good(
    house: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch, ids = take(house, tmp_path, FACTS, range(1))
    draw(house, CLERK, batch, NEED)
    with monkeypatch.context() as patch:
        patch.setattr("services.paper.renew_notes", lambda house: 0)
        compared(house, CLERK, ids[0], passed=True, words=WORDS)
    assert listed(house)[1] == {ids[0]: ["note_behind"]}
    assert renew_notes(house) == 1 and renew_notes(house) == 0
    assert listed(house)[0] == {ids[0]}


def test_rights_and_words_are_asked_for(house: House, tmp_path: Path) -> None:
    batch, ids = take(house, tmp_path, FACTS, range(1))
    reader = Actor("reader", "y", frozenset({Role.CASEWORKER, Role.AUDITOR}))
    acts: list[Callable[[], object]] = [
        lambda: draw(house, reader, batch, NEED),
        lambda: compared(house, reader, ids[0], passed=True, words=WORDS),
        lambda: free(house, reader),
        lambda: destroyed(house, reader, "K-1"),
        lambda: recall(house, reader, ids[0], "w"),
        lambda: rescan(house, reader, ids[0], tmp_path / "0.txt", FACTS),
    ]
    for act in acts:
        with pytest.raises(Forbidden):
            act()
    with pytest.raises(UsageError, match="--words"):
        compared(house, CLERK, ids[0], passed=True, words="  ")
    with pytest.raises(UsageError, match="paper check"):
        compared(house, CLERK, ids[0], passed=True, words=WORDS)
    with pytest.raises(NotFound):
        draw(house, CLERK, "gibtesnicht", NEED)


def test_every_object_describes_itself_by_the_schema_in_the_archive(house: House, tmp_path: Path) -> None:
    take(house, tmp_path, FACTS, range(2))
    schema = json.loads((house.settings.archive / "metadata.schema.json").read_bytes())
    jsonschema.Draft202012Validator.check_schema(schema)
    closed = jsonschema.Draft202012Validator(
        {**schema, "additionalProperties": False}, format_checker=jsonschema.FormatChecker()
    )
    seen = set()
    for kind, id in house.store.objects():
        if kind == "journal":
            continue
        said = json.loads(house.store.file(kind, id, "metadata.json").read_bytes())
        closed.validate(said)
        seen.add(said["kind"])
        for name in ("received_on", "history", "date", "foreign_reference", "sender", "filing", "confidentiality"):
            assert kind == "source" or name in said
    assert seen == {"source", "document"}
