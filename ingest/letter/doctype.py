"""The kind of document, from a closed list: words of the subject count most, then those of the opening."""

from __future__ import annotations

import re

SUBJECT, OPENING, TEXT = 3.0, 1.2, 0.5
LEAST = 1.0
OPENING_LENGTH = 500  # characters
_WORDS = {
    "antrag": r"antr[aä]g\w*|beantrag\w+|formantrag|erteilung (?:einer|eines)|verlängerung",
    "widerspruch": r"wie?derspruch\w*|wie?derspreche\w*",
    "einspruch": r"einspruch\w*|einspr[uü]che",
    "rechnung": r"rechnung(?:snummer|sdatum|sbetrag)?|schlussrechnung|abschlagsrechnung|gutschrift",
    "mahnung": r"\w*mahnung|zahlungserinnerung|letzte mahnung|in verzug",
    "klage": r"klage(?:schrift|erwiderung|verfahren|zustellung)?|kl[aä]ger\w*|klagt",
    "schriftsatz": r"schriftsatz|namens und in vollmacht|in (?:der|dem) (?:verwaltungs)?(?:streitsache"
    r"|rechtsstreit)|in sachen|akteneinsicht|ladung",
    "bewerbung": r"bewerbung\w*|bewerbe|praktikum\w*|ausbildungsplatz|stellenausschreibung",
    "angebot": r"angebot\w*|bieten wir|bieten ihnen|kostenvoranschlag",
    "beschwerde": r"beschwer\w+|dienstaufsicht\w*|unzumutbar|unerträglich|lärm\w*|missstand",
    "anfrage": r"anfrage\w*|frage(?:n)? (?:zu|ich|wir)|auskunft\w*"
    r"|bitte um (?:auskunft|information|mitteilung)|wüsste gern|möchte(?:n)? (?:gern )?wissen|nachfrage",
    "mitteilung": r"mitteil\w+|teile(?:n)? (?:ich|wir)? ?ihnen|zur kenntnis|informier\w+|änderung",
    "kündigung": r"kündig\w+",
    "einwendung": r"einwendung\w*|einwänd\w*|bebauungsplan|öffentliche auslegung",
    "stellungnahme": r"stellungnahme\w*|anhörung\w*|nehme ich (?:wie folgt )?stellung|äußere ich mich"
    r"|behördenbeteiligung",
    "nachreichung": r"nachreich\w+|reiche(?:n)? (?:ich|wir)? ?\w* ?nach|fehlende(?:n)? unterlagen|nachtrag\w*"
    r"|nachgereicht\w*",
    "anzeige": r"anzeige|zeige(?:n)? (?:ich|wir|ihnen)|strafanzeige|anzeigen",
    "anmeldung": r"anmeld\w+|melde(?:n)? (?:ich|wir) \w* ?an|ummeldung",
    "abmeldung": r"abmeld\w+|melde(?:n)? (?:ich|wir) \w* ?ab",
    "schadensmeldung": r"schaden(?:s)?(?:meldung|anzeige|ersatz\w*)|schadenersatz\w*|haftpflicht\w*|regress",
    "bescheid": r"rechtsbehelfsbelehrung|bescheid über|ergeht folgender bescheid",
    "vollmacht": r"vollmacht",
    "sepa-mandat": r"sepa-?\s?(?:lastschrift)?-?mandat|lastschriftmandat|einzugsermächtigung",
    "werbung": r"rabatt\w*|sonderaktion|newsletter|jetzt bestellen|nur für kurze zeit|gratis"
    r"|unverbindlich testen|einladung zur messe",
    "einladung": r"einladung\w*|laden (?:wir )?sie (?:herzlich )?ein",
    "meldung": r"meldung|störung\w*|defekt\w*|schlagloch\w*|kaputt\w*",
}
DOCTYPES = tuple(_WORDS)
_PATTERNS = {
    name: re.compile(rf"(?<![a-zäöüß])(?:{words})(?![a-zäöüß])", re.IGNORECASE) for name, words in _WORDS.items()
}
_HEADLINE = 1.5  # for a word that the subject begins with
_OURS = re.compile(
    r"(?:auf|zu|gegen|über|ihr\w*|vom|mein\w*|unser\w*|der|den|des|dem|die)\s+(?:\w+\s)?$", re.IGNORECASE
)


def find_doctype(subject: str | None, body: str) -> str | None:
    """The kind with most points; None where no word speaks for any."""
    points: dict[str, float] = {}
    opening, rest = body[:OPENING_LENGTH], body[OPENING_LENGTH:]
    for name, pattern in _PATTERNS.items():
        value = 0.0
        if subject:
            for match in pattern.finditer(subject):
                value = max(value, SUBJECT * (0.5 if _OURS.search(subject[: match.start()]) else 1.0))
                if match.start() <= 3:
                    value = max(value, SUBJECT + _HEADLINE)
        value += OPENING * min(2, len(pattern.findall(opening))) + TEXT * min(2, len(pattern.findall(rest)))
        if value:
            points[name] = value
    if not points:
        return None
    best = max(points, key=lambda name: points[name])
    return best if points[best] >= LEAST else None
