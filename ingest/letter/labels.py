"""Words that say what stands beside or under them: "Ihr Zeichen", "Datum", "Telefon" ... (DIN 5008 4.6)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from ingest.letter.slips import fold, folded_pattern


class Label(Enum):
    """What a label announces."""

    OWN = "own"  # a reference of the town
    FOREIGN = "foreign"  # a reference of the sender
    REFERENCE = "reference"  # a reference of either
    DATE = "date"
    OTHER_DATE = "other_date"
    SUBJECT = "subject"
    RELATED = "related"  # what the letter answers
    SENDER = "sender"
    RECIPIENT = "recipient"
    CONTACT = "contact"
    FIRM = "firm"  # bank, register, tax number
    ENCLOSURES = "enclosures"


_WORDS: dict[Label, tuple[str, ...]] = {
    Label.OWN: (
        "ihr zeichen",
        "ihre zeichen",
        "ihr az",
        "ihr az.",
        "ihr akz.",
        "ihr aktenzeichen",
        "ihre aktenzeichen",
        "ihr geschäftszeichen",
        "ihr gesch.-z.",
        "ihre geschäftsnummer",
        "ihr kassenzeichen",
        "ihr kurzzeichen",
        "ihre referenz",
        "ihre ref.",
        "ihre referenznummer",
        "ihre vorgangsnummer",
        "ihre bestellung",
        "ihre bestellung nr.",
        "ihre bestellnummer",
        "ihre bestell-nr.",
        "ihre auftragsnummer",
        "ihre auftrags-nr.",
        "dortiges aktenzeichen",
        "dortiges zeichen",
        "dort. az.",
        "dort. az",
        "dort. aktenzeichen",
        "dortiges az.",
        "your reference",
        "your ref.",
        "your ref",
        "kassenzeichen",
        "kassen-zeichen",
        "buchungszeichen",
        "bescheidnummer",
        "bescheid-nr.",
        "best.-nr.",
        "bestellnummer",
        "bestell-nr.",
    ),
    Label.FOREIGN: (
        "unser zeichen",
        "unsere zeichen",
        "unser az",
        "unser az.",
        "unser aktenzeichen",
        "unsere aktenzeichen",
        "unser geschäftszeichen",
        "unsere referenz",
        "unsere ref.",
        "unsere nummer",
        "unsere auftragsnummer",
        "mein zeichen",
        "meine zeichen",
        "mein az",
        "mein az.",
        "mein aktenzeichen",
        "mein geschäftszeichen",
        "our reference",
        "our ref.",
        "our ref",
        "rechnungsnummer",
        "rechnungs-nr.",
        "rechnungsnr.",
        "rechnung nr.",
        "rechnung-nr.",
        "rg.-nr.",
        "re.-nr.",
        "angebotsnummer",
        "angebots-nr.",
        "angebot nr.",
        "kundennummer",
        "kunden-nr.",
        "kundennr.",
        "kd.-nr.",
        "schadennummer",
        "schaden-nr.",
        "schadensnummer",
        "schadens-nr.",
        "versicherungsnummer",
        "versicherungsschein-nr.",
        "vers.-nr.",
        "vs-nr.",
        "vertragsnummer",
        "mitgliedsnummer",
        "mandatsnummer",
        "lieferschein-nr.",
        "urkundenrolle",
        "ur-nr.",
        "ur.-nr.",
        "urnr.",
        "projekt-nr.",
        "projektnummer",
        "vorgangsnummer",
        "leistungsnummer",
    ),
    Label.REFERENCE: (
        "aktenzeichen",
        "az",
        "az.",
        "a.z.",
        "akz.",
        "geschäftszeichen",
        "gesch.-z.",
        "geschäftsnummer",
        "geschäfts-nr.",
        "gz",
        "gz.",
        "gesch.z.",
        "zeichen",
    ),
    Label.DATE: (
        "datum",
        "briefdatum",
        "rechnungsdatum",
        "angebotsdatum",
        "belegdatum",
        "ort, datum",
        "datum/date",
        "date",
        "gesendet",
        "sent",
    ),
    Label.OTHER_DATE: (
        "ihre nachricht vom",
        "ihr schreiben vom",
        "ihre mail vom",
        "ihre e-mail vom",
        "ihre anfrage vom",
        "ihr bescheid vom",
        "unsere nachricht vom",
        "unser schreiben vom",
        "lieferdatum",
        "leistungsdatum",
        "leistungszeitraum",
        "bestelldatum",
        "bestellt am",
        "geburtsdatum",
        "geb. am",
        "geboren am",
        "eingegangen am",
        "eingegangen",
        "eingang",
        "posteingang",
        "fälligkeit",
        "fällig am",
        "zahlbar bis",
        "gültig bis",
        "schadentag",
        "schadendatum",
    ),
    Label.SUBJECT: ("betreff", "betr.", "betr", "betrifft", "subject", "wegen", "hier", "re"),
    Label.RELATED: ("bezug", "ihr bezug", "unser bezug", "bezug nehmend auf"),
    Label.SENDER: ("absender", "absenderin", "abs.", "abs", "von", "from", "absender/in"),
    Label.RECIPIENT: ("empfänger", "an", "to", "adressat"),
    Label.CONTACT: (
        "telefon",
        "telefon-nr.",
        "tel.",
        "tel",
        "telefonnummer",
        "fon",
        "phone",
        "telefax",
        "fax",
        "mobil",
        "mobile",
        "handy",
        "e-mail",
        "email",
        "mail",
        "internet",
        "homepage",
        "web",
        "www",
        "durchwahl",
        "ansprechpartner",
        "ansprechpartnerin",
        "ihr ansprechpartner",
        "ihre ansprechpartnerin",
        "kontakt",
        "bearbeiter",
        "bearbeiterin",
        "bearbeitet von",
        "sachbearbeiter",
        "sachbearbeiterin",
        "sachbearbeitung",
        "es schreibt ihnen",
        "auskunft erteilt",
        "zimmer",
        "sprechzeiten",
        "öffnungszeiten",
        "bürozeiten",
        "name",
        "seite",
        "blatt",
    ),
    Label.FIRM: (
        "iban",
        "bic",
        "swift",
        "bankverbindung",
        "bank",
        "konto",
        "kontonummer",
        "konto-nr.",
        "kto.",
        "blz",
        "ust-idnr.",
        "ust-id",
        "ust.-id",
        "ust.-idnr.",
        "steuernummer",
        "steuer-nr.",
        "st.-nr.",
        "handelsregister",
        "registergericht",
        "hrb",
        "hra",
        "vr",
        "amtsgericht",
        "geschäftsführer",
        "geschäftsführerin",
        "geschäftsführung",
        "vorstand",
        "inhaber",
        "gläubiger-id",
        "gläubiger-identifikationsnummer",
    ),
    Label.ENCLOSURES: (
        "anlage",
        "anlagen",
        "anlage(n)",
        "anl.",
        "anlagenverzeichnis",
        "beilage",
        "beilagen",
        "beigefügt",
        "enclosures",
        "encl.",
    ),
}
_ALL = sorted(((word, label) for label, words in _WORDS.items() for word in words), key=lambda item: -len(item[0]))
_WORD_START = re.compile(r"(?:^|(?<=[\s,;/|·•(]))[a-z]{2}")


def _bucketed() -> dict[str, tuple[re.Pattern[str], tuple[Label, ...]]]:
    """One expression for all labels that share their first two letters: fast enough for running text."""
    buckets: dict[str, list[tuple[str, Label]]] = {}
    for word, label in _ALL:
        folded = fold(word)
        for start in {folded[:2], folded.replace("m", "rn", 1)[:2]}:
            buckets.setdefault(start, []).append((word, label))
    return {
        start: (
            re.compile("(?:" + "|".join(f"({folded_pattern(word)})" for word, _ in items) + ")(?![a-z0-9])"),
            tuple(label for _, label in items),
        )
        for start, items in buckets.items()
    }


_BUCKETS = _bucketed()
_NEEDS_COLON = {
    fold(word)
    for word in [
        "wegen",
        "hier",
        "re",
        "von",
        "from",
        "an",
        "to",
        "bezug",
        "name",
        "seite",
        "blatt",
        "datum",
        "date",
        "bank",
        "konto",
        "mail",
        "web",
        "zeichen",
        "eingang",
        "vr",
        "kontakt",
        "zimmer",
        "eingegangen",
        "beigefügt",
        "vorstand",
        "inhaber",
        "amtsgericht",
        "betrifft",
        "internet",
        "mobil",
        "mobile",
        "vorgangsnummer",
        "handy",
        "homepage",
        "www",
        "handelsregister",
        "geschäftsführung",
        "kto.",
        "anlage",
        "gesendet",
        "sent",
    ]
}


@dataclass(frozen=True, slots=True)
class Hit:
    """A label in a text. ``bare``: no colon after it."""

    label: Label
    start: int
    end: int  # after the colon
    bare: bool


def find_labels(text: str) -> list[Hit]:
    """Labels of a printed line: at its start, or later with a colon (or where the line is made of labels)."""
    folded = fold(text)
    hits: list[Hit] = []
    for start in _WORD_START.finditer(folded):
        if start[0] not in _BUCKETS or (hits and start.start() < hits[-1].end):
            continue
        pattern, kinds = _BUCKETS[start[0]]
        match = pattern.match(folded, start.start())
        if match is None:
            continue
        rest = text[match.end() : match.end() + 12]
        colon = re.match(r"\s*(?:\(n\))?\s*[:=]", rest)
        first = not text[hits[-1].end if hits else 0 : match.start()].strip(" ,/|-")  # nothing but labels before
        alone = first and not text[match.end() :].strip(" .,-")
        if match[0].strip(".,") in _NEEDS_COLON and colon is None and not alone:
            continue
        label = kinds[(match.lastindex or 1) - 1]
        hits.append(Hit(label, match.start(), match.end() + (colon.end() if colon else 0), colon is None))
    return hits


def leading(text: str) -> Hit | None:
    """The label that a line begins with."""
    hits = find_labels(text)
    return hits[0] if hits and not text[: hits[0].start].strip(" -–•·*") else None


def values(text: str) -> list[tuple[Hit, str]]:
    """Every label of a line with what stands between it and the next one."""
    hits = find_labels(text)
    if not hits:
        return []
    hits = [hit for place, hit in enumerate(hits) if not (place and _is_within(text, hits[place - 1], hit))]
    ends = [hit.start for hit in hits[1:]] + [len(text)]
    return [(hit, text[hit.end : end].strip(" ,;/|·•")) for hit, end in zip(hits, ends, strict=True)]


def only_labels(text: str) -> bool:
    """A line of two labels or more and nothing else: the values stand under it."""
    pairs = values(text)
    return len(pairs) > 1 and pairs[0][0].start == 0 and not any(value.strip(" -") for _, value in pairs)


def _is_within(text: str, before: Hit, hit: Hit) -> bool:
    """A word that belongs to the value of the label before: "Ihr Zeichen: Kassenzeichen 5.0110"."""
    return not before.bare and hit.bare and not text[before.end : hit.start].strip() and bool(text[hit.end :].strip())
