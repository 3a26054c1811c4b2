"""The subject: behind "Betreff:", or what stands between address and salutation (DIN 5008: no label)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from ingest.letter import marks
from ingest.letter.dates import find_dates
from ingest.letter.labels import Label, leading, only_labels
from ingest.letter.parties import Parties
from ingest.letter.parts import Parts
from ingest.letter.sheet import Row

_CAN_BE_SUBJECT = (Label.SUBJECT, Label.FIRM, Label.OWN, Label.REFERENCE, Label.FOREIGN)
MAX_ROWS = 5
SUBJECT_RIGHT_OF = 105.0  # mm: what begins further right is not the subject
_PREFIX = re.compile(
    r"^(?:(?:Betreff|Betr\.?|Betrifft|Subject|Re|AW|WG|wegen)\s*[:;.]\s*"
    r"|Betreff\s+|Betr\.\s*|Betrifft\s+)+(?:wegen\s+)?",
    re.IGNORECASE,
)
_BEFORE_DATE = re.compile(r"^(?:[\w.()/ -]{1,40}?,?\s*(?:den|d\.|am|im)?|den|am|Datum\s*:?)?$")
_NUMBERED = re.compile(r"(?:Rechnung|Angebot|Mahnung|Auftrag|Gutschrift)\s", re.IGNORECASE)
_HANDS = re.compile(
    r"^(?:z\.\s?H|zu\s?H(?:ä|a)nden|zur Kenntnis|z\.\s?K|nachrichtlich|über\b|Durchschrift)", re.IGNORECASE
)


def find_subject(parts: Parts, parties: Parties, letter_date: date | None) -> str | None:
    """The subject as one line; None where there is none. The line of the letter's date is no part of it."""
    rows = _labelled(parts, letter_date)
    if not rows or not re.search(r"[^\W\d_]{4}", _PREFIX.sub("", rows[0].text)):
        rows = _unlabelled(parts, parties, letter_date) or rows
    text = join_lines([row.text for row in rows])
    text = _PREFIX.sub("", text).strip(" _|~•·*")
    return text if sum(char.isalnum() for char in text) >= 3 else None


def join_lines(lines: Sequence[str]) -> str:
    """Lines as one, words that were parted at the end of a line joined."""
    text = ""
    for line in lines:
        stripped = line.strip()
        if (
            re.search(r"[a-zäöüß]-$", text)
            and re.match(r"[a-zäöüß]", stripped)
            and not re.match(r"(?:und|oder|bzw)\b", stripped)
        ):
            text = text[:-1] + stripped
        elif re.search(r"\w[-/]$", text) and not re.match(r"(?:und|oder|bzw)\b", stripped) and not text.endswith(" -"):
            text += stripped
        else:
            text = f"{text} {stripped}".strip()
    return text


def _labelled(parts: Parts, day: date | None) -> list[Row]:
    near = [*parts.head, *parts.body[:4]]
    for place, row in enumerate(near):
        label = leading(row.text)
        if label is None or label.label is not Label.SUBJECT:
            continue
        if row not in parts.head and not re.match(r"betr", row.text.strip(), re.IGNORECASE):
            continue
        if re.match(r"hier", row.text.strip(), re.IGNORECASE):
            continue
        rest = row.text[label.end :].strip()
        following = [other for other in near[place + 1 :] if row in parts.head and _continues_subject(other, day)]
        if rest:
            return [row, *_same_block(row, following)]
        beside = parts.sheets[row.page].right_of(row)
        start = beside or next(iter(following), None)
        if start is None:
            return []
        return [start, *_same_block(start, [other for other in following if other is not start])]
    return []


def _same_block(row: Row, following: Sequence[Row]) -> list[Row]:
    taken: list[Row] = []
    for other in following:
        if other.block != row.block or len(taken) >= MAX_ROWS - 1:
            break
        taken.append(other)
    return taken


def _continues_subject(row: Row, day: date | None) -> bool:
    label = leading(row.text)
    if label is not None and label.label not in _CAN_BE_SUBJECT:
        return False
    return not (
        holds_only_reference(row.text)
        or marks.is_salutation(row.text)
        or _is_date_line(row.text, day)
        or marks.is_contact(row.text)
    )


