"""Reading order: what stands above something else in its column is read before it.

Tesseract puts a line that a fold or a ring cut off from its paragraph at the front or the end of the page. Its order is
kept as far as it agrees with the page (first rule of Breuel, High Performance Document Layout Analysis, 2003).
"""

from __future__ import annotations

from ingest.words import Box, Line

SHARED = 0.5  # of the narrower one's width, that two paragraphs of a column have in common
LAP = 0.4  # of a line's height that a paragraph may reach into the one below


def in_order(paragraphs: list[list[Line]]) -> list[list[Line]]:
    """The paragraphs, in their order but for those that came before something above them."""
    boxes = [_around(lines) for lines in paragraphs]
    waits = [
        {other for other, box in enumerate(boxes) if other != number and _above(box, own)}
        for number, own in enumerate(boxes)
    ]
    left = list(range(len(paragraphs)))
    done: set[int] = set()
    ordered = []
    while left:
        following = next(number for number in left if waits[number] <= done)
        left.remove(following)
        done.add(following)
        ordered.append(paragraphs[following])
    return ordered


def _around(lines: list[Line]) -> Box:
    boxes = [word.box for line in lines for word in line]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _above(a: Box, b: Box) -> bool:
    """Whether all of ``a`` stands above all of ``b``, in the same column."""
    shared = min(a[2], b[2]) - max(a[0], b[0])
    lap = LAP * min(a[3] - a[1], b[3] - b[1])
    return a[3] <= b[1] + lap and a[1] < b[1] and shared >= SHARED * min(a[2] - a[0], b[2] - b[0])
