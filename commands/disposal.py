"""Disposal: what is due, proposals, releases by a second person, and the record of what was destroyed."""

from __future__ import annotations

from typing import Annotated

import typer

from commands.context import opened, print_json, say, table
from commands.efile import german
from core.errors import UsageError
from core.i18n import text
from models.words import DisposalKind, Outcome

app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]


@app.command("due", help=text("cli.disposal.due"))
def due(
    context: typer.Context,
    kind: Annotated[DisposalKind | None, typer.Option(help=text("cli.disposal.kind"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.disposal import due as ask

    with opened(context) as (house, actor):
        found = ask(house, actor, kind)
    if as_json:
        for line in found:
            print_json(line)
        return
    if not found:
        say("disposal.nothing_due")
        return
    rows = [
        [
            line["reference"],
            line["title"],
            text(f"disposal.kind.{line['disposal']}"),
            german(line["retain_until"]),
            str(line["documents"]),
            text("efile.standing.held") if line["hold"] else text("disposal.is_proposed") if line["proposed"] else "–",
        ]
        for line in found
    ]
    table("disposal.due", ["file", "title", "disposal", "kept_until", "letters", "standing"], rows)


@app.command("propose", help=text("cli.disposal.propose"))
def propose(
    context: typer.Context,
    reference: Annotated[str, typer.Argument(help=text("cli.disposal.reference"))],
    outcome: Annotated[Outcome | None, typer.Option(help=text("cli.disposal.outcome"))] = None,
    unlawful: Annotated[bool, typer.Option("--unlawful", help=text("cli.disposal.unlawful"))] = False,
    purpose: Annotated[str, typer.Option(help=text("cli.disposal.basis"))] = "",
) -> None:
    from services import disposal, erasure

    if unlawful and outcome is not None:
        raise UsageError("unlawful_without_outcome")
    with opened(context) as (house, actor):
        if unlawful:
            id = erasure.propose_erasure(house, actor, reference, basis=purpose)
        else:
            id = disposal.propose(house, actor, reference, outcome=outcome, basis=purpose)
    say("disposal.proposed", id=id, reference=reference)


@app.command("release", help=text("cli.disposal.release"))
def release(
    context: typer.Context,
    id: Annotated[list[str] | None, typer.Argument(help=text("cli.disposal.id"))] = None,
) -> None:
    from services.disposal import release as act

    with opened(context) as (house, actor):
        count = act(house, actor, id or [])
    say("disposal.destroyed", count=count)


@app.command("list", help=text("cli.disposal.list"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from services.disposal import listing

    with opened(context) as (house, actor):
        found = listing(house, actor)
    if as_json:
        for line in found:
            print_json(line)
        return
    rows = [
        [
            line["id"],
            line["reference"],
            text(f"disposal.reason.{line['reason']}"),
            text(f"disposal.state.{line['state']}"),
            f"{line['proposed_by']}, {german(line['proposed_at'])}",
            f"{line['released_by']}, {german(line['released_at'])}" if line["released_by"] else "–",
            f"{line['documents']} / {line['sources']}",
        ]
        for line in found
    ]
    table("disposal.list", ["id", "file", "reason", "standing", "proposed", "released", "gone"], rows)
