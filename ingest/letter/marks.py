"""What a printed line is: a street, a place, a salutation, a return address ..."""

from __future__ import annotations

import re

from ingest.letter.labels import Label, leading
from ingest.letter.slips import as_digits, fold, folded_pattern

_PLACE = re.compile(
    r"^(?:D\s?[-–]\s?|DE\s?[-–]\s?)?(?P<code>[0-9OolI|]{5})\s+(?P<city>[A-ZÄÖÜ][\w.äöüß]*(?:[\s/-]+[\w.()äöüß-]+){0,5})\s*,?$"
)
_PLACE_ABROAD = re.compile(
    r"^(?:(?:[A-Z]{1,3}[-–]\s?)?(?!19|20)\d{4}(?:\s?[A-Z]{2})?\s+[A-ZÄÖÜ][\w-]+(?:\s[\w-]+){0,2}"
    r"|[A-Z][\w. ]+,?\s[A-Z]{2}\s\d{5}(?:,\s?[A-Z]+)?)$"
)
_PLACE_WITHIN = re.compile(r"(?<![0-9A-Za-z])[0-9OolI|]{5}\s+[A-ZÄÖÜ][a-zäöüß]+")
_STREET_WORD = (
    r"(?:straße|strasse|str\.?|straBe|weg|platz|allee|gasse|ring|damm|ufer|markt|hof|höfe|berg|graben|steig|stieg|wall|chaussee"
    r"|promenade|siedlung|kamp|brink|park|anger|tor|winkel|feld|twiete|zeile|pfad|stieg|koppel|garten|gärten|wiese|grund"
    r"|hang|bogen|brücke|kai|speicher|halde|leite|rain|blick|eck|au|aue|bach|burg|tal|heide|land|lane|street|road|hain|born)"
)
_NUMBER = r"\d{1,3}\s?(?:[a-zA-Z]\b)?(?:\s?[-–/+]\s?\d{1,3}\s?[a-z]?)?(?:\s?,.*)?$"
_STREET = re.compile(rf"^(?:[\w.'’/-]+\s){{0,4}}?[\w.-]*\s?{_NUMBER}")
_STREET_NAMED = re.compile(rf"{_STREET_WORD}\s*{_NUMBER}", re.IGNORECASE)
_BOX = re.compile(r"^(?:Postfach|Postf\.|PF)\s*[\d\s]+$|^(?:Außerhalb|Haus|Hof|Hausnummer)\s\d+", re.IGNORECASE)
_ROOM = re.compile(
    r"^(?:c/o|z\.\s?H(?:d|dn)?\.|zu Händen|Zimmer\b|Zi\.|Hinterhaus|App(?:artement|\.)|\(.*\)$)",
    re.IGNORECASE,
)


def _starts(words: str) -> str:
    """A pattern for the beginning of a line; words that end in a space end there."""
    return folded_pattern(words.rstrip()) + (r"(?![a-z0-9])" if words.endswith(" ") else "")


