"""The web application of one opened home."""

from __future__ import annotations

from pathlib import Path

from fastapi import FastAPI
from starlette.staticfiles import StaticFiles

from services.house import House
from services.sessions import Sessions
from services.viewing import Readings
from web import (
    api,
    clarify_pages,
    failures,
    letter_pages,
    login_pages,
    operation_pages,
    routing_forms,
    search_pages,
    tray_pages,
)
from web.rendering import make_environment
from web.shell import Shell
from web.site import Site

STATIC = Path(__file__).parent / "static"


def make_app(house: House) -> FastAPI:
    """Everything under one roof: pages, forms, the JSON API and the style sheet."""
    app = FastAPI(title="Aktenlotse", docs_url=None, redoc_url=None, openapi_url=None)
    app.state.site = Site(house, Sessions(house), Readings(), make_environment())
    for room in (
        login_pages,
        search_pages,
        tray_pages,
        clarify_pages,
        letter_pages,
        routing_forms,
        operation_pages,
        api,
    ):
        app.include_router(room.router)
    app.mount("/static", StaticFiles(directory=STATIC), name="static")
    failures.mount(app)
    app.add_middleware(Shell, unforeseen=failures.unforeseen)
    return app
