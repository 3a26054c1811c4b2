"""The archive and the journal: verify, rebuild, export."""

from __future__ import annotations

import typer

app = typer.Typer()
audit = typer.Typer()
