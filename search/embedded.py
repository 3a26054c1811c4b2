"""The embedded engine: tantivy in a folder. One process writes, several read and see each commit at once.

folder/CURRENT        name of the generation that answers
folder/NEXT           name of the generation that is being built
folder/v1-00001/      a tantivy index, of format 1
folder/identity.json  whose it is, and a random mark that an index begun in its place would not have
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import tantivy

from core.durable import make_folders, remove_tree, sync_folder, write_whole
from core.errors import IndexUnreachable
from core.ids import new_id
from core.marks import MARK
from search import cursor
from search.engine import (
    COUNTED,
    FACET_FIELDS,
    FACET_LOOK,
    FACET_SIZE,
    FORMAT,
    ORDERED,
    SETS,
    Analysed,
    Answer,
    Found,
    Request,
    Stored,
)
from search.nodes import (
    AllOf,
    Among,
    AnyOf,
    AtLeast,
    BestOf,
    Between,
    Everything,
    Fuzzy,
    Limited,
    Node,
    Nothing,
    Phrase,
    Prefix,
    Raised,
    Term,
    Weighted,
    unscored,
)
from search.port import Overview

CURRENT, NEXT = "CURRENT", "NEXT"
HEAP = 96 << 20  # bytes of the writer before it makes a segment
CHUNK = 20_000  # ids read at once
_MUST, _SHOULD, _NOT = tantivy.Occur.Must, tantivy.Occur.Should, tantivy.Occur.MustNot
_OUTDATED = re.compile("schema does not match|[Ii]ncompatible")
_SIGNS = re.compile(r"([.+*?()|\[\]{}^$\\#&~-])")


def _schema() -> Any:
    builder = tantivy.SchemaBuilder()
    builder.add_text_field("id", stored=True, tokenizer_name="raw", index_option="basic")
    for name in ORDERED:
        builder.add_text_field(name, tokenizer_name="words", index_option="position")
    for name in COUNTED:
        builder.add_text_field(name, tokenizer_name="words", index_option="freq")
    for name in FACET_FIELDS.values():
        builder.add_text_field(name, fast=True, tokenizer_name="raw", index_option="basic")
    for name in SETS:
        builder.add_text_field(name, tokenizer_name="raw", index_option="basic")
    builder.add_integer_field("day", indexed=True, fast=True)
    builder.add_integer_field("order", indexed=True, fast=True)
    builder.add_bytes_field("stored", stored=True)
    return builder.build()


@contextmanager
def _named() -> Iterator[None]:
    """tantivy says ValueError for all that goes wrong. Raises: IndexUnreachable."""
    try:
        yield
    except (ValueError, OSError) as error:
        said = str(error)
        code = "index_locked" if "LockBusy" in said else "index_outdated" if _OUTDATED.search(said) else None
        raise IndexUnreachable(code, engine="tantivy", why=type(error).__name__) from error


class _Generation:
    """One tantivy index: the reader is opened here, the writer with the first write."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.schema = _schema()
        self.index = tantivy.Index(self.schema, str(folder), reuse=True)
        words = tantivy.TextAnalyzerBuilder(tantivy.Tokenizer.whitespace()).build()
        self.index.register_tokenizer("words", words)
        self.index.config_reader("manual")
        self._seen: tuple[int, int] | None = None
        self._writer: Any = None
        self._reload = threading.Lock()
        self._lock = threading.Lock()  # of the writer: no search waits for it

    def searcher(self) -> Any:
        """A view of the newest commit, of this or another process."""
        found = (self.folder / "meta.json").stat()
        seen = (found.st_mtime_ns, found.st_ino)
        if seen != self._seen:
            with self._reload:
                self.index.reload()
                self._seen = seen
        return self.index.searcher()

    @contextmanager
    def writing(self) -> Iterator[Any]:
        """The writer; what was done is committed (and fsynced) at the end. A failed writer is given up."""
        with self._lock:
            if self._writer is None:
                self._writer = self.index.writer(HEAP, 1)
            try:
                yield self._writer
                self._writer.commit()
            except BaseException:
                self._writer = None
                raise

    def take_lock(self) -> None:
        """Open the writer, so that no other process can."""
        with self._lock:
            if self._writer is None:
                self._writer = self.index.writer(HEAP, 1)

    def close(self) -> None:
        with self._lock:
            writer, self._writer = self._writer, None
        if writer is not None:
            writer.wait_merging_threads()


