"""From a wish to nodes: fields, levels and weights. This is the whole of the ranking."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import islice, pairwise

from search.analysis import HEAD_LETTERS, collapsed, levels
from search.german import STOP_WORDS, fold, tokens
from search.nodes import (
    AllOf,
    Among,
    AtLeast,
    BestOf,
    Between,
    Everything,
    Limited,
    Node,
    Phrase,
    Prefix,
    Raised,
    Term,
    Weighted,
    all_of,
    any_of,
    best,
    phrase,
)
from search.numbers import blind, joined, marks
from search.port import Level
from search.syntax import Clause, Either, Group, Leaf, Wish


@dataclass(frozen=True, slots=True)
class Weights:
    """What a match in a field counts, by level."""

    exact: float
    stem: float
    part: float


WEIGHTS = {
    "subject": Weights(3.0, 2.4, 1.6),
    "sender": Weights(2.0, 0.0, 1.0),
    "body": Weights(1.0, 0.8, 0.5),
    "other": Weights(1.0, 0.0, 0.5),
}
STEMMED = {"subject", "body"}
TEXT_FIELDS = tuple(WEIGHTS)
MARK = 2.0
BLIND = 0.4  # a reference that is the same but for O/0, l/1, S/5
TITLE = 30.0  # the whole subject is what was typed
NEIGHBOURS = 1.5  # two words of the query side by side in the subject
PAIRS = 8
PREFIX = {"subject": 3.0, "sender": 2.0, "body": 1.0, "other": 1.0}
TAGGED = {"unit", "kind", "file", "state", "source"}
ENOUGH = 0.7  # share of the words that must be there when not all are

Alternatives = Mapping[Leaf, Node]


def strict(wish: Wish, alternatives: Alternatives | None = None) -> Node:
    """All words of the wish."""
    return _group(wish.group, alternatives or {}, None)


def most(wish: Wish, alternatives: Alternatives) -> Node:
    """Most words of the wish."""
    return _group(wish.group, alternatives, ENOUGH)


def _group(group: Group, alternatives: Alternatives, share: float | None) -> Node:
    wanted = [clause for clause in group.clauses if not clause.negative]
    excluded = tuple(_node(clause, {}) for clause in group.clauses if clause.negative)
    filters = tuple(_node(clause, alternatives) for clause in wanted if is_filter(clause))
    scoring = needed([clause for clause in wanted if not is_filter(clause)])
    nodes = tuple(_node(clause, alternatives) for clause in scoring)
    if share is not None and len(nodes) > 1:
        node: Node = AtLeast(max(1, min(len(nodes) - 1, round(len(nodes) * share))), nodes)
    else:
        node = all_of(_with_runs(scoring, nodes))
    if nodes and share is None and (extra := _bonus(wanted)):
        node = Raised(node, extra)
    return Limited(node, filters, excluded) if filters or excluded else node


def is_filter(clause: Clause) -> bool:
    """A clause that limits and does not score."""
    leaf = clause.node
    return isinstance(leaf, Leaf) and (
        leaf.kind == "days" or leaf.field in TAGGED or leaf.field == "reference"
    )


def needed(clauses: Sequence[Clause]) -> list[Clause]:
    """Without stop words, unless there is nothing else."""
    rest = [clause for clause in clauses if not _is_stop_word(clause.node)]
    return rest or list(clauses)


def _is_stop_word(node: Leaf | Group | Either) -> bool:
    return isinstance(node, Leaf) and node.kind == "word" and not node.field and fold(node.text) in STOP_WORDS


def _node(clause: Clause, alternatives: Alternatives) -> Node:
    match clause.node:
        case Group() as group:
            return _group(group, alternatives, None)
        case Either(options=options):
            return any_of(tuple(_node(option, alternatives) for option in options))
        case Leaf() as leaf:
            return leaf_node(leaf, alternatives.get(leaf))


def leaf_node(leaf: Leaf, alternative: Node | None = None) -> Node:
    """The nodes of one word, phrase, beginning or range."""
    if leaf.kind == "days":
        found = leaf.range
        return Between("day", found.first.toordinal(), found.last.toordinal()) if found else Everything()
    if leaf.field == "reference":
        return _reference(leaf)
    if leaf.field in TAGGED:
        return _tagged(leaf, leaf.field)
    fields = (leaf.field,) if leaf.field else TEXT_FIELDS
    if leaf.kind == "prefix":
        return _prefix(leaf.text, fields)
    if leaf.kind == "phrase":
        return _exact(leaf.text, fields)
    node = word_node(leaf, fields)
    return BestOf((node, alternative)) if alternative else node


def word_node(leaf: Leaf, fields: Sequence[str] = TEXT_FIELDS) -> Node:
    """A word in all fields and at all levels; the fields' scores add up."""
    nodes = [
        best(tuple(Weighted(node, weight) for _, node, weight in in_field(leaf, field))) for field in fields
    ]
    if set(fields) == set(TEXT_FIELDS):
        nodes += [Weighted(node, weight) for node, weight in _word_marks(leaf)]
    return any_of(tuple(nodes))


