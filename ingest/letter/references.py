"""References: the town's own ("Ihr Zeichen", in subject and text) and the sender's ("Unser Zeichen")."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ingest.letter.dates import find_dates
from ingest.letter.labels import Hit, Label, find_labels
from ingest.letter.parts import Parts
from ingest.letter.shapes import DOCKET, MAX_LENGTH, has_shape, is_docket, is_of_town, shape_points, tokens
from ingest.letter.slips import fold, repair_numbers

SURE = 2.0  # points of an own reference
LABELLED, LABELLED_EITHER, LABELLED_IN_TEXT = 6.0, 4.0, 4.0
IN_SUBJECT = 1.5  # more points for what the subject quotes
BEFORE = 40  # characters before a token that tell what it is
_ENDS = re.compile(r"\s(?:vom|v\.|bei|Schreiben|Ihr|und|Bescheid)\s|\s{3,}|[;|]|\s\(|,\s(?!\d)")
_LAW = re.compile(r"(?:§|Art\.|Artikel|Abs\.|Nr\.\s\d+\sder|DIN|ISO|EN|VDE|VDI|RAL)\s*$")
_OTHER_THINGS = (
    r"unser\w* mein\w* rechnung\w* rg angebot\w* auftrag\w* kunden\w* kd flur\w* urkunde\w* ur police "
    r"polic\w* vertrag\w* versicherung\w* kennzeichen kfz tel\w* fax mobil fon handy durchwahl konto\w* "
    r"kto lieferschein\w* schaden\w* fin fahrgestell\w* wohnung haus\w* gemarkung zähler\w* serien\w* "
    r"typ modell plan bebauungsplan blatt grundbuch heft seite artikel\w* art los pos größe maße von uhr "
    r"handelsregister hrb vr nummernschild steuer-?id\w* steuernummer sozialversicherung\w* mitglied\w* "
    r"mieter\w* objekt ausweis\w* pass\w* bic iban lagerbuch prüfbericht probe\w*"
)
_AGAINST = re.compile(
    rf"(?:{'|'.join(_OTHER_THINGS.split())})[.:,]?(?:\s?-?\s?(?:nr|nummer|id)[.:]?)?\s*$", re.IGNORECASE
)
_FOR_THE_TOWN = (
    r"ihr\w* dort\w* az aktenzeichen zeichen geschäftszeichen kassenzeichen bescheid\w* vorgang\w* akte "
    r"verfahren betreff betr zu nummer nr gz stellen\w* kennziffer bußgeld\w* anhörung unter "
    r"buchungszeichen personenkonto debitor\w* sache"
)
_FOR = re.compile(
    rf"(?:{'|'.join(_FOR_THE_TOWN.split())})[.:,]?(?:\s?(?:nr|nummer)[.:]?)?\s*[(„\"]?\s*$", re.IGNORECASE
)
_SENDERS = re.compile(r"(?:unser|mein)\w*\s(?:\w+\s)?$|rechnung|angebot|schaden", re.IGNORECASE)
_OTHERS = re.compile(
    r"unter angabe|verwendungszweck|polizei|staatsanwalt|gericht|versicherung|\b[AL]G\s\w+", re.IGNORECASE
)
_BARE = re.compile(r"(?<!dort\. )(?<!ihr )\b(?:az|aktenzeichen|geschäftszeichen|gz)[.:]*\s*$", re.IGNORECASE)
_KIND = re.compile(r"(?:Kassen|Buchungs|Best|Bescheid)", re.IGNORECASE)  # says what the number counts: kept


@dataclass(frozen=True, slots=True)
class References:
    """As printed, the surest first."""

    own: tuple[str, ...]
    foreign: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    text: str
    points: float
    own: bool


def find_references(parts: Parts, subject: str | None, body: str, *, sender_has_dockets: bool) -> References:
    """Own and foreign references.

    ``sender_has_dockets``: court, lawyer, authority or insurer, whose bare "Az." is their own.
    """
    seen = [*_of_labels(parts, sender_has_dockets)]
    for text, more in ((subject or "", IN_SUBJECT), (body, 0.0)):
        seen.extend(_labelled_in_text(text, more))
        seen.extend(_Seen(match[0], 3.0, False) for match in DOCKET.finditer(text))
        seen.extend(_by_shape(text, more, sender_has_dockets))
    surest: dict[str, _Seen] = {}
    for item in seen:
        held = surest.get(_key(item.text))
        if held is None or item.points > held.points:
            surest[_key(item.text)] = item
    return References(
        _ordered(item for item in surest.values() if item.own and item.points >= SURE),
        _ordered(item for item in surest.values() if not item.own),
    )


def _ordered(items: Iterable[_Seen]) -> tuple[str, ...]:
    """The surest first, without those that are a part of a surer one, or more than it."""
    kept: list[tuple[str, str]] = []
    for item in sorted(items, key=lambda item: -item.points):
        key = _key(item.text)
        if not any(key in other or other in key for other, _ in kept):
            kept.append((key, item.text))
    return tuple(text for _, text in kept)


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(text))


def _of_labels(parts: Parts, sender_has_dockets: bool) -> Iterator[_Seen]:
    for item in (*parts.labelled, *parts.labelled_in_foot):
        value = reference_value(item.value)
        if value is None:
            continue
        if item.label in (Label.OWN, Label.FOREIGN):
            yield _Seen(value, LABELLED, item.label is Label.OWN)
        elif item.label is Label.REFERENCE:
            own = not is_docket(value) and (not sender_has_dockets or is_of_town(value))
            yield _Seen(value, LABELLED_EITHER, own)


def reference_value(text: str) -> str | None:
    """The reference that a label's value begins with; None where it holds none."""
    value = _ENDS.split(text.strip(" :.,-–„“\"'()"), maxsplit=1)[0]
    date = next(iter(find_dates(value)), None)
    if date is not None and date.start > 0:
        value = value[: date.start]
    elif date is not None and date.end >= len(value.strip()) - 1:
        return None
    value = repair_numbers(value.strip(" :.,-–/()"))
    if re.search(r"\d\s[-/.]|[-/]\s\d", value):
        value = re.sub(r"\s?([-/.])\s?(?=\d)", r"\1", value)
    has_digit = any(char.isdigit() for char in value)
    return value if has_digit and 2 <= len(value) <= MAX_LENGTH and len(value.split()) <= 5 else None


