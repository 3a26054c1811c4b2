"""Letters that came in one stack, through the product: each is archived, handed out and erased by itself."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from core.settings import Settings
from services.house import open_house
from tests.conftest import json_lines, run_program
from tests.stacks import STACK, WORDS, pages_of, rich_stack, strings_and_streams, word

LETTERS = 3


@pytest.fixture(scope="module")
def template(new_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home with a stack of three letters, in state ``clarify``."""
    folder = tmp_path_factory.mktemp("parts")
    (folder / "stapel.pdf").write_bytes(rich_stack(LETTERS, sheets=True))
    home = folder / "home"
    shutil.copytree(new_home, home)
    run_program(home, "ingest", str(folder / "stapel.pdf"), "--json")
    return home


def test_each_letter_of_a_stack_is_archived_with_its_own_words_alone(template: Path) -> None:
    letters = json_lines(run_program(template, "list", "--json"))
    assert len(letters) == LETTERS
    with open_house(Settings(home=template)) as house:
        for letter in letters:
            part, id = letter["source"]["part"], letter["id"]
            own = word(part - 1)
            files = {name: house.store.file("document", id, name) for name in house.store.names("document", id)}
            said = json.loads(files["metadata.json"].read_bytes())
            assert said["extract"] == {
                "name": "extract.pdf",
                "of": letter["sha256"],
                "pages": pages_of(part - 1, sheets=True),
                "sha256": hashlib.sha256(files["extract.pdf"].read_bytes()).hexdigest(),
            }
            assert letter["archive"]["valid"] and "attachments_in_source" in letter["warnings"]
            for name in ("extract.pdf", "document.pdf"):
                found = strings_and_streams(files[name])
                assert f"Hundesteuer {own}".encode() in found and f"Am Stapel: {own}".encode() in found
                assert [one for one in (*WORDS, STACK) if one != own and one.encode() in found] == []


def test_a_letter_that_is_all_of_its_source_has_no_extract(home: Path, tmp_path: Path) -> None:
    (tmp_path / "einzeln.pdf").write_bytes(rich_stack(1))
    (letter,) = json_lines(run_program(home, "ingest", str(tmp_path / "einzeln.pdf"), "--json"))
    with open_house(Settings(home=home)) as house:
        assert "extract.pdf" not in house.store.names("document", letter["id"])
        metadata = house.store.file("document", letter["id"], "metadata.json").read_bytes()
        assert json.loads(metadata)["extract"] is None
