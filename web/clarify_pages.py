"""Clarifications: what the machine did not dare to route, for the post room."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.desk import clarifications, units_to_choose
from web.notices import notice_of
from web.rendering import link, page
from web.site import SignedIn, TheSite

router = APIRouter()


@router.get("/klaerung")
def clarify_page(request: Request, site: TheSite, visit: SignedIn, start: int = 0) -> Response:
    first = max(0, start)
    pile = clarifications(site.house, visit.actor, start=first)
    return page(
        request,
        "clarify.html",
        visit,
        pile=pile,
        units=units_to_choose(site.house),
        first=first,
        next_link=link("/klaerung", start=pile.next) if pile.next else None,
        notice=notice_of(request, pile.unit_names),
    )
