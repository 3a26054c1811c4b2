"""The search index: rebuild and verify."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.context import opened, print_json, say, table
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


@app.command("list", help=text("cli.index.list"))
def list_indices(context: typer.Context, as_json: AsJson = False) -> None:
    from services.reindexing import overview

    with opened(context) as (house, actor):
        found = overview(house, actor)
    if as_json:
        print_json({"indices": found})
        return
    rows = [
        [
            one["name"],
            one["identity"] or "–",
            text("index.answers" if one["answers"] else "index.ours" if one["ours"] else "index.foreign"),
            str(one["documents"]),
            f"{one['bytes'] >> 20} MiB",
        ]
        for one in found
    ]
    table("index.title", ["name", "identity", "state", "documents", "size"], rows)


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
