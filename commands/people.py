"""Users and grants."""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from commands.context import opened, print_json, say, table
from core.errors import UsageError
from core.i18n import text
from models.words import Permission, Role

app = typer.Typer()
grants = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
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
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from services.accounts import list_users

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
            "\n".join(_grant_words(grant) for grant in user["grants"]),
            _standing(user),
        ]
        for user in users
    ]
    table("user.title", ["name", "roles", "grants", "standing"], rows)


@app.command("show", help=text("cli.user.show"))
def show(context: typer.Context, name: Name, as_json: AsJson = False) -> None:
    from services.accounts import show_user

    with opened(context) as (house, actor):
        user = show_user(house, actor, name)
    if as_json:
        print_json(user)
        return
    rows = [
        [text("user.name"), f"{user['name']} ({user['display_name']})"],
        [text("user.os_account"), user["os_account"] or "–"],
        [text("user.standing"), _standing(user)],
        [text("user.password"), text("user.password.set" if user["password"] else "user.password.none")],
        *([text("user.grant"), _grant_words(grant)] for grant in user["grants"]),
    ]
    for role, opens in user["by_role"].items():
        rows.append([text("user.role", None, role=role), text(f"user.acts.{role}")])
        rows += [[text("user.role", None, role=role), text(f"user.place.{place}")] for place in opens["places"]]
        rows += [[text("user.role", None, role=role), _grant_words(grant)] for grant in opens["grants"]]
    rows += [
        [text("user.session"), text("user.session.since", None, since=one["started_at"], until=one["ends_at"])]
        for one in user["sessions"]
    ]
    table("user.title", ["what", "value"], rows)


@app.command("lock", help=text("cli.user.lock"))
def lock(context: typer.Context, name: Name) -> None:
    from services.accounts import lock_user

    with opened(context) as (house, actor):
        lock_user(house, actor, name)
    say("user.is_locked", name=name)


@app.command("unlock", help=text("cli.user.unlock"))
def unlock(context: typer.Context, name: Name) -> None:
    from services.accounts import lock_user

    with opened(context) as (house, actor):
        lock_user(house, actor, name, unlock=True)
    say("user.is_unlocked", name=name)


@app.command("role", help=text("cli.user.roles"))
def role(
    context: typer.Context,
    name: Name,
    add: Annotated[list[Role] | None, typer.Option(help=text("cli.user.roles.add"))] = None,
    remove: Annotated[list[Role] | None, typer.Option(help=text("cli.user.roles.remove"))] = None,
) -> None:
    from services.accounts import change_roles

    if not add and not remove:
        raise UsageError("no_role_named", name=name)
    with opened(context) as (house, actor):
        roles = change_roles(house, actor, name, add=add or (), remove=remove or ())
    say("user.roles_now", name=name, roles=", ".join(roles) or "–")


@app.command("sign-out", help=text("cli.user.sign_out"))
def sign_out(context: typer.Context, name: Name) -> None:
    from services.accounts import sign_out_everywhere

    with opened(context) as (house, actor):
        say("user.signed_out", name=name, count=sign_out_everywhere(house, actor, name))


def _standing(user: dict[str, Any]) -> str:
    return text("user.active" if user["active"] else "user.locked")


def _grant_words(grant: dict[str, Any]) -> str:
    """A right as people read it: where, what, and whether confidential letters too."""
    letter = grant["document"] and text("user.right.letter", None, id=grant["document"])
    where = letter or grant["unit"] or text("user.right.everywhere")
    words = f"{where}: {text('user.right.' + grant['permission'])}"
    return f"{words}, {text('user.right.confidential')}" if grant["confidential"] else words


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
    unit: Annotated[str | None, typer.Option(help=text("cli.grant.revoke.unit"))] = None,
    all_units: Annotated[bool, typer.Option("--all-units", help=text("cli.grant.revoke.all_units"))] = False,
) -> None:
    from services.accounts import revoke as act

    if unit is not None and all_units:
        raise UsageError("unit_or_all_units")
    with opened(context) as (house, actor):
        taken, left = act(house, actor, name, unit=unit, all_units=all_units)
    for grant in taken:
        say("grant.taken", right=_grant_words(grant))
    say("grant.revoked", name=name, count=len(taken))
    say("grant.left", name=name, count=len(left["grants"]), roles=", ".join(left["roles"]) or "–")
