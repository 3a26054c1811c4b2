"""The archive and the journal: verify, rebuild, export."""

from __future__ import annotations

import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn
from rich.status import Status

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
    seconds: Annotated[float, typer.Option("--for", min=0, help=text("cli.archive.for"))] = 0.0,
    share: Annotated[float, typer.Option("--share", min=0, max=1, help=text("cli.archive.share"))] = 0.0,
    rate: Annotated[float, typer.Option("--mb-per-second", min=0, help=text("cli.archive.rate"))] = 0.0,
    as_json: AsJson = False,
) -> None:
    _verify(context, as_json=as_json, seconds=seconds, share=share, mb_per_second=rate)


@app.command("repair", help=text("cli.archive.repair"))
def repair(context: typer.Context, as_json: AsJson = False) -> None:
    _verify(context, as_json=as_json, mend=True)


@app.command("reseal", help=text("cli.archive.reseal"))
def reseal(context: typer.Context, as_json: AsJson = False) -> None:
    from services.resealing import reseal as act

    with opened(context) as (house, actor), ERR.status("") as status:
        answer = act(
            house, actor, lambda done, total: status.update(text("archive.resealing", None, done=done, total=total))
        )
    if as_json:
        print_json(answer)
    else:
        say("archive.resealed", count=len(answer["resealed"]))
        for failed in answer["failed"]:
            say("archive.reseal_failed", **failed)
    if answer["failed"]:
        raise typer.Exit(Exit.INTEGRITY)


@app.command("copy", help=text("cli.archive.copy"))
def copy(context: typer.Context, as_json: AsJson = False) -> None:
    from services.copying import copy_now

    with opened(context) as (house, actor), ERR.status(text("archive.copying")):
        answer = copy_now(house, actor)
    if as_json:
        print_json(answer)
    else:
        say("archive.copied", **{name: answer[name] for name in ("copied", "path", "behind")})
        for name in answer["left_out"]:
            say("archive.copy_left_out", name=name)
    if answer["left_out"] or answer["behind"]:
        raise typer.Exit(Exit.INTEGRITY if answer["left_out"] else Exit.ENVIRONMENT)


def _verify(context: typer.Context, *, as_json: bool, **wishes: Any) -> None:
    from services.proving import verify_archive

    columns = (
        TextColumn("{task.description}", markup=False),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TimeRemainingColumn(),
    )
    bar = Progress(*columns, console=ERR, disable=as_json or not ERR.is_terminal, transient=True)
    with opened(context) as (house, actor), bar:
        task = bar.add_task("", total=None)

        def progress(objects: int, total: int, findings: int) -> None:
            words = text("archive.progress", None, findings=findings)
            bar.update(task, completed=objects, total=max(total, objects), description=words)

        report = verify_archive(house, actor, progress=progress, **wishes)
    if as_json:
        print_json(report)
    else:
        sums = {"objects": report["objects"], "megabytes": report["bytes"] >> 20, "findings": len(report["findings"])}
        say("archive.verified", **sums)
        if report["copy"]:
            say("archive.verified_copy")
        if not report["complete"]:
            say("archive.verified_part")
        _print_findings(report["findings"])
        for path in report["repaired"]:
            say("archive.repaired", path=path)
    if len(report["findings"]) > len(report["repaired"]) or (report["findings"] and "mend" not in wishes):
        raise typer.Exit(Exit.INTEGRITY)


@app.command("drill", help=text("cli.archive.drill"))
def drill(context: typer.Context, as_json: AsJson = False) -> None:
    from services.rebuilding import rehearse

    with opened(context) as (house, actor), ERR.status("") as status:
        started = time.monotonic()
        answer = rehearse(house, actor, _replayed(status))
        seconds = round(time.monotonic() - started, 1)
    if as_json:
        print_json({**answer, "seconds": seconds})
    else:
        say("archive.drilled" if answer["ok"] else "archive.drill_failed", seconds=seconds)
    _say_rebuilt(answer, as_json=as_json)


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
def rebuild(context: typer.Context, as_json: AsJson = False) -> None:
    from services.rebuilding import restore

    with ERR.status("") as status:
        answer = restore(Settings.load(the_call(context).home, os.environ), _replayed(status))
    if as_json:
        print_json(answer)
    _say_rebuilt(answer, as_json=as_json)


@app.command("catch-up", help=text("cli.archive.catch_up"))
def catch_up(context: typer.Context, as_json: AsJson = False) -> None:
    from services.rebuilding import restore

    with ERR.status("") as status:
        answer = restore(Settings.load(the_call(context).home, os.environ), _replayed(status), older=True)
    if as_json:
        print_json(answer)
    _say_rebuilt(answer, as_json=as_json)


def _replayed(status: Status) -> Callable[[int], None]:
    return lambda entries: status.update(text("archive.replayed", None, entries=entries))


def _say_rebuilt(answer: dict[str, Any], *, as_json: bool) -> None:
    if not as_json:
        say("archive.rebuilt", **{name: answer[name] for name in ("entries", "sources", "documents")})
        for table_name, count in answer.get("different", {}).items():
            say("archive.different", table=table_name, count=count)
    if answer.get("different"):
        raise typer.Exit(Exit.INTEGRITY)


def _print_findings(findings: list[dict[str, str]]) -> None:
    for finding in findings:
        OUT.print(finding["sentence"], style="red")


@audit.command("verify", help=text("cli.audit.verify"))
def audit_verify(
    context: typer.Context,
    head: Annotated[str | None, typer.Option(help=text("cli.audit.printed"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.proving import verify_journal

    with opened(context) as (house, actor):
        report = verify_journal(house, actor, head)
    if as_json:
        print_json(report)
    else:
        say("audit.sum", entries=report["entries"], blocks=report["blocks"])
        if report["unproved"]:
            say("audit.unproved", first=report["unproved"][0], last=report["unproved"][1])
        if report["stamps"]:
            say("audit.stamped", stamps=report["stamps"], seq=report["stamped"])
        if report["printed"]:
            say("audit.printed", seq=report["printed"])
        _print_findings(report["findings"])
    if report["findings"]:
        raise typer.Exit(Exit.INTEGRITY)


@audit.command("head", help=text("cli.audit.head"))
def audit_head(
    context: typer.Context,
    target: Annotated[Path | None, typer.Option("--print", help=text("cli.audit.print"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.proving import journal_head

    with opened(context) as (house, actor):
        facts = journal_head(house, actor, target)
    if as_json:
        print_json(facts)
        return
    for name in ("seq", "hash", "key_id", "signed_at"):
        say("head.line", name=text(f"head.{name}"), value=facts[name])
    if target is not None:
        say("head.printed", path=str(target))
