"""What went wrong, as a page for people and as JSON for machines."""

from __future__ import annotations

import traceback

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, RedirectResponse
from starlette.exceptions import HTTPException

from core.errors import AktenlotseError, EnvironmentProblem, Forbidden, NotFound, UsageError
from core.i18n import text
from core.logs import log
from web.rendering import link, page
from web.site import ForeignForm, SignedOut, visit_of

LOG = log(__name__)
STATUS: tuple[tuple[type[AktenlotseError], int], ...] = (
    (NotFound, 404),
    (Forbidden, 403),
    (UsageError, 400),
    (EnvironmentProblem, 503),
)


def mount(app: FastAPI) -> None:
    """Add the answers to the application."""
    app.add_exception_handler(AktenlotseError, _ours)
    app.add_exception_handler(SignedOut, _signed_out)
    app.add_exception_handler(ForeignForm, _foreign_form)
    app.add_exception_handler(RequestValidationError, _invalid)
    app.add_exception_handler(HTTPException, _http)


def _answer(request: Request, status: int, code: str, sentence: str, *, known: bool = True) -> Response:
    """``known``: the page may ask who the visitor is (not where the database itself may be at fault)."""
    if request.url.path.startswith("/api/"):
        return JSONResponse({"error": code, "sentence": sentence}, status)
    title = text(f"web.failure.{status}" if status in (400, 403, 404, 503) else "web.failure.500")
    return page(
        request,
        "failure.html",
        visit_of(request) if known else None,
        status=status,
        names_address=False,
        title=title,
        sentence=sentence,
    )


def _ours(request: Request, error: Exception) -> Response:
    assert isinstance(error, AktenlotseError)
    status = next((number for kind, number in STATUS if isinstance(error, kind)), 500)
    if status >= 500:
        LOG.error("request_failed", extra={"code": error.code})
    if status == 404:  # the same words for what is unknown and what may not be seen
        return _answer(request, 404, "not_found", text("web.failure.not_found"))
    if status == 403:
        return _answer(request, 403, error.code, text("web.failure.forbidden"))
    return _answer(request, status, error.code, error.sentence())


def _signed_out(request: Request, _: Exception) -> Response:
    if request.url.path.startswith("/api/"):
        return _answer(request, 401, "signed_out", text("web.failure.signed_out"))
    query = f"?{request.url.query}" if request.url.query else ""
    after = f"{request.url.path}{query}" if request.method == "GET" else ""
    return RedirectResponse(link("/anmelden", weiter="" if after == "/" else after), 303)


def _foreign_form(request: Request, _: Exception) -> Response:
    return _answer(request, 403, "foreign_form", text("web.failure.foreign_form"))


def _invalid(request: Request, _: Exception) -> Response:
    return _answer(request, 400, "invalid", text("web.failure.invalid"))


def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code == 404:
        return _answer(request, 404, "not_found", text("web.failure.not_found"))
    return _answer(request, error.status_code, "http", text("web.failure.invalid"))


def unforeseen(request: Request, error: Exception) -> Response:
    """The last net. The log gets the place of the fault, not its words: they may quote a letter or a search."""
    frames = traceback.extract_tb(error.__traceback__)
    where = [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in frames]
    LOG.error("request_crashed", extra={"error": type(error).__name__, "where": where})
    return _answer(request, 500, "internal_error", text("web.failure.unforeseen"), known=False)
