"""What every page needs, and who asks for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import Depends, Form, Request
from jinja2 import Environment

from services.house import House
from services.sessions import Sessions, Visit
from services.viewing import Readings

SESSION = "aktenlotse_session"


@dataclass(frozen=True, slots=True)
class Site:
    """The opened home, as the web uses it."""

    house: House
    sessions: Sessions
    readings: Readings
    templates: Environment


class SignedOut(Exception):
    """Nobody is signed in: the visitor is sent to the sign-in page."""


class ForeignForm(Exception):
    """A form without the session's word: another site sent it, or the session has ended."""


def site_of(request: Request) -> Site:
    """The site that answers."""
    site = request.app.state.site
    assert isinstance(site, Site)
    return site


def visit_of(request: Request) -> Visit | None:
    """Who asks, with the rights of now; None when nobody is signed in."""
    return site_of(request).sessions.read(request.cookies.get(SESSION))


def _signed_in(request: Request) -> Visit:
    visit = visit_of(request)
    if visit is None:
        raise SignedOut
    return visit


def _own_form(
    request: Request,
    visit: Annotated[Visit, Depends(_signed_in)],
    form_token: Annotated[str, Form()] = "",
) -> Visit:
    if not site_of(request).sessions.is_form_token(visit.nonce, form_token):
        raise ForeignForm
    return visit


TheSite = Annotated[Site, Depends(site_of)]
SignedIn = Annotated[Visit, Depends(_signed_in)]
OwnForm = Annotated[Visit, Depends(_own_form)]
