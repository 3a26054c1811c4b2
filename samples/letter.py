"""A sample letter as written in `letters.json`, and how its lines are set on A4 pages.

Setting is done once, in millimetres, for both pens: Pillow (`scan.py`) and reportlab (`digital.py`).
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

WIDTH, HEIGHT = 210.0, 297.0
LEFT, RIGHT, BOTTOM = 25.0, 190.0, 272.0
POINT = 25.4 / 72

MONTHS = (
    "Januar", "Februar", "März", "April", "Mai", "Juni",
    "Juli", "August", "September", "Oktober", "November", "Dezember",
)  # fmt: skip

Measure = Callable[[str, float, bool], float]
"""Width in mm of a text in a size (points), bold or not."""


@dataclass(frozen=True)
class Letter:
    """What is written on the paper, how the file of it is spoilt, and what a good system makes of it."""

    file: str
    nature: str
    state: str
    form: str
    unit: str | None = None
    reason: str | None = None
    reference: str | None = None
    duplicate_of: str | None = None
    words: list[str] = field(default_factory=list)
    words_page2: list[str] = field(default_factory=list)

    style: str = "private"
    font: str = "sans"
    sender: list[str] = field(default_factory=list)
    recipient: list[str] = field(default_factory=list)
    place: str = ""
    date: str = "2025-11-01"
    subject: str = ""
    your_reference: str | None = None
    our_reference: str | None = None
    pages: list[list[str]] = field(default_factory=list)
    greeting: str = ""
    signer: str = ""
    enclosures: list[str] = field(default_factory=list)

    ink: str = "grey"
    dpi: int = 300
    skew: float = 0.0
    turn: int = 0
    faint: bool = False
    fax: bool = False
    blank_back: bool = False
    stamp: str | None = None
    spoil: str | None = None

    @property
    def german_date(self) -> str:
        """The letter's date as people write it, e.g. 7. Oktober 2025."""
        day = date.fromisoformat(self.date)
        return f"{day.day}. {MONTHS[day.month - 1]} {day.year}"


