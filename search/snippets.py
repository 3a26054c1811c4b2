"""The passage that shows why a letter was found; computed from the stored text, alike for all engines."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from core.clock import today
from search.analysis import levels
from search.compounds import parts
from search.german import STOP_WORDS, fold, places, stem, tokens, unbroken, words
from search.nearness import allowed_edits, nearest
from search.numbers import Mark, left_out, marks
from search.syntax import Leaf, parse

Span = tuple[int, int]
BEGINNING = 2  # letters that a word shares with each of its forms: others need no look
_MANY = 9  # more matches in a passage make it no better
_HYPHENATED = re.compile(r"(?<!\w)[^\W\d_]+(?:[-‐‑–][^\W\d_]+)+(?!\w)")
_HYPHEN = re.compile("[-‐‑–]")


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
    """One page's words: where each form stands, so that a word is looked up and not searched for."""

    def __init__(self, text: str) -> None:
        self.text = text
        written = words(text)
        form_of = {word: fold(unbroken(word)) for word in set(written)}
        self.forms = [form_of[word] for word in written]
        self.places: dict[str, list[int]] = {}
        for place, form in enumerate(self.forms):
            self.places.setdefault(form, []).append(place)

    @cached_property
    def words(self) -> list[Span]:
        return places(self.text)

    @cached_property
    def marks(self) -> dict[str, list[Span]]:
        return _by_term(marks(self.text))

    @cached_property
    def hyphenated(self) -> dict[str, list[Span]]:
        """Words of pieces (``E-Mail``), and those whose end stands only in the next word (``Grund- und ...``)."""
        pieces = (
            Mark("".join(map(fold, _HYPHEN.split(found[0]))), found.start(), found.end())
            for found in _HYPHENATED.finditer(self.text)
        )
        return _by_term(chain(pieces, left_out(self.text)))

    def spans(self, leaf: Leaf) -> list[Span]:
        """Where ``leaf`` matches."""
        wanted = [levels(token.surface) for token in tokens(leaf.text)]
        if not wanted:
            return []
        exact = [one[0] for one in wanted]
        if leaf.kind == "prefix":
            begin = "".join(exact)
            return self.at(form for form in self.places if form.startswith(begin))
        found = self._rows(exact)
        if leaf.kind == "word":
            if len(wanted) == 1:
                found += self._stems(exact[0], wanted[0][1])
            if leaf.mark is None and (len(wanted) == 1 or not any(map(str.isdigit, leaf.text))):
                found += self._parts([part for one in wanted for part in one[2]])
            found += self._marked(leaf, exact)
        return found

    def near(self, leaf: Leaf) -> list[Span]:
        """Where words of similar spelling stand; nothing is like a stop word."""
        form = fold(leaf.text)
        return self.at(one for _, one in nearest(form, self.places.keys() - STOP_WORDS, allowed_edits(form)))

    def at(self, forms: Iterable[str]) -> list[Span]:
        """Where words of these forms stand."""
        return [self.words[place] for form in forms for place in self.places[form]]

    def _rows(self, wanted: list[str]) -> list[Span]:
        size = len(wanted)
        return [
            (self.words[place][0], self.words[place + size - 1][1])
            for place in self.places.get(wanted[0], ())
            if size == 1 or self.forms[place : place + size] == wanted
        ]

    def _stems(self, exact: str, stemmed: str) -> list[Span]:
        begin = exact[:BEGINNING]
        return self.at(form for form in self.places if form.startswith(begin) and stem(form) == stemmed)

    def _parts(self, wanted: list[str]) -> list[Span]:
        """Rows of compound parts, also over several words (``Hunde Steuer`` for ``Hundesteuer``)."""
        likely = _either({re.escape(part[:BEGINNING]) for part in wanted})
        pieces = {form: parts(form) for form in filter(likely, self.places)}
        pieces = {form: row for form, row in pieces.items() if not set(row).isdisjoint(wanted)}
        near: list[tuple[str, int]] = []
        for place in sorted(place for form in pieces for place in self.places[form]):
            if near and near[-1][1] < place - 1:
                near.append(("", place - 1))
            near += [(part, place) for part in pieces[self.forms[place]]]
        found: list[Span] = []
        for start in range(len(near) - len(wanted) + 1):
            row = near[start : start + len(wanted)]
            if [part for part, _ in row] == wanted:
                found.append((self.words[row[0][1]][0], self.words[row[-1][1]][1]))
        return found

    def _marked(self, leaf: Leaf, exact: list[str]) -> list[Span]:
        if leaf.mark is None and len(exact) == 1 and exact[0].isalpha():
            return self.hyphenated.get(exact[0], [])
        terms = {leaf.mark} if leaf.mark else {mark.term for mark in marks(leaf.text)} | set(exact[:1])
        return [span for term in terms if term for span in self.marks.get(term, ())]


def _either(patterns: Iterable[str]) -> Callable[[str], object]:
    return re.compile("|".join(sorted(patterns))).search


def _by_term(found: Iterable[Mark]) -> dict[str, list[Span]]:
    spans: dict[str, list[Span]] = {}
    for mark in found:
        spans.setdefault(mark.term, []).append((mark.start, mark.end))
    return spans


def snippet(query: str, pages: Sequence[str], width: int = 200, *, unknown: Collection[str] = ()) -> Snippet:
    """The best passage of about ``width`` characters; the letter's beginning when no word matches.

    For the ``unknown`` words of the query (``Hits.unknown``), which stand nowhere, words of similar spelling match.
    """
    if not pages:
        return Snippet(0, "", (), frozenset())
    leaves = _shown(query)
    best: tuple[tuple[int, int], int, list[_Match]] = ((0, 0), 0, [])
    for number, page in enumerate(map(_Page, pages)):
        found = sorted(
            {
                _Match(*span, leaf)
                for leaf, one in enumerate(leaves)
                for span in (page.near(one) if one.kind == "word" and one.text in unknown else page.spans(one))
            },
            key=lambda match: (match.start, match.end, match.leaf),
        )
        value = max((_window(found, place, width) for place in range(len(found))), default=(0, 0))
        if value > best[0]:
            best = (value, number, found)
    _, number, found = best
    return _cut(pages[number], number + 1, found, width)


def _shown(query: str) -> list[Leaf]:
    """The leaves that are looked for in the text, without stop words when there are others."""
    leaves = [leaf for leaf in parse(query, today()).leaves if leaf.kind != "days" and leaf.field in (None, "body")]
    return [leaf for leaf in leaves if leaf.kind != "word" or fold(leaf.text) not in STOP_WORDS] or leaves


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
