"""Search: form, hits with their passages, facets as links."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from markupsafe import Markup

from core.errors import UsageError
from core.i18n import text
from services.desk import units_to_choose
from services.finding import Question, search, suggest
from services.saving import LONGEST_NAME, forget_search, save_search, saved_searches
from web import wording
from web.rendering import link, page
from web.shell import HEADERS
from web.site import OwnForm, SignedIn, TheSite

SORTS = ("relevance", "newest", "oldest")
LONGEST = 1000  # characters of a query
MOST = 12  # entries of a facet that are shown
router = APIRouter()
# suggestions while typing: the one script of the site, part of the page and named by its hash; without it all works
SCRIPT = (Path(__file__).parent / "suggest.js").read_text("utf-8").strip()
_HASH = base64.b64encode(hashlib.sha256(SCRIPT.encode()).digest()).decode()
POLICY = f"{HEADERS['Content-Security-Policy']}; script-src 'sha256-{_HASH}'; connect-src 'self'"
Field = Annotated[str, Form()]


@dataclass(frozen=True, slots=True)
class Wish:
    """What the form says; ``problems`` names the fields that cannot be."""

    q: str
    unit: str
    date_from: str
    date_to: str
    sort: str
    problems: dict[str, str]

    @property
    def empty(self) -> bool:
        return not (self.q.strip() or self.unit or self.date_from or self.date_to)

    def link(self, **changes: object) -> str:
        """The same search with other wishes."""
        mine = {
            "q": self.q,
            "unit": self.unit,
            "from": self.date_from,
            "to": self.date_to,
            "sort": self.sort if self.sort != SORTS[0] else "",
        }
        return link("/suche", **{**mine, **changes})

    def question(self, after: str | None) -> Question:
        return Question(
            self.q,
            unit=self.unit or None,
            date_from=_day(self.date_from),
            date_to=_day(self.date_to),
            after=after,
            sort=self.sort,
        )


@router.get("/suche")
def search_page(request: Request, site: TheSite, visit: SignedIn) -> Response:
    wish = _wish(request)
    done = request.query_params.get("ok")
    answer: dict[str, Any] | None = None
    if not wish.empty and not wish.problems:
        answer = search(site.house, visit.actor, wish.question(request.query_params.get("after") or None))
    response = page(
        request,
        "search.html",
        visit,
        status=400 if wish.problems else 200,
        wish=wish,
        answer=answer,
        units=units_to_choose(site.house),
        sorts=SORTS,
        facets=_facets(wish, answer) if answer else [],
        filters=_filters(wish, answer) if answer else [],
        later=request.query_params.get("after") is not None,
        saved=[{"name": one.name, "link": _link(one.question)} for one in saved_searches(site.house, visit.actor)],
        notice=text(f"web.saved.done.{done}") if done in ("kept", "forgotten") else None,
        script=Markup(SCRIPT),
    )
    response.headers["Content-Security-Policy"] = POLICY
    return response


@router.get("/suche/vorschlaege")
def suggestions(site: TheSite, visit: SignedIn, q: str = "") -> JSONResponse:
    return JSONResponse(suggest(site.house, visit.actor, q[:LONGEST]))


@router.post("/suche/merken")
def keep(
    *,
    site: TheSite,
    visit: OwnForm,
    name: Field = "",
    q: Field = "",
    unit: Field = "",
    date_from: Annotated[str, Form(alias="from")] = "",
    date_to: Annotated[str, Form(alias="to")] = "",
    sort: Field = SORTS[0],
) -> Response:
    wish = Wish(q, unit, date_from, date_to, sort if sort in SORTS else SORTS[0], {})
    if not (_is_day(date_from) and _is_day(date_to)):
        raise UsageError("saved_search_empty", longest=LONGEST_NAME)
    save_search(site.house, visit.actor, name, wish.question(None))
    return RedirectResponse(wish.link(ok="kept"), 303)


@router.post("/suche/vergessen")
def forget(site: TheSite, visit: OwnForm, name: Field = "") -> Response:
    forget_search(site.house, visit.actor, name)
    return RedirectResponse(link("/suche", ok="forgotten"), 303)


def _link(question: Question) -> str:
    first, last = (day.isoformat() if day else "" for day in (question.date_from, question.date_to))
    return Wish(question.text, question.unit or "", first, last, question.sort, {}).link()


def _wish(request: Request) -> Wish:
    query = request.query_params
    sort = query.get("sort", SORTS[0])
    days = {name: query.get(name, "").strip() for name in ("from", "to")}
    problems = {name: text("web.search.bad_day") for name, value in days.items() if not _is_day(value)}
    if not problems and all(days.values()) and days["from"] > days["to"]:
        problems["to"] = text("web.search.days_swapped")
    return Wish(
        q=query.get("q", ""),
        unit=query.get("unit", ""),
        date_from=days["from"],
        date_to=days["to"],
        sort=sort if sort in SORTS else SORTS[0],
        problems=problems,
    )


def _is_day(value: str) -> bool:
    try:
        _day(value)
    except ValueError:
        return False
    return True


def _day(value: str) -> date | None:
    return date.fromisoformat(value) if value else None


def _facets(wish: Wish, answer: dict[str, Any]) -> list[dict[str, Any]]:
    """Ways to narrow the search, each as a link with its count."""
    names = answer["unit_names"]

    def narrowed(field: str, value: str) -> str:
        plain = value.replace('"', " ")
        return wish.link(q=f'{wish.q} {field}:"{plain}"'.strip())

    ways: dict[str, tuple[Callable[[str], str], Callable[[str], str]]] = {
        "unit": (lambda value: wish.link(unit=value), lambda value: wording.unit(value, names)),
        "sender": (lambda value: narrowed("absender", value), str),
        "year": (lambda value: wish.link(**{"from": f"{value}-01-01", "to": f"{value}-12-31"}), str),
        "doctype": (lambda value: narrowed("art", value), wording.doctype),
    }
    taken = {"unit": bool(wish.unit), "year": bool(wish.date_from or wish.date_to)}
    found = []
    for facet, (target, label) in ways.items():
        counts = [(value, count) for value, count in answer["facets"].get(facet, {}).items() if value]
        if not counts or taken.get(facet) or (len(counts) == 1 and answer["total"] <= 1):
            continue
        entries = [{"label": label(value), "count": count, "link": target(value)} for value, count in counts[:MOST]]
        found.append({"name": facet, "entries": entries})
    return found


def _filters(wish: Wish, answer: dict[str, Any]) -> list[dict[str, str]]:
    """What narrows the search now, each with the link that takes it away."""
    filters = []
    if wish.unit:
        label = wording.unit(wish.unit, answer["unit_names"])
        filters.append({"label": f"{text('web.search.unit')}: {label}", "link": wish.link(unit="")})
    if wish.date_from:
        label = wording.day(wish.date_from)
        filters.append({"label": f"{text('web.search.from')}: {label}", "link": wish.link(**{"from": ""})})
    if wish.date_to:
        label = wording.day(wish.date_to)
        filters.append({"label": f"{text('web.search.to')}: {label}", "link": wish.link(to="")})
    return filters
