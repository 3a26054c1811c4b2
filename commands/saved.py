"""Saved searches: keep, list, remove."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.context import OUT, opened, print_json, say
from commands.question import From, Query, Sort, To, Unit, asked
from core.i18n import text

app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
Name = Annotated[str, typer.Argument(help=text("cli.saved.name"))]


@app.command("add", help=text("cli.saved.add"))
def add(
    context: typer.Context,
    name: Name,
    query: Query = "",
    unit: Unit = None,
    date_from: From = None,
    date_to: To = None,
    sort: Sort = "relevance",
) -> None:
    from services.saving import save_search

    with opened(context) as (house, actor):
        save_search(house, actor, name, asked(query, unit, date_from, date_to, sort))
    say("saved.added", name=name)


@app.command("list", help=text("cli.saved.list"))
def list_saved(context: typer.Context, as_json: AsJson = False) -> None:
    from dataclasses import asdict

    from services.saving import saved_searches

    with opened(context) as (house, actor):
        found = saved_searches(house, actor)
    if as_json:
        for one in found:
            print_json({"name": one.name, **asdict(one.question)})
        return
    if not found:
        say("saved.none")
    for one in found:
        asked = one.question
        limits = (asked.unit, asked.date_from and f"≥ {asked.date_from}", asked.date_to and f"≤ {asked.date_to}")
        line = "  ".join(str(part) for part in (asked.text, *limits) if part)
        OUT.print(f"{one.name}: {line}")


@app.command("remove", help=text("cli.saved.remove"))
def remove(context: typer.Context, name: Name) -> None:
    from services.saving import forget_search

    with opened(context) as (house, actor):
        forget_search(house, actor, name)
    say("saved.removed", name=name)
