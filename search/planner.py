"""From a wish to nodes: fields, levels and weights. This is the whole of the ranking.

A word must stand in ``all`` (one look each, so that rare words make a question fast); where else it stands, and
how exactly, only raises the score.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice, pairwise

from search.analysis import HEAD_LETTERS, collapsed, levels, title
from search.german import STOP_WORDS, fold, tokens
from search.nodes import (
    AllOf,
    Among,
    AtLeast,
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

# what a word counts, by field and level
WEIGHTS: dict[str, dict[Level, float]] = {
    "subject": {"exact": 3.0, "stem": 2.4, "part": 1.6},
    "sender": {"exact": 2.0, "part": 1.0},
    "body": {"exact": 0.5, "stem": 0.3},
    "other": {"exact": 1.0},
}
TEXT_FIELDS = tuple(WEIGHTS)
ANYWHERE = 0.5
MARK = 1.5
BLIND = 0.4  # a reference that is the same but for O/0, l/1, S/5
TITLE = 30.0  # the whole subject is what was typed
NEIGHBOURS = 1.5  # two words of the query side by side in the subject
PAIRS = 8
PREFIX = {"subject": 3.0, "sender": 2.0, "body": 1.0, "other": 1.0}
TAGGED = {"unit", "kind", "file", "state", "source"}
ENOUGH = 0.7  # share of the words that must be there when not all are

Alternatives = Mapping[Leaf, Node]


def strict(wish: Wish, alternatives: Alternatives | None = None) -> Node:
    """All words of the wish, or an alternative of each; or the whole wish, read as a subject, whatever is in it."""
    node = _group(wish.group, alternatives or {}, None)
    whole = title(wish.text)
    return any_of((node, Weighted(Term("title", whole), TITLE))) if " " in whole else node


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
    return isinstance(leaf, Leaf) and (leaf.kind == "days" or leaf.field in TAGGED or leaf.field == "reference")


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
    if leaf.kind == "prefix":
        return _prefix(leaf)
    if leaf.kind == "phrase":
        return _exact(leaf)
    return any_of((word_node(leaf), alternative)) if alternative else word_node(leaf)


def word_node(leaf: Leaf) -> Node:
    """A word, wherever it stands, scored by where and how."""
    if leaf.field is None:
        raised = tuple(node for field in TEXT_FIELDS for node in _scored(leaf, field))
        return Raised(anywhere(leaf), raised)
    if leaf.field == "body":
        return Raised(_parts(leaf, "all"), _scored(leaf, "body"))
    return best(_scored(leaf, leaf.field))


def anywhere(leaf: Leaf) -> Node:
    """A word in ``all``: as parts (which all its forms and compounds have) or as a mark."""
    nodes: list[Node] = []
    if leaf.mark:
        return Weighted(Term("all", leaf.mark), MARK)
    nodes.append(Weighted(_parts(leaf, "all"), ANYWHERE))
    terms = dict.fromkeys(mark.term for mark in marks(leaf.text))
    pieces = [levels(token.surface) for token in tokens(leaf.text)]
    if len(pieces) == 1:
        terms |= dict.fromkeys(one for one in pieces[0][:2] if pieces[0][2] != (one,))
    nodes += [Weighted(Term("all", term), BLIND if _is_blind(term) else MARK) for term in terms]
    return any_of(tuple(nodes))


def _parts(leaf: Leaf, field: str) -> Node:
    return phrase(field, tuple(part for token in tokens(leaf.text) for part in levels(token.surface)[2]))


def _scored(leaf: Leaf, field: str) -> tuple[Node, ...]:
    return tuple(Weighted(node, WEIGHTS[field][level]) for level, node in in_field(leaf, field))


def in_field(leaf: Leaf, field: str) -> list[tuple[Level, Node]]:
    """The levels of a word in one field, strict ones first."""
    pieces = [levels(token.surface) for token in tokens(leaf.text)]
    found: list[tuple[Level, Node]] = [("exact", phrase(field, tuple(piece[0] for piece in pieces)))]
    if "stem" in WEIGHTS[field] and len(pieces) == 1:
        found.append(("stem", Term(f"{field}_stem", pieces[0][1])))
    if "part" in WEIGHTS[field]:
        found.append(("part", _parts(leaf, f"{field}_part")))
    return found


def _is_blind(term: str) -> bool:
    return term.startswith("o") and any(sign.isdigit() for sign in term)


def _exact(leaf: Leaf) -> Node:
    words = tuple(fold(token.surface) for token in tokens(leaf.text))
    fields = (leaf.field,) if leaf.field else TEXT_FIELDS
    return any_of(tuple(Weighted(phrase(field, words), WEIGHTS[field]["exact"]) for field in fields))


def _prefix(leaf: Leaf) -> Node:
    words = [fold(token.surface) for token in tokens(leaf.text)]
    fields = (leaf.field,) if leaf.field else TEXT_FIELDS
    last = words[-1]
    if len(words) > 1:  # "E-Mail*", "22.3-Hu*"
        return any_of((Prefix("all", "".join(words)), *(phrase(field, tuple(words)) for field in fields)))
    if leaf.field is None and len(last) <= HEAD_LETTERS:
        return Term("heads", last)
    nodes = [Weighted(Prefix(field, last), PREFIX[field]) for field in fields]
    if leaf.field is None and any(sign.isdigit() for sign in last):
        nodes.append(Weighted(Prefix("all", last), 1.0))
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
                all_of(tuple(Term("tags", f"{name}={part}") for part in pieces)),
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
    words: list[str] = []
    for clause in clauses:
        leaf = clause.node
        words.append(leaf.text if isinstance(leaf, Leaf) and leaf.kind == "word" and not leaf.field else "\n")
    if len(words) < 2 or not any(sign.isdigit() for word in words for sign in word):
        return nodes
    starts = [sum(len(word) + 1 for word in words[:place]) for place in range(len(words))]
    for mark in joined(" ".join(words)):
        inside = [
            place for place, start in enumerate(starts) if mark.start <= start and start + len(words[place]) <= mark.end
        ]
        if len(inside) > 1 and not _is_blind(mark.term):
            together = AllOf(tuple(nodes[place] for place in inside))
            either = any_of((together, Weighted(Term("all", mark.term), MARK)))
            return (either, *(node for place, node in enumerate(nodes) if place not in inside))
    return nodes


def _bonus(wanted: Sequence[Clause]) -> tuple[Node, ...]:
    """What raises a document: neighbours in the query are neighbours in its subject."""
    words: list[str] = []
    for clause in wanted:
        leaf = clause.node
        if not isinstance(leaf, Leaf) or leaf.kind not in ("word", "phrase"):
            return ()
        if leaf.field not in (None, "subject"):
            return ()
        words += [fold(token.surface) for token in tokens(leaf.text)]
    return tuple(Weighted(Phrase("subject", pair), NEIGHBOURS) for pair in islice(pairwise(words), PAIRS))
