"""The kind of document, from a closed list: by nouns of the subject, and by what the text says that it does.

A noun within the text proves little (who objects to a notice writes "Bescheid", who pays writes "Rechnung"); a"
    r" verb in
the first person does ("beantrage ich", "lege ich Widerspruch ein").
"""

from __future__ import annotations

import re

HEADLINE, SUBJECT, OPENING, TEXT = 4.5, 3.0, 2.0, 1.0
QUOTED = 0.5  # share of a noun's points that the subject only refers to: "zu unserer Rechnung"
LEAST = 1.0
OPENING_LENGTH = 500  # characters
_IN_SUBJECT = {
    "antrag": r"antr[aä]g\w*|beantrag\w+|genehmigung|erteilung|verlängerung|umschreibung",
    "widerspruch": r"wie?derspr[uü]ch\w*",
    "einspruch": r"einspr[uü]ch\w*",
    "rechnung": r"\w*rechnung",
    "mahnung": r"\w*mahnung|zahlungserinnerung",
    "klage": r"klage|klageschrift|streitsache",
    "schriftsatz": r"schriftsatz|akteneinsicht|ladung|klageerwiderung|\S+ \./\. \S+",
    "bewerbung": r"bewerbung\w*|praktikum\w*|ausbildungsplatz",
    "angebot": r"angebot\w*|kostenvoranschlag",
    "beschwerde": r"beschwerde\w*|dienstaufsicht\w*|\w*lärm\w*|gestank|zumutung|missst[aä]nd\w*",
    "anfrage": r"anfrage\w*|nachfrage|auskunft|fragen?|amtshilfe",
    "auskunftsersuchen": r"auskunftsersuchen|auskunft nach art\w*|dsgvo",
    "mitteilung": r"mitteilung\w*|änderung\w*|bankverbindung",
    "kündigung": r"kündigung\w*",
    "einwendung": r"einwendung\w*|einw[aä]nd\w*",
    "stellungnahme": r"stellungnahme\w*|anhörung\w*|behördenbeteiligung",
    "nachreichung": r"nachreichung\w*|nachtrag\w*|fehlende unterlagen|unterlagen zu",
    "anzeige": r"anzeige|strafanzeige",
    "anmeldung": r"anmeldung\w*|ummeldung|anmelden",
    "abmeldung": r"abmeldung\w*",
    "schadensmeldung": r"schadens?(?:meldung|anzeige|ersatz\w*)|schadenersatz\w*|regress",
    "bescheid": r"bescheid über",
    "vollmacht": r"vollmacht",
    "sepa-mandat": r"sepa\S*mandat|lastschriftmandat|einzugsermächtigung",
    "werbung": r"rabatt\w*|sonderaktion|newsletter|gratis|nur für kurze zeit",
    "einladung": r"einladung\w*",
    "meldung": r"meldung|störung\w*|\w*defekt\w*|schlagl[oö]ch\w*|kaputte?\w*",
}
_ME = r"(?:ich|wir)"
_IN_TEXT = {
    "antrag": rf"beantrage[nt]?|{_ME} (?:\w+ ){{0,3}}antrag|stelle[n]? {_ME}|(?:bitte|bitten)"
    rf" (?:{_ME} )?(?:\w+ ){{0,2}}um (?:\w+ ){{0,3}}"
    r"(?:genehmigung|erlaubnis|verlängerung|bewilligung|erteilung|ausstellung|zusendung|zustimmung|stundung"
    r"|ratenzahlung|urkunde\w*|bescheinigung\w*)"
    r"|benötigen? (?:ich|wir)|möchten? (?:\w+ ){0,6}(?:beantragen|haben|verlängern)",
    "widerspruch": rf"(?:lege|legen|erhebe|erheben) {_ME} (?:\w+ ){{0,4}}wie?derspruch|wie?derspreche",
    "einspruch": rf"(?:lege|legen|erhebe|erheben) {_ME} (?:\w+ ){{0,4}}einspruch",
    "rechnung": rf"(?:stellen|berechnen|berechne|stelle) (?:{_ME} )?(?:ihnen )?(?:\w+ ){{0,4}}(?:in rechnung"
    rf"|wie folgt)|rechnungsbetrag",
    "mahnung": r"haben wir (?:\w+ ){0,4}(?:noch )?(?:keinen|nicht) (?:\w+ ){0,3}(?:zahlungseingang|erhalten)"
    r"|in verzug|mahngebühr",
    "klage": r"erheben? (?:ich|wir) (?:\w+ ){0,3}klage|in dem verwaltungsstreitverfahren",
    "schriftsatz": r"namens und in vollmacht|vertreten wir|zeigen? (?:ich|wir) (?:\w+ ){0,4}vertretung"
    r"|zeigen? (?:ich|wir) an, dass|mandant\w*",
    "bewerbung": r"bewerbe (?:ich )?mich|um (?:die|eine) (?:stelle|ausbildung)\w*|lebenslauf",
    "angebot": r"bieten wir|bieten ihnen|freibleibend|halten wir uns (?:\w+ ){0,4}gebunden",
    "beschwerde": r"beschwere[n]?|unzumutbar|unerträglich|so geht (?:es|das) nicht|frechheit|unverschämt\w*"
    r"|verärgert|empört|schon wieder",
    "anfrage": r"wüssten? (?:ich |wir )?gern|möchten? (?:ich|wir) (?:\w+ ){0,3}wissen|können sie (?:mir"
    r"|uns) (?:\w+ ){0,3}(?:sagen|mitteilen)"
    r"|(?:meine|unsere) frage|wer ist (?:\w+ )?zuständig|an wen|bitte (?:\w+ ){0,3}auskunft|\?",
    "auskunftsersuchen": r"art(?:ikel|\.) 15|welche daten|personenbezogene[nr]? daten",
    "mitteilung": rf"teilen? {_ME} (?:\w+ ){{0,2}}mit|zur kenntnis|informieren? {_ME}|ziehe"
    rf" (?:ich )?(?:\w+ ){{0,3}}zurück|haben sie vielen dank",
    "kündigung": rf"kündigen? {_ME}|kündigen wir",
    "einwendung": r"erheben? (?:ich|wir) (?:\w+ ){0,3}einw[aä]nd\w*|einwendungen",
    "stellungnahme": r"nehmen? (?:ich|wir) (?:\w+ ){0,3}stellung|äußern? (?:ich|wir)|dazu möchten? (?:ich"
    r"|wir)|bedenken",
    "nachreichung": rf"reichen? {_ME} (?:\w+ ){{0,5}}nach|wie (?:telefonisch )?(?:besprochen|vereinbart"
    rf"|gewünscht)|anbei|nachgefordert\w*|nachreichen",
    "anzeige": rf"zeigen? {_ME} (?:ihnen )?(?:\w+ ){{0,4}}an\b|erstatte[n]? {_ME} anzeige",
    "anmeldung": rf"melde[n]? {_ME} (?:\w+ ){{0,6}}an\b|(?:anmelden|ummelden)",
    "abmeldung": rf"melde[n]? {_ME} (?:\w+ ){{0,6}}ab\b|abmelden",
    "schadensmeldung": r"schadens?ersatz|reparaturkosten|haftpflicht|für den schaden",
    "bescheid": r"rechtsbehelfsbelehrung|ergeht folgender bescheid",
    "vollmacht": r"bevollmächtige (?:ich)?",
    "sepa-mandat": r"ermächtige[n]? (?:ich|wir)|ziehen sie (?:\w+ ){0,4}(?:konto|ein)",
    "werbung": r"jetzt bestellen|nur für kurze zeit|unverbindlich testen|profitieren sie",
    "einladung": r"laden (?:wir )?sie (?:\w+ ){0,3}ein|herzlich eingeladen",
    "meldung": r"ist (?:\w+ ){0,3}(?:defekt|kaputt|ausgefallen|umgestürzt)|melden? (?:ich|wir) ihnen",
}
DOCTYPES = tuple(_IN_SUBJECT)
_SUBJECT = {name: re.compile(rf"\b(?:{words})(?!\w)", re.IGNORECASE) for name, words in _IN_SUBJECT.items()}
_TEXT = {name: re.compile(words, re.IGNORECASE) for name, words in _IN_TEXT.items()}
_REFERS = re.compile(
    r"(?:auf|zu|gegen|über|ihr\w*|vom|mein\w*|unser\w*|der|den|des|dem|die)\s+(?:\w+\s)?$", re.IGNORECASE
)
_COMMON = {"anfrage": 0.5, "nachreichung": 0.6}  # their signs stand in many letters


def find_doctype(subject: str | None, body: str) -> str | None:
    """The kind with most points; None where nothing speaks for any."""
    flat = " ".join(body.split())
    points = {name: _of_subject(name, subject or "") + _of_text(name, flat) for name in DOCTYPES}
    best = max(points, key=lambda name: points[name])
    return best if points[best] >= LEAST else None


def _of_subject(name: str, subject: str) -> float:
    found = [
        HEADLINE if match.start() <= 3 else SUBJECT * (QUOTED if _REFERS.search(subject[: match.start()]) else 1.0)
        for match in _SUBJECT[name].finditer(subject)
    ]
    return max(found, default=0.0)


def _of_text(name: str, text: str) -> float:
    weight = _COMMON.get(name, 1.0)
    early = len(_TEXT[name].findall(text[:OPENING_LENGTH]))
    late = len(_TEXT[name].findall(text[OPENING_LENGTH:]))
    return weight * (OPENING * min(1, early) + TEXT * min(2, early - min(1, early) + late))
