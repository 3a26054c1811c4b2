"""``tickets print``: separator sheets that part stacks and say where a letter belongs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.context import opened, say
from core.durable import write_whole
from core.i18n import text

app = typer.Typer()


@app.callback()
def tickets() -> None:
    """A group, though it has one command."""


@app.command("print", help=text("cli.tickets.print"))
def print_sheets(
    context: typer.Context,
    to: Annotated[Path, typer.Option(help=text("cli.tickets.to"))],
    unit: Annotated[str | None, typer.Option(help=text("cli.tickets.unit"))] = None,
    efile: Annotated[str | None, typer.Option(help=text("cli.tickets.efile"))] = None,
    batch: Annotated[str | None, typer.Option(help=text("cli.tickets.batch"))] = None,
    pages: Annotated[int | None, typer.Option(min=1, help=text("cli.tickets.pages"))] = None,
    documents: Annotated[int | None, typer.Option(min=1, help=text("cli.tickets.documents"))] = None,
    count: Annotated[int, typer.Option(help=text("cli.tickets.count"))] = 1,
    new_key: Annotated[bool, typer.Option("--new-key", help=text("cli.tickets.new_key"))] = False,
) -> None:
    from ingest.separators import JobTicket
    from services.tickets import print_tickets

    ticket = JobTicket(batch, unit, efile, pages, documents)
    with opened(context) as (house, actor):
        write_whole(to, print_tickets(house, actor, ticket, count, new_key=new_key))
    say("tickets.printed", count=count, path=str(to))
