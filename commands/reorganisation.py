"""Reorganisation: ``unit merge``, ``unit split``, ``unit rename``, ``unit close``."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.context import opened, print_json, say
from commands.registry import units
from core.errors import UsageError
from core.i18n import text

if TYPE_CHECKING:
    from services.reorganising import Outcome
    from services.rules import Condition

AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
On = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d", "%d.%m.%Y"], help=text("cli.unit.on"))]
Purpose = Annotated[str, typer.Option(help=text("cli.purpose"))]
Code = Annotated[str, typer.Argument(help=text("cli.unit"))]
Name = Annotated[str | None, typer.Option(help=text("cli.unit.name"))]
Duties = Annotated[str | None, typer.Option(help=text("cli.unit.duties"))]


def mount(_app: typer.Typer) -> None:
    """The commands stand in the group ``unit``."""


@units.command("merge", help=text("cli.unit.merge"))
def merge(
    context: typer.Context,
    codes: Annotated[list[str], typer.Argument(help=text("cli.unit.codes"))],
    into: Annotated[str, typer.Option(help=text("cli.unit.into"))],
    on: On = None,
    name: Name = None,
    duties: Duties = None,
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    from services import reorganising

    with opened(context) as (house, actor):
        done = reorganising.merge(
            house, actor, codes, into, on.date() if on else None, name=name, duties=duties, purpose=purpose
        )
    _tell(done, as_json=as_json)


@units.command("split", help=text("cli.unit.split"))
def split(
    context: typer.Context,
    code: Code,
    into: Annotated[list[str], typer.Option(help=text("cli.unit.parts"))],
    on: On = None,
    by: Annotated[list[str] | None, typer.Option(help=text("cli.unit.by"))] = None,
    labels: Annotated[Path | None, typer.Option(help=text("cli.unit.labels"))] = None,
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    from services import reorganising

    rules = [_rule(one) for one in by or []]
    with opened(context) as (house, actor):
        done = reorganising.split(
            house,
            actor,
            code,
            into,
            on.date() if on else None,
            rules=rules,
            labels_file=labels,
            purpose=purpose,
        )
    _tell(done, as_json=as_json)


@units.command("rename", help=text("cli.unit.rename"))
def rename(
    context: typer.Context,
    code: Code,
    name: Name = None,
    new_code: Annotated[str | None, typer.Option("--code", help=text("cli.unit.new_code"))] = None,
    duties: Duties = None,
    purpose: Purpose = "",
    as_json: AsJson = False,
) -> None:
    from services import reorganising

    if name is None and new_code is None and duties is None:
        raise UsageError("rename_needs_something")
    with opened(context) as (house, actor):
        done = reorganising.rename(house, actor, code, name=name, new_code=new_code, duties=duties, purpose=purpose)
    _tell(done, as_json=as_json)


@units.command("close", help=text("cli.unit.close"))
def close(context: typer.Context, code: Code, on: On = None, purpose: Purpose = "", as_json: AsJson = False) -> None:
    from services import reorganising

    with opened(context) as (house, actor):
        done = reorganising.close(house, actor, code, on.date() if on else None, purpose=purpose)
    _tell(done, as_json=as_json)


def _rule(given: str) -> tuple[Condition, str]:
    """``subject:Kita=51.1`` as a condition and a unit. Raises: UsageError."""
    from services.rules import Condition

    head, _, unit = given.rpartition("=")
    field, _, words = head.partition(":")
    if not unit or not words:
        raise UsageError("split_rule", given=given)
    return Condition(field, words), unit


def _tell(done: Outcome, *, as_json: bool) -> None:
    if as_json:
        print_json(done.as_json())
        return
    say("unit.reorganised", documents=done.documents, efiles=done.efiles, labels=done.labels)
    if done.version is not None:
        say("model.is_active", version=done.version)
    if done.labels_withdrawn:
        say("unit.labels_withdrawn", count=done.labels_withdrawn)
    if done.clarify:
        say("unit.to_clarify", count=len(done.clarify))
    if done.files_open:
        say("unit.files_open", count=len(done.files_open), files=", ".join(done.files_open))
