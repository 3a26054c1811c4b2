"""The in-tray: unworked letters of one's units, the oldest first."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.desk import in_tray, units_to_choose
from web.notices import notice_of
from web.rendering import link, page
from web.site import SignedIn, TheSite

router = APIRouter()


@router.get("/postkorb")
def tray_page(request: Request, site: TheSite, visit: SignedIn, unit: str = "", start: int = 0) -> Response:
    first = max(0, start)
    pile = in_tray(site.house, visit.actor, unit=unit or None, start=first)
    return page(
        request,
        "tray.html",
        visit,
        pile=pile,
        units=units_to_choose(site.house),
        unit=unit,
        first=first,
        next_link=link("/postkorb", unit=unit, start=pile.next) if pile.next else None,
        notice=notice_of(request, pile.unit_names),
    )
