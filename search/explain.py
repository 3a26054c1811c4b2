"""Why a query finds a document, or at which step it fails."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from core.i18n import text
from search.engine import Engine, Request, Stored
from search.german import fold
from search.nearness import allowed_edits, nearest
from search.nodes import Limited, Node
from search.planner import TEXT_FIELDS, in_field, is_filter, leaf_node, needed
from search.port import Explanation, Place, Step, WordFinding
from search.syntax import Clause, Either, Group, Leaf, Wish


class Explainer:
    """Asks an engine about one document."""

    def __init__(self, engine: Engine, own: Node, stored: Stored) -> None:
        self.engine = engine
        self.own = own
        self.stored = stored

    def explain(self, wish: Wish, filters: Mapping[str, Node], id: str, score: float | None) -> Explanation:
        """The whole explanation; ``score`` is None when the query does not find the document."""
        scoring = [clause for clause in wish.group.clauses if not clause.negative and not is_filter(clause)]
        used = set(map(id_of, needed(scoring)))
        words = tuple(
            self._word(leaf, left_out=id_of(clause) not in used) for clause in scoring for leaf in _leaves_of(clause)
        )
        failing = [name for name, node in filters.items() if not self._has(node)]
        for clause in wish.group.clauses:
            if clause.negative:
                failing += [f"-{leaf.text}" for leaf in _leaves_of(clause) if self._has(leaf_node(leaf))]
            elif is_filter(clause) and isinstance(clause.node, Leaf) and not self._has(leaf_node(clause.node)):
                failing.append(f"{clause.node.field}:{clause.node.text}")
        sentences = [text("search.explain.found" if score is not None else "search.explain.not_found")]
        sentences += [text("search.explain.filter", filter=name) for name in failing]
        sentences += [word.sentence for word in words]
        return Explanation(id, score is not None, score, words, tuple(failing), tuple(sentences))

    def _has(self, node: Node) -> bool:
        return self.engine.run(Request(Limited(node, (self.own,)), limit=1)).total > 0

    def _word(self, leaf: Leaf, *, left_out: bool) -> WordFinding:
        places = tuple(self._places(leaf))
        near = None if places else self._nearest(leaf)
        step: Step = "found"
        if not places:
            step = "left_out" if left_out else "spelled_differently" if near else "missing"
        where = ", ".join(
            f"{text(f'search.field.{place.field}')} ({text(f'search.level.{place.level}')})" for place in places
        )
        sentence = text(f"search.explain.{step}_word", word=leaf.text, places=where, nearest=near or "")
        return WordFinding(leaf.text, step, places, near, sentence)

    def _places(self, leaf: Leaf) -> list[Place]:
        """The strictest level of each field where the word is found."""
        found: list[Place] = []
        for field in (leaf.field,) if leaf.field else TEXT_FIELDS:
            if leaf.kind == "word":
                level = next((level for level, node in in_field(leaf, field) if self._has(node)), None)
            else:
                here = Leaf(leaf.kind, leaf.text, field)
                level = ("prefix" if leaf.kind == "prefix" else "exact") if self._has(leaf_node(here)) else None
            if level:
                found.append(Place(field, level))
        if not found and self._has(leaf_node(leaf)):
            marked = any(sign.isdigit() for sign in leaf.text)
            found.append(Place("body", "mark" if marked else "part"))
        return found

    def _nearest(self, leaf: Leaf) -> str | None:
        form = fold(leaf.text)
        forms = self.stored.forms()
        near = nearest(form, forms, max(1, allowed_edits(form)))
        return forms[near[0][1]] if near else None


def id_of(clause: Clause) -> int:
    """Clauses are compared as objects: the same word may stand twice."""
    return id(clause)


def _leaves_of(clause: Clause) -> Sequence[Leaf]:
    match clause.node:
        case Leaf() as leaf:
            return [leaf]
        case Group(clauses=inner) | Either(options=inner):
            return [leaf for one in inner if not one.negative for leaf in _leaves_of(one)]
