"""Sign in and out."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Form, Request, Response
from fastapi.responses import RedirectResponse

from core.ids import new_id
from services.passwords import TooManyTries, WrongPassword
from services.sessions import SECONDS
from web.rendering import link, page
from web.site import SESSION, ForeignForm, OwnForm, TheSite, visit_of

FORM = "aktenlotse_form"  # the form's word before anybody is signed in
router = APIRouter()


@router.get("/")
def start() -> Response:
    return RedirectResponse("/suche", 303)


@router.get("/anmelden")
def form(request: Request, weiter: str = "", abgemeldet: str = "") -> Response:
    if visit_of(request) is not None:
        return RedirectResponse(_local(weiter), 303)
    return _form(request, after=weiter, signed_out=bool(abgemeldet))


@router.post("/anmelden")
def sign_in(
    *,
    request: Request,
    site: TheSite,
    name: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    weiter: Annotated[str, Form()] = "",
    form_token: Annotated[str, Form()] = "",
) -> Response:
    nonce = request.cookies.get(FORM, "")
    if not nonce or not site.sessions.is_form_token(nonce, form_token):
        raise ForeignForm
    address = request.client.host if request.client else ""
    try:
        cookie = site.sessions.sign_in(name.strip(), password, address)
    except TooManyTries as error:
        answer = _form(request, name=name, after=weiter, failure=error.sentence(), status=429)
        answer.headers["Retry-After"] = str(error.details["seconds"])
        return answer
    except WrongPassword as error:
        return _form(request, name=name, after=weiter, failure=error.sentence(), status=403)
    answer = RedirectResponse(_local(weiter), 303)
    _set(answer, request, SESSION, cookie, SECONDS)
    answer.delete_cookie(FORM, path="/")
    return answer


@router.post("/abmelden")
def sign_out(visit: OwnForm, site: TheSite) -> Response:
    site.sessions.sign_out(visit)
    answer = RedirectResponse(link("/anmelden", abgemeldet="1"), 303)
    answer.delete_cookie(SESSION, path="/")
    return answer


def _form(
    request: Request,
    *,
    name: str = "",
    after: str = "",
    failure: str | None = None,
    status: int = 200,
    signed_out: bool = False,
) -> Response:
    nonce = request.cookies.get(FORM) or new_id(26)
    token = request.app.state.site.sessions.form_token(nonce)
    answer = page(
        request,
        "login.html",
        None,
        status=status,
        name=name,
        after=after,
        failure=failure,
        signed_out=signed_out,
        login_token=token,
    )
    _set(answer, request, FORM, nonce, SECONDS)
    return answer


def _set(answer: Response, request: Request, name: str, value: str, seconds: int) -> None:
    answer.set_cookie(
        name,
        value,
        max_age=seconds,
        httponly=True,
        samesite="lax",
        path="/",
        secure=request.url.scheme == "https",
    )


def _local(after: str) -> str:
    """Where to go after signing in: a path of ours, never another site."""
    safe = after.startswith("/") and not after.startswith("//") and "\\" not in after and after.isprintable()
    return after if safe else "/suche"
