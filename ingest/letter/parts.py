"""The parts of a letter: its head above the salutation, its text, its foot after the complimentary close."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from ingest.letter import marks
from ingest.letter.labels import Hit, Label, find_labels, leading, only_labels, values
from ingest.letter.merged import unmerge
from ingest.letter.sheet import Row, Sheet

RUNNING_LENGTH = 60  # characters of a line of running text
FOOT_ROWS = 14
SENTENCE = re.compile(r"[a-zäöüß]{2,}[.!?](?:\s|$)")


@dataclass(frozen=True, slots=True)
class Labelled:
    """A label and the value found beside or under it."""

    label: Label
    value: str
    row: Row
    value_row: Row


@dataclass(frozen=True)
class Parts:
    """Rows by their part. ``head``: of the first page, in order; ``foot``: what follows the last close."""

    sheets: tuple[Sheet, ...]
    head: tuple[Row, ...]
    salutation: Row | None
    body: tuple[Row, ...]
    foot: tuple[Row, ...]

    @cached_property
    def labelled(self) -> tuple[Labelled, ...]:
        """Labels of the head with their values."""
        return self._labels_in(self.head)

    @cached_property
    def labelled_in_foot(self) -> tuple[Labelled, ...]:
        """Labels of the foot with their values."""
        return self._labels_in(self.foot)

    def _labels_in(self, rows: Sequence[Row]) -> tuple[Labelled, ...]:
        return tuple(item for row in rows for item in _labelled(self.sheets[row.page], row))


def part(sheets: tuple[Sheet, ...]) -> Parts:
    """Part the pages' rows. The head lies on the first page that has rows."""
    first = next((sheet for sheet in sheets if sheet.rows), None)
    if first is None:
        return Parts(sheets, (), None, (), ())
    if not first.has_places:
        first = replace(first, rows=unmerge(first.rows))
        sheets = tuple(first if sheet.rows and sheet.rows[0].page == first.rows[0].page else sheet for sheet in sheets)
    rows = first.rows
    salutation = _salutation(first)
    if salutation is not None:
        head = _above(first, salutation)
    else:
        start = _running_text(rows)
        head = rows[:start] if not first.has_places or start == len(rows) else _above(first, rows[start])
    in_head = set(head)
    rest = tuple(row for sheet in sheets for row in sheet.rows if row not in in_head and row is not salutation)
    close = _close(rest)
    foot = tuple(row for row in rest[close:] if row.page == rest[close].page)
    return Parts(sheets, head, salutation, rest[:close], foot)


def _close(rest: Sequence[Row]) -> int:
    """Where the foot begins: at the complimentary close, else where it is signed for somebody, or at the tail.

    The last close on the first page that has any: enclosures can be letters, too.
    """
    closes = [place for place, row in enumerate(rest) if marks.is_closing(row.text)]
    if closes:
        return max(place for place in closes if rest[place].page == rest[closes[0]].page)
    signed = (place for place, row in enumerate(rest) if marks.is_signed(row.text))
    return min(next(signed, len(rest)), _tail(rest))


def _tail(rest: Sequence[Row]) -> int:
    """Where the short lines begin that end a letter without a complimentary close."""
    start = len(rest)
    while start > 0 and len(rest) - start < FOOT_ROWS:
        text = rest[start - 1].text
        if len(text) >= RUNNING_LENGTH and marks.address_parts(text) is None and leading(text) is None:
            break
        start -= 1
    return start


def _salutation(sheet: Sheet) -> Row | None:
    rows = [row for row in sheet.rows if marks.is_salutation(row.text)]
    if not rows:
        return None
    if sheet.has_places:
        return min(rows, key=lambda row: row.box.top if row.box else 0.0)
    return rows[0]


def _above(sheet: Sheet, limit: Row) -> tuple[Row, ...]:
    if limit.box is None:
        return sheet.rows[: sheet.rows.index(limit)]
    edge = limit.box.middle - 0.4 * limit.box.height
    return tuple(row for row in sheet.rows if row.box is not None and row.box.middle < edge)


def _running_text(rows: Sequence[Row]) -> int:
    """Where running text begins in a page without a salutation: a block of sentences."""
    for place, row in enumerate(rows):
        if place and rows[place - 1].block == row.block and not _ends_address(rows[place - 1]):
            continue
        block = [other.text for other in rows[place:] if other.block == row.block]
        text = " ".join(block)
        if _is_address(block) or marks.address_parts(row.text):
            continue
        long_lines = sum(len(line) >= RUNNING_LENGTH for line in block)
        sentences = len(SENTENCE.findall(text)) + text.endswith(":")
        if (long_lines and sentences and len(text) > 90) or (len(block) >= 3 and sentences and len(text) > 70):
            return place
    return len(rows)


def _ends_address(row: Row) -> bool:
    return marks.is_place(row.text)


def _is_address(block: Sequence[str]) -> bool:
    return any(marks.is_place(line) for line in block[:8]) or (marks.addresses(block[0]) and len(block) < 6)


def _labelled(sheet: Sheet, row: Row) -> list[Labelled]:
    pairs = values(row.text)
    if only_labels(row.text):
        return _under_labels(sheet, row, [hit for hit, _ in pairs])
    found = []
    for place, (hit, value) in enumerate(pairs):
        if re.search(r"\w", value):
            found.append(Labelled(hit.label, value, row, row))
        elif place == len(pairs) - 1:
            other = _value_row(sheet, row)
            if other is not None:
                found.append(Labelled(hit.label, other.text, row, other))
    return found


def _value_row(sheet: Sheet, row: Row) -> Row | None:
    for other in (sheet.right_of(row), sheet.below(row)):
        if other is None or marks.is_salutation(other.text):
            continue
        hits = find_labels(other.text)
        if not hits or hits[0].start > 0:
            return other
    return None


def _under_labels(sheet: Sheet, row: Row, hits: Sequence[Hit]) -> list[Labelled]:
    """A line of nothing but labels (DIN 676 reference line): its values stand in order in the next line."""
    other = sheet.below(row)
    if other is None:
        return []
    tokens = other.text.split()
    if len(tokens) < len(hits):
        return [Labelled(Label.DATE, token, row, other) for token in tokens[-1:] if hits[-1].label is Label.DATE]
    if len(tokens) == len(hits):
        return [Labelled(hit.label, token, row, other) for hit, token in zip(hits, tokens, strict=True)]
    return [
        Labelled(hits[0].label, tokens[0], row, other),
        Labelled(hits[-1].label, " ".join(tokens[-3:]), row, other),
    ]
