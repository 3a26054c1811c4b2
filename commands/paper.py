"""The paper behind the scans: compare a sample, free, recall, destroy, rescan."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Any

import typer

from commands.context import ERR, opened, print_json, say, table
from core.errors import Exit
from core.i18n import text
from models.words import ProtectionNeed

app = typer.Typer()
Id = Annotated[str, typer.Argument(help=text("cli.id"))]
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
Words = Annotated[str, typer.Option("--words", help=text("cli.paper.words"))]
LOOK_SECONDS = 0.2


@app.command("check", help=text("cli.paper.check"))
def check(
    context: typer.Context,
    batch: Annotated[str, typer.Option(help=text("cli.paper.batch"))],
    need: Annotated[ProtectionNeed, typer.Option(help=text("cli.paper.need"))] = ProtectionNeed.NORMAL,
    seed: Annotated[str | None, typer.Option(help=text("cli.paper.seed"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.paper import draw

    with opened(context) as (house, actor):
        answer = draw(house, actor, batch, need, seed)
    if as_json:
        print_json(answer)
        return
    if answer["drawn"]:
        percent = round(answer["rate"] * 100)
        say("paper.drawn", **{name: answer[name] for name in ("chosen", "letters", "seed")}, percent=percent)
    elif "seed" not in answer:
        say("paper.nothing_to_draw")
        return
    if answer["settled"]:
        say("paper.settled")
    else:
        table(
            "paper.to_compare",
            ["entry_no", "id", "pages", "box", "name", "warnings"],
            [[*row, _notes(line)] for row, line in zip(_rows(answer["to_check"]), answer["to_check"], strict=True)],
        )


@app.command("passed", help=text("cli.paper.passed"))
def passed(
    context: typer.Context,
    id: Id,
    words: Words = "",
    settles: Annotated[list[str] | None, typer.Option(help=text("cli.paper.settles"))] = None,
    as_json: AsJson = False,
) -> None:
    _compared(context, id, words, settles or [], passed=True, as_json=as_json)


@app.command("failed", help=text("cli.paper.failed"))
def failed(context: typer.Context, id: Id, words: Words = "", as_json: AsJson = False) -> None:
    _compared(context, id, words, [], passed=False, as_json=as_json)


def _compared(context: typer.Context, id: str, words: str, settles: list[str], *, passed: bool, as_json: bool) -> None:
    from services.paper import compared

    with opened(context) as (house, actor):
        answer = compared(house, actor, id, passed=passed, words=words, settles=settles)
    if as_json:
        print_json(answer)
        return
    say("paper.noted_passed" if passed else "paper.noted_failed", id=id, batch=answer["batch"])
    if answer["settled"]:
        say("paper.settled")


@app.command("free", help=text("cli.paper.free"))
def free(
    context: typer.Context,
    box: Annotated[str | None, typer.Option(help=text("cli.paper.box"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.paper_release import free as act

    with opened(context) as (house, actor), ERR.status(text("paper.reading")):
        answer = act(house, actor, box)
    if as_json:
        print_json(answer)
        return
    for found in answer["boxes"]:
        say("paper.box", box=found["box"], free=len(found["free"]), kept=len(found["kept"]))
        if found["free"]:
            table("paper.free_title", ["entry_no", "id", "pages", "name"], _rows(found["free"], box=False))
        if found["kept"]:
            _print_kept(found["kept"])
    if not answer["boxes"]:
        say("paper.no_box")
    if answer["without_box"]:
        say("paper.without_box", count=answer["without_box"])


@app.command("destroyed", help=text("cli.paper.destroyed"))
def destroyed(
    context: typer.Context,
    box: Annotated[str, typer.Option(help=text("cli.paper.box"))],
    partly: Annotated[bool, typer.Option("--partly", help=text("cli.paper.partly"))] = False,
    as_json: AsJson = False,
) -> None:
    from services.paper_release import destroyed as act

    with opened(context) as (house, actor), ERR.status(text("paper.reading")):
        answer = act(house, actor, box, partly=partly)
    if as_json:
        print_json(answer)
    else:
        say("paper.destroyed", box=box, count=len(answer["destroyed"]), user=actor.name)


@app.command("recall", help=text("cli.paper.recall"))
def recall(
    context: typer.Context,
    id: Id,
    purpose: Annotated[str, typer.Option(help=text("cli.purpose"))] = "",
    lift: Annotated[bool, typer.Option("--lift", help=text("cli.paper.lift"))] = False,
) -> None:
    from services.paper import recall as act

    with opened(context) as (house, actor):
        act(house, actor, id, purpose, lift=lift)
    say("paper.lifted" if lift else "paper.recalled", id=id)


@app.command("rescan", help=text("cli.paper.rescan"))
def rescan(
    context: typer.Context,
    id: Id,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, help=text("cli.paper.file"))],
    operator: Annotated[str | None, typer.Option(help=text("cli.ingest.operator"))] = None,
    device: Annotated[str | None, typer.Option(help=text("cli.ingest.device"))] = None,
    profile: Annotated[str | None, typer.Option(help=text("cli.ingest.profile"))] = None,
    as_json: AsJson = False,
) -> None:
    from pipeline import running
    from services.health import need_programs
    from services.intake import BatchFacts
    from services.progress import document_outcome
    from services.rescanning import rescan as act

    with opened(context) as (house, actor):
        need_programs(house.settings)
        item = act(house, actor, id, file, BatchFacts(operator, device, profile))
        with running(house, "paper") as engine, ERR.status(text("paper.rescanning")):
            engine.submit([item])
            while (line := document_outcome(house, actor, item.id, item.attempt)) is None:
                time.sleep(LOOK_SECONDS)
    if as_json:
        print_json(line)
    else:
        say("paper.rescanned", id=item.id, state=text(f"state.{line['state']}"), pages=line["pages"])
    if line["state"] == "quarantined":
        raise typer.Exit(Exit.QUARANTINED)


def _print_kept(lines: list[dict[str, Any]]) -> None:
    rows = [
        [
            line["entry_no"],
            line["id"],
            line["source_name"],
            "; ".join(_reason(reason, line) for reason in line["reasons"]),
        ]
        for line in lines
    ]
    table("paper.kept_title", ["entry_no", "id", "name", "reason"], rows)


def _reason(reason: str, line: dict[str, Any]) -> str:
    if reason == "anomalies":
        return text("paper.kept.anomalies", None, codes=_notes(line))
    return text(f"paper.kept.{reason}")


def _notes(line: dict[str, Any]) -> str:
    return ", ".join(line["warnings"])


def _rows(lines: list[dict[str, Any]], *, box: bool = True) -> list[list[str]]:
    return [
        [
            *(line["entry_no"], line["id"], str(line["pages"] or "–")),
            *([line["box"] or "–"] if box else []),
            line["source_name"],
        ]
        for line in lines
    ]
