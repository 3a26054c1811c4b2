"""The engine for more than one machine: Elasticsearch 8.19 or 9, through its official client.

The alias ``aktenlotse-<begin of the home's identity>`` names the index that answers, the same with ``-next`` the one
that is being built; each index says in its ``_meta`` whose it is. So homes on one cluster keep out of each other's. The
writers of all hosts write to both, there in a higher version than the rebuild, which may have read earlier.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from importlib.resources import files
from typing import Any

from elasticsearch import ApiError, Elasticsearch, NotFoundError, TransportError, helpers

from core.errors import IndexUnreachable
from core.ids import new_id
from search import cursor
from search.engine import (
    FACET_FIELDS,
    FACET_LOOK,
    FACET_SIZE,
    FORMAT,
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
)
from search.port import Overview

ALIAS = "aktenlotse"
PREFIX = 8  # characters of the identity in the names
SECONDS = 10.0  # one answer
CHUNK = 5000  # ids read at once
BULK = 400  # documents in one request
FIRST_FORMAT = "v1"  # of an index that does not say its format
_FUZZY = "top_terms_boost_50"  # its automata are made once a question; "constant_score" makes them in each segment
REBUILT, LIVE = 1, 2  # versions of a document in a generation that is being built
_OURS = frozenset({400, 405, 406, 409, 413, 415})  # answers that mean a mistake of this program, not of the node


@contextmanager
def _named() -> Iterator[None]:
    """Raises: IndexUnreachable when the node does not answer, is full, overloaded or refuses the key."""
    try:
        yield
    except ApiError as error:
        if error.status_code in _OURS:
            raise
        raise IndexUnreachable(engine="Elasticsearch", why=f"HTTP {error.status_code}") from error
    except TransportError as error:
        raise IndexUnreachable(engine="Elasticsearch", why=type(error).__name__) from error


def connect(nodes: str, api_key: str = "", ca: str = "") -> Elasticsearch:
    """A client for comma separated URLs (``https://user:password@host:9200`` for basic authentication)."""
    hosts = [node.strip() for node in nodes.split(",") if node.strip()]
    options: dict[str, Any] = {"request_timeout": SECONDS, "max_retries": 2, "retry_on_timeout": True}
    if api_key:
        options["api_key"] = api_key
    if ca:
        options["ca_certs"] = ca
    return Elasticsearch(hosts, **options)


class ElasticEngine:
    """A :class:`search.engine.Engine` on Elasticsearch."""

    mirrors = True

    def __init__(self, client: Elasticsearch, *, writer: bool, renew: bool = False, identity: str = "") -> None:
        self.client = client
        self.identity = identity
        self.alias = f"{ALIAS}-{identity[:PREFIX]}" if identity else ALIAS
        self.next_alias = f"{self.alias}-next"
        self._of_this_format = False
        if writer:
            with _named():
                self._need_index()
            if not renew:
                self._need_format()

    def write(self, documents: Sequence[Analysed]) -> None:
        with _named():
            bodies = [(document.id, _body(document)) for document in documents]
            self._bulk([_index(self.alias, id, body) for id, body in bodies])
            if self._next() is not None:
                self._bulk([_index(self.next_alias, id, body, LIVE) for id, body in bodies])

    def remove(self, ids: Sequence[str]) -> None:
        with _named():
            self._bulk([_delete(self.alias, id) for id in ids])
            if self._next() is not None:
                self._bulk([_delete(self.next_alias, id, LIVE) for id in ids])

    def run(self, request: Request) -> Answer:
        self._need_format()
        relevance = request.sort == "relevance"
        by_order = {"order": "asc" if request.sort == "oldest" else "desc"}
        body: dict[str, Any] = {
            "query": _query(request.node),
            "size": request.limit,
            "sort": [{"_score": "desc"}, by_order] if relevance else [by_order],
            "track_total_hits": True,
        }
        if request.stored:
            body["source"] = ["stored"]
        else:  # the id comes from its column: no stored block is unpacked
            body |= {"stored_fields": "_none_", "docvalue_fields": ["id"]}
        after = cursor.unpack(request.after, 2 if relevance else 1)
        if after is not None:
            body["search_after"] = list(after)
        if request.facets:
            body["aggs"] = {
                name: {"terms": {"field": field, "size": FACET_SIZE, "shard_size": FACET_LOOK}}
                for name, field in FACET_FIELDS.items()
            }
        with _named():
            found = self.client.search(index=self.target, ignore_unavailable=True, **body).body
        return _answer(found, request)

    def frequency(self, field: str, terms: Sequence[str]) -> list[int]:
        if not terms:
            return []
        wanted = {"filters": {"filters": {str(i): {"term": {field: term}} for i, term in enumerate(terms)}}}
        with _named():
            found = self.client.search(
                index=self.target,
                ignore_unavailable=True,
                size=0,
                track_total_hits=False,
                aggs={"words": wanted},
            ).body
        buckets = found.get("aggregations", {}).get("words", {}).get("buckets", {})
        return [int(buckets.get(str(i), {}).get("doc_count", 0)) for i in range(len(terms))]

    def ids(self) -> Iterator[str]:
        after: list[int] | None = None
        while True:
            options: dict[str, Any] = {"search_after": after} if after else {}
            with _named():
                found = self.client.search(
                    index=self.target,
                    ignore_unavailable=True,
                    size=CHUNK,
                    source=False,
                    track_total_hits=False,
                    sort=[{"order": "asc"}],
                    **options,
                )
            hits = found["hits"]["hits"]
            if not hits:
                return
            yield from (str(hit["_id"]) for hit in hits)
            after = hits[-1]["sort"]

    def count(self) -> int:
        with _named():
            self.client.indices.refresh(index=self.target, ignore_unavailable=True)
            return int(self.client.count(index=self.target, ignore_unavailable=True)["count"])

    def mark(self) -> str | None:
        with _named():
            said = self._said(self.target)
        if any(meta.get("identity", "") != self.identity for meta in said):
            raise IndexUnreachable("index_foreign", name=self.target)
        return next((str(meta["mark"]) for meta in said if "mark" in meta), None)

    def overview(self) -> list[Overview]:
        with _named():
            there = self.client.indices.get(index=f"{ALIAS}*", allow_no_indices=True).body
            sizes = self.client.indices.stats(index=f"{ALIAS}*", metric=["docs", "store"]).body["indices"]
        return [
            Overview(
                name,
                index["mappings"].get("_meta", {}).get("identity"),
                int(sizes[name]["primaries"]["docs"]["count"]),
                int(sizes[name]["primaries"]["store"]["size_in_bytes"]),
                answers=self.alias in index["aliases"],
            )
            for name, index in sorted(there.items())
            if name in sizes
        ]

    def begin(self) -> ElasticGeneration:
        with _named():
            new = self._next()
            if new is not None and not self._has_format(self.next_alias):
                self.client.indices.delete(index=new)
                new = None
            if new is None:
                numbers = [int(name.rsplit("-", 1)[1]) for name in self._generations()]
                self._create(f"{self.alias}-{max(numbers, default=0) + 1:05d}", self.next_alias)
            self.client.indices.refresh(index=self.next_alias)
        return ElasticGeneration(self.client, writer=False, identity=self.identity)

    def commit(self) -> None:
        with _named():
            new = self._next()
            if new is None:
                return
            self.client.indices.refresh(index=new)
            old = self._behind(self.alias)
            self.client.indices.update_aliases(
                actions=[
                    *({"remove": {"index": name, "alias": self.alias}} for name in old),
                    {"add": {"index": new, "alias": self.alias}},
                    {"remove": {"index": new, "alias": self.next_alias}},
                ]
            )
            for name in old:
                self.client.indices.delete(index=name, ignore_unavailable=True)

    def abort(self) -> None:
        with _named():
            new = self._next()
            if new is not None:
                self.client.indices.delete(index=new, ignore_unavailable=True)

    def close(self) -> None:
        self.client.close()

    @property
    def target(self) -> str:
        """What this engine reads."""
        return self.alias

    def _need_format(self) -> None:
        """Looked at once. Raises: IndexUnreachable (``index_outdated``): another version of this program made it."""
        if self._of_this_format:
            return
        with _named():
            if not self._has_format(self.target):
                raise IndexUnreachable("index_outdated")
            self._of_this_format = bool(self._behind(self.target))

    def _has_format(self, alias: str) -> bool:
        return all(meta.get("format", FIRST_FORMAT) == FORMAT for meta in self._said(alias))

    def _said(self, alias: str) -> list[dict[str, Any]]:
        """What the indices behind an alias say of themselves."""
        try:
            found = self.client.indices.get_mapping(index=alias).body
        except NotFoundError:
            return []
        return [index["mappings"].get("_meta", {}) for index in found.values()]

    def _need_index(self) -> None:
        if not self._behind(self.alias):
            self._create(f"{self.alias}-00001", self.alias)

    def _create(self, name: str, alias: str) -> None:
        said = {"identity": self.identity, "mark": self.mark() or new_id()}  # a rebuild goes by the same mark
        made = definition()
        made["mappings"]["_meta"] |= said
        try:
            self.client.indices.create(index=name, aliases={alias: {}}, **made)
        except ApiError as error:  # another process was faster
            if error.status_code != 400 or "resource_already_exists" not in str(error):
                raise

    def _behind(self, alias: str) -> list[str]:
        try:
            return sorted(self.client.indices.get_alias(name=alias).body)
        except NotFoundError:
            return []

    def _next(self) -> str | None:
        return next(iter(self._behind(self.next_alias)), None)

    def _generations(self) -> list[str]:
        return sorted(self.client.indices.get(index=f"{self.alias}-*", allow_no_indices=True).body)

    def _bulk(self, actions: Sequence[dict[str, Any]]) -> None:
        """Write; a document that is gone, or newer in a generation that is being built, is no error."""
        results = helpers.streaming_bulk(
            self.client,
            actions,
            chunk_size=BULK,
            raise_on_error=False,
            max_retries=3,
            initial_backoff=0.5,
            require_alias=True,
        )
        for done, result in results:
            if done:
                continue
            ((action, answer),) = result.items()
            if answer["status"] == 409 or (action == "delete" and answer["status"] == 404):
                continue
            raise IndexUnreachable(engine="Elasticsearch", why=f"bulk {answer['status']}")


class ElasticGeneration(ElasticEngine):
    """The generation that is being built: what it writes gives way to what was written live."""

    def write(self, documents: Sequence[Analysed]) -> None:
        with _named():
            self._bulk([_index(self.next_alias, one.id, _body(one), REBUILT) for one in documents])

    def remove(self, ids: Sequence[str]) -> None:
        with _named():
            self._bulk([_delete(self.next_alias, id, REBUILT) for id in ids])

    def close(self) -> None:
        """The client belongs to the index that the generation was begun with."""

    @property
    def target(self) -> str:
        return self.next_alias


def definition() -> dict[str, Any]:
    """Settings and mappings of an index, as they stand in ``data/elasticsearch-index.json``."""
    loaded: dict[str, Any] = json.loads((files("search") / "data" / "elasticsearch-index.json").read_text("utf-8"))
    return loaded


def _body(document: Analysed) -> dict[str, Any]:
    body: dict[str, Any] = {
        field: [" ".join(page) for page in pages]  # each page a value: no phrase reaches over the gap between
        for field, pages in document.text.items()
    }
    for field, values in document.values.items():
        body[field] = list(values) if field in SETS else next(iter(values), None)
    return body | {"day": document.day, "order": document.order, "stored": document.stored.pack()}


def _index(alias: str, id: str, body: dict[str, Any], version: int | None = None) -> dict[str, Any]:
    return {"_op_type": "index", "_index": alias, "_id": id, "_source": body} | _version(version)


def _delete(alias: str, id: str, version: int | None = None) -> dict[str, Any]:
    return {"_op_type": "delete", "_index": alias, "_id": id} | _version(version)


def _version(version: int | None) -> dict[str, Any]:
    return {} if version is None else {"version": version, "version_type": "external_gte"}


def _answer(found: Mapping[str, Any], request: Request) -> Answer:
    hits = found["hits"]["hits"]
    more = len(hits) == request.limit and bool(hits)
    return Answer(
        total=int(found["hits"]["total"]["value"]),
        found=tuple(
            Found(
                str(hit["_id"] if request.stored else hit["fields"]["id"][0]),
                float(hit["_score"] or 0.0),
                Stored.unpack(hit["_source"]["stored"]) if request.stored else None,
            )
            for hit in hits
        ),
        facets={
            name: {str(bucket["key"]): int(bucket["doc_count"]) for bucket in counted["buckets"]}
            for name, counted in found.get("aggregations", {}).items()
        },
        next=cursor.pack(tuple(hits[-1]["sort"])) if more else None,
    )


def _query(node: Node) -> dict[str, Any]:  # noqa: PLR0912 one line a node
    match node:
        case Term(field, value):
            return {"term": {field: value}}
        case Phrase(field, words):
            return {"match_phrase": {field: " ".join(words)}}
        case Prefix(field, value):
            return {"prefix": {field: value}}
        case Fuzzy(field, value, distance):
            return {"fuzzy": {field: {"value": value, "fuzziness": distance, "rewrite": _FUZZY}}}
        case Among(field, values, score):
            return _constant({"terms": {field: sorted(values)}}, score)
        case Between(field, low, high):
            return _constant({"range": {field: {"gte": low, "lte": high}}}, 0.0)
        case AllOf(nodes):
            return {"bool": {"must": [_query(one) for one in nodes]}}
        case AnyOf(nodes):
            return {"bool": {"should": [_query(one) for one in nodes], "minimum_should_match": 1}}
        case AtLeast(number, nodes):
            return {"bool": {"should": [_query(one) for one in nodes], "minimum_should_match": number}}
        case BestOf(nodes):
            return {"dis_max": {"queries": [_query(one) for one in nodes]}}
        case Weighted(inner, weight):
            return {"bool": {"must": [_query(inner)], "boost": weight}}
        case Raised(inner, by):
            return {"bool": {"must": [_query(inner)], "should": [_query(one) for one in by]}}
        case Limited(inner, filters, excluded):
            return {
                "bool": {
                    "must": [_query(inner)],
                    "filter": [_query(one) for one in filters],
                    "must_not": [_query(one) for one in excluded],
                }
            }
        case Everything():
            return {"match_all": {}}
        case Nothing():
            return {"match_none": {}}


def _constant(query: dict[str, Any], score: float) -> dict[str, Any]:
    return {"constant_score": {"filter": query, "boost": score}}
