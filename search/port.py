"""What the rest of the program asks of a search engine, and in which words."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Literal, Protocol

Sort = Literal["relevance", "newest", "oldest"]
Level = Literal["exact", "stem", "part", "mark", "prefix", "fuzzy"]
Step = Literal["found", "left_out", "spelled_differently", "missing"]
FACETS = ("unit", "doctype", "year", "sender", "efile", "state")


@dataclass(frozen=True, slots=True)
class Entry:
    """One index entry: a Document as it is searched. ``tokens``: who may read it (``models/access.py``)."""

    id: str
    pages: tuple[str, ...]
    subject: str
    sender: str
    unit: str
    unit_name: str
    doctype: str
    state: str
    file_reference: str
    foreign_reference: str
    efile: str
    case: str
    source_name: str
    entry_no: str
    day: date | None
    received_on: date
    tokens: frozenset[str]


@dataclass(frozen=True, slots=True)
class Query:
    """What a person asks. ``tokens``: those the actor holds; ``after``: ``Hits.next`` of the page before."""

    text: str
    tokens: frozenset[str]
    unit: str | None = None
    date_from: date | None = None
    date_to: date | None = None
    limit: int = 20
    after: str | None = None
    sort: Sort = "relevance"


@dataclass(frozen=True, slots=True)
class Hit:
    """A found Document."""

    id: str
    score: float


@dataclass(frozen=True, slots=True)
class Hits:
    """An answer. ``hint`` is a sentence for the person, ``corrected`` the query that was probably meant.

    ``unknown``: words of the query, as typed, that stand in nothing that the asker may read.
    """

    total: int
    hits: tuple[Hit, ...]
    facets: dict[str, dict[str, int]]
    took_ms: float
    hint: str | None = None
    next: str | None = None
    corrected: str | None = None
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Place:
    """Where a word of the query was found: field (``subject``, ``sender``, ``body``, ``other``) and level."""

    field: str
    level: Level


@dataclass(frozen=True, slots=True)
class WordFinding:
    """What became of one word of the query in one Document; ``sentence`` tells it to a person."""

    word: str
    step: Step
    places: tuple[Place, ...]
    nearest: str | None
    sentence: str

    @property
    def found(self) -> bool:
        return self.step == "found"


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why a query finds a Document, or why not. ``filters``: the limits that keep it out."""

    id: str
    found: bool
    score: float | None
    words: tuple[WordFinding, ...]
    filters: tuple[str, ...]
    sentences: tuple[str, ...] = field(default=())


@dataclass(frozen=True, slots=True)
class Overview:
    """An index that is there. ``identity``: the home that made it; None: it does not say so."""

    name: str
    identity: str | None
    documents: int
    bytes: int
    answers: bool


class SearchIndex(Protocol):
    """One contract for all engines; ``tests/integration/search`` holds it against each.

    Every method raises core.errors.IndexUnreachable when the engine does not answer.
    """

    def put(self, entries: Iterable[Entry]) -> None:
        """Write entries; a known id is replaced. Durable when this returns, found within a second."""

    def remove(self, ids: Iterable[str]) -> None:
        """Take Documents out; unknown ids are no error."""

    def find(self, query: Query) -> Hits:
        """Answer a query. Bad syntax is no error: it is taken as words, with a hint."""

    def unknown(self, text: str, tokens: frozenset[str]) -> frozenset[str]:
        """The words of a query, as typed, that stand in nothing which ``tokens`` open."""

    def suggest(self, prefix: str, tokens: frozenset[str], limit: int = 8) -> tuple[str, ...]:
        """Continue what was typed, by words of Documents that ``tokens`` open."""

    def similar(self, id: str, tokens: frozenset[str], limit: int = 10) -> tuple[Hit, ...]:
        """Documents like this one, itself left out; nothing when it is unknown or may not be read."""

    def explain(self, query: Query, id: str) -> Explanation | None:
        """Why ``id`` is found or not; None when it is unknown or may not be read."""

    def ids(self) -> Iterator[str]:
        """All ids, in no order."""

    def count(self) -> int:
        """How many Documents are in the index, those just written included."""

    def mark(self) -> str | None:
        """What tells this index from one that was begun anew in its place; None: there is none.

        A rebuild keeps it. Raises: core.errors.IndexUnreachable (``index_foreign``): it is another home's.
        """

    def overview(self) -> list[Overview]:
        """What indices are there, on a cluster those of other homes too."""

    def begin_generation(self) -> SearchIndex:
        """Start a new generation, or go on with one that a crash left; answers stay those of the old one.

        What this index writes meanwhile goes to both, and the rebuild, whose reading may be older, does not
        overwrite it. The embedded engine admits one writer: rebuild in the process that holds it.
        """

    def commit_generation(self) -> None:
        """Let the new generation answer from now on, and remove the old one."""

    def abort_generation(self) -> None:
        """Drop the new generation; no error when there is none."""

    def close(self) -> None:
        """Let go of files, locks and connections."""
