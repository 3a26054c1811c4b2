"""The archive and the journal: verify, rebuild, export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from commands.context import ERR, OUT, opened, print_json, say, the_call
from core.errors import Exit
from core.i18n import text
from core.settings import Settings

app = typer.Typer()
audit = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]


@app.command("verify", help=text("cli.archive.verify"))
def verify(
    context: typer.Context,
    rolling: Annotated[bool, typer.Option("--rolling", help=text("cli.archive.rolling"))] = False,
    seconds: Annotated[float, typer.Option(help=text("cli.archive.seconds"))] = 0.0,
    rate: Annotated[float, typer.Option(help=text("cli.archive.rate"))] = 0.0,
    as_json: AsJson = False,
) -> None:
    from services.proving import verify_archive

    with opened(context) as (house, actor), ERR.status("") as status:

        def progress(objects: int, findings: int) -> None:
            status.update(text("archive.progress", None, objects=objects, findings=findings))

        report = verify_archive(house, actor, rolling=rolling, seconds=seconds, mb_per_second=rate, progress=progress)
    if as_json:
        print_json(report)
    else:
        sums = {"objects": report["objects"], "megabytes": report["bytes"] >> 20, "findings": len(report["findings"])}
        say("archive.verified", **sums)
        _print_findings(report["findings"])
    if report["findings"]:
        raise typer.Exit(Exit.INTEGRITY)


@app.command("export", help=text("cli.archive.export"))
def export(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help=text("cli.id"))],
    to: Annotated[Path, typer.Option(help=text("cli.archive.target"))],
    as_zip: Annotated[bool, typer.Option("--zip", help=text("cli.archive.zip"))] = False,
) -> None:
    from services.proving import export as act

    with opened(context) as (house, actor):
        path = act(house, actor, id, to, as_zip=as_zip)
    say("archive.exported", path=str(path))


@app.command("rebuild", help=text("cli.archive.rebuild"))
def rebuild(
    context: typer.Context,
    drill: Annotated[bool, typer.Option("--drill", help=text("cli.archive.drill"))] = False,
    as_json: AsJson = False,
) -> None:
    from services.rebuilding import rehearse, restore

    with ERR.status("") as status:

        def progress(entries: int) -> None:
            status.update(text("archive.replayed", None, entries=entries))

        if drill:
            with opened(context) as (house, actor):
                answer = rehearse(house, actor, progress)
        else:
            answer = restore(Settings.load(the_call(context).home, os.environ), progress)
    if as_json:
        print_json(answer)
    else:
        say("archive.rebuilt", **{name: answer[name] for name in ("entries", "sources", "documents")})
        for table_name, count in answer.get("different", {}).items():
            say("archive.different", table=table_name, count=count)
    if answer.get("different"):
        raise typer.Exit(Exit.INTEGRITY)


def _print_findings(findings: list[dict[str, str]]) -> None:
    for finding in findings:
        OUT.print(finding["sentence"], style="red", markup=False)


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
        _print_findings(report["findings"])
    if report["findings"]:
        raise typer.Exit(Exit.INTEGRITY)
