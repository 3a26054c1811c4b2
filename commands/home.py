"""``init`` and ``doctor``."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from commands.context import opened, print_json, say, table, the_call
from core.account import account_name
from core.errors import Exit, HomeMissing
from core.faults import machine_fault
from core.i18n import text
from core.settings import Settings


def mount(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("init", help=text("cli.init"))(init)
    app.command("doctor", help=text("cli.doctor"))(doctor)


def init(
    context: typer.Context,
    units: Annotated[Path | None, typer.Option(help=text("cli.init.units"))] = None,
    plan: Annotated[Path | None, typer.Option(help=text("cli.init.plan"))] = None,
    efiles: Annotated[Path | None, typer.Option(help=text("cli.init.efiles"))] = None,
) -> None:
    from services import registry
    from services.house import make_home, open_house
    from services.learning import prepare

    home = the_call(context).home
    make_home(home)
    with open_house(Settings.load(home, os.environ)) as house:
        registry.set_up(house, account_name())
    say("init.done", home=str(home), user=account_name())
    if units or plan or efiles:
        with opened(context) as (house, actor):
            if units:
                say("init.units", count=registry.load_units(house, actor, units))
            if plan:
                say("init.plan", count=registry.load_file_plan(house, actor, plan))
            if efiles:
                say("init.efiles", count=registry.load_efiles(house, actor, efiles))
            if units:
                prepare(house)  # so that the first letter does not wait for it


def doctor(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help=text("cli.json"))] = False
) -> None:
    from services.health import Finding, examine_home, examine_machine

    try:
        with opened(context) as (house, _actor):
            findings = [*examine_machine(house.settings), *examine_home(house)]
    except HomeMissing as error:
        home = the_call(context).home
        findings = [*examine_machine(Settings(home=home)), Finding("home", False, str(home), "doctor.home")]
        say("doctor.no_home", why=error.sentence())
    except Exception as error:  # noqa: BLE001  a home that cannot be opened is what is asked for
        call = the_call(context)
        findings = [*examine_machine(Settings.load(call.home, os.environ))]
        findings.append(Finding("home", False, machine_fault(error).sentence(), "doctor.machine"))
    if as_json:
        print_json({"ok": all(f.ok for f in findings), "parts": {f.part: [f.ok, f.detail] for f in findings}})
    else:
        rows = [
            [
                f.part,
                text("doctor.ok" if f.ok else "doctor.missing"),
                f.detail,
                text(f.advice, None, detail=f.detail) if f.advice else "",
            ]
            for f in findings
        ]
        table("doctor.title", ["part", "state", "detail", "advice"], rows)
    if not all(finding.ok for finding in findings):
        raise typer.Exit(Exit.ENVIRONMENT)
