"""``demo``: the shipped letters go all the way, with every letter's way and timing, some searches, and what to try."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from commands.context import OUT, say
from commands.mail import ingested
from core.account import account_name
from core.durable import remove_tree
from core.errors import UsageError
from core.i18n import text
from core.settings import Settings

if TYPE_CHECKING:
    from models import Actor
    from services.house import House

SAMPLES = Path(__file__).parent.parent / "samples"
DEMO_HOME = Path(".demo")
MARK = ".demo-home"
STEPS = ("read", "route", "seal", "file")
USERS = (("soziales", "50"), ("ordnung", "32"))
STYLES = {"filed": "green", "clarify": "yellow", "quarantined": "red", "duplicate": "cyan"}
SEARCHES = ("Bescheid", "Hundesteuer", "strasse", '"Mit freundlichen Grüßen"')


def mount(app: typer.Typer) -> None:
    """Add the command to the program."""
    app.command("demo", help=text("cli.demo"))(demo)


def demo(
    folder: Annotated[Path, typer.Option("--in", help=text("cli.demo.in"))] = DEMO_HOME,
) -> None:
    from models.actor import actor_at
    from services import registry
    from services.health import need_programs
    from services.house import make_home, open_house
    from services.training import train_model

    if not (SAMPLES / "scans").is_dir():
        raise UsageError("no_samples", path=str(SAMPLES))
    started = time.monotonic()
    _fresh(folder)
    make_home(folder)
    (folder / MARK).touch()
    with open_house(Settings.load(folder, os.environ)) as house:
        need_programs(house.settings)
        registry.set_up(house, account_name())
        with house.database.read() as session:
            actor = actor_at(session, account_name(), None)
        _head("demo.setup")
        say("init.units", count=registry.load_units(house, actor, SAMPLES / "units.json"))
        say("init.plan", count=registry.load_file_plan(house, actor, SAMPLES / "fileplan.json"))
        say("init.efiles", count=registry.load_efiles(house, actor, SAMPLES / "efiles.json"))
        trained = train_model(house, actor, SAMPLES / "labels.jsonl")
        say("model.trained", version=trained.version, examples=trained.card["n"])
        _head("demo.letters")
        _letters(house, actor)
        _head("demo.searches")
        _searches(house, actor)
    _head("demo.next")
    say("demo.try", folder=str(folder))
    say("demo.seconds", seconds=round(time.monotonic() - started))


def _fresh(folder: Path) -> None:
    """Remove the home of an earlier demo, and nothing else. Raises: UsageError."""
    if (folder / MARK).exists():
        remove_tree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise UsageError("home_in_use", home=str(folder))


def _head(key: str) -> None:
    OUT.print()
    OUT.print(Rule(text(key), align="left"))


def _letters(house: House, actor: Actor) -> None:
    from services.intake import BatchFacts

    files = sorted(path for path in (SAMPLES / "scans").iterdir() if path.is_file())
    facts = BatchFacts(operator=text("demo.operator"), device="Demo", profile="A4-300", box="K-001")
    states: dict[str, int] = {}
    for line in ingested(house, actor, files, facts, None, move=False, quiet=False):
        state = "duplicate" if line["duplicate_of"] else line["state"]
        states[state] = states.get(state, 0) + 1
        _letter(line, state)
    say("demo.states", states=", ".join(f"{count} {text(f'state.{state}')}" for state, count in states.items()))


def _letter(line: dict[str, Any], state: str) -> None:
    """Two lines a letter: what it is and how long each step took; what became of it."""
    seconds = "  ".join(
        f"{text(f'step.{step}')} {line['timings'][step]:.1f} s" for step in STEPS if step in line["timings"]
    )
    OUT.print(Text.assemble((f"{line['entry_no']}  {line['source_name']}", "bold"), "  ", (seconds, "dim")))
    OUT.print(Text.assemble("    ", (text(f"state.{state}"), STYLES.get(state, "")), ": ", _result(line)))


def _result(line: dict[str, Any]) -> str:
    if line["duplicate_of"]:
        return text("demo.duplicate", None, number=line["entry_no"])
    if line["state"] == "quarantined":
        from services.view import reason_sentence

        return reason_sentence(line)
    shortlist = ", ".join(candidate["unit"] for candidate in line["candidates"][:3])
    if line["state"] == "clarify":
        return text("demo.clarify", None, shortlist=shortlist or "–")
    decided = text(f"decided_by.{line['route']['decided_by']}")
    return text("demo.filed", None, unit=line["unit"], efile=line["efile"], decided=decided)


def _searches(house: House, actor: Actor) -> None:
    from models.actor import actor_named
    from services import registry
    from services.finding import Question, search

    actors = [actor]
    for name, unit in USERS:
        registry.add_user(house, actor, name, display_name=None, roles=(), units=(unit,))
        with house.database.read() as session:
            actors.append(actor_named(session, name))
    grid = Table(header_style="bold")
    for heading in (text("column.search"), *(person.name for person in actors), text("column.best")):
        grid.add_column(heading, overflow="fold")
    for query in SEARCHES:
        answers = [search(house, person, Question(query, limit=1)) for person in actors]
        best = answers[0]["hits"][0] if answers[0]["hits"] else None
        found = f"{best['entry_no']}, {text('search.page')} {best['page']}: {best['highlight']}" if best else "–"
        grid.add_row(query, *(str(answer["total"]) for answer in answers), " ".join(found.split()))
    OUT.print(grid)
    say("demo.rights", users=", ".join(f"{name} ({unit})" for name, unit in USERS))
