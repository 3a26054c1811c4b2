"""What every command shares: the home, who calls, and how an answer is printed."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer
from rich.table import Table

from commands.screen import Screen
from core.account import account_name
from core.foreign import escaped, visible_line
from core.i18n import text
from core.settings import Settings

if TYPE_CHECKING:
    from models import Actor
    from services.house import House

DEFAULT_HOME = Path("aktenlotse-home")
OUT = Screen()
ERR = Screen(stderr=True)


@dataclass(frozen=True, slots=True)
class Call:
    """Options that stand before the command."""

    home: Path
    user: str | None


def the_call(context: typer.Context) -> Call:
    """The options of this call."""
    call = context.find_root().obj
    assert isinstance(call, Call)
    return call


@contextmanager
def opened(context: typer.Context) -> Iterator[tuple[House, Actor]]:
    """The opened home and the actor: the user of the caller's account, or whom an admin names by ``--as``."""
    from models.actor import actor_at  # heavy imports only where a home is needed
    from services.house import open_house
    from services.identity import settle

    call = the_call(context)
    settings = Settings.load(call.home, os.environ)
    with open_house(settings) as house:
        settle(house)
        with house.database.read() as session:
            actor = actor_at(session, account_name(), call.user)
        yield house, actor


def print_json(value: Any) -> None:
    """One JSON value on one line."""
    sys.stdout.write(escaped(json.dumps(value, ensure_ascii=False, default=str)) + "\n")
    sys.stdout.flush()


def say(key: str, /, **details: object) -> None:
    """A sentence of the catalogue for the person."""
    shown = {name: _in_line(value) for name, value in details.items()}
    OUT.print(text(key, None, **shown), soft_wrap=True)


def _in_line(value: object) -> object:
    """A detail of a sentence: a letter's words cannot begin a line of their own."""
    return visible_line(value) if isinstance(value, str) else value


def table(title: str, columns: list[str], rows: list[list[str]]) -> None:
    """A table with headings of the catalogue (``column.<name>``)."""
    grid = Table(title=text(title), title_justify="left", header_style="bold")
    for column in columns:
        grid.add_column(text(f"column.{column}"), overflow="fold")
    for row in rows:
        grid.add_row(*row)
    OUT.print(grid)
