"""The way of the mail: ``ingest``, ``watch``, ``worker``, ``status``, ``list``, ``show``."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Self

import typer
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TextColumn,
    TimeElapsedColumn,
)

from commands.context import ERR, OUT, opened, print_json, say, table
from core.errors import EnvironmentProblem, Exit, UsageError
from core.foreign import visible, visible_line
from core.i18n import text
from core.names import shown_name

if TYPE_CHECKING:
    from models import Actor
    from services.house import House
    from services.intake import BatchFacts, Received

Json = dict[str, Any]
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
NOT_TAKEN = "not_taken"
TAKE_SECONDS = 60.0  # that an ingest waits for the machine's fault to end, since the last file that it took
LOOK_SECONDS = 1.0
UNWELL_SECONDS = 60.0  # of a machine that is not well, for which an ingest waits
LETTER_PAGES = 4  # of a file that is read in a few seconds
INDEX_LOOKS, INDEX_SECONDS = 60, 0.3  # that an ingest waits for the index of an archived letter


def mount(app: typer.Typer) -> None:
    """Add the commands to the program."""
    app.command("ingest", help=text("cli.ingest"))(ingest)
    app.command("watch", help=text("cli.watch"))(watch)
    app.command("worker", help=text("cli.worker"))(worker)
    app.command("status", help=text("cli.status"))(status)
    app.command("list", help=text("cli.list"))(list_)
    app.command("show", help=text("cli.show"))(show)
    app.command("step", hidden=True)(step)


def ingest(
    context: typer.Context,
    paths: Annotated[list[Path], typer.Argument(help=text("cli.ingest.paths"))],
    operator: Annotated[str | None, typer.Option(help=text("cli.ingest.operator"))] = None,
    device: Annotated[str | None, typer.Option(help=text("cli.ingest.device"))] = None,
    profile: Annotated[str | None, typer.Option(help=text("cli.ingest.profile"))] = None,
    received: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d", "%d.%m.%Y"], help=text("cli.ingest.received"))
    ] = None,
    box: Annotated[str | None, typer.Option(help=text("cli.ingest.box"))] = None,
    move: Annotated[bool, typer.Option("--move", help=text("cli.ingest.move"))] = False,
    as_json: AsJson = False,
) -> None:
    from services.health import need_programs
    from services.intake import BatchFacts

    files = _files(paths)
    facts = BatchFacts(operator, device, profile, box)
    lines = 0
    bad = left = waiting = 0
    with opened(context) as (house, actor):
        need_programs(house.settings)
        for line in ingested(house, actor, files, facts, received, move=move, quiet=as_json):
            lines += 1
            bad += line["state"] == "quarantined"
            left += line["state"] == NOT_TAKEN
            waiting += line["state"] == "working"
            print_json(line) if as_json else _print_line(line)
        if not as_json:
            say("ingest.sum", files=len(files), lines=lines, quarantined=bad)
            if left:
                say("ingest.left", count=left)
    if left or waiting:
        raise typer.Exit(Exit.ENVIRONMENT)
    if bad:
        raise typer.Exit(Exit.QUARANTINED)


def _files(paths: list[Path]) -> list[Path]:
    """All files of the given files and folders, in the order of their names; what cannot be taken too, so that it is
    said. Raises: UsageError.
    """
    from ingest.inbox import files_below

    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += sorted((file for file, _ in files_below(path)), key=os.fsencode)
        elif os.path.lexists(path):
            found.append(path)
        else:
            raise UsageError("no_such_path", path=shown_name(str(path)))
    return found


def ingested(
    house: House,
    actor: Actor,
    files: list[Path],
    facts: BatchFacts,
    received: datetime | None,
    *,
    move: bool,
    quiet: bool,
) -> Iterator[Json]:
    """Receive all files and yield what came of them, in their order, as soon as each is done."""
    from pipeline import first_step, running
    from services.indexing import try_to_empty_outbox
    from services.intake import Received, put_away, receive, start_batch
    from services.progress import Reached, all_arrived, outcome_of, pages_read, reached

    if not files:
        return
    batch, day = start_batch(house, actor, facts), received.date() if received else None
    with running(house, "ingest") as engine, _Bar(len(files), quiet=quiet) as bar:

        def take(path: Path) -> Received:
            arrival = receive(house, actor, path, batch, day)
            engine.submit([first_step(arrival)])
            if move:
                put_away(house, path, arrival.origin)
            return arrival

        taken = _all_taken(files, take)
        patience = INDEX_LOOKS
        for arrival in taken:
            if not isinstance(arrival, Received):
                bar.advance()
                yield arrival
                continue
            while (place := reached(house, arrival.source_id)) != Reached.INDEX:
                if place == Reached.WORKING:
                    if engine.trying.unwell_seconds() > UNWELL_SECONDS:
                        break  # it stays ``working``; `watch` or the next `ingest` goes on with it
                    if bar.shown:
                        bar.tell(arrival.name, *pages_read(house, arrival.source_id))
                elif patience == 0:
                    break
                else:
                    patience -= 1
                    if all_arrived(house) and not try_to_empty_outbox(house):  # before, the keeper's beat does it
                        patience = 0
                engine.wait_for_one(LOOK_SECONDS if place == Reached.WORKING else INDEX_SECONDS)
            if place == Reached.INDEX:
                patience = INDEX_LOOKS
            bar.advance()
            yield from outcome_of(house, actor, arrival.source_id, duplicate=arrival.known, name=arrival.name)


def _all_taken(files: list[Path], take: Callable[[Path], Received]) -> list[Received | Json]:
    """What became of each file. A machine that stays ill is waited for once, not once a file."""
    from services.intake import Received

    taken: list[Received | Json] = []
    end = time.monotonic() + TAKE_SECONDS
    for path in files:
        taken.append(_taken(path, take, end))
        if isinstance(taken[-1], Received):
            end = time.monotonic() + TAKE_SECONDS
    return taken


def _taken(path: Path, take: Callable[[Path], Received], end: float) -> Received | Json:
    """The arrival, or the line of a file that stayed where it is."""
    from services.receiving import patiently

    try:
        return patiently(partial(take, path), end)
    except EnvironmentProblem as error:
        line = {"source_name": shown_name(path.name), "state": NOT_TAKEN, "reason": error.code}
        return {**line, "sentence": error.sentence()}


class _Bar:
    """A progress bar on the terminal; nothing where machines read."""

    def __init__(self, total: int, *, quiet: bool) -> None:
        columns = (
            SpinnerColumn(),
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
        )
        self.shown = ERR.is_terminal and not quiet
        self._progress = Progress(*columns, console=ERR, disable=not self.shown, transient=True)
        self._task = self._progress.add_task(text("ingest.bar"), total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def advance(self) -> None:
        """One file more is done."""
        self._progress.update(self._task, advance=1, description=text("ingest.bar"))

    def tell(self, name: str, read: int, pages: int) -> None:
        """Which file is waited for, and how many of its pages are read; a letter's few pages are not told."""
        if pages > LETTER_PAGES:
            self._progress.update(
                self._task, description=text("ingest.pages", name=visible_line(name), read=read, pages=pages)
            )

    def __exit__(self, *_: object) -> None:
        self._progress.stop()