_SALUTATION = re.compile(
    r"^(?:"
    + "|".join(
        _starts(words)
        for words in (
            "sehr geehrt",
            "sehr verehrt",
            "sehr gehrte",
            "sehr geerte",
            "geehrte",
            "liebe ",
            "lieber ",
            "liebes ",
            "werte ",
            "werter ",
            "hallo ",
            "guten tag ",
            "guten morgen ",
            "moin ",
            "grüß gott ",
            "grüss gott ",
            "grüezi ",
            "meine damen",
            "meine herren",
            "dear ",
            "hochverehrte",
            "verehrte",
            "hi ",
            "servus ",
            "an alle ",
            "to whom it",
            "ladies and",
        )
    )
    + r")"
)
_CLOSING = re.compile(
    r"(?:^|[.!?]\s|,\s)(?:ich verbleibe |wir verbleiben |verbleibe )?(?:"
    + "|".join(
        _starts(words)
        for words in (
            "mit freundlich",
            "mit freundlichem",
            "mit besten gr",
            "mit bestem gr",
            "mit vorzüglich",
            "mit hochachtung",
            "mit kollegial",
            "mit herzlich",
            "mit lieben gr",
            "mit bürgerlich",
            "mit sportlich",
            "mit musikalisch",
            "mit nachbarlich",
            "mit verbindlich",
            "mit der bitte um",
            "freundliche gr",
            "freundlicher gr",
            "freundlichen gr",
            "freundlichst",
            "freundlich grüßt",
            "viele gr",
            "beste gr",
            "liebe gr",
            "herzliche gr",
            "schöne gr",
            "hochachtungsvoll",
            "hochachtend",
            "mfg ",
            "m.f.g. ",
            "m. fr. gr",
            "vielen dank und",
            "besten gr",
            "gruß ",
            "gruss ",
            "es grüßt ",
            "grüße ",
            "ergebenst ",
            "kind regards",
            "yours ",
            "sincerely ",
            "best regards",
        )
    )
    + r")"
)
_SIGNED = re.compile(r"^(?:" + "|".join(_starts(words) for words in ("i. a. ", "i. v. ", "gez. ", "ppa. ")) + r")")
_CONTACT = re.compile(
    r"[\w.+-]+\s?@\s?[\w-]+\.\w|\bwww\.|https?:|^(?:\(?0\d{2,5}\)?|\+\d{2})[\s/\d().-]{5,}$|\.(?:de|com|net|org)\b",
    re.IGNORECASE,
)
_POSTAL = re.compile(
    r"^(?:Per|Mit|Vorab|Durch|Via)\s(?:.*\s)?(?:Fax|Telefax|E-?Mail|Einschreiben|Boten|Post|Kurier|beA|Hand)\b|^Einschreiben|^Eilt\b|^EILT|^Persönlich|^PERSÖNLICH"
    r"|^Vertraulich|^Einwurf|^Eilzustellung|^Rückschein|^Empfangsbekenntnis|^Entgelt bezahlt|^Deutsche Post"
    r"|^DV\b|^Büchersendung|^Infopost|^Gegen (?:Empfang|EB)|^Postzustellungsurkunde|^Nicht nachsenden"
    r"|^Wenn unzustellbar|^Abs\.?:?$",
    re.IGNORECASE,
)
_TOWN_WORD = (
    r"(?:(?:Große\s)?(?:Kreis|Universitäts|Landeshaupt|Hanse|Residenz|Berg|Kur)?stadt(?!werke|teil|bau|halle|apotheke|sparkasse)(?:verwaltung)?"
    r"|Stadtverwaltung|Gemeindeverwaltung|Magistrat|(?:Ober)?bürgermeister(?:in|amt)?|Verbandsgemeinde|Samtgemeinde|Rathaus"
    r"|Verwaltung der Stadt|(?:Gemeinde|Markt|Flecken)(?=\s[^\W\d_]+$))"
)
_TOWN = re.compile(rf"^(?:An\s+)?(?:(?:die|das|den|der|dem|Die|Das|Der|Herrn?|Frau)\s+)*{_TOWN_WORD}\b", re.IGNORECASE)
_TO = re.compile(
    r"^(?:An|AN)(?:\s+(?:die|das|den|alle|DIE|DAS|DEN|Frau|Herrn|Herr|Stadt|Ihr|Euch)\b|\s*:?\s*$)|^(?:Empfänger|To)\s*:"
)
_OFFICE = re.compile(
    r"(?:[a-zäöü](?:amt|amtes|behörde|kasse|büro|kämmerei|verwaltung|aufsicht|betriebshof|archiv|bücherei|stelle)\b"
    r"|\bAmt\b|\bAbt\.|\bAbteilung\b|\bFachbereich\b|\bFachdienst\b|\bDezernat\b|\bSachgebiet\b|\bReferat\b|\bFB\s?\d|\bAmt\s\d)"
)
_SEPARATORS = (  # the surest first: names hold commas and dashes; OCR reads a dot as dash, colon, asterisk
    re.compile(r"\s*[·•|»~]\s*"),
    re.compile(r"\s+[-–—*:.°]\s+"),
    re.compile(r"\s*[,;]\s+|\s+/\s+"),
    re.compile(r"\s*[·•|*»~=,;]\s*|\s+[-–—.:+°]\s+|\s+/\s*|\s*/\s+"),
)


