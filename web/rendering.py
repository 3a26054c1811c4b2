"""Templates to answers."""

from __future__ import annotations

from urllib.parse import urlencode

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from core.foreign import visible
from core.i18n import LANGUAGES, default_language, text
from models.words import Role
from services.desk import CLARIFYING, OPERATING
from services.sessions import Visit
from web import wording
from web.site import site_of


def make_environment() -> Environment:
    """The templates, with the words that they may use."""
    environment = Environment(
        loader=PackageLoader("web"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
        finalize=_shown,
    )
    environment.globals["t"] = _text
    environment.globals["languages"] = LANGUAGES
    environment.globals["language"] = default_language
    for name in wording.FILTERS:
        environment.filters[name] = getattr(wording, name)
    return environment


def _shown(value: object) -> object:
    """What a template prints: words of others cannot turn the direction of writing."""
    return visible(value) if type(value) is str else value  # Markup is ours


def page(
    request: Request,
    template: str,
    visit: Visit | None,
    *,
    status: int = 200,
    names_address: bool = True,
    **context: object,
) -> HTMLResponse:
    """A page of the site, in the language of the request. Where something is not found it names no address."""
    site = site_of(request)
    html = site.templates.get_template(template).render(
        visit=visit,
        menu=_menu(visit, request.url.path),
        form_token=site.sessions.form_token(visit.nonce) if visit else "",
        other_language=[
            _switch(request if names_address else None, one) for one in LANGUAGES if one != default_language()
        ],
        **context,
    )
    return HTMLResponse(html, status)


def link(path: str, **parameters: object) -> str:
    """A path with its query; empty parameters are left out."""
    query = urlencode({name: value for name, value in parameters.items() if value not in (None, "")})
    return f"{path}?{query}" if query else path


def _text(key: str, **details: object) -> str:
    return text(key, None, **details)


def _menu(visit: Visit | None, path: str) -> list[dict[str, object]]:
    """The pages that are of use to the visitor; rights are checked again behind each."""
    if visit is None:
        return []
    roles: frozenset[str] = visit.actor.roles
    places = [("/suche", "web.menu.search", tuple(Role)), ("/postkorb", "web.menu.tray", tuple(Role))]
    places.append(("/klaerung", "web.menu.clarify", CLARIFYING))
    places += [("/quarantaene", "web.menu.quarantine", OPERATING), ("/stand", "web.menu.status", OPERATING)]
    places.append(("/vernichtung", "web.menu.disposal", (Role.ADMIN, Role.AUDITOR)))
    return [
        {"path": place, "label": key, "current": path == place}
        for place, key, allowed in places
        if place in ("/suche", "/postkorb") or roles & set(allowed)
    ]


def _switch(request: Request | None, language: str) -> dict[str, str]:
    """The same page in another language; forms and failures lead to the search."""
    if request is None or request.method != "GET":
        return {"language": language, "path": link("/suche", lang=language)}
    query = [pair for pair in request.query_params.multi_items() if pair[0] != "lang"]
    return {"language": language, "path": f"{request.url.path}?{urlencode([*query, ('lang', language)])}"}
