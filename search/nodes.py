"""The small algebra that a query becomes. An engine translates these nodes and knows nothing else of it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Term:
    """Documents whose ``field`` holds ``value`` as one of its terms; scored by BM25."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Phrase:
    """Two or more terms one after the other, on one page."""

    field: str
    words: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Prefix:
    """Documents with a term that begins with ``value``; each scores 1."""

    field: str
    value: str


@dataclass(frozen=True, slots=True)
class Fuzzy:
    """Documents with a term at most ``distance`` edits away (a swap of neighbours is one); each scores 1."""

    field: str
    value: str
    distance: int


@dataclass(frozen=True, slots=True)
class Among:
    """Documents whose ``field`` holds one of ``values``; each scores ``score``, as a filter 0."""

    field: str
    values: frozenset[str]
    score: float = 0.0


@dataclass(frozen=True, slots=True)
class Between:
    """Documents whose number ``field`` lies in the closed range; a filter, scores 0."""

    field: str
    low: int | None
    high: int | None


@dataclass(frozen=True, slots=True)
class AllOf:
    """All must match; scores add up."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One must match; scores add up."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class BestOf:
    """One must match; the best score counts."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class AtLeast:
    """``number`` must match; scores add up."""

    number: int
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Weighted:
    """``node``, its score times ``weight``."""

    node: Node
    weight: float


@dataclass(frozen=True, slots=True)
class Raised:
    """``node``; what also matches ``by`` scores that on top."""

    node: Node
    by: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Limited:
    """``node`` within ``filters`` and without what matches one of ``excluded``; only ``node`` scores."""

    node: Node
    filters: tuple[Node, ...] = ()
    excluded: tuple[Node, ...] = ()


@dataclass(frozen=True, slots=True)
class Everything:
    """All documents; each scores 1."""


@dataclass(frozen=True, slots=True)
class Nothing:
    """No document."""


Node = (
    Term
    | Phrase
    | Prefix
    | Fuzzy
    | Among
    | Between
    | AllOf
    | AnyOf
    | BestOf
    | AtLeast
    | Weighted
    | Raised
    | Limited
    | Everything
    | Nothing
)


def phrase(field: str, words: tuple[str, ...]) -> Node:
    """A phrase, or a term when it has one word, or nothing."""
    if len(words) > 1:
        return Phrase(field, words)
    return Term(field, words[0]) if words else Nothing()


def best(nodes: tuple[Node, ...]) -> Node:
    """The best of ``nodes``, without a needless level."""
    return nodes[0] if len(nodes) == 1 else BestOf(nodes) if nodes else Nothing()


def all_of(nodes: tuple[Node, ...]) -> Node:
    """All of ``nodes``, without a needless level; without any: everything."""
    return nodes[0] if len(nodes) == 1 else AllOf(nodes) if nodes else Everything()


def any_of(nodes: tuple[Node, ...]) -> Node:
    """Any of ``nodes``, without a needless level; without any: nothing."""
    return nodes[0] if len(nodes) == 1 else AnyOf(nodes) if nodes else Nothing()


def unscored(node: Node) -> Node:
    """A node that matches the same documents, without what only raises scores."""
    match node:
        case Raised(inner, _) | Weighted(inner, _):
            return unscored(inner)
        case AllOf(inner):
            return AllOf(tuple(map(unscored, inner)))
        case AnyOf(inner) | BestOf(inner):
            return AnyOf(tuple(map(unscored, inner)))
        case AtLeast(number, inner):
            return AtLeast(number, tuple(map(unscored, inner)))
        case Limited(inner, filters, excluded):
            return Limited(unscored(inner), tuple(map(unscored, filters)), tuple(map(unscored, excluded)))
        case _:
            return node
