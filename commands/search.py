"""``search``, ``explain`` and ``route``."""

from __future__ import annotations

from typing import Annotated

import typer
from rich.text import Text

from commands.context import OUT, opened, print_json, say
from commands.question import From, Query, Sort, To, Unit, asked
from core.i18n import text

AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]


def mount(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("search", help=text("cli.search"))(search)
    app.command("explain", help=text("cli.explain"))(explain)
    app.command("route", help=text("cli.route"))(route)


def search(
    context: typer.Context,
    query: Query = "",
    unit: Unit = None,
    date_from: From = None,
    date_to: To = None,
    limit: Annotated[int, typer.Option(min=1, max=1000, help=text("cli.limit"))] = 20,
    sort: Sort = "relevance",
    after: Annotated[str | None, typer.Option(help=text("cli.after"))] = None,
    saved: Annotated[str | None, typer.Option(help=text("cli.search.saved"))] = None,
    as_json: AsJson = False,
) -> None:
    from dataclasses import replace

    from services.finding import search as ask
    from services.saving import saved_search

    question = replace(asked(query, unit, date_from, date_to, sort), limit=limit, after=after)
    with opened(context) as (house, actor):
        if saved is not None:
            kept = saved_search(house, actor, saved)
            question = replace(kept, text=f"{kept.text} {query}".strip(), limit=limit, after=after)
        answer = ask(house, actor, question)
    if as_json:
        print_json(answer)
        return
    say("search.total", total=answer["total"], milliseconds=answer["took_ms"])
    for hit in answer["hits"]:
        facts = (hit["entry_no"], hit["unit"] or "–", hit["date"] or hit["received_on"], hit["sender"] or "–")
        head = f"{'  '.join(facts)}: {hit['subject'] or hit['source_name']}"
        OUT.print(Text(head, style="bold"))
        OUT.print(_snippet(hit["page"], hit["highlight"]))
    if answer["hint"]:
        OUT.print(Text(answer["hint"], style="yellow"))
    if answer["corrected"]:
        say("search.corrected", query=answer["corrected"])
    units = answer["facets"].get("unit", {})
    if units:
        names = answer["unit_names"]
        line = ", ".join(f"{code} {names.get(code, '')} ({count})" for code, count in units.items() if code)
        say("search.units", units=line or "–")


def _snippet(page: int, highlight: str) -> Text:
    line = Text(f"   {text('search.page')} {page}: ", style="dim")
    for number, part in enumerate(highlight.replace("\n", " ").split("**")):
        line.append(part, style="bold yellow" if number % 2 else "")
    return line


def explain(
    context: typer.Context,
    query: Annotated[str, typer.Argument(help=text("cli.search.query"))],
    id: Annotated[str, typer.Argument(help=text("cli.id"))],
    as_json: AsJson = False,
) -> None:
    from dataclasses import asdict

    from services.finding import explain as ask

    with opened(context) as (house, actor):
        answer = ask(house, actor, query, id)
    if as_json:
        print_json(asdict(answer))
        return
    say("explain.found" if answer.found else "explain.not_found")
    for sentence in (*answer.sentences, *(word.sentence for word in answer.words)):
        OUT.print(f"  {sentence}")


def route(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help=text("cli.id"))],
    unit: Annotated[str, typer.Option(help=text("cli.unit"))],
    file: Annotated[str | None, typer.Option(help=text("cli.route.file"))] = None,
    copy: Annotated[list[str] | None, typer.Option(help=text("cli.route.copy"))] = None,
    purpose: Annotated[str, typer.Option(help=text("cli.purpose"))] = "",
    as_json: AsJson = False,
) -> None:
    from services.deciding import route_by_person
    from services.indexing import try_to_empty_outbox
    from services.showing import show

    with opened(context) as (house, actor):
        document_id = route_by_person(house, actor, id, unit, reference=file, copies=tuple(copy or ()), purpose=purpose)
        try_to_empty_outbox(house)
        if as_json:
            from models import SYSTEM

            print_json(show(house, SYSTEM, document_id))
        else:
            say("route.done", id=id, unit=unit)
