"""Where the words of a query stand on a page: ranges of its text, and boxes on its upright picture."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass

from ingest.words import Box, PageReading
from search import snippet

Range = tuple[int, int]
Area = tuple[float, float, float, float]  # left, top, width, height in percent of the upright page


@dataclass(frozen=True, slots=True)
class Marks:
    """The hits on one page; ``text`` is the page's text, parted into (piece, whether it is a hit)."""

    text: tuple[tuple[str, bool], ...]
    areas: tuple[Area, ...]


def mark(query: str, pages: Sequence[PageReading], unknown: Collection[str] = ()) -> list[Marks]:
    """The hits of a query on each page, as the search itself sees them.

    For the ``unknown`` words of the query, which stand in no letter, words of similar spelling are hits.
    """
    return [
        _marks(page, text, _ranges_of(snippet(query, [text], unknown=unknown).words, text))
        for page, text in ((page, page.text) for page in pages)
    ]


def mark_places(places: Sequence[Sequence[int]], pages: Sequence[PageReading]) -> list[Marks]:
    """Places (page from 1, start, end in its text) on each page."""
    return [
        _marks(page, page.text, sorted((start, end) for on, start, end in places if on == number))
        for number, page in enumerate(pages, 1)
    ]


def upright(box: Box, width: int, height: int, orientation: int) -> Area:
    """A box of the delivered page (pixels) on the page turned clockwise by ``orientation``, in percent."""
    x0, y0, x1, y1 = box
    left, top, right, bottom = x0 / width, y0 / height, x1 / width, y1 / height
    turned = {
        0: (left, top, right, bottom),
        90: (1 - bottom, left, 1 - top, right),
        180: (1 - right, 1 - bottom, 1 - left, 1 - top),
        270: (top, 1 - right, bottom, 1 - left),
    }[orientation % 360]
    return (
        round(turned[0] * 100, 3),
        round(turned[1] * 100, 3),
        round((turned[2] - turned[0]) * 100, 3),
        round((turned[3] - turned[1]) * 100, 3),
    )


def _marks(page: PageReading, text: str, ranges: Sequence[Range]) -> Marks:
    areas: tuple[Area, ...] = ()
    if page.width and page.height:
        areas = tuple(
            upright(box, page.width, page.height, page.orientation)
            for start, end, box in _placed(page)
            if any(start < stop and begin < end for begin, stop in ranges)
        )
    return Marks(tuple(_pieces(text, ranges)), areas)


def _placed(page: PageReading) -> Iterator[tuple[int, int, Box]]:
    """Each word's place in ``page.text`` (lines parted by one sign, paragraphs by two), and its box."""
    place = 0
    for after_paragraph, paragraph in enumerate(page.paragraphs):
        place += 2 * bool(after_paragraph)
        for after_line, line in enumerate(paragraph):
            place += bool(after_line)
            for after_word, word in enumerate(line):
                place += bool(after_word)
                yield place, place + len(word.text), word.box
                place += len(word.text)


def _ranges_of(words: frozenset[str], text: str) -> list[Range]:
    """Where the words stand, longer ones first, without overlaps."""
    if not words:
        return []
    choice = "|".join(re.escape(word) for word in sorted(words, key=len, reverse=True))
    return [found.span() for found in re.finditer(rf"(?<!\w)(?:{choice})(?!\w)", text)]


def _pieces(text: str, ranges: Sequence[Range]) -> Iterator[tuple[str, bool]]:
    end = 0
    for start, stop in ranges:
        if text[end:start]:
            yield text[end:start], False
        yield text[start:stop], True
        end = stop
    if text[end:]:
        yield text[end:], False
