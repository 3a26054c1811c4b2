"""Fixed rules of the routing: add, list, remove, try."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import opened, print_json, say, table
from core.errors import UsageError
from core.i18n import text

if TYPE_CHECKING:
    from services.rules import Condition

app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
Day = typer.Option(formats=["%Y-%m-%d", "%d.%m.%Y"], help=text("cli.rule.day"))
Sender = Annotated[str | None, typer.Option("--sender", help=text("cli.rule.sender"))]
Subject = Annotated[str | None, typer.Option("--subject", help=text("cli.rule.subject"))]
Words = Annotated[str | None, typer.Option("--text", help=text("cli.rule.text"))]
Pattern = Annotated[bool, typer.Option("--pattern", help=text("cli.rule.pattern"))]
Priority = Annotated[int, typer.Option(help=text("cli.rule.priority"))]
Number = Annotated[int, typer.Argument(help=text("cli.rule.number"))]


def _condition(sender: str | None, subject: str | None, words: str | None, *, pattern: bool) -> Condition:
    from services.rules import Condition

    given = {"sender": sender, "subject": subject, "text": words}
    chosen = [(field, value) for field, value in given.items() if value is not None]
    if len(chosen) != 1:
        raise UsageError("rule_one_field")
    return Condition(*chosen[0], words=not pattern)


@app.command("add", help=text("cli.rule.add"))
def add(
    context: typer.Context,
    unit: Annotated[str, typer.Option(help=text("cli.unit"))],
    sender: Sender = None,
    subject: Subject = None,
    words: Words = None,
    pattern: Pattern = False,
    priority: Priority = 100,
    valid_from: Annotated[datetime | None, Day] = None,
    valid_to: Annotated[datetime | None, Day] = None,
    purpose: Annotated[str, typer.Option(help=text("cli.purpose"))] = "",
) -> None:
    from services.rules import add_rule

    condition = _condition(sender, subject, words, pattern=pattern)
    with opened(context) as (house, actor):
        number = add_rule(
            house,
            actor,
            condition,
            unit,
            priority=priority,
            valid_from=valid_from.date() if valid_from else None,
            valid_to=valid_to.date() if valid_to else None,
            purpose=purpose,
        )
    say("rule.added", number=number)


@app.command("list", help=text("cli.rule.list"))
def list_(
    context: typer.Context,
    every: Annotated[bool, typer.Option("--all", help=text("cli.rule.all"))] = False,
    as_json: AsJson = False,
) -> None:
    from services.rules import list_rules

    with opened(context) as (house, actor):
        found = list_rules(house, actor, ended=every)
    if as_json:
        for row in found:
            print_json(row)
        return
    rows = [
        [
            str(row["rule"]),
            str(row["priority"]),
            text(f"rule.field.{row['field']}"),
            row["pattern"] if row["words"] else f"/{row['pattern']}/",
            row["unit"],
            f"{row['valid_from'] or ''} – {row['valid_to'] or ''}".strip(" –") or "–",
            text("rule.holds" if row["holds"] else "rule.rests"),
        ]
        for row in found
    ]
    table("rule.title", ["rule", "priority", "field", "words", "unit", "validity", "state"], rows)


@app.command("remove", help=text("cli.rule.remove"))
def remove(
    context: typer.Context, number: Number, purpose: Annotated[str, typer.Option(help=text("cli.purpose"))] = ""
) -> None:
    from services.rules import remove_rule

    with opened(context) as (house, actor):
        remove_rule(house, actor, number, purpose)
    say("rule.removed", number=number)


@app.command("try", help=text("cli.rule.try"))
def try_(
    context: typer.Context,
    number: Annotated[int | None, typer.Argument(help=text("cli.rule.number"))] = None,
    unit: Annotated[str | None, typer.Option(help=text("cli.unit"))] = None,
    sender: Sender = None,
    subject: Subject = None,
    words: Words = None,
    pattern: Pattern = False,
    priority: Priority = 100,
    last: Annotated[int, typer.Option(min=1, help=text("cli.rule.last"))] = 500,
    as_json: AsJson = False,
) -> None:
    from services.rules import try_rule

    asked = number if number is not None else _condition(sender, subject, words, pattern=pattern)
    with opened(context) as (house, actor):
        trial = try_rule(house, actor, asked, unit, priority=priority, last=last)
    if as_json:
        print_json(trial.as_json())
        return
    say("rule.tried", n=trial.n, matched=trial.matched, decided=trial.matched - trial.asked)
    say("rule.tried.change", changed=trial.changed, against=trial.against)
    if trial.letters:
        rows = [[one["entry_no"], one["from"] or "–", one["to"], one["label"] or "–"] for one in trial.letters]
        table("rule.changed", ["entry_no", "from", "to", "label"], rows)
