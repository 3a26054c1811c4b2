"""References: the town's own ("Ihr Zeichen", within the subject or the text) and the sender's ("Unser Zeichen")."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from ingest.letter.dates import find_dates
from ingest.letter.labels import Label, find_labels
from ingest.letter.parts import Parts
from ingest.letter.slips import as_digits, fold, repair_numbers

SURE = 2.0
MAX_LENGTH = 34
_ABBREVIATION = (
    r"(?:KZ|Kz|PNr\.?|PK|Pers\.-Nr\.?|Kennziffer|Kennzahl|[A-Z][a-zäöü]{0,5}[A-Z][A-Za-zäöü]{0,6}|[A-Z]{1,4})"
)
_TOKEN = re.compile(
    rf"(?:(?P<word>{_ABBREVIATION})\s)?"
    r"(?P<core>[0-9A-Za-zÄÖÜäöüß|]+(?:[-/._–][0-9A-Za-zÄÖÜäöüß|]+)+(?:[.]?\s[0-9]{3,}(?:[-/.][0-9A-Za-z]+)*)?)"
    rf"|(?P<short>(?:KZ|Kz|PNr\.?|PK|Pers\.-Nr\.?|Kennziffer|Kassenzeichen|G|StA|FE)\s[0-9OolI]{{2,}}[0-9OolI./-]*[0-9OolI])"
)
_UNIT_FIRST = re.compile(r"^[0-9]{2,3}(?:\.[0-9]{1,2})?[-/][A-Za-zÄÖÜäöüß]")
_DIGITS_FIRST = re.compile(r"^[0-9]{2,3}(?:\.[0-9]{1,2})?[-/][0-9]")
_OF_TOWN = re.compile(rf"{_UNIT_FIRST.pattern}|^[0-9]{{2,3}}(?:\.[0-9]{{1,2}})?-[0-9]+[-/.]")
_DOCKET = re.compile(
    r"(?<![\w/.-])(?:\d{1,4}|[IVX]+)\s(?:[IVX]+\s)?(?:K|L|E|B|C|O|S|U|F|M|W|A|Ca|Ds|Cs|Js|Ls|Qs|OWi|XVII|XVI|VI|IK|IN|Kg|Sa|BV|N|R|AS|SO|KR|AL|T|Z|ZB|ZR|LG|NC|AR|HRB)\s(?:[IVX]+\s)?\d{1,6}/\d{2,4}(?:[.\s](?:[A-Z]{1,3}|[A-Z]{2}))?(?![\w/])"
)
_PLATE = re.compile(r"[A-ZÄÖÜ]{1,3}-[A-Z]{1,2}\s?\d{1,4}[EH]?")
_LAW = re.compile(r"(?:§|Art\.|Artikel|Abs\.|Nr\.\s\d+\sder|DIN|ISO|EN|VDE|VDI|RAL)\s*$")
_AGAINST = re.compile(
    r"(?:unser\w*|mein\w*|rechnung\w*|rg|angebot\w*|auftrag\w*|kunden\w*|kd|flur\w*|urkunde\w*|ur|police|polic\w*|vertrag\w*|versicherung\w*"
    r"|kennzeichen|kfz|tel\w*|fax|mobil|fon|handy|durchwahl|konto\w*|kto|lieferschein\w*|schaden\w*|fin|fahrgestell\w*|wohnung|haus\w*|gemarkung|zähler\w*"
    r"|serien\w*|typ|modell|plan|bebauungsplan|blatt|grundbuch|heft|seite|artikel\w*|art|los|pos|größe|maße|von|uhr|handelsregister|hrb|vr|nummernschild"
    r"|steuer-?id\w*|steuernummer|sozialversicherung\w*|mitglied\w*|mieter\w*|objekt|ausweis\w*|pass\w*|bic|iban|lagerbuch|prüfbericht|probe\w*)[.:,]?(?:\s?-?\s?(?:nr|nummer|id)[.:]?)?\s*$",
    re.IGNORECASE,
)
_FOR = re.compile(
    r"(?:ihr\w*|dort\w*|az|aktenzeichen|zeichen|geschäftszeichen|kassenzeichen|bescheid\w*|vorgang\w*|akte|verfahren|betreff|betr|zu|nummer|nr|gz|stellen\w*"
    r"|kennziffer|bußgeld\w*|anhörung|unter|buchungszeichen|personenkonto|debitor\w*|sache)[.:,]?(?:\s?(?:nr|nummer)[.:]?)?\s*[(„\"]?\s*$",
    re.IGNORECASE,
)
_OTHERS = re.compile(r"polizei|staatsanwalt|gericht|versicherung|\b[AL]G\s\w+", re.IGNORECASE)
_BARE = re.compile(r"(?<!dort\. )(?<!ihr )\b(?:az|aktenzeichen|geschäftszeichen|gz)[.:]*\s*$", re.IGNORECASE)
_LABEL_WORDS = {fold(word) for word in ("kassenzeichen", "aktenzeichen", "az", "gz", "akz")}


@dataclass(frozen=True, slots=True)
class References:
    own: tuple[str, ...]
    foreign: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Seen:
    text: str
    points: float
    own: bool


def find_references(parts: Parts, subject: str | None, body: str, *, sender_has_dockets: bool) -> References:
    """Own and foreign references, the surest first.

    ``sender_has_dockets``: court, lawyer, authority or insurer, whose bare "Az." is their own.
    """
    seen = list(_of_labels(parts, sender_has_dockets))
    if subject:
        seen.extend(_in_text(subject, 1.5, sender_has_dockets=sender_has_dockets))
    seen.extend(_in_text(body, 0.0, sender_has_dockets=sender_has_dockets))
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
    kept: list[tuple[str, str]] = []
    for item in sorted(items, key=lambda item: -item.points):
        key = _key(item.text)
        if not any(key in other or other in key for other, _ in kept):
            kept.append((key, item.text))
    return tuple(text for _, text in kept)


def _key(text: str) -> str:
    return re.sub(r"[^a-z0-9]", "", fold(text))


def _of_labels(parts: Parts, sender_has_dockets: bool) -> Iterable[_Seen]:
    for item in parts.labelled:
        value = reference_value(item.value)
        if value is None:
            continue
        if item.label is Label.OWN:
            yield _Seen(value, 6.0, True)
        elif item.label is Label.FOREIGN:
            yield _Seen(value, 6.0, False)
        elif item.label is Label.REFERENCE:
            docket = _DOCKET.search(value) is not None
            own = not docket and (not sender_has_dockets or _OF_TOWN.match(value) is not None)
            yield _Seen(value, 4.0, own)


def reference_value(text: str) -> str | None:
    """The reference that a label's value begins with; None where it holds none."""
    value = re.split(
        r"\s(?:vom|v\.|bei|Schreiben|Ihr|und|Bescheid)\s|\s{3,}|[;|]|\s\(|,\s(?!\d)",
        text.strip(" :.,-–„“\"'()"),
        maxsplit=1,
    )[0]
    for found in find_dates(value):
        if found.start > 0:
            value = value[: found.start]
        elif found.end - found.start >= len(value.strip()) - 1:
            return None
        break
    value = repair_numbers(value.strip(" :.,-–/()"))
    value = re.sub(r"\s?([-/.])\s?(?=\d)", r"\1", value) if re.search(r"\d\s[-/.]|[-/]\s\d", value) else value
    if (
        not 2 <= len(value) <= MAX_LENGTH
        or not any(char.isdigit() for char in value)
        or len(value.split()) > 5
    ):
        return None
    return value


