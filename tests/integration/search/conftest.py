"""The engines that the contract is held against: memory, tantivy, and a real Elasticsearch node."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from search import MemoryIndex, SearchIndex, open_index
from tests.integration.search.engines import Node, wipe


@pytest.fixture(scope="session")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Node]:
    one = Node(tmp_path_factory.mktemp("elasticsearch"))
    one.start()
    yield one
    one.stop()


@pytest.fixture(params=["memory", "embedded", "elasticsearch"])
def index(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SearchIndex]:
    """An empty index of each engine."""
    one: SearchIndex
    if request.param == "memory":
        one = MemoryIndex()
    elif request.param == "embedded":
        one = open_index("embedded", folder=tmp_path / "index", writer=True)
    else:
        node = request.getfixturevalue("node")
        wipe(node)
        one = open_index("elasticsearch", folder=tmp_path, nodes=node.url, writer=True)
    yield one
    one.close()
