"""The archive and the journal: verify, rebuild, export."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.context import OUT, opened, print_json, say
from core.errors import Exit
from core.i18n import text

app = typer.Typer()
audit = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]


@audit.command("verify", help=text("cli.audit.verify"))
def audit_verify(context: typer.Context, as_json: AsJson = False) -> None:
    from services.proving import verify_journal

    with opened(context) as (house, actor):
        report = verify_journal(house, actor)
    if as_json:
        print_json(report)
    else:
        say("audit.sum", entries=report["entries"], blocks=report["blocks"])
        if report["unproved"]:
            say("audit.unproved", first=report["unproved"][0], last=report["unproved"][1])
        for finding in report["findings"]:
            OUT.print(finding["sentence"], style="red", markup=False)
    if report["findings"]:
        raise typer.Exit(Exit.INTEGRITY)