def _in_text(text: str, bonus: float, *, sender_has_dockets: bool) -> Iterable[_Seen]:
    """References within running text, by their shape and the words before them."""
    dates = [(found.start, found.end) for found in find_dates(text)]
    for match in _DOCKET.finditer(text):
        yield _Seen(match[0], 3.0, False)
    for label_hit in find_labels(text):
        if label_hit.label in (Label.OWN, Label.FOREIGN):
            value = reference_value(text[label_hit.end : label_hit.end + 60].lstrip().split("\n")[0])
            if value is not None and (not label_hit.bare or _has_shape(value)):
                yield _Seen(_first_token(value), 4.0 + bonus, label_hit.label is Label.OWN)
    for match in _TOKEN.finditer(text):
        token = _trim(match)
        start = match.start()
        if token is None or any(start < end and first < match.end() for first, end in dates):
            continue
        before = text[max(0, start - 40) : start]
        points = _shape_points(token) + bonus
        if points <= 0 or _LAW.search(before):
            continue
        before = re.sub(r"[\s(„\"'–-]+$", " ", before)
        if _AGAINST.search(before):
            if re.search(r"(?:unser|mein)\w*\s(?:\w+\s)?$|rechnung|angebot|schaden", before, re.IGNORECASE):
                yield _Seen(token, 2.0, False)
            continue
        if _OTHERS.search(before) or (
            sender_has_dockets and _BARE.search(before) and not _OF_TOWN.match(token)
        ):
            yield _Seen(token, 2.0, False)
            continue
        if _FOR.search(before):
            points += 1.0
        if text[start - 1 : start] == "(":
            points += 0.7
        yield _Seen(token, points, True)