def in_field(leaf: Leaf, field: str) -> list[tuple[Level, Node, float]]:
    """The levels of a word in one field, strict ones first."""
    pieces = [levels(token.surface) for token in tokens(leaf.text)]
    weights = WEIGHTS[field]
    exact = phrase(field, tuple(piece[0] for piece in pieces))
    found: list[tuple[Level, Node, float]] = [("exact", exact, weights.exact)]
    if field in STEMMED and len(pieces) == 1:
        found.append(("stem", Term(f"{field}_stem", pieces[0][1]), weights.stem))
    if not (len(pieces) > 1 and any(sign.isdigit() for sign in leaf.text)):
        parts = tuple(part for piece in pieces for part in piece[2])
        found.append(("part", phrase(f"{field}_part", parts), weights.part))
    return found


def _word_marks(leaf: Leaf) -> list[tuple[Node, float]]:
    if leaf.mark:
        return [(Term("marks", leaf.mark), MARK)]
    terms = dict.fromkeys(mark.term for mark in marks(leaf.text))
    pieces = [levels(token.surface) for token in tokens(leaf.text)]
    if len(pieces) == 1:
        terms |= dict.fromkeys(pieces[0][:2])
    return [(Term("marks", term), BLIND if _is_blind(term) else MARK / 2) for term in terms]


def _is_blind(term: str) -> bool:
    return term.startswith("o") and any(sign.isdigit() for sign in term)


def _exact(text: str, fields: Sequence[str]) -> Node:
    words = tuple(fold(token.surface) for token in tokens(text))
    return any_of(tuple(Weighted(phrase(field, words), WEIGHTS[field].exact) for field in fields))


def _prefix(text: str, fields: Sequence[str]) -> Node:
    words = [fold(token.surface) for token in tokens(text)]
    last = words[-1]
    everywhere = len(fields) > 1
    if everywhere and len(words) == 1 and len(last) <= HEAD_LETTERS:
        return Term("heads", last)
    if len(words) > 1:  # "E-Mail*", "22.3-Hu*"
        whole = "".join(words)
        return any_of((Prefix("marks", whole), *(phrase(field, tuple(words)) for field in fields)))
    nodes = [Weighted(Prefix(field, last), PREFIX[field]) for field in fields]
    if everywhere and any(sign.isdigit() for sign in last):
        nodes.append(Weighted(Prefix("marks", last), 1.0))
    return any_of(tuple(nodes))


def _reference(leaf: Leaf) -> Node:
    whole = collapsed(leaf.text)
    terms = [Term("reference", whole), Term("reference", "o" + blind(whole))]
    if leaf.kind == "phrase":
        return terms[0]
    return any_of((*terms, Prefix("reference", whole)))


def _tagged(leaf: Leaf, name: str) -> Node:
    words = list(tokens(leaf.text))
    whole = collapsed(leaf.text)
    if leaf.kind == "prefix":
        last = fold(words[-1].surface)
        return Prefix("tags", f"{name}={whole if name == 'file' else last}")
    nodes: list[Node] = []
    for token in words:
        exact, root, pieces = levels(token.surface)
        terms: tuple[Node, ...] = (Term("tags", f"{name}={exact}"),)
        if leaf.kind == "word":
            terms += (
                Term("tags", f"{name}={root}"),
                AllOf(tuple(Term("tags", f"{name}={part}") for part in pieces)),
            )
        nodes.append(any_of(terms))
    choices: list[Node] = [all_of(tuple(nodes))]
    if name == "unit":
        choices.append(Among("unit", frozenset({leaf.text})))
    if name == "file":
        choices.append(Term("tags", f"file={whole}"))
        choices.append(Term("reference", whole))
    return any_of(tuple(choices))


def _with_runs(clauses: Sequence[Clause], nodes: tuple[Node, ...]) -> tuple[Node, ...]:
    """References typed with blanks (``22.3 HuSt 2025 0417``) may stand without them in the text."""
    leaves = [clause.node for clause in clauses]
    words = [
        leaf.text if isinstance(leaf, Leaf) and leaf.kind == "word" and not leaf.field else "\n"
        for leaf in leaves
    ]
    if len(words) < 2 or not any(sign.isdigit() for word in words for sign in word):
        return nodes
    text = " ".join(words)
    starts, place = [], 0
    for word in words:
        starts.append(place)
        place += len(word) + 1
    result = list(nodes)
    for mark in joined(text):
        inside = [
            i for i, start in enumerate(starts) if mark.start <= start and start + len(words[i]) <= mark.end
        ]
        if len(inside) < 2 or _is_blind(mark.term):
            continue
        together = AllOf(tuple(nodes[i] for i in inside))
        result[inside[0]] = any_of((together, Weighted(Term("marks", mark.term), MARK)))
        for i in inside[1:]:
            result[i] = Everything()
        break
    return tuple(node for node in result if node != Everything())


def _bonus(wanted: Sequence[Clause]) -> tuple[Node, ...]:
    """What raises a document: the query is its whole subject, or neighbours of it are neighbours there."""
    words: list[str] = []
    for clause in wanted:
        leaf = clause.node
        if (
            not isinstance(leaf, Leaf)
            or leaf.kind not in ("word", "phrase")
            or leaf.field not in (None, "subject")
        ):
            return ()
        words += [fold(token.surface) for token in tokens(leaf.text)]
    extra: list[Node] = [Weighted(Term("title", " ".join(words)), TITLE)]
    extra += [Weighted(Phrase("subject", pair), NEIGHBOURS) for pair in islice(pairwise(words), PAIRS)]
    return tuple(extra)
