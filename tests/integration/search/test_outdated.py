"""An index that another version of the program made: everything says so, and a rebuild mends it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import tantivy
from elasticsearch import Elasticsearch

from core.errors import IndexUnreachable
from search import Query, SearchIndex, open_index
from tests.integration.search.engines import ALL, Node, entry, found, settle, wipe

Opener = Callable[..., SearchIndex]


def old_schema(folder: Path, name: str) -> None:
    """An index of other fields, as an earlier version would have left it."""
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("words", stored=True)
    (folder / name).mkdir(parents=True)
    tantivy.Index(builder.build(), str(folder / name))
    (folder / "CURRENT").write_text(name)


@pytest.fixture(params=["other fields", "other format", "elasticsearch"])
def opener(request: pytest.FixtureRequest, tmp_path: Path) -> Opener:
    """Opens an index that is outdated."""
    folder = tmp_path / "index"
    if request.param == "elasticsearch":
        node: Node = request.getfixturevalue("node")
        wipe(node)
        with Elasticsearch(node.url) as client:
            client.indices.create(
                index="aktenlotse-00001",
                aliases={"aktenlotse": {}},
                mappings={"_meta": {"format": "v0"}, "properties": {"words": {"type": "text"}}},
            )
        return lambda **how: open_index("elasticsearch", folder=folder, nodes=node.url, **how)
    old_schema(folder, "v1-00001" if request.param == "other fields" else "v0-00003")
    return lambda **how: open_index("embedded", folder=folder, **how)


def test_an_outdated_index_says_what_to_do_and_is_rebuilt(opener: Opener) -> None:
    reader = opener(writer=False)
    for act in (lambda: reader.find(Query("Hund", ALL)), lambda: opener(writer=True)):
        with pytest.raises(IndexUnreachable) as told:
            act()
        assert told.value.code == "index_outdated"
        assert "index rebuild" in str(told.value)
    reader.close()
    index = opener(writer=True, renew=True)
    index.begin_generation().put([entry("a", "Hund")])
    index.commit_generation()
    index.close()
    index = opener(writer=True)
    settle(index)
    assert found(index, "Hund") == ["a"]
    index.put([entry("b", "Hund")])
    settle(index)
    assert sorted(found(index, "Hund")) == ["a", "b"]
    index.close()


def test_a_half_built_generation_that_is_outdated_is_begun_again(tmp_path: Path) -> None:
    folder = tmp_path / "index"
    old_schema(folder, "v1-00002")
    (folder / "CURRENT").rename(folder / "NEXT")
    index = open_index("embedded", folder=folder, writer=True, renew=True)
    index.begin_generation().put([entry("a", "Hund")])
    index.commit_generation()
    assert found(index, "Hund") == ["a"]
    index.close()