class EmbeddedEngine:
    """A :class:`search.engine.Engine` on tantivy."""

    mirrors = False

    def __init__(self, folder: Path, *, writer: bool, renew: bool = False, identity: str = "") -> None:
        self.folder = folder
        self.identity = identity
        self.writer = writer
        self._open: _Generation | None = None
        self._lock = threading.Lock()
        if writer:
            try:
                with _named():
                    make_folders(folder)
                    self.mark()  # another home's is not opened
                    self._need_current().take_lock()
                    if self.mark() is None:
                        write_whole(folder / MARK, json.dumps({"identity": identity, "mark": new_id()}).encode())
            except IndexUnreachable as error:
                if not renew or error.code != "index_outdated":
                    raise

    def write(self, documents: Sequence[Analysed]) -> None:
        if not documents:
            return
        with _named():
            generation = self._need_current()
            with generation.writing() as writer:
                for document in documents:
                    writer.delete_documents_by_term("id", document.id)
                    writer.add_document(_document(document))

    def remove(self, ids: Sequence[str]) -> None:
        if not ids:
            return
        with _named(), self._need_current().writing() as writer:
            for id in ids:
                writer.delete_documents_by_term("id", id)

    def run(self, request: Request) -> Answer:
        with _named():
            generation = self._current()
            if generation is None:
                return Answer(0, ())
            return _Run(generation.searcher(), generation.schema, request).answer()

    def frequency(self, field: str, terms: Sequence[str]) -> list[int]:
        with _named():
            generation = self._current()
            if generation is None:
                return [0] * len(terms)
            searcher = generation.searcher()
            return [int(searcher.doc_freq(field, term)) for term in terms]

    def ids(self) -> Iterator[str]:
        last: int | None = None
        while True:
            with _named():
                page = self._id_page(last)
            if not page:
                return
            yield from (id for _, id in page)
            last = page[-1][0]

    def count(self) -> int:
        with _named():
            generation = self._current()
            return int(generation.searcher().num_docs) if generation else 0

    def mark(self) -> str | None:
        if self._named_generation(CURRENT) is None:
            return None
        try:
            with _named():
                said = json.loads((self.folder / MARK).read_bytes())
        except IndexUnreachable as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return None
            raise
        if said["identity"] != self.identity:
            raise IndexUnreachable("index_foreign", name=str(self.folder))
        return str(said["mark"])

    def overview(self) -> list[Overview]:
        if self.mark() is None:
            return []
        size = sum(path.stat().st_size for path in self.folder.rglob("*") if path.is_file())
        return [Overview(str(self.folder), self.identity, self.count(), size, answers=True)]

    def begin(self) -> EmbeddedGeneration:
        name = self._named_generation(NEXT)
        if name is not None and name.startswith(f"{FORMAT}-"):
            try:
                with _named():
                    make_folders(self.folder / name)
                    return EmbeddedGeneration(self.folder / name)
            except IndexUnreachable as error:
                if error.code != "index_outdated":
                    raise
        taken = [int(one.name.split("-")[1]) for one in self.folder.glob("v*-*") if one.is_dir()]
        name = f"{FORMAT}-{max(taken, default=0) + 1:05d}"
        with _named():
            write_whole(self.folder / NEXT, name.encode())
            make_folders(self.folder / name)
            return EmbeddedGeneration(self.folder / name)

    def commit(self) -> None:
        name = self._named_generation(NEXT)
        if name is None:
            return
        with _named():
            write_whole(self.folder / CURRENT, name.encode())
            (self.folder / NEXT).unlink()
            sync_folder(self.folder)
            self._let_go()
            self._clear(keep=name)

    def abort(self) -> None:
        current = self._named_generation(CURRENT)
        (self.folder / NEXT).unlink(missing_ok=True)
        self._clear(keep=current or "")

    def close(self) -> None:
        self._let_go()

    def _let_go(self) -> None:
        with self._lock:
            old, self._open = self._open, None
        if old is not None:
            old.close()

    def _clear(self, keep: str) -> None:
        for one in self.folder.glob("v*-*"):
            if one.name != keep:
                remove_tree(one)

    def _named_generation(self, marker: str) -> str | None:
        try:
            return (self.folder / marker).read_text("ascii").strip()
        except FileNotFoundError:
            return None

    def _current(self) -> _Generation | None:
        """The generation that answers; None when nothing was ever indexed.

        Raises: IndexUnreachable (``index_outdated``): it was made by another version of this program.
        """
        name = self._named_generation(CURRENT)
        if name is not None and not name.startswith(f"{FORMAT}-"):
            raise IndexUnreachable("index_outdated")
        with self._lock:
            if name is None:
                return self._open
            if self._open is None or self._open.folder.name != name:
                self._open = _Generation(self.folder / name)
            return self._open

    def _need_current(self) -> _Generation:
        if not self.writer:
            raise IndexUnreachable("index_read_only")
        generation = self._current()
        if generation is None:
            name = f"{FORMAT}-00001"
            (self.folder / name).mkdir(exist_ok=True)
            _Generation(self.folder / name).close()
            write_whole(self.folder / CURRENT, name.encode())
            generation = self._current()
        if generation is None:
            raise IndexUnreachable(engine="tantivy", why="CURRENT")
        return generation

    def _id_page(self, last: int | None) -> list[tuple[int, str]]:
        generation = self._current()
        if generation is None:
            return []
        searcher = generation.searcher()
        query = _range(generation.schema, "order", None if last is None else last + 1, None)
        found = searcher.search(query, CHUNK, count=False, order_by_field="order", order=tantivy.Order.Asc)
        return [(int(key), str(searcher.doc(place).get_first("id"))) for key, place in found.hits]


