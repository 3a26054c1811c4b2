"""``serve``: the web pages."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import opened, say
from core.errors import UsageError
from core.i18n import text
from core.logs import log

if TYPE_CHECKING:
    from services.house import House

LOG = log(__name__)
OUTBOX_SECONDS = 2.0
GRACE_SECONDS = 10  # for answers that are under way at the end


def mount(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("serve", help=text("cli.serve"))(serve)


def serve(
    context: typer.Context,
    port: Annotated[int, typer.Option(min=0, max=65535, help=text("cli.serve.port"))] = 8080,
    host: Annotated[str, typer.Option(help=text("web.cli.host"))] = "127.0.0.1",
) -> None:
    import uvicorn

    from web.app import make_app

    with opened(context) as (house, _actor), _listening(host, port) as listener:
        config = uvicorn.Config(
            make_app(house),
            log_config=None,
            access_log=False,  # addresses hold what people search for
            server_header=False,
            timeout_graceful_shutdown=GRACE_SECONDS,
        )
        for number in (signal.SIGTERM, signal.SIGINT):  # uvicorn ends on them, then raises them again
            signal.signal(number, lambda *_: None)
        with _emptying_outbox(house):
            address, at = listener.getsockname()[:2]
            place = f"[{address}]" if ":" in address else address
            say("web.cli.ready", url=f"http://{place}:{at}/")
            uvicorn.Server(config).run(sockets=[listener])
        say("web.cli.ended")


@contextmanager
def _listening(host: str, port: int) -> Iterator[socket.socket]:
    """The port, taken before anything is promised. Raises: UsageError when it cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listener = socket.create_server((host, port), family=family, backlog=256)
    except OSError as error:
        why = error.strerror or type(error).__name__
        raise UsageError("port_taken", host=host, port=port, why=why) from error
    with listener:
        yield listener


@contextmanager
def _emptying_outbox(house: House) -> Iterator[None]:
    """Bring the search index up to date in the background, as long as pages are served."""
    from jobs.supervision import Supervisor
    from services.indexing import empty_outbox

    supervisor = Supervisor(house.faults)
    supervisor.start("index", lambda: empty_outbox(house), OUTBOX_SECONDS)
    try:
        yield
    finally:
        supervisor.close()