def _print_line(line: Json) -> None:
    if line["state"] == NOT_TAKEN:
        told = text("ingest.line.not_taken", None, name=line["source_name"], why=line["sentence"])
        OUT.print(visible_line(told), style="red")
        return
    state = text(f"state.{line['state']}")
    name, number = visible_line(line["source_name"]), line["entry_no"]
    if line["duplicate_of"]:
        OUT.print(text("ingest.line.duplicate", None, name=name, number=number, state=state))
    elif line["state"] == "quarantined":
        from services.view import reason_sentence

        why = reason_sentence(line)
        OUT.print(
            text("ingest.line.quarantined", None, name=name, number=number, why=why),
            style="red",
        )
    elif line["state"] == "working":
        OUT.print(
            text("ingest.line.working", None, name=name, number=number, step=line["step"]),
            style="yellow",
        )
    elif line["state"] == "clarify":
        OUT.print(
            text("ingest.line.clarify", None, name=name, number=number, subject=visible_line(line["subject"] or "–")),
            style="yellow",
        )
    else:
        OUT.print(
            text(
                "ingest.line.filed",
                None,
                name=name,
                number=number,
                unit=line["unit"],
                efile=line["efile"] or "–",
                subject=visible_line(line["subject"] or "–"),
            ),
        )


def watch(
    context: typer.Context,
    operator: Annotated[str | None, typer.Option(help=text("cli.ingest.operator"))] = None,
    device: Annotated[str | None, typer.Option(help=text("cli.ingest.device"))] = None,
    profile: Annotated[str | None, typer.Option(help=text("cli.ingest.profile"))] = None,
    box: Annotated[str | None, typer.Option(help=text("cli.ingest.box"))] = None,
) -> None:
    from pipeline import first_step, running
    from services.health import need_programs
    from services.intake import BatchFacts
    from services.receiving import Door

    stop = _stop_on_signal()
    with opened(context) as (house, actor):
        need_programs(house.settings)
        with running(house, "watch") as engine:
            facts = BatchFacts(operator, device, profile, box)
            say("watch.started", inbox=str(house.settings.inbox))
            Door(house, actor, facts, lambda arrival: engine.submit([first_step(arrival)]), say).run(stop)
            say("watch.stopping")


def worker(context: typer.Context) -> None:
    from pipeline import running
    from services.health import need_programs

    stop = _stop_on_signal()
    with opened(context) as (house, _actor):
        need_programs(house.settings)
        with running(house, "worker"):
            say("worker.started")
            stop.wait()
            say("watch.stopping")


def _stop_on_signal() -> threading.Event:
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return stop


