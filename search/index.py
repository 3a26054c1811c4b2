"""The search index: what :class:`search.port.SearchIndex` promises, on any :class:`search.engine.Engine`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from time import perf_counter

from core.clock import today
from core.i18n import text
from search import nodes, planner
from search.analysis import analyse, levels
from search.engine import Analysed, Answer, Engine, Request
from search.explain import Explainer
from search.german import STOP_WORDS, fold, tokens
from search.nodes import Limited, Node
from search.port import Entry, Explanation, Hit, Hits, Overview, Query, SearchIndex
from search.spelling import Speller, corrected
from search.syntax import Leaf, Wish, parse

EVERYTHING = "*"  # the token that opens all (models/access.py)
BATCH = 1000  # entries that an engine gets at once
FEW = 5  # with fewer hits, other spellings are looked for too
SAMPLE = 80  # documents whose words are offered as suggestions
LIKE_WORDS = 25  # telling words of a document that similar ones should hold
LIKE_SHARE = 0.3
LIKE_READ = 400


@dataclass(frozen=True, slots=True)
class _Result:
    """An answer, the nodes that it was found with, and what the person should know."""

    answer: Answer
    node: Node
    hint: str | None = None
    corrected: str | None = None
    unknown: frozenset[str] = frozenset()


class Index:
    """A search index on one engine."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._building: Index | None = None
        self._fresh: set[str] = set()  # ids written while this generation is being built

    def put(self, entries: Iterable[Entry]) -> None:
        waiting = iter(entries)
        while batch := list(islice(waiting, BATCH)):
            analysed = [analyse(entry) for entry in batch if entry.id not in self._fresh]
            self._engine.write(analysed)
            if self._building is not None and not self._engine.mirrors:
                self._building.mirror(analysed)

    def remove(self, ids: Iterable[str]) -> None:
        wanted = list(ids)
        if self._building is not None and not self._engine.mirrors:
            self._building.mirror([], wanted)
        self._engine.remove(wanted)

    def mirror(self, written: Sequence[Analysed], removed: Sequence[str] = ()) -> None:
        """What happens while this generation is being built: newer than what the rebuild reads, so it stays."""
        self._fresh.update(document.id for document in written)
        self._fresh.update(removed)
        self._engine.write(written)
        self._engine.remove(removed)

    def find(self, query: Query) -> Hits:
        started = perf_counter()
        result = self._find(query, facets=True)
        answer = result.answer
        return Hits(
            total=answer.total,
            hits=tuple(Hit(found.id, round(found.score, 4)) for found in answer.found),
            facets=answer.facets,
            took_ms=round((perf_counter() - started) * 1000, 2),
            hint=result.hint,
            next=answer.next,
            corrected=result.corrected,
            unknown=result.unknown,
        )

    def unknown(self, text: str, tokens: frozenset[str]) -> frozenset[str]:
        readable = _readable(tokens)
        words = _spellable(parse(text, today()))
        return frozenset(leaf.text for leaf in Speller(self._engine, readable, readable).unknown(words))

    def suggest(self, prefix: str, tokens: frozenset[str], limit: int = 8) -> tuple[str, ...]:
        before, last = _last_word(prefix)
        if not last:
            return ()
        wanted: tuple[Node, ...] = (planner.leaf_node(Leaf("prefix", last)),)
        wish = parse(before, today())
        if wish.group.clauses:
            wanted = (*wanted, planner.strict(wish))
        answer = self._engine.run(Request(Limited(nodes.all_of(wanted), _readable(tokens)), limit=SAMPLE, stored=True))
        begin = fold(last)
        counts: Counter[str] = Counter()
        spelled: dict[str, Counter[str]] = {}
        for found in answer.found:
            if found.stored is None:
                continue
            seen: set[str] = set()
            for words, weight in (
                (found.stored.subject, 3),
                (found.stored.sender, 2),
                (found.stored.words, 1),
            ):
                for surface in _surfaces(words):
                    form = fold(surface)
                    if form.startswith(begin) and form not in seen:
                        seen.add(form)
                        counts[form] += weight
                        spelled.setdefault(form, Counter())[surface] += 1
        best = sorted(counts, key=lambda form: (-counts[form], len(form), form))[:limit]
        return tuple(before + spelled[form].most_common(1)[0][0] for form in best)

    def similar(self, id: str, tokens: frozenset[str], limit: int = 10) -> tuple[Hit, ...]:
        own = nodes.Among("id", frozenset({id}))
        readable = _readable(tokens)
        mine = self._engine.run(Request(Limited(nodes.Everything(), (own, *readable)), limit=1, stored=True)).found
        if not mine or mine[0].stored is None:
            return ()
        stored = mine[0].stored
        stems = list(dict.fromkeys(levels(word)[1] for word in _telling(f"{stored.subject} {stored.words}")))[
            :LIKE_READ
        ]
        seen = self._engine.frequency("body_stem", stems)
        ranked = sorted((many, word) for many, word in zip(seen, stems, strict=True) if many > 1)
        words = [word for _, word in ranked[:LIKE_WORDS]]
        if not words:
            return ()
        like = nodes.AtLeast(
            max(1, round(len(words) * LIKE_SHARE)), tuple(nodes.Term("body_stem", word) for word in words)
        )
        subject = dict.fromkeys(levels(word)[1] for word in _telling(stored.subject))
        node = nodes.Raised(like, tuple(nodes.Term("subject_stem", word) for word in subject))
        answer = self._engine.run(Request(Limited(node, readable, (own,)), limit=limit))
        return tuple(Hit(found.id, round(found.score, 4)) for found in answer.found)

    def explain(self, query: Query, id: str) -> Explanation | None:
        own = nodes.Among("id", frozenset({id}))
        visible = (own, *_readable(query.tokens))
        found = self._engine.run(Request(Limited(nodes.Everything(), visible), limit=1, stored=True)).found
        if not found or found[0].stored is None:
            return None
        result = self._find(query, facets=False)
        hit = self._engine.run(Request(Limited(result.node, (own, *_filters(query))), limit=1)).found
        explainer = Explainer(self._engine, own, found[0].stored)
        return explainer.explain(parse(query.text, today()), _named_filters(query), id, hit[0].score if hit else None)

    def ids(self) -> Iterator[str]:
        return self._engine.ids()

    def count(self) -> int:
        return self._engine.count()

    def mark(self) -> str | None:
        return self._engine.mark()

    def overview(self) -> list[Overview]:
        return self._engine.overview()

    def begin_generation(self) -> SearchIndex:
        if self._building is None:
            self._building = Index(self._engine.begin())
        return self._building

    def commit_generation(self) -> None:
        if self._building is not None:
            self._building.close()
            self._building = None
        self._engine.commit()

    def abort_generation(self) -> None:
        if self._building is not None:
            self._building.close()
            self._building = None
        self._engine.abort()

    def close(self) -> None:
        if self._building is not None:
            self._building.close()
            self._building = None
        self._engine.close()

    def _find(self, query: Query, *, facets: bool) -> _Result:
        """All words; for those that stand nowhere also other spellings; without any hit, most of the words."""
        wish = parse(query.text, today())
        readable, limits = _readable(query.tokens), tuple(_named_filters(query).values())

        def run(node: Node) -> Answer:
            request = Request(Limited(node, (*readable, *limits)), query.limit, query.sort, query.after, facets=facets)
            return self._engine.run(request)

        hint = text(wish.problems[0]) if wish.problems else None
        node = planner.strict(wish)
        answer = run(node)
        words = _spellable(wish)
        if answer.total >= FEW or not words or (answer.total and not wish.optional):
            return _Result(answer, node, hint)
        speller = Speller(self._engine, readable, (*readable, *limits))
        unknown = speller.unknown(words)
        names = frozenset(leaf.text for leaf in unknown)
        others, better = speller.corrections(words, unknown)
        meant = corrected(wish.text, better) if better else None
        if others:
            node = planner.strict(wish, others)
            if meant and not answer.total:
                node = nodes.AnyOf((planner.strict(parse(meant, today())), node))
            wider = run(node)
            if wider.total > answer.total:
                return _Result(wider, node, hint or text("search.hint.spelling"), meant, names)
        if not answer.total:
            node = planner.most(wish, others)
            answer = run(node)
            if answer.total:
                hint = hint or text("search.hint.most_words")
        return _Result(answer, node, hint, meant, names)


