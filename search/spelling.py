"""Other spellings of the words of a query: slips of the person and of the reading.

They are looked for only when a word stands nowhere; candidates come from the words of documents that the asker may
read, so none is revealed that is not theirs.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from search import nodes
from search.engine import Engine, Found, Request
from search.german import STOP_WORDS, fold
from search.nearness import allowed_edits, nearest, slips
from search.nodes import Among, Fuzzy, Limited, Node
from search.planner import leaf_node, word_node
from search.syntax import Leaf

SAMPLE = 25  # documents whose words are looked at
MOST = 3  # spellings taken of one word
WORDS = 4  # words of a query that are looked at, the longest first
UMLAUTS = 3  # letters that a word may be longer in its exact form than as written
NEAR = (1.0, 0.6, 0.4)  # what a match counts, by edits
_FIELDS = ("subject", "body", "sender")


class Speller:
    """Looks for spellings within what one asker may read, for words that stand nowhere in it."""

    def __init__(self, engine: Engine, readable: tuple[Node, ...], filters: tuple[Node, ...]) -> None:
        self.engine = engine
        self.readable = readable
        self.filters = filters

    def unknown(self, words: Sequence[Leaf]) -> list[Leaf]:
        """The words that stand nowhere."""
        return [leaf for leaf in words if not self._known(leaf)]

    def corrections(self, words: Sequence[Leaf], unknown: Sequence[Leaf]) -> tuple[dict[Leaf, Node], dict[Leaf, str]]:
        """Spellings for the unknown ones of the words, and the best of each."""
        chosen = _longest(unknown)
        if not chosen:
            return {}, {}
        known = tuple(leaf_node(leaf) for leaf in words if leaf not in unknown)
        sample = self._sample(nodes.all_of((*(_nearly(leaf) for leaf in chosen), *known)))
        if not sample:
            near = nodes.any_of(tuple(_nearly(leaf) for leaf in chosen))
            sample = self._sample(nodes.Raised(near, known) if known else near)
        found: dict[Leaf, Node] = {}
        better: dict[Leaf, str] = {}
        for leaf in chosen:
            spelled = self._spellings(leaf, sample)
            if spelled:
                found[leaf] = _alternatives(leaf, spelled)
                better[leaf] = spelled[0][2]
        return found, better

    def _known(self, leaf: Leaf) -> bool:
        return self.engine.run(Request(Limited(nodes.unscored(leaf_node(leaf)), self.readable), limit=1)).total > 0

    def _sample(self, node: Node) -> tuple[Found, ...]:
        return self.engine.run(Request(Limited(node, self.filters), limit=SAMPLE, stored=True)).found

    @staticmethod
    def _spellings(leaf: Leaf, sample: Sequence[Found]) -> list[tuple[int, str, str]]:
        """Edits, exact form and surface of the sample's nearest words, the frequent ones first."""
        form = fold(leaf.text)
        most = max(1, allowed_edits(form))
        seen: Counter[str] = Counter()
        surfaces: dict[str, str] = {}
        for found in sample:
            if found.stored is not None:
                forms = found.stored.forms(len(form) - most - UMLAUTS, len(form) + most)
                seen.update(forms.keys())
                surfaces |= forms
        near = [(apart, -seen[one], one) for apart, one in nearest(form, seen.keys() - STOP_WORDS, most)]
        return [(apart, one, surfaces[one]) for apart, _, one in sorted(near)[:MOST]]


def _nearly(leaf: Leaf) -> Node:
    """Words of similar spelling: two edits in the short fields; one, or an OCR slip, in the long text."""
    form = fold(leaf.text)
    most = allowed_edits(form)
    slipped = frozenset(slips(form)) - STOP_WORDS
    near: list[Node] = []
    for field in (leaf.field,) if leaf.field else _FIELDS:
        forgiven = min(most, 1) if field == "body" else most
        if forgiven:
            near.append(Fuzzy(field, form, forgiven))
        if slipped:
            near.append(Among(field, slipped, 1.0))
    return nodes.any_of(tuple(near))


def _alternatives(leaf: Leaf, spelled: Sequence[tuple[int, str, str]]) -> Node:
    return nodes.best(
        tuple(
            nodes.Weighted(word_node(Leaf("word", surface, leaf.field)), NEAR[min(apart, 2)])
            for apart, _, surface in spelled
        )
    )


def _longest(words: Sequence[Leaf]) -> list[Leaf]:
    return sorted(words, key=lambda leaf: -len(leaf.text))[:WORDS]


def corrected(text: str, better: Mapping[Leaf, str]) -> str:
    """The query with the better spellings in their places."""
    for leaf, spelling in better.items():
        text = text.replace(leaf.text, spelling, 1)
    return text
