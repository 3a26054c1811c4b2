"""Users and grants."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from commands.context import opened, print_json, say, table
from core.i18n import text
from models.words import Permission, Role

app = typer.Typer()
grants = typer.Typer()
Name = Annotated[str, typer.Argument(help=text("cli.user.name"))]
Secret = Annotated[bool, typer.Option("--confidential", help=text("cli.user.confidential"))]


@app.command("add", help=text("cli.user.add"))
def add(
    context: typer.Context,
    name: Name,
    unit: Annotated[list[str] | None, typer.Option(help=text("cli.user.unit"))] = None,
    role: Annotated[list[Role] | None, typer.Option(help=text("cli.user.role"))] = None,
    display: Annotated[str | None, typer.Option(help=text("cli.user.display"))] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help=text("cli.user.read_only"))] = False,
    confidential: Secret = False,
) -> None:
    from services.registry import add_user

    with opened(context) as (house, actor):
        add_user(
            house,
            actor,
            name,
            display_name=display,
            roles=tuple(role or [Role.CASEWORKER]),
            units=tuple(unit or ()),
            permission=Permission.READ if read_only else Permission.WORK,
            confidential=confidential,
        )
    say("user.added", name=name)


@app.command("list", help=text("cli.user.list"))
def list_(
    context: typer.Context, as_json: Annotated[bool, typer.Option("--json", help=text("cli.json"))] = False
) -> None:
    from services.registry import list_users

    with opened(context) as (house, actor):
        users = list_users(house, actor)
    if as_json:
        for user in users:
            print_json(user)
        return
    rows = [
        [
            user["name"],
            ", ".join(user["roles"]),
            ", ".join(f"{g['unit'] or '*'}:{g['permission']}" for g in user["grants"]),
        ]
        for user in users
    ]
    table("user.title", ["name", "roles", "grants"], rows)


@app.command("password", help=text("web.cli.password"))
def password(context: typer.Context, name: Name) -> None:
    from services.passwords import set_password

    asked = text("web.cli.password.ask")
    if sys.stdin.isatty():
        secret = typer.prompt(asked, hide_input=True, confirmation_prompt=text("web.cli.password.again"))
    else:
        secret = sys.stdin.readline().rstrip("\r\n")
    with opened(context) as (house, actor):
        set_password(house, actor, name, secret)
    say("web.cli.password.set", name=name)


@grants.command("give", help=text("cli.grant.give"))
def give(
    context: typer.Context,
    name: Name,
    unit: Annotated[str | None, typer.Option(help=text("cli.grant.unit"))] = None,
    permission: Annotated[Permission, typer.Option(help=text("cli.grant.permission"))] = Permission.READ,
    confidential: Secret = False,
) -> None:
    from services.registry import grant

    with opened(context) as (house, actor):
        grant(house, actor, name, unit=unit, permission=permission, confidential=confidential)
    say("grant.given", name=name, unit=unit or "*")


@grants.command("revoke", help=text("cli.grant.revoke"))
def revoke(
    context: typer.Context,
    name: Name,
    unit: Annotated[str | None, typer.Option(help=text("cli.grant.unit"))] = None,
) -> None:
    from services.registry import revoke as act

    with opened(context) as (house, actor):
        count = act(house, actor, name, unit=unit)
    say("grant.revoked", name=name, count=count)