def _unlabelled(parts: Parts, parties: Parties, day: date | None) -> list[Row]:
    rows = _between(parts, parties, day)
    blocks: list[list[Row]] = []
    for row in rows:
        if blocks and blocks[-1][-1].block == row.block:
            blocks[-1].append(row)
        else:
            blocks.append([row])
    plain = [block for block in blocks if not marks.addresses(block[0].text)]
    chosen = plain or blocks or [[row] for row in _numbers(parts, parties)]
    if not chosen:
        return []
    if parts.salutation is not None:
        return chosen[-1][-MAX_ROWS:]
    if not parts.body:  # a note that is nothing but this
        return []
    return [] if _is_sentence(" ".join(row.text for row in chosen[0])) else chosen[0][:MAX_ROWS]


def _is_sentence(text: str) -> bool:
    """Running text rather than a headline."""
    return len(text.split()) >= 5 and re.search(r"[a-zäöüß]{3}\.$", text.strip()) is not None


def _between(parts: Parts, parties: Parties, day: date | None) -> list[Row]:
    """Rows of the head that are left when addresses, references, dates and contacts are taken away."""
    used = parties.sender_rows | parties.recipient_rows
    values = {item.value_row for item in parts.labelled if item.value_row is not item.row}
    start = _start(parts, parties)
    rows = []
    for place, row in enumerate(parts.head):
        if row in used or row in values or not _below(row, place, start, parts):
            continue
        if _is_other(row, day):
            continue
        rows.append(row)
    return rows


def _numbers(parts: Parts, parties: Parties) -> list[Row]:
    """A lone number as a headline, without a colon: "Rechnung Nr. 2025-044"."""
    start = _start(parts, parties)
    below = [row for place, row in enumerate(parts.head) if _below(row, place, start, parts)]
    return [row for row in below if _NUMBERED.match(row.text.strip()) and holds_only_reference(row.text)]


def _start(parts: Parts, parties: Parties) -> Row | None:
    """The last row above the subject: the recipient's last, else the sender's."""
    rows = parties.recipient_rows or parties.sender_rows
    in_head = [row for row in parts.head if row in rows]
    return in_head[-1] if in_head else None


def _below(row: Row, place: int, start: Row | None, parts: Parts) -> bool:
    if row.box is not None and row.box.left > SUBJECT_RIGHT_OF:
        return False
    if start is None:
        return row.box is None or row.box.top > 35
    if row.box is not None and start.box is not None:
        return row.box.top > start.box.middle
    return place > parts.head.index(start)


def _is_other(row: Row, day: date | None) -> bool:
    text = row.text.strip()
    label = leading(text)
    if label is not None and (label.label not in _CAN_BE_SUBJECT or holds_only_reference(text) or only_labels(text)):
        return True
    return (
        sum(char.isalnum() for char in text) < 3
        or marks.is_place(text)
        or marks.address_parts(text) is not None
        or marks.is_contact(text)
        or marks.is_postal(text)
        or _HANDS.match(text) is not None
        or _is_date_line(text, day)
    )


def holds_only_reference(text: str) -> bool:
    """A line that is a label of a reference with its value and no more ("Az.: 20-VO-3391/23")."""
    label = leading(text)
    if label is None or label.label not in (Label.OWN, Label.FOREIGN, Label.REFERENCE):
        return False
    rest = text[label.end :].strip(" .,;-–")
    words = re.findall(r"[^\W\d]{3,}", rest)
    return not rest or (
        len(rest) <= 40
        and not find_dates(rest)
        and len(words) <= 1 + rest.count("-") + rest.count("/") + rest.count(".")
        and not re.search(r",\s", rest)
    )


def _is_date_line(text: str, day: date | None) -> bool:
    """A line with the letter's date and at most a place."""
    dates = find_dates(text)
    if len(dates) != 1 or dates[0].day != day:
        return False
    before, after = text[: dates[0].start].strip(" -–"), text[dates[0].end :].strip(" .,")
    return not after and len(before.split()) <= 5 and _BEFORE_DATE.match(before) is not None
