"""The engine of the tests: everything in dictionaries, scored by the same BM25 as the real ones."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence

from search import cursor
from search.engine import FACET_FIELDS, FACET_SIZE, Analysed, Answer, Engine, Found, Request
from search.nearness import edits
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

K1, B = 1.2, 0.75
Scores = dict[str, float]


class MemoryEngine:
    """An :class:`search.engine.Engine` in memory."""

    mirrors = False

    def __init__(self) -> None:
        self.documents: dict[str, Analysed] = {}
        self.postings: dict[str, dict[str, dict[str, int]]] = defaultdict(lambda: defaultdict(dict))
        self.lengths: dict[str, dict[str, int]] = defaultdict(dict)
        self.next: MemoryEngine | None = None

    def write(self, documents: Sequence[Analysed]) -> None:
        self.remove([document.id for document in documents])
        for document in documents:
            self.documents[document.id] = document
            for field, pages in document.text.items():
                counts = Counter(term for page in pages for term in page)
                self.lengths[field][document.id] = sum(counts.values())
                for term, count in counts.items():
                    self.postings[field][term][document.id] = count
            for field, values in document.values.items():
                for value in values:
                    self.postings[field][value][document.id] = 1

    def remove(self, ids: Sequence[str]) -> None:
        for id in ids:
            document = self.documents.pop(id, None)
            if document is None:
                continue
            terms = {field: {term for page in pages for term in page} for field, pages in document.text.items()}
            for field, found in [*terms.items(), *document.values.items()]:
                self.lengths[field].pop(id, None)
                for term in found:
                    self.postings[field][term].pop(id, None)
                    if not self.postings[field][term]:
                        del self.postings[field][term]

    def run(self, request: Request) -> Answer:
        scores = self._scores(request.node)
        orders = {id: self.documents[id].order for id in scores}
        keys: dict[str, Callable[[str], tuple[float, ...]]] = {
            "relevance": lambda id: (-scores[id], -orders[id]),
            "newest": lambda id: (-orders[id],),
            "oldest": lambda id: (orders[id],),
        }
        ranked = sorted(scores, key=keys[request.sort])
        place = cursor.unpack(request.after, 1)
        start = int(place[0]) if place else 0
        page = ranked[start : start + request.limit]
        end = start + len(page)
        return Answer(
            total=len(ranked),
            found=tuple(Found(id, scores[id], self.documents[id].stored if request.stored else None) for id in page),
            facets=self._facets(ranked) if request.facets else {},
            next=cursor.pack((end,)) if page and end < len(ranked) else None,
        )

    def frequency(self, field: str, terms: Sequence[str]) -> list[int]:
        return [len(self.postings[field].get(term, ())) for term in terms]

    def ids(self) -> Iterator[str]:
        return iter(list(self.documents))

    def count(self) -> int:
        return len(self.documents)

    def mark(self) -> str | None:
        return "memory"

    def overview(self) -> list[Overview]:
        return [Overview("memory", None, len(self.documents), 0, answers=True)]

    def begin(self) -> Engine:
        self.next = self.next or MemoryEngine()
        return self.next

    def commit(self) -> None:
        if self.next is not None:
            self.documents, self.postings, self.lengths = (
                self.next.documents,
                self.next.postings,
                self.next.lengths,
            )
            self.next = None

    def abort(self) -> None:
        self.next = None

    def close(self) -> None:
        self.next = None

    def _facets(self, ids: Iterable[str]) -> dict[str, dict[str, int]]:
        found = [self.documents[id].values for id in ids]
        return {
            name: dict(Counter(value for values in found for value in values[field]).most_common(FACET_SIZE))
            for name, field in FACET_FIELDS.items()
        }

    def _scores(self, node: Node) -> Scores:  # noqa: PLR0912 one line a node
        match node:
            case Term(field, value):
                return self._bm25(field, self.postings[field].get(value, {}))
            case Phrase(field, words):
                return self._bm25(field, self._phrase(field, words), words)
            case Prefix(field, value):
                return self._with_terms(field, lambda term: term.startswith(value))
            case Fuzzy(field, value, distance):
                return self._with_terms(field, lambda term: edits(term, value, distance) <= distance)
            case Among(field, values, score):
                return dict.fromkeys((id for value in values for id in self.postings[field].get(value, ())), score)
            case Between(_, low, high):
                return {
                    id: 0.0
                    for id, document in self.documents.items()
                    if (low is None or low <= document.day) and (high is None or document.day <= high)
                }
            case AllOf(nodes):
                return self._counted(nodes, len(nodes))
            case AnyOf(nodes):
                return self._counted(nodes, 1)
            case AtLeast(number, nodes):
                return self._counted(nodes, number)
            case BestOf(nodes):
                best: Scores = {}
                for one in nodes:
                    for id, score in self._scores(one).items():
                        best[id] = max(score, best.get(id, 0.0))
                return best
            case Weighted(inner, weight):
                return {id: score * weight for id, score in self._scores(inner).items()}
            case Raised(inner, by):
                raised = self._scores(inner)
                for one in by:
                    for id, score in self._scores(one).items():
                        if id in raised:
                            raised[id] += score
                return raised
            case Limited(inner, filters, excluded):
                scores = self._scores(inner)
                for one in filters:
                    allowed = self._scores(one)
                    scores = {id: score for id, score in scores.items() if id in allowed}
                for one in excluded:
                    barred = self._scores(one)
                    scores = {id: score for id, score in scores.items() if id not in barred}
                return scores
            case Everything():
                return dict.fromkeys(self.documents, 1.0)
            case Nothing():
                return {}

    def _counted(self, nodes: Sequence[Node], number: int) -> Scores:
        sums: Scores = defaultdict(float)
        counts: Counter[str] = Counter()
        for one in nodes:
            for id, score in self._scores(one).items():
                sums[id] += score
                counts[id] += 1
        return {id: score for id, score in sums.items() if counts[id] >= number}

    def _with_terms(self, field: str, fits: Callable[[str], bool]) -> Scores:
        return {id: 1.0 for term, ids in self.postings[field].items() if fits(term) for id in ids}

    def _phrase(self, field: str, words: tuple[str, ...]) -> dict[str, int]:
        candidates = set(self.postings[field].get(words[0], ()))
        for word in words[1:]:
            candidates &= self.postings[field].get(word, {}).keys()
        counts: dict[str, int] = {}
        for id in candidates:
            count = sum(
                tuple(page[place : place + len(words)]) == words
                for page in self.documents[id].text[field]
                for place in range(len(page) - len(words) + 1)
            )
            if count:
                counts[id] = count
        return counts

    def _bm25(self, field: str, counts: dict[str, int], words: tuple[str, ...] = ()) -> Scores:
        total = len(self.documents)
        lengths = self.lengths.get(field)
        rare = [len(self.postings[field].get(word, ())) for word in words] or [len(counts)]
        idf = sum(math.log(1 + (total - many + 0.5) / (many + 0.5)) for many in rare)
        mean = sum(lengths.values()) / max(1, len(lengths)) if lengths else 1.0
        scores: Scores = {}
        for id, count in counts.items():
            length = lengths[id] if lengths else 1
            scores[id] = idf * count * (K1 + 1) / (count + K1 * (1 - B + B * length / max(mean, 1.0)))
        return scores
