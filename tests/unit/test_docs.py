"""The docs are under test: every command, setting and word is documented."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import click
import pytest
import typer

import cli
from core.settings import Settings

DOCS = Path(__file__).parent.parent.parent / "docs"


def _commands(group: Any, prefix: str = "") -> list[tuple[str, click.Command]]:
    found: list[tuple[str, click.Command]] = []
    for name, command in group.commands.items():
        if command.hidden:
            continue
        if hasattr(command, "commands"):
            found += _commands(command, f"{prefix}{name} ")
        else:
            found.append((prefix + name, command))
    return found


ROOT = typer.main.get_command(cli.app)
COMMANDS = _commands(ROOT)


@pytest.mark.parametrize(("name", "command"), COMMANDS, ids=[name for name, _ in COMMANDS])
def test_command_is_documented(name: str, command: click.Command) -> None:
    assert f"`aktenlotse {name}" in (DOCS / "cli.md").read_text("utf-8")
    assert command.help


@pytest.mark.parametrize("name", [field.name for field in fields(Settings) if field.name != "home"])
def test_setting_is_documented(name: str) -> None:
    assert f"`{name}`" in (DOCS / "settings.md").read_text("utf-8")


def test_links_between_pages_lead_somewhere() -> None:
    import re

    broken = []
    for page in [DOCS.parent / "README.md", *DOCS.rglob("*.md")]:
        for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text("utf-8")):
            if not (page.parent / target).exists():
                broken.append((page.name, target))
    assert not broken
