"""Every answer: the language that was asked for, headers that protect, forms of a sane size."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from core.i18n import default_language
from web.shell import HEADERS, LARGEST_FORM, Shell


def _speak(_: Request) -> PlainTextResponse:
    return PlainTextResponse(default_language())


def _crash(_: Request) -> PlainTextResponse:
    raise RuntimeError("Words of a letter")


def _unforeseen(_: Request, error: Exception) -> Response:
    return PlainTextResponse(type(error).__name__, 500)


class Client:
    """Asks the application without a network; keeps its cookies."""

    def __init__(self, base_url: str = "http://town.example") -> None:
        app = Starlette(routes=[Route("/", _speak, methods=["GET", "POST"]), Route("/crash", _crash)])
        app.add_middleware(Shell, unforeseen=_unforeseen)
        self._app, self._base, self._cookies = app, base_url, httpx.Cookies()

    def get(self, path: str, language: str = "de") -> httpx.Response:
        return asyncio.run(self._ask("GET", path, headers={"Accept-Language": language}))

    def post(self, path: str, content: bytes | AsyncIterator[bytes]) -> httpx.Response:
        return asyncio.run(self._ask("POST", path, content=content))

    async def _ask(
        self,
        method: str,
        path: str,
        *,
        headers: dict[str, str] | None = None,
        content: bytes | AsyncIterator[bytes] | None = None,
    ) -> httpx.Response:
        transport = httpx.ASGITransport(self._app)
        async with httpx.AsyncClient(transport=transport, base_url=self._base, cookies=self._cookies) as client:
            answer = await client.request(method, path, headers=headers, content=content)
            self._cookies = client.cookies
            return answer


async def _pieces() -> AsyncIterator[bytes]:
    yield b"x"


@pytest.fixture
def client() -> Client:
    return Client()


@pytest.mark.parametrize(
    ("wish", "language"),
    [
        ("", "de"),
        ("de-DE,de;q=0.9,en;q=0.8", "de"),
        ("en-GB,en;q=0.9,de;q=0.8", "en"),
        ("fr-FR,fr;q=0.9,en;q=0.5,de;q=0.7", "de"),
        ("fr, tlh", "de"),
        ("en;q=many", "de"),
        (";;;,,q=", "de"),
    ],
)
def test_the_browsers_first_language_that_we_speak(client: Client, wish: str, language: str) -> None:
    assert client.get("/", wish).text == language


def test_a_chosen_language_is_kept(client: Client) -> None:
    assert client.get("/?lang=en").text == "en"
    assert client.get("/").text == "en"
    assert client.get("/?lang=de").text == "de"
    assert client.get("/?lang=xx").text == "de"


def test_every_answer_carries_the_headers(client: Client) -> None:
    answer = client.get("/")
    assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
    assert answer.headers["cache-control"] == "no-store"
    assert "strict-transport-security" not in answer.headers
    secure = Client("https://town.example").get("/")
    assert secure.headers["strict-transport-security"].startswith("max-age=")


def test_a_fault_becomes_an_answer_like_all_others(client: Client) -> None:
    answer = client.get("/crash")
    assert (answer.status_code, answer.text) == (500, "RuntimeError")
    assert answer.headers["content-security-policy"] == HEADERS["Content-Security-Policy"]


def test_large_forms_and_forms_without_a_length_are_refused(client: Client) -> None:
    assert client.post("/", b"x" * LARGEST_FORM).status_code == 200
    large = client.post("/", b"x" * (LARGEST_FORM + 1))
    assert (large.status_code, large.headers["x-frame-options"]) == (413, "DENY")
    assert client.post("/", _pieces()).status_code == 411
