"""Other spellings of the words of a query: slips of the person and of the reading.

Candidates are taken from the words of documents that the asker may read, so none is revealed that is not theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from search import nodes
from search.engine import Engine, Found, Request
from search.german import fold, tokens
from search.nearness import allowed_edits, distance, slips
from search.nodes import Fuzzy, Limited, Node
from search.planner import leaf_node, word_node
from search.syntax import Leaf

SAMPLE = 40  # documents whose words are looked at
MOST = 3  # spellings taken of one word
WORDS = 6  # words of a query that are looked at, the longest first
NEAR = (1.0, 0.6, 0.4)  # what a match counts, by edits
_FIELDS = ("subject", "body", "sender", "other")


class Speller:
    """Looks for spellings within what one asker may read."""

    def __init__(self, engine: Engine, filters: tuple[Node, ...]) -> None:
        self.engine = engine
        self.filters = filters

    def others(self, words: Sequence[Leaf]) -> dict[Leaf, Node]:
        """Spellings beside those that were found: all other words must be there as they are."""
        chosen = _longest(words)
        rows = tuple(
            nodes.all_of((_nearly(leaf), *(leaf_node(other) for other in words if other != leaf)))
            for leaf in chosen
        )
        sample = self._sample(nodes.any_of(rows))
        found: dict[Leaf, Node] = {}
        for leaf in chosen:
            spelled = [one for one in self._spellings(leaf, sample) if one[1] != fold(leaf.text)]
            if spelled:
                found[leaf] = _alternatives(leaf, spelled, 0.3)
        return found

    def corrections(self, words: Sequence[Leaf]) -> tuple[dict[Leaf, Node], dict[Leaf, str]]:
        """Spellings for words of which nothing is known (or, when all are known, for each), and the best of each."""
        unknown = [leaf for leaf in words if not self._known(leaf)]
        chosen = _longest(unknown or words)
        known = tuple(leaf_node(leaf) for leaf in words if leaf not in chosen)
        sample = self._sample(nodes.all_of((*(_nearly(leaf) for leaf in chosen), *known)))
        if not sample:
            near = nodes.any_of(tuple(_nearly(leaf) for leaf in chosen))
            sample = self._sample(nodes.Raised(near, known) if known else near)
        found: dict[Leaf, Node] = {}
        better: dict[Leaf, str] = {}
        for leaf in chosen:
            spelled = self._spellings(leaf, sample)
            if spelled:
                found[leaf] = _alternatives(leaf, spelled, 1.0 if unknown else 0.5)
                if unknown:
                    better[leaf] = spelled[0][2]
        return found, better

    def _known(self, leaf: Leaf) -> bool:
        return self.engine.run(Request(Limited(leaf_node(leaf), self.filters), limit=1)).total > 0

    def _sample(self, node: Node) -> tuple[Found, ...]:
        return self.engine.run(Request(Limited(node, self.filters), limit=SAMPLE, stored=True)).found

    @staticmethod
    def _spellings(leaf: Leaf, sample: Sequence[Found]) -> list[tuple[int, str, str]]:
        """Edits, exact form and surface of the nearest words of the sample: nearest first, then frequent ones."""
        form = fold(leaf.text)
        most = max(1, allowed_edits(form))
        seen: Counter[str] = Counter()
        surfaces: dict[str, str] = {}
        for found in sample:
            if found.stored is None:
                continue
            words = f"{found.stored.subject} {found.stored.sender} {found.stored.words}"
            forms = {fold(token.surface): token.surface for token in tokens(words)}
            seen.update(forms.keys())
            surfaces |= forms
        near = [(distance(form, one, most), -count, one) for one, count in seen.items()]
        best = sorted(one for one in near if one[0] <= most)[:MOST]
        return [(edits, one, surfaces[one]) for edits, _, one in best]


def _nearly(leaf: Leaf) -> Node:
    form = fold(leaf.text)
    fields = (leaf.field,) if leaf.field else _FIELDS
    most = allowed_edits(form)
    variants = frozenset(slips(form))
    near: list[Node] = [nodes.Among(field, variants) for field in fields if variants]
    if most:
        near += [Fuzzy(field, form, most) for field in fields]
    return nodes.any_of(tuple(near))


def _alternatives(leaf: Leaf, spelled: Sequence[tuple[int, str, str]], weight: float) -> Node:
    fields = (leaf.field,) if leaf.field else _FIELDS
    return nodes.best(
        tuple(
            nodes.Weighted(word_node(Leaf("word", surface), fields), weight * NEAR[min(edits, 2)])
            for edits, _, surface in spelled
        )
    )


def _longest(words: Sequence[Leaf]) -> list[Leaf]:
    return sorted(words, key=lambda leaf: -len(leaf.text))[:WORDS]


def corrected(text: str, better: Mapping[Leaf, str]) -> str:
    """The query with the better spellings in their places."""
    for leaf, spelling in better.items():
        text = text.replace(leaf.text, spelling, 1)
    return text
