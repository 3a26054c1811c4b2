"""Names of people and firms: does a line look like one, are two the same."""

from __future__ import annotations

import re
from difflib import SequenceMatcher

from ingest.letter import marks
from ingest.letter.dates import find_dates
from ingest.letter.labels import Label, leading
from ingest.letter.slips import fold

_FIRM = re.compile(
    r"\b(?:GmbH|gGmbH|AG|KG|OHG|GbR|UG|eG|e\.\s?G|e\.\s?V|e\.\s?K|mbB|PartG\w*|SE|KGaA|VVaG|Co\."
    r"|& Sohn|& Söhne"
    r"|Inh\.|Verein|Verband|Kanzlei"
    r"|Rechtsanw\w+|Notar\w*|Steuerberat\w+|Gericht|\w+gericht|Staatsanwaltschaft|Finanzamt|Landratsamt|Sparkasse|Volksbank|\w*[Bb]ank"
    r"|Versicherung\w*|\w*versicherung|Stiftung|Klinik\w*|Praxis|Apotheke|Verlag|Werkstatt|Betrieb|\w+betrieb|Bau|Büro|\w+büro"
    r"|Hausverwaltung|Genossenschaft|Gesellschaft|Institut|Schule|Kita|Kindergarten|Pfarramt|Kirchengemeinde|Polizei\w*|Regierungspräsidium)\b"
)
_TITLES = re.compile(
    r"^(?:Dr\.|Prof\.|Dipl\.-?\w+\.?|med\.|jur\.|phil\.|rer\.|nat\.|Ing\.|Frau|Herr|Familie|Fam\.|Eheleute|RA|RAin|M\.?A\.?|B\.?A\.?|LL\.M\.|h\.|c\.|vet\.|dent\.)\s*"
)
_WORD = re.compile(
    r"^(?:[A-ZÄÖÜÇŞĞİÉÁØŁŚŽČ][\w'’äöüßçşğıéáøłśžč]*\.?(?:[-–][A-ZÄÖÜ]?[\w'’]*)*|von|van|de|der|den|zu|zur|und|u\.|&|bin|al|el|ten|vom|geb\.|di|da|dos|del|la)$"
)
_STRAY = " \t|_~*•·°,;=-–—'\"»«<>\\"
_NO_NAME = re.compile(
    r"^(?:im auftrag|in vertretung|auf anordnung|unterschrift|ort|datum|anschrift)\b[\s:.]*$", re.IGNORECASE
)
_PREFIX = re.compile(
    r"^(?:(?:i\.?\s?[AV]\.?|gez\.|ppa\.?|im Auftrag|in Vertretung|Absender(?:in)?|Abs\.?"
    r"|Von|From|Name|Ihr(?:e)?|Eure?)\s*[:.]?\s+)+",
    re.IGNORECASE,
)


def clean_name(text: str) -> str:
    """A name line without label, bullets and stray marks."""
    stripped = text.strip(_STRAY)
    label = leading(stripped)
    if label is not None and (not label.bare or label.label is Label.SENDER):
        stripped = stripped[label.end :]
    return re.split(r"\s[·•|]\s", stripped.strip(_STRAY + ":"))[0]


def signed_name(text: str) -> str:
    """A name under a letter without "i. A.", "gez.", "Ihre"."""
    bare = _PREFIX.sub("", text.strip(" _.,()-–—*/|~"))
    return re.split(r",|\s\(|\s{3,}", bare)[0].strip(" _,()")


def bare_name(text: str) -> str:
    """A name line without "i. A.", "gez.", "Absender"."""
    return _PREFIX.sub("", text).strip(_STRAY)


def is_firm(text: str) -> bool:
    """A line with a word that only firms, societies and authorities have in their name."""
    return _FIRM.search(text) is not None


def is_person(text: str) -> bool:
    """A line of two to six capitalised words without digits, perhaps with titles."""
    bare = text.strip()
    while True:
        shorter = _TITLES.sub("", bare, count=1)
        if shorter == bare:
            break
        bare = shorter
    had_title = bare != text.strip()
    words = bare.replace(",", " ").split()
    if not (1 if had_title else 2) <= len(words) <= 7 or any(char.isdigit() for char in bare):
        return False
    return all(_WORD.match(word) for word in words) and words[0][:1].isupper()


def can_be_name(text: str) -> bool:
    """A line that is not clearly something else than a name."""
    stripped = text.strip()
    letters = sum(char.isalpha() for char in stripped)
    if letters < 3 or letters < 0.5 * len(stripped.replace(" ", "")) or len(stripped) > 70:
        return False
    return not (
        _NO_NAME.match(stripped)
        or marks.is_place(stripped)
        or marks.is_contact(stripped)
        or marks.is_salutation(stripped)
        or marks.is_postal(stripped)
        or find_dates(stripped)
    )


def alike(name: str, other: str) -> bool:
    """The same name, but for slips of OCR, case, or one being a part of the other."""
    left, right = _key(name), _key(other)
    if not left or not right:
        return False
    if left == right:
        return True
    shorter, longer = sorted((left, right), key=len)
    if len(shorter) >= 6 and shorter in longer:
        return True
    left_words, right_words = set(_words(name)), set(_words(other))
    if len(left_words & right_words) >= 2:
        return True
    return SequenceMatcher(None, left, right, autojunk=False).ratio() >= 0.86


def _key(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(name))


def _words(name: str) -> list[str]:
    return [word for word in re.split(r"[^a-z0-9]+", fold(name)) if len(word) >= 3]
