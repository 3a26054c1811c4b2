"""The routing model: train, evaluate, activate, roll back."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer
from rich.progress import BarColumn, Progress, TextColumn

from commands.context import ERR, OUT, opened, print_json, say, table
from core.i18n import text

app = typer.Typer()
AsJson = Annotated[bool, typer.Option("--json", help=text("cli.json"))]
Labels = Annotated[Path | None, typer.Option(help=text("cli.model.labels"))]


def mount(_app: typer.Typer) -> None:
    """The group is mounted as a whole."""


@app.command("train", help=text("cli.model.train"))
def train(context: typer.Context, labels: Labels = None, as_json: AsJson = False) -> None:
    from services.training import train_model

    with (
        opened(context) as (house, actor),
        Progress(
            TextColumn("{task.description}", markup=False),
            BarColumn(),
            console=ERR,
            transient=True,
            disable=as_json or not ERR.is_terminal,
        ) as progress,
    ):
        task = progress.add_task(text("model.training"), total=1.0)
        trained = train_model(house, actor, labels, lambda _step, share: progress.update(task, completed=share))
    if as_json:
        print_json({"version": trained.version, "active": trained.active, "gate": trained.gate, "card": trained.card})
        return
    say("model.trained", version=trained.version, examples=trained.card["n"])
    say(
        "model.activated" if trained.active else "model.not_activated",
        version=trained.version,
        **_figures(trained.gate),
    )


@app.command("retrain", hidden=True)
def retrain(context: typer.Context) -> None:
    """Train if it is due by schedule (called by ``watch`` and ``worker``)."""
    from services.retraining import retrain as act

    os.nice(10)
    with opened(context) as (house, _actor):
        trained = act(house)
    if trained is not None:
        say("model.trained", version=trained.version, examples=trained.card["n"])


def _figures(gate: dict[str, object]) -> dict[str, object]:
    def percent(name: str) -> str:
        value = gate.get(name)
        return f"{value:.1%}" if isinstance(value, float) else "–"

    return {"challenger": percent("challenger"), "champion": percent("champion")}


@app.command("evaluate", help=text("cli.model.evaluate"))
def evaluate(
    context: typer.Context,
    version: Annotated[int | None, typer.Argument(help=text("cli.model.version"))] = None,
    labels: Labels = None,
    html: Annotated[Path | None, typer.Option("--html", help=text("cli.model.html"))] = None,
    growth: Annotated[bool, typer.Option("--learning-curve", help=text("cli.model.growth"))] = False,
    as_json: AsJson = False,
) -> None:
    from services.model_report import write_report
    from services.training import evaluate_model

    with opened(context) as (house, actor):
        answer = evaluate_model(house, actor, version, labels, growth=growth or html is not None)
        if html is not None:
            write_report(answer, html)
    if as_json:
        print_json(answer)
        return
    lines = {
        "n": str(answer["n"]),
        **{name: f"{answer[name]:.1%}" for name in ("accuracy", "macro_f1", "top3", "routed_share", "routed_error")},
        "threshold": f"{answer['threshold']:.3f}"
        + (f" ({text('model.provisional')})" if answer["provisional"] else ""),
    }
    table(
        "model.evaluation",
        ["what", "value"],
        [[text(f"model.{name}"), value] for name, value in lines.items()],
    )
    rows = [
        [code, str(row["n"]), f"{row['precision']:.2f}", f"{row['recall']:.2f}", f"{row['f1']:.2f}"]
        for code, row in sorted(answer["per_unit"].items())
    ]
    table("model.per_unit", ["unit", "count", "precision", "recall", "f1"], rows)
    mixed_up = [[row["truth"], row["guess"], str(row["n"])] for row in answer["confusions"]]
    if mixed_up:
        table("model.confusions", ["unit", "guess", "count"], mixed_up)
    points = [[f"{share:.0%}", f"{error:.1%}"] for share, error in _every_tenth(answer["curve"])]
    table("model.curve", ["routed", "wrong"], points)
    bins = [[f"{sure:.0%}", f"{right:.0%}", str(n)] for sure, right, n in answer["calibration"]]
    table("model.calibration", ["confidence", "right", "count"], bins)
    if answer["learning_curve"]:
        grown = [[str(n), f"{accuracy:.1%}"] for n, accuracy in answer["learning_curve"]]
        table("model.learning_curve", ["examples", "accuracy"], grown)
    if answer["learnt_share"]:
        say("model.flatters", share=f"{answer['learnt_share']:.0%}")
    if html is not None:
        say("model.reported", file=str(html))


def _every_tenth(curve: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    """About ten points of a curve, the last one among them."""
    step = max(1, len(curve) // 10)
    return [point for place, point in enumerate(curve, 1) if place % step == 0 or place == len(curve)]


@app.command("list", help=text("cli.model.list"))
def list_(context: typer.Context, as_json: AsJson = False) -> None:
    from services.training import list_models

    with opened(context) as (house, _actor):
        found = list_models(house)
    if as_json:
        for row in found:
            print_json(row)
        return
    rows = [
        [
            str(row["version"]),
            "●" if row["active"] else "",
            row["trained_at"][:16],
            row["trained_by"],
            str(row["examples"]),
            "" if row["learnt"] is None else str(row["learnt"]),
            "" if row["waiting"] is None else str(row["waiting"]),
        ]
        for row in found
    ]
    table("model.versions", ["version", "active", "trained_at", "trained_by", "examples", "learnt", "waiting"], rows)


@app.command("show", help=text("cli.model.show"))
def show(
    context: typer.Context,
    version: Annotated[int, typer.Argument(help=text("cli.model.version"))],
    as_json: AsJson = False,
) -> None:
    from services.training import model_card

    with opened(context) as (house, _actor):
        card = model_card(house, version)
    print_json(card) if as_json else OUT.print_json(data=card)


@app.command("activate", help=text("cli.model.activate"))
def activate(
    context: typer.Context,
    version: Annotated[int, typer.Argument(help=text("cli.model.version"))],
    force: Annotated[bool, typer.Option("--force", help=text("cli.model.force"))] = False,
    purpose: Annotated[str, typer.Option(help=text("cli.purpose"))] = "",
) -> None:
    from services.training import activate as act

    with opened(context) as (house, actor):
        act(house, actor, version, force=force, purpose=purpose)
    say("model.is_active", version=version)


@app.command("rollback", help=text("cli.model.rollback"))
def rollback(context: typer.Context) -> None:
    from services.training import rollback as act

    with opened(context) as (house, actor):
        version = act(house, actor)
    say("model.is_active", version=version)


@app.command("replay", help=text("cli.model.replay"))
def replay(
    context: typer.Context,
    version: Annotated[int | None, typer.Argument(help=text("cli.model.version"))] = None,
    since: Annotated[str | None, typer.Option(help=text("cli.day"))] = None,
    as_json: AsJson = False,
) -> None:
    from services.training import replay as ask

    with opened(context) as (house, actor):
        answer = ask(house, actor, version, since)
    if as_json:
        print_json(answer)
        return
    say("model.replayed", n=answer["n"], elsewhere=len(answer["elsewhere"]), version=answer["version"])
    rows = [[row["id"], row["from"] or "–", row["to"] or "–", row["label"] or "–"] for row in answer["elsewhere"]]
    table("model.elsewhere", ["id", "from", "to", "label"], rows)
