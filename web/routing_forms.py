"""What a person decides about a letter: clarify it, send it on, take it out of the in-tray."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response

from core.errors import UsageError
from core.i18n import text
from services.deciding import route_by_person, work_off
from web.letter_pages import letter
from web.notices import go_on
from web.site import OwnForm, TheSite

BACK = {"klaerung": "/klaerung", "postkorb": "/postkorb"}
FIELDS = {"unknown_unit": "unit", "unknown_file": "reference", "file_closed": "reference", "case_closed": "reference"}
Field = Annotated[str, Form()]
router = APIRouter()


@router.post("/briefe/{id}/zuordnung")
def route(
    *,
    id: str,
    request: Request,
    site: TheSite,
    visit: OwnForm,
    number: Field = "",
    kind: Field = "clarify",
    candidate: Field = "",
    unit: Field = "",
    reference: Field = "",
    purpose: Field = "",
) -> Response:
    chosen = candidate or unit
    sent = {"unit": chosen, "reference": reference, "purpose": purpose}
    problems = _missing(kind, sent)
    if not problems:
        try:
            route_by_person(
                site.house,
                visit.actor,
                id,
                chosen,
                reference=reference.strip() or None,
                purpose=purpose.strip(),
            )
        except UsageError as error:
            if error.code not in FIELDS:
                raise
            problems = {FIELDS[error.code]: error.sentence()}
    if problems:
        return letter(request, site, visit, id, problems=problems, sent=sent)
    return go_on(BACK["klaerung" if kind == "clarify" else "postkorb"], "routed", number, chosen)


@router.post("/briefe/{id}/erledigt")
def done(id: str, site: TheSite, visit: OwnForm, number: Field = "") -> Response:
    work_off(site.house, visit.actor, id)
    return go_on(BACK["postkorb"], "done", number)


def _missing(kind: str, sent: dict[str, str]) -> dict[str, str]:
    problems = {}
    if not sent["unit"]:
        problems["unit"] = text("web.route.choose_unit")
    if kind != "clarify" and not sent["purpose"].strip():
        problems["purpose"] = text("web.route.say_why")
    return problems
