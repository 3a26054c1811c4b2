"""Search: form, hits with their passages, facets as links."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from fastapi import APIRouter, Request, Response

from core.i18n import text
from services.desk import units_to_choose
from services.finding import Question, search
from web import wording
from web.rendering import link, page
from web.site import SignedIn, TheSite

SORTS = ("relevance", "newest", "oldest")
MOST = 12  # entries of a facet that are shown
router = APIRouter()


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
    answer: dict[str, Any] | None = None
    if not wish.empty and not wish.problems:
        answer = search(site.house, visit.actor, wish.question(request.query_params.get("after") or None))
    return page(
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
    )


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
