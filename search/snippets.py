"""The passage of a letter that shows why it was found; computed from the stored text, alike for all engines."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from core.clock import today
from search.analysis import levels
from search.german import STOP_WORDS, Token, fold, tokens
from search.nearness import allowed_edits, edits
from search.numbers import marks
from search.syntax import Leaf, parse

Span = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage: its page (from 1; 0 without pages), its text, the marked ranges in it, and which words of the page
    match, as written there."""

    page: int
    text: str
    marks: tuple[Span, ...]
    words: frozenset[str]


def snippet(query: str, pages: Sequence[str], width: int = 200) -> Snippet:
    """The best passage of about ``width`` characters for ``query``; the letter's beginning when no word matches."""
    leaves = [
        leaf for leaf in parse(query, today()).leaves if leaf.kind != "days" and leaf.field in (None, "body")
    ]
    leaves = [leaf for leaf in leaves if leaf.kind != "word" or fold(leaf.text) not in STOP_WORDS] or leaves
    best: tuple[float, int, list[tuple[Span, int]]] = (0.0, 0, [])
    for number, page in enumerate(pages):
        found = matches(leaves, page)
        value = _value(found, width)
        if value > best[0]:
            best = (value, number, found)
    if not best[2]:
        found_any = _nearly(leaves, pages)
        if found_any:
            best = (1.0, *found_any)
    if not pages:
        return Snippet(0, "", (), frozenset())
    _, number, found = best
    return _cut(pages[number], number + 1, found, width)


def matches(leaves: Sequence[Leaf], page: str) -> list[tuple[Span, int]]:
    """The ranges of ``page`` that match a leaf, with the leaf's number, in order."""
    words = list(tokens(page))
    found: list[tuple[Span, int]] = []
    for number, leaf in enumerate(leaves):
        found += [(span, number) for span in _leaf_spans(leaf, words, page)]
    return sorted(set(found))


def _leaf_spans(leaf: Leaf, words: Sequence[Token], page: str) -> list[Span]:
    wanted = [levels(token.surface) for token in tokens(leaf.text)]
    if not wanted:
        return []
    if leaf.kind == "prefix":
        start = wanted[-1][0] if len(wanted) == 1 else "".join(one[0] for one in wanted)
        return [(word.start, word.end) for word in words if levels(word.surface)[0].startswith(start)]
    spans = _rows([one[0] for one in wanted], words)
    if leaf.kind == "word":
        if len(wanted) == 1:
            spans += [(word.start, word.end) for word in words if levels(word.surface)[1] == wanted[0][1]]
        if not any(sign.isdigit() for sign in leaf.text) or len(wanted) == 1:
            spans += _part_rows([part for one in wanted for part in one[2]], words)
        spans += _mark_spans(leaf, page)
    return spans


def _rows(wanted: Sequence[str], words: Sequence[Token]) -> list[Span]:
    forms = [levels(word.surface)[0] for word in words]
    size = len(wanted)
    return [
        (words[place].start, words[place + size - 1].end)
        for place in range(len(words) - size + 1)
        if forms[place : place + size] == list(wanted)
    ]


def _part_rows(wanted: Sequence[str], words: Sequence[Token]) -> list[Span]:
    stream = [(part, word) for word in words for part in levels(word.surface)[2]]
    size = len(wanted)
    return [
        (stream[place][1].start, stream[place + size - 1][1].end)
        for place in range(len(stream) - size + 1)
        if all(stream[place + i][0] == wanted[i] for i in range(size))
    ]


def _mark_spans(leaf: Leaf, page: str) -> list[Span]:
    terms = {leaf.mark} if leaf.mark else {mark.term for mark in marks(leaf.text)}
    if not leaf.mark:
        terms |= {levels(token.surface)[0] for token in tokens(leaf.text)}
    return [(mark.start, mark.end) for mark in marks(page) if mark.term in terms]


def _nearly(leaves: Sequence[Leaf], pages: Sequence[str]) -> tuple[int, list[tuple[Span, int]]] | None:
    """The first page with words that nearly match."""
    wanted = [(i, fold(leaf.text)) for i, leaf in enumerate(leaves) if leaf.kind == "word"]
    for number, page in enumerate(pages):
        found = [
            ((word.start, word.end), i)
            for word in tokens(page)
            for i, form in wanted
            if edits(fold(word.surface), form, allowed_edits(form)) <= allowed_edits(form)
        ]
        if found:
            return number, found
    return None


def _value(found: Sequence[tuple[Span, int]], width: int) -> float:
    """How good the best window of a page is: different words first, then how many."""
    return max((_window(found, place, width)[0] for place in range(len(found))), default=0.0)


def _window(found: Sequence[tuple[Span, int]], place: int, width: int) -> tuple[float, int]:
    start = found[place][0][0]
    inside = [one for one in found[place:] if one[0][1] <= start + width]
    return len({number for _, number in inside}) + min(len(inside), 9) * 0.01, start


def _cut(page: str, number: int, found: Sequence[tuple[Span, int]], width: int) -> Snippet:
    spans = _merged([span for span, _ in found])
    if found:
        _, anchor = max(
            (_window(found, place, width) for place in range(len(found))), key=lambda one: (one[0], -one[1])
        )
    else:
        anchor = 0
    start = max(0, anchor - width // 5)
    end = min(len(page), start + width)
    start = max(0, min(start, end - width))
    while 0 < start < anchor and page[start - 1].isalnum():
        start += 1
    while end < len(page) and page[end - 1].isalnum() and page[end].isalnum():
        end += 1
    text = re.sub(r"\s", " ", page[start:end])
    marked = tuple((a - start, b - start) for a, b in spans if start <= a and b <= end)
    words = frozenset(page[a:b] for a, b in spans)
    return Snippet(number, text, marked, words)


def _merged(spans: Sequence[Span]) -> list[Span]:
    merged: list[Span] = []
    for start, end in sorted(spans):
        if merged and start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(end, merged[-1][1]))
        else:
            merged.append((start, end))
    return merged