def _first_token(value: str) -> str:
    match = _TOKEN.search(value)
    token = _trim(match) if match is not None and match.start() <= 2 else None
    return token or value.split(",", maxsplit=1)[0]


def _has_shape(value: str) -> bool:
    return _TOKEN.match(value) is not None or sum(char.isdigit() for char in value) >= 5


def _trim(match: re.Match[str]) -> str | None:
    if match["short"]:
        return repair_numbers(" ".join(match["short"].split()))
    core = repair_numbers(" ".join(match["core"].strip(".-/_").split()))
    word = match["word"]
    if word and fold(word).strip(".") not in _LABEL_WORDS and not _UNIT_FIRST.match(core):
        return f"{word} {core}"
    return core


def _shape_points(token: str) -> float:
    """How much a token looks like a file reference of a town."""
    core = token.split(" ", 1)[1] if re.match(rf"{_ABBREVIATION}\s", token) else token
    digits = sum(char.isdigit() for char in core)
    letters = sum(char.isalpha() for char in core)
    if token.startswith(("KZ ", "Kz ", "PNr", "PK ", "Kennziffer", "Kassenzeichen")):
        return 2.2 if digits >= 4 else 0.0
    if _PLATE.fullmatch(token) or (digits < 5 and re.search(r"[a-zäöüß]{4}|[A-ZÄÖÜ][a-zäöüß]{3}", core)):
        return 0.0  # "LF-XR 218", "200-Meter-Streifen"
    if _UNIT_FIRST.match(core) and digits >= 3 and len(core) <= MAX_LENGTH:
        return 2.4
    if (
        digits < 3
        or len(core) > MAX_LENGTH
        or re.search(r"\.(?:de|com|pdf|net|org)$", core)
        or not re.search(r"[-/.]", core)
    ):
        return 0.0
    if re.fullmatch(r"0\d{2,5}[-/]\d[\d-]*", core) or re.fullmatch(r"\d{1,3}(?:\.\d{3})+(?:,\d+)?", core):
        return 0.0  # telephone, amount
    if re.fullmatch(r"(?:19|20)\d{2}[-/](?:19|20)?\d{2}", core) or re.fullmatch(r"\d{1,4}[-/]\d{1,4}", core):
        return 0.4 if token != core else 0.2  # a year's span, house numbers, a plot
    if re.fullmatch(r"\d{1,2}\.\d{1,2}\.?(?:\d{2,4})?(?:[-/–]\d{1,2}\.\d{1,2}\.?(?:\d{2,4})?)?", core):
        return 0.0  # days
    if _OF_TOWN.match(core) and digits >= 6 and not core.startswith("0"):
        return 2.1
    if _DIGITS_FIRST.match(core) and digits >= 6:
        return 1.5
    if re.fullmatch(r"\d{1,4}(?:\.\d{2,4}){2,}(?:\.\d)?", core):
        return 1.2
    if letters and digits >= 4 and re.match(r"[A-Z]{1,5}[-/.]", core):
        return 1.3
    if letters and digits >= 3:
        return 1.0
    return 0.8 if digits >= 6 else 0.2


def as_key(text: str) -> str:
    """A reference without separators and with OCR's look-alikes folded, for comparing two."""
    return as_digits(_key(text))
