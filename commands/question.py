"""What ``search`` and ``saved add`` both ask for."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import typer

from core.i18n import text

if TYPE_CHECKING:
    from services.finding import Question

_DAYS = ["%Y-%m-%d", "%d.%m.%Y"]
Query = Annotated[str, typer.Argument(help=text("cli.search.query"))]
Unit = Annotated[str | None, typer.Option(help=text("cli.unit"))]
From = Annotated[datetime | None, typer.Option("--from", formats=_DAYS, help=text("cli.day"))]
To = Annotated[datetime | None, typer.Option("--to", formats=_DAYS, help=text("cli.day"))]
Sort = Annotated[str, typer.Option(help=text("cli.sort"))]


def asked(query: str, unit: str | None, date_from: datetime | None, date_to: datetime | None, sort: str) -> Question:
    """The question as the service takes it."""
    from services.finding import Question

    return Question(
        query, unit, date_from.date() if date_from else None, date_to.date() if date_to else None, sort=sort
    )
