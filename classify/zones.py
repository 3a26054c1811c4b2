"""Part a letter into the zones that count differently: head, subject, body, and the references printed in it.

The text is used as OCR gave it: sender and address zone on top, then date and reference, the subject, the
greeting, the body, the closing with a name, the enclosures. What is not found stays in the body, so that a
scrap of paper without any form is read whole.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

from classify.letters import Example
from classify.masking import is_closing, is_greeting, mask

_HEAD_LINES = 45
_NOTE_HEAD_LINES = 25  # of a note without a greeting
_SIGNATURE_LINES = 4
_AFTER_GREETING = regex.compile(r"^[^,!.:]*[,!.:]?\s*")
_SUBJECT_MARK = regex.compile(r"^\W*(?:betreff|betr\.?|betrifft)\s*[:.]?\s*(.+)$", regex.IGNORECASE)
_ENCLOSURES = regex.compile(r"^\W*(?:anlagen?|beilagen?|anhang|anbei)\b\s*[:(]?", regex.IGNORECASE)
_NO_SUBJECT = regex.compile(
    r"^\W*(?:\d{5}\s|\d{1,2}\.\s?(?:\d{1,2}\.|\p{L}+)\s?\d{2,4}|(?:tel|fax|telefon|mail|e-mail|datum|ihr(?:e)?\s+zeichen"
    r"|unser(?:e)?\s+zeichen|aktenzeichen|az|kassenzeichen|ihre\s+nachricht|seite)\b|\d{4}-\d\d-\d\d)",
    regex.IGNORECASE,
)
# "331.1-2874/20", "22.1 HuSt 6612", "63-BA-00214-25", "36/FE 20814"; not a court's "51 C 118/24"
_REFERENCE = regex.compile(
    r"(?<![\w.,/€-])([1-9]\d{1,2})(?:(?:[.]\d{1,2})(?:\s?[-/]\s?|\s)|\s?[-/]\s?)(?:\d{1,2}[-/ ])?"
    r"(?:\p{Lu}[\p{L}\d./ -]{0,14}?\d|\d{2,}[-/]\d)"
)


@dataclass(frozen=True, slots=True)
class Zones:
    """The parts of one letter, masked; ``references`` holds the leading numbers of file references."""

    subject: str
    body: str
    head: str
    enclosures: str
    references: tuple[str, ...]


def part(letter: Example) -> Zones:
    """Part a letter into its zones. Nothing is lost but what masking takes and names under the closing."""
    lines = letter.text.replace("\f", "\n").replace("\r", "").split("\n")
    head, body = _head_and_body(lines)
    subject, head = _subject(letter.subject, head)
    if not subject:
        subject, body = _first_line(body)
    body, enclosures = _without_signature(body)
    return Zones(
        subject=mask(subject),
        body=mask("\n".join(body)),
        head="\n".join((letter.sender, *head)),
        enclosures=mask("\n".join(enclosures)),
        references=_references(letter.subject + "\n" + letter.text),
    )


def _head_and_body(lines: list[str]) -> tuple[list[str], list[str]]:
    """What stands above the greeting, or else down to the last address, date or reference on top; the rest."""
    for index, line in enumerate(lines[:_HEAD_LINES]):
        if is_greeting(line):
            rest = _AFTER_GREETING.sub("", line)
            return lines[:index], [rest, *lines[index + 1 :]]
    marks = [i for i, line in enumerate(lines[:_NOTE_HEAD_LINES]) if len(line) < 60 and _NO_SUBJECT.match(line)]
    end = marks[-1] + 1 if marks else 0
    return lines[:end], lines[end:]


def _first_line(body: list[str]) -> tuple[str, list[str]]:
    """A marked subject, or a short first line that stands by itself; else none."""
    start = next((i for i, line in enumerate(body) if line.strip()), None)
    if start is None:
        return "", body
    if marked := _SUBJECT_MARK.match(body[start]):
        return marked.group(1), body[start + 1 :]
    alone = start + 2 < len(body) and not body[start + 1].strip() and len(body[start]) < 100
    return (body[start], body[start + 1 :]) if alone else ("", body)


def _subject(given: str, head: list[str]) -> tuple[str, list[str]]:
    """The subject (as given, as marked "Betreff", or the last block of the head) and the rest of the head."""
    if given.strip():
        return given, head
    for index, line in enumerate(head):
        if marked := _SUBJECT_MARK.match(line):
            return marked.group(1), head[:index] + head[index + 1 :]
    end = len(head)
    while end and not head[end - 1].strip():
        end -= 1
    start = end
    while start and head[start - 1].strip() and end - start < 3:
        start -= 1
    block = head[start:end]
    if not block or any(_NO_SUBJECT.match(line) for line in block):
        return "", head
    return "\n".join(block), head[:start]


def _without_signature(body: list[str]) -> tuple[list[str], list[str]]:
    """Body and enclosures, without the closing and the names under it."""
    for index in range(len(body) - 1, -1, -1):
        if is_closing(body[index]):
            rest = body[index + 1 :]
            kept = next((i for i, line in enumerate(rest) if _ENCLOSURES.match(line)), None)
            if kept is not None:
                return body[:index], rest[kept:]
            names = sum(1 for line in rest if line.strip())
            return body[:index], rest[_SIGNATURE_LINES:] if names > _SIGNATURE_LINES else []
    return body, []


def _references(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(m.group(1) for m in _REFERENCE.finditer(text)))
