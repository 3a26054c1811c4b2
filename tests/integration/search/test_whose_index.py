"""Homes on one cluster keep out of each other's indices; a lost index is filled again, and never says none."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from elasticsearch import Elasticsearch

from core.errors import Exit, IndexUnreachable
from core.settings import Settings
from search import SearchIndex, open_index
from services.house import open_house
from services.indexing import empty_outbox
from tests.conftest import run_program
from tests.integration.search.engines import Node, entry, fill, found, wipe
from tests.letters import some_letters

Opener = Callable[[str], SearchIndex]


@pytest.fixture(params=["embedded", "elasticsearch"])
def opened(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    if request.param == "embedded":
        return lambda identity: open_index("embedded", folder=tmp_path / identity[:8], writer=True, identity=identity)
    node = request.getfixturevalue("node")
    wipe(node)
    return lambda identity: open_index("elasticsearch", folder=tmp_path, nodes=node.url, writer=True, identity=identity)


def test_a_rebuild_leaves_another_homes_index_alone(opened: Opener) -> None:
    ours, theirs = opened("aaaaaaaa1111"), opened("bbbbbbbb2222")
    fill(ours, entry("a", "Hundesteuer"))
    fill(theirs, entry("b", "Hundesteuer"))
    before = theirs.mark()
    fill(ours.begin_generation(), entry("c", "Hundesteuer"))
    ours.commit_generation()
    assert found(ours, "Hundesteuer") == ["c"] and found(theirs, "Hundesteuer") == ["b"]
    assert theirs.mark() == before != ours.mark()
    for index in (ours, theirs):
        index.close()


def test_an_index_of_another_home_under_our_name_is_refused(opened: Opener) -> None:
    theirs = opened("aaaaaaaa1111")
    fill(theirs, entry("a", "Hundesteuer"))
    theirs.close()
    with pytest.raises(IndexUnreachable) as refused:
        opened("aaaaaaaa9999").mark()
    assert refused.value.code == "index_foreign"


@pytest.mark.parametrize("engine", ["embedded", "elasticsearch"])
def test_a_lost_index_never_answers_none_and_is_filled_again(
    engine: str, request: pytest.FixtureRequest, home: Path, tmp_path: Path
) -> None:
    env = {"AKTENLOTSE_SEARCH": engine}
    if engine == "elasticsearch":
        node: Node = request.getfixturevalue("node")
        wipe(node)
        env["AKTENLOTSE_ELASTICSEARCH"] = node.url
    some_letters(tmp_path / "scanner", 2)
    run_program(home, "ingest", str(tmp_path / "scanner"), env=env)
    with open_house(Settings.load(home, env)) as house:
        assert house.reader.count() == 2
        if engine == "elasticsearch":
            wipe(node)
        else:
            shutil.rmtree(home / "index")
        lost = run_program(home, "search", "Stadt", check=False, env=env)
        assert lost.returncode == Exit.ENVIRONMENT and "verloren" in lost.stdout + lost.stderr
        empty_outbox(house)
        assert house.reader.count() == 2
    said = json.loads(run_program(home, "index", "list", "--json", env=env).stdout)["indices"]
    assert [(one["ours"], one["answers"], one["documents"]) for one in said] == [(True, True, 2)]
    assert run_program(home, "search", "kommtnirgendsvor", env=env).returncode == Exit.OK


def test_an_emptied_index_is_noticed_by_its_count(home: Path, tmp_path: Path) -> None:
    some_letters(tmp_path / "scanner", 2)
    run_program(home, "ingest", str(tmp_path / "scanner"))
    with open_house(Settings.load(home, {})) as house:
        index = house.open_index(writer=True)
        index.remove(list(index.ids()))
        index.close()
        lost = run_program(home, "search", "Stadt", check=False)
        assert lost.returncode == Exit.ENVIRONMENT
        assert empty_outbox(house) == 2 and house.reader.count() == 2


def test_elasticsearch_lists_foreign_indices_as_such(node: Node, tmp_path: Path) -> None:
    wipe(node)
    client = Elasticsearch(node.url)
    client.indices.create(index="aktenlotse-00001")  # of a version of before
    ours = open_index("elasticsearch", folder=tmp_path, nodes=node.url, writer=True, identity="aaaaaaaa1111")
    said = {one.name: (one.identity, one.answers) for one in ours.overview()}
    assert said == {"aktenlotse-00001": (None, False), "aktenlotse-aaaaaaaa-00001": ("aaaaaaaa1111", True)}
    ours.close()
    client.close()
