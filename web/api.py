"""The JSON API: the same answers as ``--json`` on the command line, under the same session and rights."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from services.finding import Question, search
from services.showing import show
from web.site import SignedIn, TheSite

router = APIRouter(prefix="/api")


@router.get("/search")
def search_json(
    *,
    site: TheSite,
    visit: SignedIn,
    q: str = "",
    unit: str | None = None,
    date_from: Annotated[date | None, Query(alias="from")] = None,
    date_to: Annotated[date | None, Query(alias="to")] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 20,
    after: str | None = None,
    sort: Literal["relevance", "newest", "oldest"] = "relevance",
) -> JSONResponse:
    question = Question(q, unit, date_from, date_to, limit, after, sort)
    return JSONResponse(search(site.house, visit.actor, question))


@router.get("/documents/{id}")
def document_json(id: str, site: TheSite, visit: SignedIn, text: bool = False) -> JSONResponse:
    found: dict[str, Any] = show(site.house, visit.actor, id, with_text=text)
    if not text:
        found.pop("text")
    return JSONResponse(found)
