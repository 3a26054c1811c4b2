"""Which kind of sender wrote: a closed list of words, so that no person's or firm's own name is a feature."""

from __future__ import annotations

import regex

# stems, lower case; a stem is looked for inside the words of the head, so that "Busreisen" tells of "reisen"
KINDS = (
    "gmbh|ggmbh|kg|ohg|ag|e ?v|e ?k|ug|partg|gbr|verein|verband|stiftung|genossenschaft|"
    "amtsgericht|landgericht|verwaltungsgericht|sozialgericht|arbeitsgericht|familiengericht|gericht|"
    "rechtsanw|anwalt|anwält|kanzlei|notar|inkasso|insolvenz|gläubiger|schuldnerberat|"
    "versicherung|krankenkasse|bank|sparkasse|finanzamt|finanz|steuerberat|zoll|"
    "polizei|staatsanwalt|feuerwehr|landkreis|kreisverwaltung|landratsamt|bezirksregierung|regierungspräsid|"
    "ministerium|bundesamt|landesamt|bundesagentur|jobcenter|gemeinde|stadtverwaltung|botschaft|konsulat|"
    "bestattung|friedhof|kirche|pfarr|diakonie|caritas|standesamt|hebamme|klinik|krankenhaus|praxis|arzt|ärzt|"
    "med|zahn|labor|apotheke|pflege|senioren|betreu|lebenshilfe|behinderten|sozialverband|wohnheim|"
    "schule|gymnasium|grundschule|realschule|gesamtschule|hort|kita|kindergarten|kindertages|tagespflege|eltern|"
    "jugend|fahrschule|autohaus|kfz|spedition|transport|taxi|bus|verkehr|tüv|dekra|"
    "architekt|ingenieur|planung|vermess|bau|tiefbau|hochbau|dach|holz|garten|baum|forst|landschaft|"
    "immobilien|hausverwaltung|wohnungs|wohnbau|makler|eigentümer|mieter|bauherr|"
    "gastst|restaurant|café|cafe|hotel|brauerei|imbiss|bäckerei|fleischerei|metzgerei|lebensmittel|automaten|spiel|"
    "druckerei|büro|software|system|telekom|netz|energie|stadtwerke|wasser|abwasser|kanal|strom|gas|"
    "entsorg|recycling|container|abfall|müll|reinigung|gebäude|hausmeister|sicherheit|veranstalt|schausteller|"
    "tier|hunde|naturschutz|nabu|bund|denkmal|museum|theater|sport|turn|fußball|schützen|feuer|karneval|"
    "gewerkschaft|personalrat|kammer|innung|handwerk|universität|hochschule|akademie|bildung|volkshochschule|"
    "rente|rentenversicherung|berufsgenossenschaft|unfallkasse|familienkasse|"
    "tattoo|kosmetik|friseur|nagel|podologie|physio|optik|markt|kaufhaus|handel|vertrieb|service|dienst"
)
_KIND = regex.compile(rf"(?:{KINDS})")
_WORD = regex.compile(r"\p{L}+(?: ?\. ?[VvKk]\b\.?)?")
_WHOLE = frozenset({"kg", "ohg", "ag", "ug", "gbr", "bus", "med", "bund", "gas", "bau", "netz", "dach", "ev", "ek"})
_NO_KIND = regex.compile(r"\d{5}|\d+\s?[a-z]?$")


def kinds_in(head: str) -> list[str]:
    """The kind words of the lines that are no address, each once, sorted.

    Lines with a house number or a postcode tell where somebody lives, not who they are.
    """
    found: set[str] = set()
    for line in head.lower().split("\n"):
        if _NO_KIND.search(line.strip()):
            continue
        for word in _WORD.findall(line):
            plain = word.replace(" ", "").replace(".", "")
            found.update(k for k in _KIND.findall(plain) if k not in _WHOLE or k == plain)
    return sorted(found)
