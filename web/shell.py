"""What holds for every answer: its language, headers that keep browsers honest, and forms of a sane size."""

from __future__ import annotations

from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from core.i18n import LANGUAGES, speaking

LANGUAGE = "aktenlotse_lang"
LARGEST_FORM = 64 * 1024
_YEAR = 365 * 24 * 3600
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; img-src 'self'; style-src 'self'; form-action 'self'; "
    "base-uri 'none'; frame-ancestors 'none'",
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
}


class Shell:
    """The outermost layer of the web; ``unforeseen`` answers where nothing else did."""

    def __init__(self, app: ASGIApp, unforeseen: Callable[[Request, Exception], Response]) -> None:
        self._app, self._unforeseen = app, unforeseen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        asked = _asked_language(scope)
        language = asked or _kept_language(headers) or _accepted_language(headers)

        started = False

        async def send_with_headers(message: Message) -> None:
            nonlocal started
            if message["type"] == "http.response.start":
                started = True
                _dress(MutableHeaders(scope=message), scope, language, keep=asked is not None)
            await send(message)

        with speaking(language):
            refused = _refused(scope, headers)
            try:
                await (refused or self._app)(scope, receive, send_with_headers)
            except Exception as error:  # noqa: BLE001  (the last net: a page instead of a broken line)
                answer = await run_in_threadpool(self._unforeseen, Request(scope), error)
                if not started:
                    await answer(scope, receive, send_with_headers)


def _dress(headers: MutableHeaders, scope: Scope, language: str, *, keep: bool) -> None:
    for name, value in HEADERS.items():
        headers.setdefault(name, value)  # the search page names its one script
    if scope["scheme"] == "https":
        headers["Strict-Transport-Security"] = f"max-age={_YEAR}"
    if scope["path"].startswith("/static/"):
        headers["Cache-Control"] = "public, max-age=3600"
        return
    headers.setdefault("Cache-Control", "no-store")
    headers["Content-Language"] = language
    headers.add_vary_header("Accept-Language, Cookie")
    if keep:
        headers.append("Set-Cookie", f"{LANGUAGE}={language}; Path=/; Max-Age={_YEAR}; HttpOnly; SameSite=Lax")


def _refused(scope: Scope, headers: Headers) -> ASGIApp | None:
    """Forms are small, and say how long they are."""
    if scope["method"] in ("GET", "HEAD"):
        return None
    length = headers.get("content-length", "")
    if not length.isdigit():
        return PlainTextResponse("411 Length Required", 411)
    if int(length) > LARGEST_FORM:
        return PlainTextResponse("413 Content Too Large", 413)
    return None


def _asked_language(scope: Scope) -> str | None:
    query = parse_qs(scope["query_string"].decode("latin-1"))
    return _known(query.get("lang", [""])[0])


def _kept_language(headers: Headers) -> str | None:
    try:
        cookie = SimpleCookie(headers.get("cookie", "")).get(LANGUAGE)
    except CookieError:
        return None
    return _known(cookie.value) if cookie else None


def _accepted_language(headers: Headers) -> str:
    """The first language of the browser that we speak; German when it speaks none of ours."""
    wishes = []
    for place, wish in enumerate(headers.get("accept-language", "")[:200].split(",")):
        tag, _, weight = wish.strip().partition(";q=")
        try:
            wishes.append((-float(weight or 1), place, tag.lower()[:2]))
        except ValueError:
            continue
    return next((tag for _, _, tag in sorted(wishes) if tag in LANGUAGES), LANGUAGES[0])


def _known(language: str) -> str | None:
    return language if language in LANGUAGES else None
