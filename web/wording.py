"""Codes and numbers in the words of the page's reader."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from core.clock import TOWN
from core.i18n import default_language, text
from services.view import reason_sentence

FILTERS = ("day", "moment", "sure", "why", "problem", "warning", "doctype", "parts", "unit", "shortlist")
_WORTH_A_BUTTON = 0.01
_SURE = ((0.95, "surest"), (0.8, "likely"), (0.5, "possible"), (0.2, "unsure"), (0.0, "hardly"))


def day(value: str | None) -> str:
    """A date (ISO) as people write it."""
    if not value:
        return "–"
    return _written(date.fromisoformat(value))


def moment(value: str) -> str:
    """A moment (ISO, UTC) as the town's clock showed it."""
    local = datetime.fromisoformat(value).astimezone(TOWN)
    return text("web.moment", None, day=_written(local.date()), time=f"{local:%H:%M}")


def _written(value: date) -> str:
    return f"{value:%d.%m.%Y}" if default_language() == "de" else value.isoformat()


def sure(confidence: float | None) -> str:
    """How sure the machine is, in words."""
    step = next((name for least, name in _SURE if (confidence or 0.0) >= least), "hardly")
    return text(f"web.sure.{step}")


def why(reason: Mapping[str, Any]) -> str:
    """A reason of a Route as a sentence."""
    code = str(reason["code"])
    if code == "model" and reason.get("provisional"):
        code = "model_provisional"
    if code == "reference" and reason.get("slips"):
        code = "reference_slips"
    details = {name: value for name, value in reason.items() if name != "code"}
    return _known(f"web.why.{code}", "web.why.other", details)


def problem(line: Mapping[str, Any]) -> str:
    """Why something lies in quarantine, and what the operator should do."""
    return reason_sentence(line)


def warning(code: str) -> str:
    """A warning of a document as a sentence."""
    return _known(f"web.warning.{code}", "web.warning.other", {"code": code})


def doctype(name: str) -> str:
    """The kind of a document in the reader's language."""
    known = text(f"web.doctype.{name}")
    return name.capitalize() if known.startswith("web.") else known


def parts(highlight: str) -> list[tuple[str, bool]]:
    """A snippet with ** around its hits, parted into (piece, whether it is a hit)."""
    return [(piece, number % 2 == 1) for number, piece in enumerate(highlight.split("**")) if piece]


def unit(code: str | None, names: Mapping[str, str]) -> str:
    """A unit's code with its name."""
    return f"{code} {names.get(code, '')}".strip() if code else "–"


def shortlist(candidates: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The candidates that are worth a button, the best first: always two, more when they are likely at all."""
    known = [one for one in candidates if one["unit"]]
    return [one for place, one in enumerate(known) if place < 2 or one["confidence"] >= _WORTH_A_BUTTON]


def _known(key: str, otherwise: str, details: Mapping[str, object]) -> str:
    chosen = otherwise if text(key) == key else key
    return text(chosen, None, **details)
