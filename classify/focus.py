"""What a letter is about, as against what it only mentions.

Letters name matters that are settled ("die Mahnung hat sich erledigt"), and are addressed to offices that
people guess. Sentences that say that something is done are read apart, and so are the office that a letter
names in its address or subject, and the sentences that ask for something.
"""

from __future__ import annotations

from dataclasses import dataclass

import regex

_SENTENCE = regex.compile(r"(?<=[.!?])\s+(?=\p{Lu}|\")|\n\s*\n|\n(?=\s*[-•*]|\s*\d+[.)])")
_SETTLED = regex.compile(
    r"\b(?:(?:hat|haben)\s+sich\s+(?:\p{L}+\s+)?erledigt|(?:ist|sind|war|damit|schon|bereits|inzwischen|soweit)\b[^.!?]{0,40}\b"
    r"(?:erledigt|geklärt|abgeklärt|in\s+ordnung|besprochen|abgestimmt|genehmigt|abgeschlossen|eingerichtet|fertig|weggeräumt)"
    r"|(?:schon|bereits|längst|inzwischen|letzte\s+woche|damals)\b[^.!?]{0,50}\b(?:bezahlt|überwiesen|angemeldet|"
    r"umgemeldet|abgemeldet|bekommen|erhalten|beantragt|unterschrieben|angeordnet|bestätigt|abgelehnt)"
    r"|(?:hat|ging)\b[^.!?]{0,30}\b(?:geklappt|gut|problemlos|reibungslos)|nichts\s+mehr\s+offen|(?:darum|darüber)\s+geht\s+es"
    r"\s+(?:mir\s+|uns\s+|also\s+|hier\s+)*nicht|habe(?:n)?\s+(?:ich|wir)\s+nichts|keine\s+einwände|nicht\s+(?:mehr\s+)?nötig"
    r"|weiß\s+ich\s+schon|brauche(?:n)?\s+(?:ich|wir)\s+(?:da\s*für\s+)?nichts|(?:ist|sind|stimmt)\s+(?:alles\s+|soweit\s+)?"
    r"(?:richtig|korrekt)|insoweit|soweit\s+danke|nicht\s+das\s+problem|ist\s+mir\s+(?:\p{L}+\s+)?gleich|vielen\s+dank\s+an|"
    r"danke\s+(?:noch\s*mal|nochmal|dafür|an)\b|loben)\b",
    regex.IGNORECASE,
)
_ASKS = regex.compile(
    r"\?|\b(?:bitte[nt]?|möchte[n]?|beantrag\p{L}+|brauch\p{L}+|benötig\p{L}+|fehl(?:t|en)|woll(?:en|te)|will|widerspruch|"
    r"einspruch|forder\p{L}+|hiermit|anbei|melde[n]?|geht\s+es|anliegen|problem|sorgen\s+sie|frage)\b",
    regex.IGNORECASE,
)
_ADDRESSED = regex.compile(
    r"\b(?:an|ans|für)\s+(?:das|die|den|dem|der)?\s*(?:stadt(?:verwaltung)?,?\s+)?(?P<office>[\p{L}-]*"
    r"(?:amt|ämter|büro|stelle|behörde|kasse|aufsicht|verwaltung|kämmerei|polizei|bauhof))\b"
    r"|^\W*(?P<office2>[\p{L}-]*(?:amt|büro|stelle|behörde|kasse|aufsicht|kämmerei))\b(?=\s*[:,/!-]|\s+(?:oder|und)\b)",
    regex.IGNORECASE | regex.MULTILINE,
)


@dataclass(frozen=True, slots=True)
class Focus:
    """The body, parted. ``asks`` is also part of ``matter``."""

    matter: str
    asks: str
    settled: str


def focus(body: str) -> Focus:
    """Part a body by what its sentences do."""
    matter, asks, settled = [], [], []
    for sentence in _SENTENCE.split(body):
        if _SETTLED.search(sentence):
            settled.append(sentence)
            continue
        matter.append(sentence)
        if _ASKS.search(sentence):
            asks.append(sentence)
    return Focus("\n".join(matter), "\n".join(asks), "\n".join(settled))


def without_addressee(text: str) -> tuple[str, str]:
    """The text without the offices that it is addressed to, and their names."""
    offices = " ".join(m.group("office") or m.group("office2") or "" for m in _ADDRESSED.finditer(text))
    return (_ADDRESSED.sub(" ", text), offices) if offices else (text, "")
