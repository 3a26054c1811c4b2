"""Words with boxes, and the reading of a page. Boxes are pixels of the page image as delivered, unturned."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace

from models.words import PageStatus

Box = tuple[int, int, int, int]  # x0, y0, x1, y1


@dataclass(frozen=True, slots=True)
class Word:
    """A word as read. ``confidence`` 0..1."""

    text: str
    box: Box
    confidence: float


Line = tuple[Word, ...]


@dataclass(frozen=True, slots=True)
class PageReading:
    """How a page was read. ``paragraphs``: lines of words in reading order."""

    number: int
    width: int
    height: int
    dpi: float
    status: PageStatus
    reason: str | None = None
    orientation: int = 0  # degrees clockwise that turn the page upright
    skew: float = 0.0  # degrees clockwise that the upright text leans
    confidence: float | None = None
    language: str | None = None
    own_text: bool = False  # the words come from the file's own text layer
    plan: dict[str, object] = field(default_factory=dict)
    paragraphs: tuple[tuple[Line, ...], ...] = ()

    @property
    def lines(self) -> tuple[Line, ...]:
        return lines_of(self.paragraphs)

    @property
    def text(self) -> str:
        """The page's text: lines in reading order, an empty line between paragraphs."""
        return "\n\n".join(
            "\n".join(" ".join(word.text for word in line) for line in paragraph) for paragraph in self.paragraphs
        )

    def evolve(self, **changes: object) -> PageReading:
        return replace(self, **changes)  # type: ignore[arg-type]


def lines_of(paragraphs: tuple[tuple[Line, ...], ...]) -> tuple[Line, ...]:
    """The lines of all paragraphs, in reading order."""
    return tuple(line for paragraph in paragraphs for line in paragraph)


def mapped(paragraphs: Iterable[Iterable[Line]], to: Callable[[Box], Box]) -> tuple[tuple[Line, ...], ...]:
    """The same words with their boxes elsewhere."""
    return tuple(
        tuple(tuple(replace(word, box=to(word.box)) for word in line) for line in lines) for lines in paragraphs
    )


def running_direction(lines: tuple[Line, ...]) -> int | None:
    """Degrees clockwise that turn a page upright, by where its lines run: each line's letters vote.

    Tesseract also reads lines that run up or down, and says nothing of it; the order of the words does.
    None: too few words in a row to tell.
    """
    votes = {0: 0, 90: 0, 180: 0, 270: 0}
    for line in lines:
        if len(line) < 2:
            continue
        (x0, y0), (x1, y1) = _middle(line[0].box), _middle(line[-1].box)
        across, down = x1 - x0, y1 - y0
        turn = (0 if across > 0 else 180) if abs(across) >= abs(down) else (270 if down > 0 else 90)
        votes[turn] += sum(len(word.text) for word in line)
    best = max(votes, key=lambda turn: votes[turn])
    return best if votes[best] >= 12 else None


def _middle(box: Box) -> tuple[float, float]:
    return (box[0] + box[2]) / 2, (box[1] + box[3]) / 2


def mean_confidence(lines: tuple[Line, ...]) -> float:
    """Mean confidence over the characters of all words, 0..1 (0 without words)."""
    weights = [(len(word.text), word.confidence) for line in lines for word in line]
    total = sum(weight for weight, _ in weights)
    return sum(weight * confidence for weight, confidence in weights) / total if total else 0.0
