"""The passage that shows why a letter was found; computed from the stored text, alike for all engines."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from core.clock import today
from search.analysis import levels
from search.german import STOP_WORDS, Token, fold, tokens
from search.nearness import allowed_edits, nearest
from search.numbers import marks
from search.syntax import Leaf, parse

Span = tuple[int, int]
BEGINNING = 2  # letters that a word shares with each of its forms: others need no look
_MANY = 9  # more matches in a passage make it no better


@dataclass(frozen=True, slots=True)
class Snippet:
    """A passage: its page (from 1; 0: no pages), its text, the marked ranges in it; and all words of the page
    which match, as written."""

    page: int
    text: str
    marks: tuple[Span, ...]
    words: frozenset[str]


@dataclass(frozen=True, slots=True)
class _Match:
    """A range of a page that matches the leaf of this number."""

    start: int
    end: int
    leaf: int


class _Page:
    """One page's words."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words = list(tokens(text))
        self.forms = [fold(word.surface) for word in self.words]

    @cached_property
    def marks(self) -> dict[str, list[Span]]:
        found: dict[str, list[Span]] = {}
        for mark in marks(self.text):
            found.setdefault(mark.term, []).append((mark.start, mark.end))
        return found

    def spans(self, leaf: Leaf) -> list[Span]:
        """Where ``leaf`` matches."""
        wanted = [levels(token.surface) for token in tokens(leaf.text)]
        if not wanted:
            return []
        exact = [one[0] for one in wanted]
        if leaf.kind == "prefix":
            return self._where(lambda form: form.startswith("".join(exact)))
        found = self._rows(exact)
        if leaf.kind == "word":
            if len(wanted) == 1:
                found += self._stems(exact[0], wanted[0][1])
            if leaf.mark is None and (len(wanted) == 1 or not any(map(str.isdigit, leaf.text))):
                found += self._parts([part for one in wanted for part in one[2]])
            found += self._marked(leaf, exact)
        return found

    def _where(self, fits: Callable[[str], bool]) -> list[Span]:
        return [(word.start, word.end) for word, form in zip(self.words, self.forms, strict=True) if fits(form)]

    def _rows(self, wanted: list[str]) -> list[Span]:
        size = len(wanted)
        return [
            (self.words[place].start, self.words[place + size - 1].end)
            for place, form in enumerate(self.forms)
            if form == wanted[0] and self.forms[place : place + size] == wanted
        ]

    def _stems(self, exact: str, stem: str) -> list[Span]:
        begin = exact[:BEGINNING]
        return [
            (word.start, word.end)
            for word, form in zip(self.words, self.forms, strict=True)
            if form.startswith(begin) and levels(word.surface)[1] == stem
        ]

    def _parts(self, wanted: list[str]) -> list[Span]:
        """Rows of compound parts, also over several words (``Hunde Steuer`` for ``Hundesteuer``)."""
        likely = re.compile("|".join(re.escape(part[:BEGINNING]) for part in wanted)).search
        near: list[tuple[str, Token | None]] = []
        for word, form in zip(self.words, self.forms, strict=True):
            if likely(form):
                near += [(part, word) for part in levels(word.surface)[2]]
            else:
                near.append(("", None))
        found: list[Span] = []
        for place in range(len(near) - len(wanted) + 1):
            row = near[place : place + len(wanted)]
            first, last = row[0][1], row[-1][1]
            if first and last and [part for part, _ in row] == wanted:
                found.append((first.start, last.end))
        return found

    def _marked(self, leaf: Leaf, exact: list[str]) -> list[Span]:
        if leaf.mark is None and len(exact) == 1 and "-" not in self.text and "‐" not in self.text:
            return []
        terms = {leaf.mark} if leaf.mark else {mark.term for mark in marks(leaf.text)} | set(exact[:1])
        return [span for term in terms if term for span in self.marks.get(term, ())]


def snippet(query: str, pages: Sequence[str], width: int = 200) -> Snippet:
    """The best passage of about ``width`` characters; the letter's beginning when no word matches."""
    if not pages:
        return Snippet(0, "", (), frozenset())
    leaves = _shown(query)
    read = [_Page(page) for page in pages]
    best: tuple[tuple[int, int], int, list[_Match]] = ((0, 0), 0, [])
    for number, page in enumerate(read):
        found = sorted(
            {_Match(*span, leaf) for leaf, one in enumerate(leaves) for span in page.spans(one)},
            key=lambda match: (match.start, match.end, match.leaf),
        )
        value = max((_window(found, place, width) for place in range(len(found))), default=(0, 0))
        if value > best[0]:
            best = (value, number, found)
    _, number, found = best if best[2] else ((0, 0), *_nearly(leaves, read))
    return _cut(pages[number], number + 1, found, width)


def _shown(query: str) -> list[Leaf]:
    """The leaves that are looked for in the text, without stop words when there are others."""
    leaves = [leaf for leaf in parse(query, today()).leaves if leaf.kind != "days" and leaf.field in (None, "body")]
    return [leaf for leaf in leaves if leaf.kind != "word" or fold(leaf.text) not in STOP_WORDS] or leaves


def _nearly(leaves: Sequence[Leaf], pages: Sequence[_Page]) -> tuple[int, list[_Match]]:
    """The first page with words that nearly match, and these."""
    wanted = [(number, fold(leaf.text)) for number, leaf in enumerate(leaves) if leaf.kind == "word"]
    for number, page in enumerate(pages):
        near = {one: leaf for leaf, form in wanted for _, one in nearest(form, set(page.forms), allowed_edits(form))}
        found = [
            _Match(word.start, word.end, near[form])
            for word, form in zip(page.words, page.forms, strict=True)
            if form in near
        ]
        if found:
            return number, found
    return 0, []


def _window(found: Sequence[_Match], place: int, width: int) -> tuple[int, int]:
    """How good the passage is that begins with a match: different words first, then how many."""
    end = found[place].start + width
    inside = [one for one in found[place : place + 3 * _MANY] if one.end <= end]
    return len({one.leaf for one in inside}), min(len(inside), _MANY)


def _cut(page: str, number: int, found: Sequence[_Match], width: int) -> Snippet:
    """The best passage of a page, from word to word."""
    spans = _merged(found)
    place = max(range(len(found)), key=lambda one: (_window(found, one, width), -one), default=None)
    anchor = found[place].start if place is not None else 0
    start = max(0, anchor - width // 5)
    end = min(len(page), start + width)
    start = max(0, min(start, end - width))
    while 0 < start < anchor and page[start - 1].isalnum():
        start += 1
    while end < len(page) and page[end - 1].isalnum() and page[end].isalnum():
        end += 1
    marked = tuple((first - start, last - start) for first, last in spans if start <= first and last <= end)
    words = frozenset(page[first:last] for first, last in spans)
    return Snippet(number, re.sub(r"\s", " ", page[start:end]), marked, words)


def _merged(found: Sequence[_Match]) -> list[Span]:
    merged: list[Span] = []
    for one in found:
        if merged and one.start < merged[-1][1]:
            merged[-1] = (merged[-1][0], max(one.end, merged[-1][1]))
        else:
            merged.append((one.start, one.end))
    return merged
