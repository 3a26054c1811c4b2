"""Units and file plan: what letters are sorted into. EFiles have a module of their own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from commands.context import opened, print_json, say, table
from core.i18n import text

units, plan = typer.Typer(), typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
File = Annotated[Path, typer.Argument(help=text("cli.file"))]


def mount(_app: typer.Typer) -> None:
    """The groups are mounted as a whole."""


@units.command("load", help=text("cli.unit.load"))
def load_units(context: typer.Context, file: File) -> None:
    from services import registry

    with opened(context) as (house, actor):
        say("init.units", count=registry.load_units(house, actor, file))


@units.command("list", help=text("cli.unit.list"))
def list_units(context: typer.Context, as_json: AsJson = False) -> None:
    from services.units import valid_units

    with opened(context) as (house, _actor), house.database.read() as session:
        found = list(valid_units(session).values())
    if as_json:
        for unit in found:
            print_json(
                {
                    "code": unit.code,
                    "name": unit.name,
                    "responsible_for": unit.responsible_for,
                    "parent": unit.parent_id,
                    "confidential": unit.confidential,
                }
            )
        return
    table("unit.title", ["unit", "name", "duties"], [[u.code, u.name, u.responsible_for] for u in found])


@plan.command("load", help=text("cli.plan.load"))
def load_plan(context: typer.Context, file: File) -> None:
    from services import registry

    with opened(context) as (house, actor):
        say("init.plan", count=registry.load_file_plan(house, actor, file))
