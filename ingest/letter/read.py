"""Reading a letter's own statements from its pages."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ingest.letter.deadlines import find_deadlines
from ingest.letter.doctype import find_doctype
from ingest.letter.extent import enclosures_announced, pages_announced
from ingest.letter.facts import ENCLOSURES_MAYBE_MISSING, PAGES_MISSING, Enclosures, LetterFacts
from ingest.letter.letterdate import find_letter_date
from ingest.letter.money import find_amounts, find_ibans
from ingest.letter.parties import find_parties
from ingest.letter.parts import Parts, part
from ingest.letter.references import find_references
from ingest.letter.sheet import lay_out
from ingest.letter.subject import find_subject
from ingest.words import PageReading

LETTER_LENGTH = 40_000  # characters of a document that can be the letter itself
LETTER_PAGES = 12  # and pages: what follows are enclosures
_KEEPS_DOCKETS = re.compile(
    r"gericht|anw[aä]lt|kanzlei|notar|\bRA(?:in)?\b|staatsanwalt|finanzamt|landratsamt|\w+amt\b|ministerium|behörde|präsidium|polizei|versicher|kasse\b"
    r"|verband|gemeinde\b|\bstadt\b|\bkreis\b|inkasso|forderungs|bank\b|haftpflicht|landes\w+|bundes\w+",
    re.IGNORECASE,
)


def read_letter(pages: Sequence[PageReading], *, town: str | None = None) -> LetterFacts:
    """What the letter on these pages says about itself.

    ``town``: the name of the receiving town ("Stadt Lindenfurt"), where known; the sender is never the town.
    """
    sheets = lay_out(pages[:LETTER_PAGES])
    parts = part(sheets)
    text = "\n\n".join(page.text for page in pages[:LETTER_PAGES])[:LETTER_LENGTH]
    parties = find_parties(parts, town)
    letter_date = find_letter_date(parts)
    subject = find_subject(parts, parties, letter_date)
    body = "\n".join(row.text for row in parts.body)[:LETTER_LENGTH]
    letterhead = " ".join(parties.sender_lines[:2])
    references = find_references(parts, subject, body, sender_has_dockets=_KEEPS_DOCKETS.search(letterhead) is not None)
    rows = [row for sheet in sheets for row in sheet.rows]
    announced = pages_announced(sheets)
    enclosures = enclosures_announced(rows)
    return LetterFacts(
        sender=parties.sender,
        sender_lines=parties.sender_lines,
        recipient_lines=parties.recipient_lines,
        letter_date=letter_date,
        subject=subject,
        own_references=references.own,
        foreign_references=references.foreign,
        doctype=find_doctype(subject, body),
        ibans=find_ibans(text),
        amounts=find_amounts(text),
        deadlines=find_deadlines(text),
        pages_announced=announced,
        enclosures_announced=enclosures,
        warnings=_warnings(pages, parts, announced, enclosures),
    )


def _warnings(
    pages: Sequence[PageReading], parts: Parts, announced: int | None, enclosures: Enclosures | None
) -> tuple[str, ...]:
    found = []
    if announced is not None and announced > len(pages):
        found.append(PAGES_MISSING)
    scanned = any(page.width > 0 for page in pages)
    if enclosures is not None and scanned:
        last = max((row.page for row in parts.foot), default=0)
        if len(pages) - 1 - last < enclosures.count:
            found.append(ENCLOSURES_MAYBE_MISSING)
    return tuple(found)