def step(context: typer.Context, kind: str, name: str, id: str) -> None:
    """A step of a letter and those after it, in this process; the outcome as JSON (used by the engine)."""
    from jobs import outcome_line
    from pipeline import steps_of

    with opened(context) as (house, _actor):
        steps = steps_of(house).steps[kind]
        first = [known for known, _ in steps].index(name)
        sys.stdout.write(outcome_line([act for _, act in steps[first:]], id) + "\n")


def status(context: typer.Context, as_json: AsJson = False) -> None:
    from services.desk import standing

    with opened(context) as (house, actor):
        answer = standing(house, actor)
    if as_json:
        print_json(answer)
        return
    names = ("inbox", "working", "filed", "clarify", "quarantined", "unexpected", "not_indexed")
    table("status.title", ["what", "count"], [[text(f"status.{name}"), str(answer[name])] for name in names])
    if answer["pages_working"]:
        say("status.pages", read=answer["pages_read"], pages=answer["pages_working"])
    say("status.workers", count=len(answer["workers"]))
    if answer["copy"]:
        say("status.copy" if answer["copy"]["there"] else "status.copy_missing", **_copy_gaps(answer["copy"]))
    if answer["oldest_clarification"]:
        say("status.oldest", day=answer["oldest_clarification"])
    if answer["inbox_paused"]:
        waits = answer["inbox_paused"]
        say("status.inbox_paused", why=waits["sentence"], tries=waits["tries"])
    for waits in answer["inbox_waiting"]:
        say("status.inbox_waits", name=waits["name"], why=waits["sentence"], tries=waits["tries"])
    for name, count in answer["inbox_unready"].items():
        say("status.inbox_unready", count=count, why=text(f"inbox.{name}"))
    if answer["jobs_refused"]:
        say("status.jobs_refused", count=answer["jobs_refused"])
    for fault in answer["faults"]:
        OUT.print(text("status.fault", None, **fault), style="red", soft_wrap=True)
    for sentence in answer["unwell"]:
        OUT.print(sentence, style="red", soft_wrap=True)
    for concern in answer["watch"]:
        OUT.print(concern["sentence"], style="yellow", soft_wrap=True)


def _copy_gaps(copy: Json) -> Json:
    return {"path": copy["path"], "behind": copy["behind"], "left_out": len(copy["left_out"])}


def list_(
    context: typer.Context,
    state: Annotated[str | None, typer.Option(help=text("cli.list.state"))] = None,
    unit: Annotated[str | None, typer.Option(help=text("cli.unit"))] = None,
    as_json: AsJson = False,
) -> None:
    from models import State
    from services.reception import list_documents

    if state is not None and state not in set(State):
        raise UsageError("unknown_state", state=state, states=", ".join(State))
    with opened(context) as (house, actor):
        found = list_documents(house, actor, state=State(state) if state else None, unit=unit)
    if as_json:
        for line in found:
            print_json(line)
        return
    rows = [
        [
            line["entry_no"],
            line["id"],
            text(f"state.{line['state']}"),
            line["unit"] or "–",
            line["sender"] or "–",
            line["subject"] or line["source_name"],
        ]
        for line in found
    ]
    table("list.title", ["entry_no", "id", "state", "unit", "sender", "subject"], rows)


def show(
    context: typer.Context,
    id: Annotated[str, typer.Argument(help=text("cli.id"))],
    as_json: AsJson = False,
    as_text: Annotated[bool, typer.Option("--text", help=text("cli.show.text"))] = False,
) -> None:
    from services.showing import show as ask
    from services.view import reason_sentence

    with opened(context) as (house, actor):
        answer = ask(house, actor, id, with_text=as_text)
    if as_text:
        sys.stdout.write(visible(answer["text"] or "") + "\n")
    elif as_json:
        print_json({name: value for name, value in answer.items() if name not in {"text", "why"}})
    else:
        hidden = {"text", "why", "timings", "candidates", "route", "archive", "source"}
        rows = [
            [text(f"field.{name}"), _plain(value)]
            for name, value in answer.items()
            if name not in hidden and value not in (None, [])
        ]
        if answer.get("route"):
            rows.append([text("field.route"), _route(answer)])
        if answer.get("archive"):
            rows.append([text("field.archive"), _plain(answer["archive"])])
        table("show.title", ["field", "value"], rows)
        if answer["reason"]:
            OUT.print(reason_sentence(answer), style="red")


def _route(answer: Json) -> str:
    """How a Route came about, a sentence a line."""
    from web.wording import why

    route = answer["route"]
    sure = f" ({min(route['confidence'], 0.999):.1%})" if route["confidence"] not in (None, 1.0) else ""
    return "\n".join([f"{text('decided_by.' + route['decided_by'])}{sure}", *(why(one) for one in answer["why"])])


def _plain(value: Any) -> str:
    if isinstance(value, dict):
        return "\n".join(f"{name}: {_plain(part)}" for name, part in value.items())
    if isinstance(value, list):
        return ", ".join(_plain(part) for part in value)
    return str(value)
