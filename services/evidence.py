"""Where the words that decided stand in a letter: as places on its pages, so that a Route stores no word of it.

A place is [page, start, end]: the page from 1, signs of its text. The words are cut out again for who may read them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

Place = list[int]
EACH = 3  # places of one word
_GAP = re.compile(r"[\s-]{1,3}")  # between words of one phrase


def places_of(words: Iterable[str], text: str) -> list[Place]:
    """Places of words in a text (pages parted by form feeds); what stands side by side becomes one phrase."""
    found: list[Place] = []
    for number, page in enumerate(text.split("\f"), start=1):
        spans = sorted({span for word in words for span in _spans(word, page)})
        joined: list[list[int]] = []
        for start, end in spans:
            if joined and start < joined[-1][1]:
                joined[-1][1] = max(joined[-1][1], end)
            elif joined and _GAP.fullmatch(page[joined[-1][1] : start]):
                joined[-1][1] = end
            else:
                joined.append([start, end])
        found += [[number, start, end] for start, end in joined]
    return found


def place_of_span(start: int, end: int, text: str) -> list[Place]:
    """A place in the whole text as a place on its page; none when it reaches over the end of a page."""
    before = text[:start]
    page, begin = before.count("\f") + 1, start - (before.rfind("\f") + 1)
    return [] if "\f" in text[start:end] else [[page, begin, begin + end - start]]


def phrases_at(places: Sequence[Place], pages: Sequence[str]) -> list[str]:
    """The words that stand at places, each phrase once, in one line."""
    found = [" ".join(pages[page - 1][start:end].split()) for page, start, end in places if 1 <= page <= len(pages)]
    return list({phrase.lower(): phrase for phrase in found if phrase}.values())


def _spans(word: str, page: str) -> list[tuple[int, int]]:
    matches = re.finditer(rf"(?<!\w){re.escape(word)}(?!\w)", page)
    return [found.span() for found, _ in zip(matches, range(EACH), strict=False)]