def is_place(text: str) -> bool:
    """A line "35871 Lindenfurt" (or a place abroad)."""
    match = _PLACE.match(text.strip())
    if match is not None:
        return sum(char.isdigit() for char in match["code"]) >= 3 and as_digits(match["code"]).isdigit()
    return _PLACE_ABROAD.match(text.strip()) is not None


def place_of(text: str) -> str | None:
    """The place of a line "35871 Lindenfurt"."""
    match = _PLACE.match(text.strip())
    return match["city"].strip() if match is not None and is_place(text) else None


def is_street(text: str) -> bool:
    """A line with a street and a number, a post box."""
    stripped = text.strip()
    if _BOX.match(stripped) or _STREET_NAMED.search(stripped):
        return len(stripped) < 60
    return len(stripped) < 45 and _STREET.match(stripped) is not None and stripped[:1].isalpha()


def is_room(text: str) -> bool:
    """A part of an address that is neither name nor street: c/o, flat, a note in brackets."""
    return _ROOM.match(text.strip()) is not None


def is_contact(text: str) -> bool:
    """Telephone, mail, web, office hours, bank, register."""
    if _CONTACT.search(text):
        return True
    label = leading(text)
    return label is not None and label.label in (Label.CONTACT, Label.FIRM)


def is_salutation(text: str) -> bool:
    """A line that greets the reader, or a paragraph that begins with it."""
    folded = fold(text.strip())
    if _SALUTATION.match(folded) is None:
        return False
    return len(text) < 110 or re.search(r"[,!]\s", text[8:80]) is not None


def is_closing(text: str) -> bool:
    """A line that takes leave."""
    return _CLOSING.search(fold(text.strip())) is not None and len(text) < 110


def is_signed(text: str) -> bool:
    """A line that signs for somebody: "i. A. Köster"."""
    return _SIGNED.match(fold(text.strip())) is not None and len(text) < 60


def is_postal(text: str) -> bool:
    """A note for the post: "Per Einschreiben", "Vorab per Fax"."""
    return _POSTAL.match(text.strip()) is not None


def names_town(text: str, town: str | None) -> bool:
    """A line that names the town (any town, where ``town`` is not known) as an authority."""
    stripped = text.strip()
    if _TOWN.match(stripped) is None:
        return False
    return town is None or town_core(town) in fold(stripped) or len(stripped.split()) <= 4


def town_core(town: str) -> str:
    """The name alone, folded: "Stadt Lindenfurt" -> "iindenfurt"."""
    return fold(town.rsplit(maxsplit=1)[-1]) if town.split() else ""


def addresses(text: str) -> bool:
    """A line that begins an address of a recipient: "An das"."""
    return _TO.match(text.strip()) is not None


def names_office(text: str) -> bool:
    """A line that names an office of an authority."""
    return _OFFICE.search(text) is not None


def address_parts(text: str) -> tuple[str, ...] | None:
    """Name, street, place of an address on one line ("Kupfer · Am Wehr 4 · 35874 Brunnstett"), or None."""
    if len(text) > 140:
        return None
    if _PLACE_WITHIN.search(text) is None:
        return _abroad(text)
    for separators in _SEPARATORS:
        parts = [part.strip(" _.,;·•|-–") for part in separators.split(text)]
        parts = _with_birth_name([part for part in parts if part])
        place = next((place for place, part in enumerate(parts) if place and _PLACE_WITHIN.match(part)), None)
        if place is not None and not (place == 1 and is_street(parts[0])):
            return tuple(parts[: place + 1])
    return _abroad(text)


def _with_birth_name(parts: list[str]) -> list[str]:
    """The first two parts as one where the second only adds to the name: "Pahlke, früher Sontheimer"."""
    if len(parts) > 1 and re.match(r"(?:früher|geb\.|geborene|verw\.|vormals|genannt)\s", parts[1]):
        return [f"{parts[0]}, {parts[1]}", *parts[2:]]
    return parts


def _abroad(text: str) -> tuple[str, ...] | None:
    """The parts of a line that is parted like a return address, without a German place."""
    parts = [part.strip() for part in re.split(r"\s+[·•|]\s+", text)]
    if len(parts) < 3 or any(is_contact(part) for part in parts) or any(char.isdigit() for char in parts[0]):
        return None
    return tuple(parts) if any(char.isdigit() for char in "".join(parts[1:])) else None
