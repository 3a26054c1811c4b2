"""A sentence on the next page that says what was done: carried by the address as codes, never as text."""

from __future__ import annotations

import re
from collections.abc import Mapping

from fastapi import Request
from fastapi.responses import RedirectResponse

from core.i18n import text
from web import wording
from web.rendering import link

_NUMBER = re.compile(r"\d{4}-\d{6}")


def go_on(path: str, kind: str, number: str, unit: str = "") -> RedirectResponse:
    """Lead to ``path`` and say there what was done with a letter."""
    return RedirectResponse(link(path, ok=kind, no=number, to=unit), 303)


def notice_of(request: Request, names: Mapping[str, str]) -> str | None:
    """The sentence that the address asks for; None for anything that we would not have written."""
    query = request.query_params
    number, unit = query.get("no", ""), query.get("to", "")
    if not _NUMBER.fullmatch(number):
        return None
    if query.get("ok") == "done":
        return text("web.notice.done", None, number=number)
    if query.get("ok") == "routed" and unit in names:
        return text("web.notice.routed", None, number=number, unit=wording.unit(unit, names))
    return None
