"""EFiles and Cases: their life from opening to closing."""

from __future__ import annotations

from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.context import OUT, opened, print_json, say, table
from core.i18n import text

app, cases = typer.Typer(), typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
Reference = Annotated[str, typer.Argument(help=text("cli.efile.reference"))]
CaseReference = Annotated[str, typer.Argument(help=text("cli.case.reference"))]
Purpose = Annotated[str, typer.Option(help=text("cli.purpose"))]
Reason = Annotated[str, typer.Option("--purpose", help=text("cli.purpose"))]
Day = Annotated[datetime | None, typer.Option("--on", formats=["%Y-%m-%d"], help=text("cli.efile.on"))]


@app.command("load", help=text("cli.efile.load"))
def load(context: typer.Context, file: Annotated[Path, typer.Argument(help=text("cli.file"))]) -> None:
    from services import registry

    with opened(context) as (house, actor):
        say("init.efiles", count=registry.load_efiles(house, actor, file))


@app.command("open", help=text("cli.efile.open"))
def open_(
    context: typer.Context,
    reference: Reference,
    title: Annotated[str, typer.Option(help=text("cli.efile.title"))],
    unit: Annotated[str, typer.Option(help=text("cli.unit"))],
    plan: Annotated[str | None, typer.Option(help=text("cli.efile.plan"))] = None,
    party: Annotated[list[str] | None, typer.Option(help=text("cli.efile.party"))] = None,
) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.open_efile(house, actor, reference, title, unit, plan, party or [])
    say("efile.opened", reference=reference)


@app.command("list", help=text("cli.efile.list"))
def list_(
    context: typer.Context,
    due: Annotated[bool, typer.Option("--due", help=text("cli.efile.due"))] = False,
    unit: Annotated[str | None, typer.Option(help=text("cli.unit"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.efile_view import list_efiles

    with opened(context) as (house, actor):
        found = list_efiles(house, actor, unit=unit, due=due)
    if as_json:
        for line in found:
            print_json(line)
        return
    rows = [
        [line["reference"], line["unit"] or "–", line["title"], str(line["documents"]), standing(line)]
        for line in found
    ]
    table("efile.list", ["file", "unit", "title", "letters", "standing"], rows)


def standing(line: dict[str, Any]) -> str:
    """Open, closed until when, due, or kept by a hold: in words."""
    if line["hold"]:
        return text("efile.standing.held")
    if line["closed_on"] is None:
        return text("efile.standing.open")
    key = "efile.standing.due" if line["due"] else "efile.standing.closed"
    return text(key, None, day=german(line["retain_until"]))


def german(day: str | None) -> str:
    """An ISO day as clerks write it."""
    return f"{date.fromisoformat(day[:10]):%d.%m.%Y}" if day else "–"


@app.command("show", help=text("cli.efile.show"))
def show(context: typer.Context, reference: Reference, as_json: AsJson = False) -> None:
    from services.efile_view import show_efile

    with opened(context) as (house, actor):
        found = show_efile(house, actor, reference)
    if as_json:
        print_json(found)
        return
    OUT.print(f"{found['reference']}  {found['title']}", style="bold")
    say("efile.head", unit=found["unit"], plan=found["plan"] or "–", parties=", ".join(found["parties"]) or "–")
    if found["plan"]:
        disposal = text(f"disposal.kind.{found['disposal']}")
        say("efile.keeping", years=found["retention_years"], disposal=disposal)
    OUT.print(standing(found))
    if found["cases"]:
        rows = [
            [case["reference"], case["title"], german(case["opened_on"]), german(case["closed_on"])]
            for case in found["cases"]
        ]
        table("efile.cases", ["file", "title", "opened", "closed"], rows)
    rows = [
        [row["entry_no"], german(row["received_on"]), row["sender"] or "–", row["subject"] or "–", row["case"] or "–"]
        for row in found["contents"]
    ]
    table("efile.letters", ["entry_no", "received", "sender", "subject", "case"], rows)
    rows = [
        [german(act["at"]), text(f"efile.act.{act['action'].split('.')[1]}"), act["actor"], act["reason"] or "–"]
        for act in found["life"]
    ]
    table("efile.life", ["day", "what", "who", "why"], rows)


@app.command("put", help=text("cli.efile.put"))
def put(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(help=text("cli.efile.or_case"))],
    id: Annotated[str, typer.Argument(help=text("cli.id"))],
    purpose: Purpose = "",
) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        document = lifecycle.put(house, actor, id, reference, purpose=purpose)
    say("efile.put", id=document, reference=reference)


@app.command("rename", help=text("cli.efile.rename"))
def rename(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(help=text("cli.efile.or_case"))],
    title: Annotated[str | None, typer.Option(help=text("cli.efile.title"))] = None,
    plan: Annotated[str | None, typer.Option(help=text("cli.efile.plan"))] = None,
) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.rename(house, actor, reference, title=title, plan=plan)
    say("efile.renamed", reference=reference)


@app.command("close", help=text("cli.efile.close"))
def close(context: typer.Context, reference: Reference, on: Day = None, purpose: Purpose = "") -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        last = lifecycle.close(house, actor, reference, day=on.date() if on else None, purpose=purpose)
    say("efile.closed", reference=reference, day=german(last.isoformat()))


@app.command("reopen", help=text("cli.efile.reopen"))
def reopen(context: typer.Context, reference: Reference, purpose: Reason) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.reopen(house, actor, reference, purpose=purpose)
    say("efile.reopened", reference=reference)


@app.command("hold", help=text("cli.efile.hold"))
def hold(context: typer.Context, reference: Reference, purpose: Reason) -> None:
    _hold(context, reference, purpose, on=True)


@app.command("unhold", help=text("cli.efile.unhold"))
def unhold(context: typer.Context, reference: Reference, purpose: Reason) -> None:
    _hold(context, reference, purpose, on=False)


def _hold(context: typer.Context, reference: str, purpose: str, *, on: bool) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.hold(house, actor, reference, on=on, purpose=purpose)
    say("efile.held" if on else "efile.unheld", reference=reference)


@cases.command("open", help=text("cli.case.open"))
def open_case(
    context: typer.Context,
    efile: Reference,
    reference: CaseReference,
    title: Annotated[str, typer.Option(help=text("cli.case.title"))],
) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.open_case(house, actor, efile, reference, title)
    say("case.opened", reference=reference, efile=efile)


@cases.command("close", help=text("cli.case.close"))
def close_case(context: typer.Context, reference: CaseReference, on: Day = None, purpose: Purpose = "") -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.close_case(house, actor, reference, day=on.date() if on else None, purpose=purpose)
    say("case.closed", reference=reference)


@cases.command("reopen", help=text("cli.case.reopen"))
def reopen_case(context: typer.Context, reference: CaseReference, purpose: Reason) -> None:
    from services import lifecycle

    with opened(context) as (house, actor):
        lifecycle.reopen_case(house, actor, reference, purpose=purpose)
    say("case.reopened", reference=reference)
