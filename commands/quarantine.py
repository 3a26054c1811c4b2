"""Quarantine: list, try again, discard."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from commands.context import opened, print_json, say, table
from core.errors import UsageError
from core.i18n import text

app = typer.Typer()
Id = Annotated[str, typer.Argument(help=text("cli.id"))]


@app.command("list", help=text("cli.quarantine.list"))
def list_(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help=text("cli.json"))] = False
) -> None:
    from services.reception import quarantined
    from services.view import reason_sentence

    with opened(context) as (house, actor):
        found = quarantined(house, actor)
    if as_json:
        for line in found:
            print_json({**line, "sentence": reason_sentence(line)})
        return
    rows = [[line["entry_no"], line["id"], line["source_name"], _why(line, reason_sentence(line))] for line in found]
    table("quarantine.title", ["entry_no", "id", "name", "reason"], rows)


def _why(line: dict[str, Any], sentence: str) -> str:
    proposed = line.get("discard")
    if not proposed:
        return sentence
    return f"{sentence}\n{text('web.quarantine.proposed', None, who=proposed['by'], why=proposed['reason'])}"


@app.command("retry", help=text("cli.quarantine.retry"))
def retry(
    context: typer.Context,
    id: Annotated[str | None, typer.Argument(help=text("cli.id"))] = None,
    everything: Annotated[bool, typer.Option("--all", help=text("cli.quarantine.retry.all"))] = False,
    reason: Annotated[str | None, typer.Option(help=text("cli.quarantine.retry.reason"))] = None,
) -> None:
    from jobs import submit_from_outside
    from services.reception import retry as one
    from services.reception import retry_all

    if everything == (id is not None) or everything != (reason is not None):
        raise UsageError("retry_what")
    with opened(context) as (house, actor):
        if id is not None:
            submit_from_outside(house.settings.jobs_url, one(house, actor, id))
            say("quarantine.retried", id=id)
            return
        again, still = retry_all(house, actor, reason or "")
        submit_from_outside(house.settings.jobs_url, again)
    say("quarantine.retried_all", count=len(again), still=still, reason=reason)


@app.command("discard", help=text("cli.quarantine.discard"))
def discard(
    context: typer.Context,
    id: Id,
    purpose: Annotated[str, typer.Option("--reason", help=text("cli.purpose"))] = "",
) -> None:
    from services.reception import discard as act

    with opened(context) as (house, actor):
        done = act(house, actor, id, purpose)
    say("quarantine.discarded" if done else "quarantine.discard_proposed", id=id)