class EmbeddedGeneration(EmbeddedEngine):
    """The generation that is being built."""

    def __init__(self, folder: Path) -> None:
        self._built = _Generation(folder)
        super().__init__(folder, writer=True)

    def close(self) -> None:
        self._built.close()

    def _current(self) -> _Generation:
        return self._built


def _document(analysed: Analysed) -> Any:
    document = tantivy.Document()
    for field, pages in analysed.text.items():
        for page in pages:  # each page is a value of its own: tantivy leaves a gap between, no phrase reaches over it
            document.add_text(field, " ".join(page))
    for field, values in analysed.values.items():
        for value in values:
            document.add_text(field, value)
    document.add_integer("day", analysed.day)
    document.add_integer("order", analysed.order)
    document.add_bytes("stored", analysed.stored.pack().encode())
    return document


class _Run:
    """One question to one view of the index."""

    def __init__(self, searcher: Any, schema: Any, request: Request) -> None:
        self.searcher = searcher
        self.schema = schema
        self.request = request
        self.built: dict[Node, Any] = {}

    def answer(self) -> Answer:
        query = self._query(self.request.node)
        total, hits, end = self._by_relevance(query) if self.request.sort == "relevance" else self._by_day(query)
        return Answer(
            total=total,
            found=tuple(self._found(score, place) for score, place in hits),
            facets=self._facets(self._query(unscored(self.request.node))) if self.request.facets else {},
            next=cursor.pack(end) if end else None,
        )

    def _by_relevance(self, query: Any) -> tuple[int, list[tuple[float, Any]], cursor.Place | None]:
        place = cursor.unpack(self.request.after, 1)
        start = int(place[0]) if place else 0
        if self.request.limit == 0:
            return self._total(query), [], None
        result = self.searcher.search(query, self.request.limit, offset=start)
        orders = self.searcher.fast_field_values("order", [place for _, place in result.hits])
        ranked = sorted(zip(result.hits, orders, strict=True), key=lambda one: (-one[0][0], -one[1]))
        end = start + len(ranked)
        return result.count, [hit for hit, _ in ranked], (end,) if ranked and end < result.count else None

    def _by_day(self, query: Any) -> tuple[int, list[tuple[float, Any]], cursor.Place | None]:
        newest = self.request.sort == "newest"
        place = cursor.unpack(self.request.after, 1)
        if place:
            last = int(place[0])
            rest = (
                _range(self.schema, "order", None, last - 1) if newest else _range(self.schema, "order", last + 1, None)
            )
            narrowed = tantivy.Query.boolean_query([(_MUST, query), (_MUST, rest)])
        else:
            narrowed = query
        order = tantivy.Order.Desc if newest else tantivy.Order.Asc
        limit = max(1, self.request.limit)
        result = self.searcher.search(narrowed, limit, order_by_field="order", order=order)
        more = result.count > len(result.hits)
        total = self._total(query) if place else result.count
        end = (result.hits[-1][0],) if more and result.hits else None
        return total, [(0.0, address) for _, address in result.hits], end

    def _total(self, query: Any) -> int:
        return int(self.searcher.search(query, 1).count)

    def _found(self, score: float, place: Any) -> Found:
        document = self.searcher.doc(place)
        stored = Stored.unpack(bytes(document.get_first("stored")).decode()) if self.request.stored else None
        return Found(str(document.get_first("id")), float(score), stored)

    def _facets(self, query: Any) -> dict[str, dict[str, int]]:
        size = {"size": FACET_SIZE, "segment_size": FACET_LOOK}
        wanted = {name: {"terms": {"field": field} | size} for name, field in FACET_FIELDS.items()}
        found = self.searcher.aggregate(query, wanted)
        return {
            name: {str(bucket["key"]): int(bucket["doc_count"]) for bucket in found[name]["buckets"]}
            for name in FACET_FIELDS
        }

    def _query(self, node: Node) -> Any:
        """The query of a node; those that make an automaton or a sorted set are made once."""
        if not isinstance(node, Prefix | Fuzzy | Among):
            return self._made(node)
        if node not in self.built:
            self.built[node] = self._made(node)
        return self.built[node]

    def _made(self, node: Node) -> Any:  # noqa: PLR0912 one line a node
        query = tantivy.Query
        match node:
            case Term(field, value):
                return query.term_query(self.schema, field, value, "freq" if field in COUNTED else "basic")
            case Phrase(field, words):
                return query.phrase_query(self.schema, field, list(words))
            case Prefix(field, value):
                return query.regex_query(self.schema, field, _SIGNS.sub(r"\\\1", value) + ".*")
            case Fuzzy(field, value, distance):
                return query.fuzzy_term_query(self.schema, field, value, distance, True)
            case Among(field, values, score):
                return query.const_score_query(query.term_set_query(self.schema, field, sorted(values)), score)
            case Between(field, low, high):
                return query.const_score_query(_range(self.schema, field, low, high), 0.0)
            case AllOf(nodes):
                return query.boolean_query([(_MUST, self._query(one)) for one in nodes])
            case AnyOf(nodes):
                return query.boolean_query([(_SHOULD, self._query(one)) for one in nodes])
            case BestOf(nodes):
                return query.disjunction_max_query([self._query(one) for one in nodes])
            case AtLeast(number, nodes):
                return query.boolean_query([(_SHOULD, self._query(one)) for one in nodes], number)
            case Weighted(inner, weight):
                return query.boost_query(self._query(inner), weight)
            case Raised(inner, by):
                return query.boolean_query([(_MUST, self._query(inner)), *((_SHOULD, self._query(one)) for one in by)])
            case Limited(inner, filters, excluded):
                clauses = [(_MUST, self._query(inner))]
                clauses += [(_MUST, query.const_score_query(self._query(one), 0.0)) for one in filters]
                clauses += [(_NOT, self._query(one)) for one in excluded]
                return query.boolean_query(clauses)
            case Everything():
                return query.all_query()
            case Nothing():
                return query.empty_query()


def _range(schema: Any, field: str, low: int | None, high: int | None) -> Any:
    if low is None and high is None:
        return tantivy.Query.all_query()
    return tantivy.Query.range_query(schema, field, tantivy.FieldType.Integer, low, high)
