"""For those who run the scanning centre: quarantine, and how the mail stands."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from services.desk import standing
from services.reception import quarantined
from web.rendering import page
from web.site import SignedIn, TheSite

COUNTS = ("inbox", "working", "filed", "clarify", "quarantined", "not_indexed")
router = APIRouter()


@router.get("/quarantaene")
def quarantine_page(request: Request, site: TheSite, visit: SignedIn) -> Response:
    return page(request, "quarantine.html", visit, lines=quarantined(site.house, visit.actor))


@router.get("/stand")
def status_page(request: Request, site: TheSite, visit: SignedIn) -> Response:
    return page(request, "status.html", visit, state=standing(site.house, visit.actor), counts=COUNTS)
