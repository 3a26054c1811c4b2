"""Lines that Tesseract tore apart: where spaces stand above each other by chance, it takes them for a gap between
columns and reads one half of the lines after the other. In upright boxes of its own image.
"""

from __future__ import annotations

from itertools import pairwise
from statistics import median

from ingest.words import Box, Line

Place = tuple[int, int]  # paragraph, line

WIDEST = 1.4  # of the middle space within both parts: a wider one parts columns
LEVEL = 0.6  # of the lower line's height that both must share


def mended(paragraphs: list[list[Line]]) -> list[list[Line]]:
    """The paragraphs, each line joined with what goes on right beside it in another paragraph."""
    of = {(p, n): line for p, lines in enumerate(paragraphs) for n, line in enumerate(lines)}
    boxes = {at: _around(line) for at, line in of.items()}
    tails: dict[Place, Place] = {}  # line -> the one that goes on beside it
    taken: set[Place] = set()
    by_height = sorted(boxes, key=lambda at: boxes[at][1])
    for index, first in enumerate(by_height):
        for second in by_height[index + 1 :]:
            if boxes[second][1] > boxes[first][3]:
                break  # lower than the line, as all that follow
            left, right = (first, second) if boxes[first][0] <= boxes[second][0] else (second, first)
            free = left[0] != right[0] and left not in tails and right not in taken
            if free and _goes_on(of[left], of[right], boxes[left], boxes[right]):
                tails[left] = right
                taken.add(right)
    whole = []
    for p, lines in enumerate(paragraphs):
        joined = [_joined(of, tails, (p, n)) for n in range(len(lines)) if (p, n) not in taken]
        if joined:
            whole.append(joined)
    return whole


def _joined(of: dict[Place, Line], tails: dict[Place, Place], at: Place) -> Line:
    words = of[at]
    while (following := tails.get(at)) is not None:
        at = following
        words += of[at]
    return words


def _around(line: Line) -> Box:
    boxes = [word.box for word in line]
    return min(b[0] for b in boxes), min(b[1] for b in boxes), max(b[2] for b in boxes), max(b[3] for b in boxes)


def _goes_on(left: Line, right: Line, a: Box, b: Box) -> bool:
    """Whether ``right`` (in ``b``) stands beside the end of ``left`` (in ``a``), a space of theirs away."""
    shared = min(a[3], b[3]) - max(a[1], b[1])
    if shared < LEVEL * min(a[3] - a[1], b[3] - b[1]):
        return False
    spaces = [after.box[0] - word.box[2] for line in (left, right) for word, after in pairwise(line)]
    return bool(spaces) and abs(b[0] - a[2]) <= WIDEST * median(spaces)
