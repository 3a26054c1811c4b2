"""The language of a page, among those that are configured, by its commonest words."""

from __future__ import annotations

import re

_GERMAN = "der die das und ist nicht ich sie wir mit für auf ein eine den dem des zu im von bei ihre bitte sehr"
_ENGLISH = "the of and to in is that for with you your we are our this be on as it have not from please dear"
COMMON = {"deu": frozenset(_GERMAN.split()), "eng": frozenset(_ENGLISH.split())}
COMMON["frk"] = COMMON["deu"]  # Fraktur print is German; Tesseract's model is for its letters
LEAST = 3  # common words that a page must have for a verdict


def language_of(text: str, configured: str) -> str | None:
    """Tesseract's code of the page's language; None where several are configured and none shows.

    ``configured``: codes joined by +. With one language that one is the answer.
    """
    codes = configured.split("+")
    if len(codes) == 1:
        return codes[0]
    words = re.findall(r"[a-zäöüß]+", text.lower().replace("ſ", "s"))
    counts = {code: sum(word in COMMON.get(code, ()) for word in words) for code in codes}
    best = max(codes, key=lambda code: counts[code])  # the first named wins a tie
    return best if counts[best] >= LEAST else None
