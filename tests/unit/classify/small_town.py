"""A town of four offices and a handful of letters, so that rules can be tested in milliseconds."""

from __future__ import annotations

from datetime import date, timedelta

from classify.letters import Example, UnitProfile

UNITS = (
    UnitProfile("22", "Steueramt", "Hundesteuer, Grundsteuer, Gewerbesteuer"),
    UnitProfile("34", "Standesamt", "Geburt, Eheschließung, Sterbefall, Urkunden"),
    UnitProfile("66", "Tiefbauamt", "Straßen und Schlaglöcher, Straßenbeleuchtung, Kanal"),
    UnitProfile("70", "Abfallwirtschaft", "Mülltonnen, Sperrmüll, Abfallgebühren"),
)
_MATTERS = {
    "22": ("Hundesteuer", "Grundsteuerbescheid", "Hebesatz", "Gewerbesteuer", "Messbetrag", "Hundemarke"),
    "34": ("Geburtsurkunde", "Trauung", "Eheschließung", "Sterbeurkunde", "Geburtsanzeige", "Familienname"),
    "66": ("Schlagloch", "Straßenlaterne", "Fahrbahn", "Kanal", "Bordstein", "Gehweg"),
    "70": ("Biotonne", "Sperrmüll", "Restmüll", "Abfuhr", "Altpapier", "Mülltonne"),
}


def letter(matter: str, other: str = "") -> str:
    """A letter with all its parts."""
    return (
        f"Erika Beispiel\nAm Hang 4\n12345 Musterort\n\nStadt Lindenfurt\n\n2025-05-05\n\n{matter}\n\n"
        f"Sehr geehrte Damen und Herren,\n\nich schreibe Ihnen wegen {matter}. {other}\n"
        f"Bitte geben Sie mir Nachricht zu {matter}.\n\nMit freundlichen Grüßen\nErika Beispiel"
    )


def letters(each: int = 12, groups: int = 2) -> list[Example]:
    """Labelled letters, ``each`` a unit, dealt out to groups; a pair of matters each."""
    found = []
    for unit, matters in _MATTERS.items():
        for i in range(each):
            first, second = matters[i % len(matters)], matters[(i * 5 + 1) % len(matters)]
            text = letter(first, f"Es geht auch um {second}, Nummer {i}.")
            day = date(2025, 1, 1) + timedelta(days=i)
            found.append(Example(text, unit, day=day, group="abcdefgh"[i % groups], id=f"{unit}-{i}"))
    return found
