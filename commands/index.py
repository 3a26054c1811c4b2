"""The search index: rebuild and verify."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.context import opened, print_json, say
from core.errors import Exit
from core.i18n import text

app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]


@app.command("rebuild", help=text("cli.index.rebuild"))
def rebuild(context: typer.Context, as_json: AsJson = False) -> None:
    from services.reindexing import rebuild as act

    with opened(context) as (house, actor):
        count = act(house, actor)
    print_json({"documents": count}) if as_json else say("index.rebuilt", count=count)


@app.command("verify", help=text("cli.index.verify"))
def verify(
    context: typer.Context,
    mend: Annotated[bool, typer.Option("--mend/--no-mend", help=text("cli.index.mend"))] = True,
    as_json: AsJson = False,
) -> None:
    from services.reindexing import verify as act

    with opened(context) as (house, actor):
        found = act(house, actor, mend=mend)
    if as_json:
        print_json(found)
    else:
        say("index.verified", **{name: found[name] for name in ("documents", "missing", "surplus")})
    if (found["missing"] or found["surplus"]) and not mend:
        raise typer.Exit(Exit.INTEGRITY)
