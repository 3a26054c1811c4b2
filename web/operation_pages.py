"""For those who run the scanning centre: quarantine, what waits for a second person, and how the mail stands."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from core.errors import UsageError
from services import disposal
from services.desk import standing
from services.reception import DISCARDING, discard, quarantined
from services.sessions import Visit
from web.rendering import page
from web.site import OwnForm, SignedIn, Site, TheSite

COUNTS = ("inbox", "working", "filed", "clarify", "quarantined", "not_indexed")
SAID_THERE = ("discard_needs_reason", "second_person_needed", "second_account_needed")  # on the page itself
router = APIRouter()


@router.get("/quarantaene")
def quarantine_page(request: Request, site: TheSite, visit: SignedIn) -> Response:
    return _quarantine(request, site, visit)


@router.post("/quarantaene/{id}/verwerfen")
def discard_file(
    *, id: str, request: Request, site: TheSite, visit: OwnForm, reason: Annotated[str, Form()] = ""
) -> Response:
    try:
        discard(site.house, visit.actor, id, reason)
    except UsageError as error:
        if error.code not in SAID_THERE:
            raise
        return _quarantine(request, site, visit, error)
    return RedirectResponse("/quarantaene", 303)


def _quarantine(request: Request, site: Site, visit: Visit, error: UsageError | None = None) -> Response:
    return page(
        request,
        "quarantine.html",
        visit,
        status=400 if error else 200,
        lines=quarantined(site.house, visit.actor),
        may_discard=bool(visit.actor.roles & set(DISCARDING)),
        failure=error.sentence() if error else None,
    )


@router.get("/vernichtung")
def disposal_page(request: Request, site: TheSite, visit: SignedIn) -> Response:
    return _disposals(request, site, visit)


@router.post("/vernichtung/{id}/freigeben")
def release(id: str, request: Request, site: TheSite, visit: OwnForm) -> Response:
    try:
        disposal.release(site.house, visit.actor, [id])
    except UsageError as error:
        if error.code not in SAID_THERE:
            raise
        return _disposals(request, site, visit, error)
    return RedirectResponse("/vernichtung", 303)


def _disposals(request: Request, site: Site, visit: Visit, error: UsageError | None = None) -> Response:
    return page(
        request,
        "disposal.html",
        visit,
        status=400 if error else 200,
        lines=disposal.listing(site.house, visit.actor),
        failure=error.sentence() if error else None,
    )


@router.get("/stand")
def status_page(request: Request, site: TheSite, visit: SignedIn) -> Response:
    return page(request, "status.html", visit, state=standing(site.house, visit.actor), counts=COUNTS)