def load_letters(path: Path) -> list[Letter]:
    """Read the letters; a key that `Letter` does not know is an error."""
    return [Letter(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]


@dataclass(frozen=True)
class Run:
    """One line of text: position of its baseline in mm from the top left corner, size in points."""

    x: float
    y: float
    text: str
    size: float = 11.0
    bold: bool = False
    right: bool = False
    accent: bool = False


@dataclass(frozen=True)
class Sheet:
    """One page: its lines of text, thin rules (x0, y0, x1, y1), where the signature is scribbled."""

    runs: list[Run]
    rules: list[tuple[float, float, float, float]]
    signature: tuple[float, float] | None = None


def plain_text(letter: Letter) -> str:
    """The letter as a plain text file."""
    head = [*letter.sender, "", *letter.recipient, "", f"{letter.place}, {letter.german_date}", ""]
    body = "\n\n".join(paragraph for page in letter.pages for paragraph in page)
    tail = ["", letter.greeting, letter.signer, ""]
    return "\n".join([*head, letter.subject, "", body, *tail])


class Typesetter:
    """Sets one letter; `set_pages` returns its sheets or raises where a text does not fit."""

    def __init__(self, letter: Letter, measure: Measure) -> None:
        self.letter = letter
        self.measure = measure
        self.runs: list[Run] = []
        self.rules: list[tuple[float, float, float, float]] = []
        self.signature: tuple[float, float] | None = None
        self.y = 0.0

    def set_pages(self) -> list[Sheet]:
        """Set all pages of the letter."""
        sheets = []
        for number, paragraphs in enumerate(self.letter.pages, start=1):
            self.runs, self.rules, self.signature = [], [], None
            if number == 1:
                self._head()
            else:
                self._continuation(number)
            size = 13.0 if self.letter.style == "note" else 11.0
            for paragraph in paragraphs:
                self._paragraph(paragraph, size)
            if number == len(self.letter.pages):
                self._closing(size)
            if self.y > BOTTOM:
                raise ValueError(f"{self.letter.file}: page {number} ends at {self.y:.0f} mm")
            sheets.append(Sheet(self.runs, self.rules, self.signature))
        return sheets

    def _head(self) -> None:
        if self.letter.style == "note":
            self._note_head()
            return
        if self.letter.style == "company":
            self._company_head()
        else:
            self._private_head()
        self.y = 103.0
        for line in self._wrap(self.letter.subject, 11.5, True, RIGHT - LEFT):
            self._line(line, 11.5, bold=True)
        self.y += 5.0

    def _note_head(self) -> None:
        self.y = 38.0
        for line in self.letter.recipient:
            self._line(line, 13.0)
        self.runs.append(Run(RIGHT, 38.0, self.letter.german_date, 13.0, right=True))
        self.y += 12.0

    def _private_head(self) -> None:
        """Sender at the top, recipient in the window of the envelope, date on the right."""
        for index, line in enumerate(self.letter.sender):
            self.runs.append(Run(LEFT, 20.0 + 5.2 * index, line, 11.0))
        self._recipient(56.0)
        place_and_date = f"{self.letter.place}, {self.letter.german_date}"
        self.runs.append(Run(RIGHT, 90.0, place_and_date, 11.0, right=True))
        if self.letter.your_reference:
            self.runs.append(Run(LEFT, 96.0, f"Ihr Zeichen: {self.letter.your_reference}", 11.0))

    def _company_head(self) -> None:
        """Letterhead, small return address above the window, block of references (DIN 5008 B)."""
        name, *details = self.letter.sender
        size = 17.0
        while self.measure(name, size, True) > RIGHT - LEFT - 16:
            size -= 0.5
        self.runs.append(Run(LEFT, 22.0, name, size, bold=True, accent=True))
        self.runs.append(Run(LEFT, 28.5, " · ".join(details), 9.0))
        self.rules.append((LEFT, 32.0, RIGHT, 32.0))
        self.runs.append(Run(LEFT, 48.0, " · ".join([name, *details[-2:]]), 7.0))
        self._recipient(56.0)
        facts = [
            ("Ihr Zeichen:", self.letter.your_reference),
            ("Unser Zeichen:", self.letter.our_reference),
            ("Datum:", self.letter.german_date),
        ]
        y = 56.0
        for label, value in facts:
            if value:
                self.runs.append(Run(118.0, y, label, 9.5))
                self.runs.append(Run(145.0, y, value, 9.5))
                y += 6.0

    def _recipient(self, y: float) -> None:
        for index, line in enumerate(self.letter.recipient):
            self.runs.append(Run(LEFT, y + 5.2 * index, line, 11.0))

    def _continuation(self, number: int) -> None:
        heading = f"Seite {number} zum Schreiben vom {self.letter.german_date}"
        self.runs.append(Run(LEFT, 20.0, heading, 9.5))
        self.runs.append(Run(RIGHT, 20.0, self.letter.sender[0], 9.5, right=True))
        self.rules.append((LEFT, 23.0, RIGHT, 23.0))
        self.y = 36.0

    def _paragraph(self, paragraph: str, size: float) -> None:
        for row in paragraph.split("\n"):
            label, tab, amount = row.partition("\t")
            if tab:
                self.runs.append(Run(LEFT + 5, self.y, label, size))
                self.runs.append(Run(RIGHT - 20, self.y, amount, size, right=True))
                self.y += self._leading(size)
                continue
            for line in self._wrap(row, size, False, RIGHT - LEFT):
                self._line(line, size)
        self.y += 3.0

    def _closing(self, size: float) -> None:
        self.y += 2.0
        self._line(self.letter.greeting, size)
        self.signature = (LEFT + 4, self.y + 4)
        self.y += 13.0
        self._line(self.letter.signer, size)
        if self.letter.enclosures:
            self.y += 3.0
            self._line("Anlagen", 9.5, bold=True)
            for enclosure in self.letter.enclosures:
                self._line(enclosure, 9.5)

    def _line(self, text: str, size: float, bold: bool = False) -> None:
        self.runs.append(Run(LEFT, self.y, text, size, bold=bold))
        self.y += self._leading(size)

    @staticmethod
    def _leading(size: float) -> float:
        return size * POINT * 1.32

    def _wrap(self, text: str, size: float, bold: bool, width: float) -> list[str]:
        lines: list[str] = []
        line = ""
        for word in text.split():
            longer = f"{line} {word}".strip()
            if line and self.measure(longer, size, bold) > width:
                lines.append(line)
                line = word
            else:
                line = longer
        return [*lines, line]
