"""Slips of OCR: text folded so that characters that OCR mixes up are the same, and numbers repaired."""

from __future__ import annotations

import re

_SAME = str.maketrans("l1|!íìïj0äàáâöóôüúûéèêßıİ", "iiiiiiii" + "oaaaaooouuueeesii")
_DIGITS = str.maketrans("OoQDlI|!SsBZ", "000011115582")
_GROUP = re.compile(r"(?<![0-9A-Za-zÄÖÜäöüß])[0-9OoQlI|]+(?![0-9A-Za-zÄÖÜäöüß])")


def fold(text: str) -> str:
    """``text`` in lower case without l/1/I, O/0 and umlauts told apart; positions stay the same."""
    low = text.lower()
    return (low if len(low) == len(text) else "".join(char.lower()[0] for char in text)).translate(_SAME)


def folded_pattern(words: str) -> str:
    """A regular expression for words, for use on folded text; ``rn`` counts as ``m``, spaces may be lost."""
    parts = []
    for char in fold(words):
        if char == " ":
            parts.append(r"\s*")
        elif char == "m":
            parts.append("(?:m|rn)")
        elif char == ".":
            parts.append(r"[.,]?")
        elif char == "-":
            parts.append(r"[-–\s]{0,3}")
        else:
            parts.append(re.escape(char))
    return "".join(parts)


def as_digits(text: str) -> str:
    """Every letter that OCR takes for a digit as this digit."""
    return text.translate(_DIGITS)


def repair_numbers(text: str) -> str:
    """Letters in a group of digits as digits: ``2O.1`` is ``20.1``; groups of letters stay as they are."""

    text = re.sub(r"^S(?=\d{1,2}[.-])", "5", text)

    def repaired(match: re.Match[str]) -> str:
        group = match[0]
        before = match.string[max(0, match.start() - 2) : match.start()]
        if any(char.isdigit() for char in group) or (group in "lI|" and re.fullmatch(r"\d[.]", before)):
            return as_digits(group)
        return group

    return _GROUP.sub(repaired, _GROUP.sub(repaired, text))  # the second time, the digits before are repaired
