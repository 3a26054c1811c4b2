"""What an engine must do: store terms and find them. Linguistics, ranking, permission are decided before.

Text fields, in order and page by page: ``subject sender body other`` hold exact forms, ``*_stem`` stems,
``*_part`` stems with compounds split; ``all`` has the parts of everything and the marks (dates, references), so
that one look says whether a word is in a document. Single values: ``id``, and those of the facets ``unit
doctype sender_name efile state year``. Sets of values: ``tokens reference tags heads title``. Numbers: ``day``
(ordinal) and ``order`` (day and id, unique: the order of sorting).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from search.german import fold, tokens
from search.nodes import Node
from search.port import Overview, Sort

ORDERED = (  # text fields whose terms have places, so that phrases can be found in them
    "all",
    "subject",
    "subject_part",
    "sender",
    "sender_part",
    "body",
    "other",
)
COUNTED = ("subject_stem", "body_stem")  # text fields without places
FACET_FIELDS = {
    "unit": "unit",
    "doctype": "doctype",
    "year": "year",
    "sender": "sender_name",
    "efile": "efile",
    "state": "state",
}
FORMAT = "v1"  # of terms and fields: an index of another one must be built anew; also in elasticsearch-index.json
SETS = ("tokens", "reference", "tags", "heads", "title")
FACET_SIZE = 50
FACET_LOOK = 200  # values counted in each segment or shard: the rare ones of a facet with more are left out


@dataclass(frozen=True, slots=True)
class Stored:
    """What the index gives back of a document: enough for suggestions, likeness and explanations."""

    subject: str
    sender: str
    words: str  # the different words of all pages, as written

    def forms(self, shortest: int = 1, longest: int = sys.maxsize) -> dict[str, str]:
        """The different words (of a length as written) by their exact forms, as written."""
        words = [token.surface for field in (self.subject, self.sender) for token in tokens(field)]
        return {fold(word): word for word in (*words, *self.words.split()) if shortest <= len(word) <= longest}

    def pack(self) -> str:
        return json.dumps([self.subject, self.sender, self.words], ensure_ascii=False)

    @classmethod
    def unpack(cls, packed: str) -> Stored:
        return cls(*json.loads(packed))


@dataclass(frozen=True, slots=True)
class Analysed:
    """A document as terms."""

    id: str
    text: dict[str, list[list[str]]]  # by field: pages of terms
    values: dict[str, tuple[str, ...]]  # single values and sets; an empty facet is left out
    day: int
    order: int
    stored: Stored


@dataclass(frozen=True, slots=True)
class Request:
    """A question to an engine: the nodes already hold what the asker may read."""

    node: Node
    limit: int
    sort: Sort = "relevance"
    after: str | None = None
    facets: bool = False
    stored: bool = False


@dataclass(frozen=True, slots=True)
class Found:
    """A document that matches."""

    id: str
    score: float
    stored: Stored | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """What an engine found."""

    total: int
    found: tuple[Found, ...]
    facets: dict[str, dict[str, int]] = field(default_factory=dict)
    next: str | None = None


class Engine(Protocol):
    """Stores and finds analysed documents. Every method raises core.errors.IndexUnreachable."""

    mirrors: bool  # writes also to a generation that is being built, so that nobody else has to

    def write(self, documents: Sequence[Analysed]) -> None:
        """Add or replace; durable when this returns."""

    def remove(self, ids: Sequence[str]) -> None:
        """Take out; unknown ids are no error."""

    def run(self, request: Request) -> Answer:
        """Answer a question. Raises: core.errors.UsageError for a cursor that is none of ours."""

    def frequency(self, field: str, terms: Sequence[str]) -> list[int]:
        """In how many documents each term occurs (about)."""

    def ids(self) -> Iterator[str]: ...

    def count(self) -> int:
        """How many documents there are, those just written included."""

    def mark(self) -> str | None:
        """What tells this index from one that was begun anew in its place; None when there is none.

        Raises: core.errors.IndexUnreachable (``index_foreign``): it is another home's.
        """

    def overview(self) -> list[Overview]:
        """What indices are there."""

    def begin(self) -> Engine:
        """A new generation, or the one that a crash left unfinished."""

    def commit(self) -> None:
        """The new generation answers from now on."""

    def abort(self) -> None:
        """Drop the new generation."""

    def close(self) -> None: ...