def _labelled_in_text(text: str, more: float) -> Iterator[_Seen]:
    """References behind "Ihr Zeichen", "Kassenzeichen", "Rechnung Nr." within running text."""
    for hit in find_labels(text):
        if hit.label not in (Label.OWN, Label.FOREIGN):
            continue
        value = reference_value(text[hit.end : hit.end + 60].lstrip().split("\n")[0])
        if value is not None and (not hit.bare or has_shape(value)):
            yield _Seen(_kind(text, hit, value) + _first_token(value), LABELLED_IN_TEXT + more, hit.label is Label.OWN)


def _kind(text: str, hit: Hit, value: str) -> str:
    """The word before a bare number, where it says which kind of number that is."""
    word = text[hit.start : hit.end].strip()
    return f"{word} " if hit.bare and _KIND.match(word) and not re.search(r"[A-Za-z]", value) else ""


def _first_token(value: str) -> str:
    token, start, _ = next(tokens(value), ("", 0, 0))
    return token if token and start <= 2 else value.split(",", maxsplit=1)[0]


def _by_shape(text: str, more: float, sender_has_dockets: bool) -> Iterator[_Seen]:
    """References by their shape and the words before them."""
    dates = [(date.start, date.end) for date in find_dates(text)]
    for token, start, end in tokens(text):
        points = shape_points(token) + more
        if points <= more or any(start < last and first < end for first, last in dates):
            continue
        before = text[max(0, start - BEFORE) : start]
        if _LAW.search(before) or _is_senders_number(token):
            continue
        before = re.sub(r"[\s(„\"'–-]+$", " ", before)
        bare = sender_has_dockets and _BARE.search(before) is not None and not is_of_town(token)
        if _OTHERS.search(before) or bare or (_AGAINST.search(before) and _SENDERS.search(before)):
            yield _Seen(token, 2.0, False)
        elif not _AGAINST.search(before):
            bracket = 0.7 if text[start - 1 : start] == "(" else 0.0
            yield _Seen(token, points + bracket + (1.0 if _FOR.search(before) else 0.0), True)


def _is_senders_number(token: str) -> bool:
    """The token is a label of the sender's with its number: "UR-Nr. 417/25"."""
    hits = find_labels(token)
    return bool(hits) and hits[0].start == 0 and hits[0].label is Label.FOREIGN
