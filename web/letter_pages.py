"""The page of a letter, its page pictures, and its files."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import FileResponse

from services.desk import units_to_choose
from services.originals import Download
from services.sessions import Visit
from services.viewing import look_at, original_download, page_picture, pdf_download
from web.notices import notice_of
from web.rendering import page
from web.site import SignedIn, Site, TheSite

MOST_PAGES = 100_000
Position = Annotated[int, Path(ge=1, le=MOST_PAGES)]
router = APIRouter()


@router.get("/briefe/{id}")
def letter_page(id: str, request: Request, site: TheSite, visit: SignedIn, q: str = "") -> Response:
    return letter(request, site, visit, id, query=q)


def letter(
    request: Request,
    site: Site,
    visit: Visit,
    id: str,
    *,
    query: str = "",
    problems: dict[str, str] | None = None,
    sent: dict[str, str] | None = None,
) -> Response:
    """The page; with ``problems`` when a form on it was sent that cannot be, with what was ``sent``."""
    view = look_at(site.house, visit.actor, id, site.readings, query=query)
    return page(
        request,
        "letter.html",
        visit,
        status=400 if problems else 200,
        view=view,
        facts=view.facts,
        names=view.unit_names,
        units=units_to_choose(site.house) if view.may_work else [],
        query=query,
        problems=problems or {},
        sent=sent or {},
        notice=notice_of(request, view.unit_names),
    )


@router.get("/briefe/{id}/seiten/{position}.jpg")
def picture(
    *, id: str, position: Position, request: Request, site: TheSite, visit: SignedIn, dpi: int = 100
) -> Response:
    tag, image = page_picture(
        site.house,
        visit.actor,
        id,
        site.readings,
        position=position,
        dpi=dpi,
        known=request.headers.get("if-none-match"),
    )
    headers = {"Cache-Control": "private, no-cache", "ETag": tag}  # rights are asked for each time
    if image is None:
        return Response(status_code=304, headers=headers)
    return Response(image, media_type="image/jpeg", headers=headers)


@router.get("/briefe/{id}/pdf")
def pdf(id: str, site: TheSite, visit: SignedIn) -> Response:
    return _file(pdf_download(site.house, visit.actor, id))


@router.get("/briefe/{id}/original")
def original(id: str, site: TheSite, visit: SignedIn) -> Response:
    return _file(original_download(site.house, visit.actor, id))


def _file(download: Download) -> Response:
    return FileResponse(
        download.path,
        media_type=download.media_type,
        filename=download.name,
        headers={"Cache-Control": "private, no-store"},
    )
