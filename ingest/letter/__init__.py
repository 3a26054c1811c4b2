"""What a letter says of itself: sender, recipient, date, subject, references, kind, money, terms, extent."""

from ingest.letter.facts import ENCLOSURES_MAYBE_MISSING, PAGES_MISSING, Deadline, Enclosures, LetterFacts
from ingest.letter.read import read_letter

__all__ = [
    "ENCLOSURES_MAYBE_MISSING",
    "PAGES_MISSING",
    "Deadline",
    "Enclosures",
    "LetterFacts",
    "read_letter",
]
