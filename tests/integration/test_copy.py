"""The second copy follows the archive, never takes over damage, and mends it; a printed head shows a cut journal."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
import zxingcpp
from pdf2image import convert_from_path

from core.errors import UsageError
from core.settings import Settings
from models import SYSTEM
from models.chain import record
from services.copying import copy_now, copy_on, copy_state
from services.house import House, make_home, open_house
from services.intake import BatchFacts, receive, start_batch
from services.proving import journal_head, verify_archive, verify_journal
from services.registry import set_up
from tests.letters import small_text


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    make_home(tmp_path / "home")
    (tmp_path / "copy").mkdir()
    with open_house(Settings.load(tmp_path / "home", {"AKTENLOTSE_ARCHIVE_COPY": str(tmp_path / "copy")})) as house:
        set_up(house, "root")
        yield house


def take(house: House, numbers: range) -> list[str]:
    batch = start_batch(house, SYSTEM, BatchFacts())
    scans = house.settings.home.parent
    return [receive(house, SYSTEM, small_text(scans / f"{n}.txt", n), batch).source_id for n in numbers]


def test_the_copy_follows_and_catches_up_after_an_outage(house: House, tmp_path: Path) -> None:
    take(house, range(3))
    assert copy_on(house) == 3 and copy_on(house) == 0
    (tmp_path / "copy").rename(tmp_path / "away")
    (tmp_path / "copy").mkdir()  # the empty folder under a mount
    take(house, range(3, 5))
    assert copy_on(house) == 0 and not any((tmp_path / "copy").iterdir())
    state = copy_state(house)
    assert state is not None and not state["there"] and state["behind"] > 0
    (tmp_path / "copy").rmdir()
    (tmp_path / "away").rename(tmp_path / "copy")
    assert copy_now(house, SYSTEM)["copied"] == 2
    state = copy_state(house)
    assert state is not None and state["there"] and not state["behind"]
    for path in house.settings.journal.rglob("*.jsonl"):
        there = tmp_path / "copy" / "journal" / path.relative_to(house.settings.journal)
        assert there.read_bytes() == path.read_bytes()
    assert verify_archive(house, SYSTEM)["ok"]


def test_a_segment_that_was_rewritten_is_copied_anew(house: House, tmp_path: Path) -> None:
    take(house, range(2))
    copy_on(house)
    (day,) = house.journal.open_days()
    values, there = (folder / "journal" / day / "values.jsonl" for folder in (house.settings.home, tmp_path / "copy"))
    with house.database.read() as session:
        from models import JournalValue

        first = session.query(JournalValue).order_by(JournalValue.seq).first()
        assert first is not None
    house.journal.erase_values(house.database, {first.seq: {first.field}}, user="u")
    take(house, range(2, 6))  # longer than before
    copy_on(house)
    assert there.read_bytes() == values.read_bytes()


def test_damage_is_found_on_both_sides_and_mended_from_the_other(house: House, tmp_path: Path) -> None:
    ids = take(house, range(6))
    copy_on(house)
    here = [house.store.object_path("source", id) for id in ids]
    there = [tmp_path / "copy" / "archive" / path.relative_to(house.settings.archive) for path in here]
    (here[0] / "v1" / "content" / "metadata.json").write_text("kaputt")
    shutil.rmtree(here[1])
    house.store.add_version("source", ids[2], {"mehr.txt": b"x"}, message="heimlich", user="niemand")
    (there[3] / "v1" / "content" / "metadata.json").write_text("kaputt")
    shutil.rmtree(there[4])
    (house.settings.archive / "metadata.schema.json").write_text("{}")
    report = verify_archive(house, SYSTEM)
    assert sorted(finding["code"] for finding in report["findings"]) == ["A001", "A001", "A004", "A004", "A007", "A012"]
    assert report["repaired"] == []
    mended = verify_archive(house, SYSTEM, mend=True)
    assert len(mended["repaired"]) == 5
    assert verify_archive(house, SYSTEM)["ok"]
    assert house.store.version("source", ids[2]) == 1
    actions = [entry["object_id"] for entry in house.journal.entries() if entry["action"] == "archive.repair"]
    assert sorted(actions) == sorted(ids[:5])
    assert verify_journal(house, SYSTEM)["ok"]


def test_what_is_changed_here_never_replaces_the_copy(house: House, tmp_path: Path) -> None:
    (id,) = take(house, range(1))
    copy_on(house)
    good = (tmp_path / "copy" / "archive" / house.store.relative("source", id) / "inventory.json").read_bytes()
    house.store.add_version("source", id, {"mehr.txt": b"x"}, message="heimlich", user="niemand")
    with house.database.write() as session:  # an act that names the object as it was
        digest = next(e["data"]["object"] for e in house.journal.entries() if e["data"].get("object"))
        record(session, SYSTEM, "test.again", "source", id, data={"object": digest})
    assert copy_on(house) == 0
    state = copy_state(house)
    assert state is not None and state["left_out"] == [f"source:{id}"]
    assert (tmp_path / "copy" / "archive" / house.store.relative("source", id) / "inventory.json").read_bytes() == good
    verify_archive(house, SYSTEM, mend=True)
    copy_on(house)
    state = copy_state(house)
    assert state is not None and not state["left_out"]


def test_verification_goes_on_where_it_stopped(house: House) -> None:
    take(house, range(10))
    counts = []
    for _ in range(3):
        report = verify_archive(house, SYSTEM, share=0.4)
        counts.append(report["objects"])
    assert counts == [8, 8, 4] and report["complete"]  # both stores, 40 % each time


def test_a_printed_head_is_read_back_and_shows_a_cut_journal(house: House, tmp_path: Path) -> None:
    take(house, range(1))
    facts = journal_head(house, SYSTEM, tmp_path / "head.pdf")
    (page,) = convert_from_path(tmp_path / "head.pdf", dpi=150)
    (code,) = zxingcpp.read_barcodes(page)
    assert code.text == facts["line"]
    take(house, range(1, 2))
    assert verify_journal(house, SYSTEM, code.text)["printed"] == facts["seq"]
    spaced = " ".join(facts["hash"][start : start + 8] for start in range(0, 64, 8)).upper()
    assert verify_journal(house, SYSTEM, spaced)["ok"]
    other = verify_journal(house, SYSTEM, "ab" * 32)
    assert [finding["code"] for finding in other["findings"]] == ["J013"]
    with pytest.raises(UsageError):
        verify_journal(house, SYSTEM, "nichts")
    assert json.dumps(facts)
