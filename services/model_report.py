"""The evaluation of a model version as one HTML file: plots drawn here as SVG, beside each the same figures as a table.

It loads nothing from elsewhere, and holds figures, codes and names of offices only: no letter, no person.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

from core.clock import today
from core.durable import write_whole
from core.i18n import default_language, text

Point = tuple[float, float]
_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _TOP, _RIGHT = 520, 320, 56, 46, 14, 30
_ROWS = 12  # of a table beside a plot
_STYLE = """
:root { color-scheme: light; }
body { font: 1rem/1.5 system-ui, "DejaVu Sans", sans-serif; color: #1b1b1b; background: #fff; max-width: 70rem;
  margin: 2rem auto; padding: 0 1rem; }
h1, h2 { line-height: 1.2; } h2 { margin-top: 2.5rem; border-top: 1px solid #888; padding-top: 1rem; }
table { border-collapse: collapse; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { border-bottom: 1px solid #bbb; padding: .25rem .8rem .25rem 0; text-align: left; vertical-align: top; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
.beside { display: flex; flex-wrap: wrap; gap: 2rem; align-items: flex-start; }
figure { margin: 0; flex: 1 1 24rem; max-width: 36rem; } figcaption { color: #444; }
svg { width: 100%; height: auto; } .note { border-left: 4px solid #8a5a00; padding: .2rem .8rem; background: #fff7e6; }
svg text { font: 13px system-ui, "DejaVu Sans", sans-serif; fill: #1b1b1b; }
@media print { body { margin: 0; } h2 { break-after: avoid; } }
"""


@dataclass(frozen=True, slots=True)
class Plot:
    """A line in a field; axes are shares (x: or any number). ``limit``: a line across, ``diagonal``: y = x."""

    key: str
    points: Sequence[Point]
    most_x: float = 1.0
    most_y: float = 1.0
    x_is_share: bool = True
    limit: float | None = None
    diagonal: bool = False
    mark: Point | None = None


def write_report(answer: dict[str, Any], file: Path) -> None:
    """Write the report of an evaluation (as ``evaluate_model`` gives it). Raises: StorageFull, OSError."""
    write_whole(file.absolute(), report(answer).encode())


def report(answer: dict[str, Any]) -> str:
    """The report as HTML."""
    version = answer["version"]
    title = text("report.title", None, version=version) if version is not None else text("report.title.cold")
    parts = [
        f"<h1>{escape(title)}</h1>",
        f"<p>{escape(text('report.intro', None, n=answer['n'], day=_day()))}</p>",
        *_notes(answer),
        _figures(answer),
        _coverage(answer),
        _calibration(answer),
        _growth(answer),
        _units(answer),
        _confusions(answer),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{default_language()}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        + "\n".join(part for part in parts if part)
        + "\n</main>\n</body>\n</html>\n"
    )


# -- sections --------------------------------------------------------------------------------------------------------


def _notes(answer: dict[str, Any]) -> Iterable[str]:
    if answer["provisional"]:
        yield _note("report.provisional", budget=_percent(answer["budget"]))
    if answer["learnt_share"]:
        yield _note("model.flatters", share=_percent(answer["learnt_share"]))


def _note(key: str, **details: object) -> str:
    return f'<p class="note">{escape(text(key, None, **details))}</p>'


def _figures(answer: dict[str, Any]) -> str:
    rows = [[text(f"model.{name}"), _percent(answer[name])] for name in ("accuracy", "macro_f1", "top3")]
    rows.append([text("model.threshold"), f"{answer['threshold']:.3f}" if answer["threshold"] <= 1 else "–"])
    rows += [
        [text(f"model.{name}"), _percent(answer[name])] for name in ("routed_share", "routed_error", "unknown_share")
    ]
    rows += [
        [text("report.coverage_at", None, error=_percent(float(error))), _percent(share)]
        for error, share in answer["coverage"].items()
    ]
    return _section("report.figures", _table("report.figures", ["what", "value"], rows))


def _coverage(answer: dict[str, Any]) -> str:
    points = answer["curve"]
    most = max(0.05, *(error for _, error in points)) * 1.1
    mark = (answer["routed_share"], answer["routed_error"]) if answer["routed_share"] else None
    plot = Plot("report.coverage", points, most_y=most, limit=answer["budget"], mark=mark)
    rows = [[_percent(share), _percent(error)] for share, error in _thinned(points)]
    return _section("report.coverage", _beside(plot, _table("report.coverage", ["routed", "wrong"], rows)))


def _calibration(answer: dict[str, Any]) -> str:
    bins = answer["calibration"]
    plot = Plot("report.calibration", [(sure, right) for sure, right, _ in bins], diagonal=True)
    rows = [[_percent(sure), _percent(right), str(n)] for sure, right, n in bins]
    return _section(
        "report.calibration", _beside(plot, _table("report.calibration", ["confidence", "right", "count"], rows))
    )


def _growth(answer: dict[str, Any]) -> str:
    curve = answer["learning_curve"]
    if not curve:
        return ""
    plot = Plot("report.growth", curve, most_x=max(1, *(n for n, _ in curve)), x_is_share=False)
    rows = [[str(n), _percent(accuracy)] for n, accuracy in curve]
    return _section("report.growth", _beside(plot, _table("report.growth", ["examples", "accuracy"], rows)))


def _units(answer: dict[str, Any]) -> str:
    rows = [
        [_unit(answer, code), str(row["n"]), *(f"{row[name]:.2f}" for name in ("precision", "recall", "f1"))]
        for code, row in sorted(answer["per_unit"].items())
    ]
    columns = ["unit", "count", "precision", "recall", "f1"]
    return _section("report.units", _table("report.units", columns, rows))


def _confusions(answer: dict[str, Any]) -> str:
    rows = [[_unit(answer, row["truth"]), _unit(answer, row["guess"]), str(row["n"])] for row in answer["confusions"]]
    if not rows:
        return ""
    return _section("report.confusions", _table("report.confusions", ["unit", "guess", "count"], rows))


def _unit(answer: dict[str, Any], code: str) -> str:
    return f"{code} {answer['unit_names'].get(code, '')}".strip()


# -- building blocks -------------------------------------------------------------------------------------------------


def _section(key: str, content: str) -> str:
    anchor = key.replace(".", "-")
    return (
        f'<section aria-labelledby="{anchor}">\n<h2 id="{anchor}">{escape(text(key))}</h2>\n'
        f"<p>{escape(text(f'{key}.help'))}</p>\n{content}\n</section>"
    )


def _table(key: str, columns: list[str], rows: list[list[str]]) -> str:
    head = "".join(
        f'<th scope="col"{_kind(place)}>{escape(text(f"column.{name}"))}</th>' for place, name in enumerate(columns)
    )
    body = "\n".join(
        "<tr>"
        + f'<th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td{_kind(1)}>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    caption = escape(text(f"{key}.caption"))
    return f"<table>\n<caption>{caption}</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def _kind(place: int) -> str:
    return ' class="number"' if place else ""


def _beside(plot: Plot, table: str) -> str:
    return f'<div class="beside">\n{_figure(plot)}\n<div>{table}</div>\n</div>'


def _figure(plot: Plot) -> str:
    """The plot as SVG. Its text alternative says what it shows; the figures themselves stand in the table beside it."""
    alt = escape(text(f"{plot.key}.alt"), quote=True)
    parts = [
        *_axes(plot),
        *([_line(plot, [(0, 0), (1, 1)], "#777", dashed=True)] if plot.diagonal else []),
        *([_line(plot, [(0, plot.limit), (plot.most_x, plot.limit)], "#8a5a00", dashed=True)] if plot.limit else []),
        _line(plot, plot.points, "#0b5394"),
        *(_dot(plot, point, 3) for point in (plot.points if len(plot.points) <= _ROWS else ())),
        *([_dot(plot, plot.mark, 6)] if plot.mark else []),
    ]
    return (
        f'<figure>\n<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{alt}">\n'
        + "\n".join(parts)
        + f"\n</svg>\n<figcaption>{escape(text(f'{plot.key}.legend'))}</figcaption>\n</figure>"
    )


def _axes(plot: Plot) -> Iterable[str]:
    left, bottom = _at(plot, (0, 0))
    right, top = _at(plot, (plot.most_x, plot.most_y))
    yield f'<path d="M{left} {top}V{bottom}H{right}" fill="none" stroke="#1b1b1b"/>'
    for step in range(5):
        share = step / 4
        x, _ = _at(plot, (share * plot.most_x, 0))
        _, y = _at(plot, (0, share * plot.most_y))
        across = _percent(share * plot.most_x) if plot.x_is_share else f"{share * plot.most_x:.0f}"
        yield f'<text x="{x}" y="{bottom + 18}" text-anchor="middle">{across}</text>'
        yield f'<text x="{left - 6}" y="{y + 4}" text-anchor="end">{_percent(share * plot.most_y)}</text>'
        yield f'<path d="M{left} {y}H{right}" stroke="#ddd"/>'
    name = escape(text(f"{plot.key}.x"))
    yield f'<text x="{(left + right) / 2}" y="{_HEIGHT - 6}" text-anchor="middle">{name}</text>'


def _line(plot: Plot, points: Sequence[Point], color: str, *, dashed: bool = False) -> str:
    way = " ".join(f"{x},{y}" for x, y in (_at(plot, point) for point in points))
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return f'<polyline points="{way}" fill="none" stroke="{color}" stroke-width="2"{dash}/>'


def _dot(plot: Plot, point: Point, radius: int) -> str:
    x, y = _at(plot, point)
    return f'<circle cx="{x}" cy="{y}" r="{radius}" fill="#0b5394"/>'


def _at(plot: Plot, point: Point) -> Point:
    """A point of the field on the paper."""
    x = _LEFT + point[0] / plot.most_x * (_WIDTH - _LEFT - _RIGHT)
    y = _HEIGHT - _BOTTOM - min(point[1] / plot.most_y, 1.0) * (_HEIGHT - _BOTTOM - _TOP)
    return round(x, 1), round(y, 1)


def _thinned(points: Sequence[Point]) -> list[Point]:
    step = max(1, len(points) // _ROWS)
    return [point for place, point in enumerate(points, 1) if place % step == 0 or place == len(points)]


def _day() -> str:
    return f"{today():%d.%m.%Y}" if default_language() == "de" else today().isoformat()


def _percent(value: float) -> str:
    written = f"{value * 100:.1f}".removesuffix(".0") if value in {0.0, 1.0} else f"{value * 100:.1f}"
    return f"{written.replace('.', ',') if default_language() == 'de' else written}\u202f%"
