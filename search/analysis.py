"""An entry as terms, for every engine alike."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from functools import lru_cache

from search.compounds import parts
from search.engine import Analysed, Stored
from search.german import CACHE, fold, stem, tokens, unbroken, words
from search.numbers import blind, marks
from search.port import Entry

HEAD_LETTERS = 2  # beginnings of this length and shorter are terms of their own, so that ``s*`` is one look-up
TITLE = 400  # letters of a whole subject as one term
_ORDER_BITS = 40
STATE_WORDS = {
    "filed": ("filed", "abgelegt", "eingeordnet", "zugeordnet", "posteingang"),
    "clarify": ("clarify", "klaerung", "klaerfall", "klaerfaelle", "offen"),
    "quarantined": ("quarantined", "quarantaene"),
    "working": ("working", "bearbeitung", "arbeit"),
}


@lru_cache(maxsize=CACHE)
def levels(surface: str) -> tuple[str, str, tuple[str, ...]]:
    """The exact form, the stem and the parts of a word."""
    exact = fold(surface)
    return exact, stem(exact), parts(exact)


def analyse(entry: Entry) -> Analysed:
    """Turn an entry into terms."""
    other = "\n".join(
        (
            entry.unit_name,
            entry.doctype,
            entry.efile,
            entry.case,
            entry.source_name,
            entry.file_reference,
            entry.foreign_reference,
            entry.entry_no,
        )
    )
    body, subject, sender, rest = (
        [_read(page) for page in pages] for pages in (entry.pages, [entry.subject], [entry.sender], [other])
    )
    texts = (("subject", subject), ("sender", sender), ("body", body), ("other", rest))
    text = {name: [[levels(word)[0] for word in page] for page in pages] for name, pages in texts}
    streams = {name: [part_stream(page) for page in pages] for name, pages in texts}
    found = _unique(mark.term for piece in (entry.subject, entry.sender, other, *entry.pages) for mark in marks(piece))
    text["all"] = [*(page for pages in streams.values() for page in pages), list(found)]
    text["subject_part"], text["sender_part"] = streams["subject"], streams["sender"]
    for name, pages in (("subject", subject), ("body", body)):
        text[f"{name}_stem"] = [[levels(word)[1] for word in page] for page in pages]
    day = (entry.day or entry.received_on).toordinal()
    surfaces = dict.fromkeys(word for page in body for word in page)
    return Analysed(
        id=entry.id,
        text=text,
        values={
            "id": (entry.id,),
            "unit": _one(entry.unit),
            "doctype": _one(entry.doctype),
            "year": (str((entry.day or entry.received_on).year),),
            "sender_name": _one(entry.sender.partition("\n")[0].strip()),
            "efile": _one(entry.efile),
            "state": _one(entry.state),
            "tokens": tuple(sorted(entry.tokens)),
            "reference": _references(entry),
            "tags": _tags(entry),
            "heads": _heads(text),
            "title": _one(title(entry.subject)),
        },
        day=day,
        order=order(entry.id, day),
        stored=Stored(entry.subject, entry.sender, " ".join(surfaces)),
    )


def part_stream(page: Sequence[str]) -> list[str]:
    """Stems in order, compounds split, so that ``Hunde Steuer`` and ``Hundesteuer`` read alike."""
    return [part for word in page for part in levels(word)[2]]


def _read(page: str) -> list[str]:
    return [word if word.isalnum() else unbroken(word) for word in words(page)]


def title(subject: str) -> str:
    """A whole subject as one term."""
    return " ".join(fold(token.surface) for token in tokens(subject))[:TITLE]


def order(id: str, day: int) -> int:
    """The place of a document in the order of days; no two have the same (but for one in 2**40)."""
    digest = hashlib.sha256(id.encode()).digest()
    return day << _ORDER_BITS | int.from_bytes(digest[: _ORDER_BITS // 8], "big")


def collapsed(reference: str) -> str:
    """A reference without separators: ``22.3-HuSt-2025-0417`` is ``223hust20250417``."""
    return "".join(fold(token.surface) for token in tokens(reference))


def _references(entry: Entry) -> tuple[str, ...]:
    whole = [
        collapsed(reference)
        for reference in (
            entry.file_reference,
            entry.foreign_reference,
            entry.efile,
            entry.case,
            entry.entry_no,
        )
    ]
    return _unique(term for one in whole if one for term in (one, "o" + blind(one)))


def _tags(entry: Entry) -> tuple[str, ...]:
    """Words of short fields behind the field's name: for ``einheit:``, ``art:``, ``akte:``, ``status:``."""
    tagged: list[str] = []
    for name, value in (
        ("unit", f"{entry.unit} {entry.unit_name}"),
        ("kind", entry.doctype),
        ("file", f"{entry.efile} {entry.case}"),
        ("source", entry.source_name),
    ):
        for token in tokens(value):
            exact, root, pieces = levels(token.surface)
            tagged += [f"{name}={term}" for term in (exact, root, *pieces)]
    tagged += [f"file={collapsed(value)}" for value in (entry.efile, entry.case) if value]
    tagged += [f"state={word}" for word in STATE_WORDS.get(entry.state, (fold(entry.state),))]
    return _unique(tagged)


def _heads(text: dict[str, list[list[str]]]) -> tuple[str, ...]:
    seen = {word for name in ("subject", "sender", "body", "other") for page in text[name] for word in page}
    return tuple(sorted({word[:length] for word in seen for length in range(1, HEAD_LETTERS + 1)}))


def _one(value: str) -> tuple[str, ...]:
    return (value,) if value else ()


def _unique(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(values))
