"""The command line: parse, call, print, exit code. Rules of the domain live elsewhere."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from commands import (
    archive,
    database,
    demo,
    disposal,
    efile,
    home,
    index,
    mail,
    model,
    paper,
    people,
    quarantine,
    registry,
    reorganisation,
    rule,
    saved,
    search,
    serve,
    tickets,
)
from commands.context import DEFAULT_HOME, ERR, Call
from core.durable import keep_private
from core.errors import AktenlotseError, Exit, UnexpectedProblem
from core.faults import machine_fault
from core.i18n import text

app = typer.Typer(
    name="aktenlotse",
    help=text("cli.help"),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)


@app.callback()
def root(
    context: typer.Context,
    home_folder: Annotated[
        Path, typer.Option("--home", envvar="AKTENLOTSE_HOME", help=text("cli.home"))
    ] = DEFAULT_HOME,
    user: Annotated[str | None, typer.Option("--as", help=text("cli.as"))] = None,
) -> None:
    context.obj = Call(home_folder, user)


for room in (home, mail, search, model, registry, reorganisation):
    room.mount(app)
for name, group in (
    ("quarantine", quarantine.app),
    ("database", database.app),
    ("paper", paper.app),
    ("tickets", tickets.app),
    ("model", model.app),
    ("archive", archive.app),
    ("audit", archive.audit),
    ("index", index.app),
    ("user", people.app),
    ("grant", people.grants),
    ("rule", rule.app),
    ("saved", saved.app),
    ("unit", registry.units),
    ("plan", registry.plan),
    ("efile", efile.app),
    ("case", efile.cases),
    ("disposal", disposal.app),
):
    app.add_typer(group, name=name, help=text(f"cli.{name}"), no_args_is_help=True)
serve.mount(app)
demo.mount(app)


def main() -> None:
    """Run a command; an error of ours becomes its sentence and its exit code."""
    keep_private()
    try:
        app(standalone_mode=True)
    except AktenlotseError as error:
        ERR.print(error.sentence(), style="red", soft_wrap=True)
        sys.exit(error.exit)
    except BrokenPipeError:
        sys.exit(Exit.OK)
    except Exception as error:
        fault = machine_fault(error)
        if isinstance(fault, UnexpectedProblem):
            raise  # a bug of ours: its trace is what helps
        ERR.print(fault.sentence(), style="red", markup=False, highlight=False, soft_wrap=True)
        sys.exit(fault.exit)


if __name__ == "__main__":
    main()
