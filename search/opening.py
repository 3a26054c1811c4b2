"""Opening the index that the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from search.embedded import EmbeddedEngine
from search.index import Index
from search.memory import MemoryEngine


class MemoryIndex(Index):
    """The index of the tests: nothing is written to disk, nothing is shared."""

    def __init__(self) -> None:
        super().__init__(MemoryEngine())


def open_index(
    engine: Literal["embedded", "elasticsearch"],
    *,
    folder: Path,
    nodes: str = "",
    api_key: str = "",
    ca: str = "",
    writer: bool,
    renew: bool = False,
    identity: str = "",
) -> Index:
    """Open the index of the home with this ``identity``. Raises: core.errors.IndexUnreachable; ``index_outdated`` when
    an older version of this program made it, unless it is opened to ``renew`` it: to begin a new generation;
    ``index_foreign`` when it is another home's.

    Embedded: in ``folder``; one process at a time opens it with ``writer``, any number without.
    Elasticsearch: at ``nodes`` (comma separated URLs), with ``api_key`` and the authority's certificate ``ca``.
    """
    if engine == "elasticsearch":
        from search.elastic import ElasticEngine, connect  # a second of imports that the embedded engine need not pay

        return Index(ElasticEngine(connect(nodes, api_key, ca), writer=writer, renew=renew, identity=identity))
    return Index(EmbeddedEngine(folder, writer=writer, renew=renew, identity=identity))
