"""Judges the forecasts of cases, counts what they win and lose, and writes the tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clv.core.declared import OURS

# The metrics that are compared with the best contestant's, in the order of docs/forecast.md, with their names there.
COMPARED = {
    "wape_of_median": "WAPE",
    "mae_of_median": "MAE",
    "rmse": "RMSE",
    "bias": "|bias|",
    "normalized_gini": "normalised Gini",
    "decile_mape": "decile MAPE",
    "top_10_capture": "top 10 %",
    "top_20_capture": "top 20 %",
    "auc": "AUC",
    "brier": "Brier",
}
Results = Mapping[str, dict[str, Any]]  # by shop and horizon, what `comparison.compare` returns


@dataclass(frozen=True)
class Cell:
    """A metric of a shop and horizon: our mean over the origins, the best contestant and its mean, whether ours is at
    least equal, and whether chance (the paired bootstrap over customers) does not explain the difference."""

    metric: str
    ours: float
    best: float
    name: str
    ahead: bool
    significant: bool

    @property
    def result(self) -> str:
        """The comparison in words."""
        return f"{'ahead' if self.ahead else 'behind'}{', significant' if self.significant else ''}"


def cells(result: Mapping[str, Any]) -> list[Cell]:
    """The cells of a shop and horizon. A metric without a contestant's figure at every origin has none."""
    found = []
    for metric in COMPARED:
        if against := result["against_best_baseline"].get(metric):
            name, difference = against["baseline"], against["difference"]
            ours, best = (result["models"][model]["mean"][metric] for model in (OURS, name))
            found.append(
                Cell(metric, ours, best, name, bool(against["better"] or difference == 0), bool(against["significant"]))
            )
    return found


def summary(results: Results) -> dict[str, int]:
    """Counts the cells of all shops and horizons."""
    every = [cell for result in results.values() for cell in cells(result)]
    return {
        "cells": len(every),
        "at least equal": sum(cell.ahead for cell in every),
        "significantly better": sum(cell.ahead and cell.significant for cell in every),
        "significantly worse": sum(not cell.ahead and cell.significant for cell in every),
    }


def report(results: Results) -> str:
    """The cells of each shop and horizon, coverage and |bias| by origin, and the summary, as text."""
    lines = []
    for title, result in results.items():
        lines += ["", f"{title}: {', '.join(result['origins'])}"]
        lines += [
            f"  {COMPARED[cell.metric]:16}{number(cell.ours):>10}{number(cell.best):>10} {cell.name:22}{cell.result}"
            for cell in cells(result)
        ]
        by_origin = result["models"][OURS]["by_origin"].values()
        lines.append(_by_origin("coverage", [row["coverage_80"] for row in by_origin], ".3f"))
        lines.append(_by_origin("bias", [level["signed_bias"][OURS] for level in result["level"].values()], "+.3f"))
    counts = "  ".join(f"{name}: {count}" for name, count in summary(results).items())
    return "\n".join([*lines, "", counts])


def _by_origin(name: str, figures: Sequence[float | None], style: str) -> str:
    return f"  {name + ' by origin':20}" + "  ".join("–" if one is None else format(one, style) for one in figures)


def number(value: float) -> str:
    """A figure with about four digits."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"


def against_best(results: Results) -> str:
    """The table of docs/forecast.md: every metric of every shop and horizon, ours and the best contestant's with its
    name. **Bold**: significantly better; *italic*: behind."""
    heads = ["", *(head for title in results for head in (f"{title}: best", "blend"))]
    by_title = {title: {cell.metric: cell for cell in cells(result)} for title, result in results.items()}
    rows = []
    for metric, label in COMPARED.items():
        row = [label.replace("|", r"\|")]
        for found in by_title.values():
            cell = found.get(metric)
            row += [f"{number(cell.best)} {cell.name.replace('_', ' ')}", marked(cell)] if cell else ["–", "–"]
        rows.append(row)
    return table(heads, rows)


def marked(cell: Cell) -> str:
    """Our figure, marked."""
    mark = "*" if not cell.ahead else "**" if cell.significant else ""
    return f"{mark}{number(cell.ours)}{mark}"


def every_contestant(results: Results) -> str:
    """A table for each shop and horizon: the means over the origins of every contestant."""
    parts = []
    for title, result in results.items():
        rows = [
            [name.replace("_", " "), *(_figure(row["mean"].get(metric)) for metric in COMPARED)]
            for name, row in result["models"].items()
        ]
        heads = [title, *(label.replace("|", r"\|") for label in COMPARED.values())]
        parts.append(table(heads, rows))
    return "\n\n".join(parts)


def _figure(value: float | None) -> str:
    return "–" if value is None else number(value)


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in markdown."""
    lines = [list(heads), ["---"] * len(heads), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)
