"""The database: move it to another server, or back."""

from __future__ import annotations

import os
from typing import Annotated

import typer

from commands.context import ERR, opened, print_json, say
from core.errors import UsageError
from core.i18n import text
from core.settings import PREFIX

app = typer.Typer()
SETTING = f"{PREFIX}DATABASE"


@app.callback()
def database() -> None:
    """A group, though it has one command yet."""


@app.command("move", help=text("cli.database.move"))
def move(
    context: typer.Context,
    url: Annotated[str, typer.Argument(help=text("cli.database.url"))],
    as_json: Annotated[bool, typer.Option("--json", help=text("cli.json"))] = False,
) -> None:
    from services.moving import move_database

    if SETTING in os.environ:  # what would be written into config.toml would not count
        raise UsageError("setting_from_environment", name=SETTING)
    with opened(context) as (house, actor), ERR.status(text("database.moving")):
        answer = move_database(house, actor, url)
    if as_json:
        print_json(answer)
    else:
        say("database.moved", rows=sum(answer["rows"].values()), database=answer["database"])