def _readable(tokens: frozenset[str]) -> tuple[Node, ...]:
    """The filter of promise 7: a document has one token in common with the asker."""
    if EVERYTHING in tokens:
        return ()
    return (nodes.Among("tokens", tokens),) if tokens else (nodes.Nothing(),)


def _named_filters(query: Query) -> dict[str, Node]:
    filters: dict[str, Node] = {}
    if query.unit is not None:
        filters["unit"] = nodes.Among("unit", frozenset({query.unit}))
    if query.date_from is not None or query.date_to is not None:
        low = query.date_from.toordinal() if query.date_from else None
        filters["date"] = nodes.Between("day", low, query.date_to.toordinal() if query.date_to else None)
    return filters


def _filters(query: Query) -> tuple[Node, ...]:
    return (*_readable(query.tokens), *_named_filters(query).values())


def _spellable(wish: Wish) -> list[Leaf]:
    """The words of a wish that may be spelled otherwise: single words that are searched in the text."""
    found: dict[Leaf, None] = {}
    for leaf in wish.leaves:
        pieces = list(tokens(leaf.text))
        if leaf.kind == "word" and leaf.field in (None, "subject", "body", "sender") and len(pieces) == 1:
            form = fold(leaf.text)
            if len(form) >= 4 and form not in STOP_WORDS and not form.isdigit():
                found[leaf] = None
    return list(found)


def _last_word(prefix: str) -> tuple[str, str]:
    """What stands before the word that is being typed, and that word."""
    words = list(tokens(prefix))
    if not words or not prefix[-1:].isalnum():
        return prefix, ""
    return prefix[: words[-1].start], words[-1].surface


def _surfaces(words: str) -> Iterator[str]:
    return (token.surface for token in tokens(words))


def _telling(words: str) -> Iterator[str]:
    return (
        surface
        for surface in _surfaces(words)
        if len(surface) > 3 and surface.isalpha() and fold(surface) not in STOP_WORDS
    )
