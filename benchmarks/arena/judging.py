"""Counts what the forecasts of cases win and lose against the best of all contestants, for each metric."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from clv.core.declared import OURS
from clv.evaluation.backtest import curves

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
# The metrics of the median. No other forecaster predicts one, so that its mean is judged.
OF_MEDIAN = ("wape_of_median", "mae_of_median")
Results = Mapping[str, dict[str, Any]]  # by shop and horizon, what `comparison.compare` returns


@dataclass(frozen=True)
class Cell:
    """A metric of a shop and horizon.

    ours, best: the means over the origins of our forecast and of the best contestant, `name`. ahead: whether ours is at
    least equal. difference: ours less the contestant's, with its 95 % interval from the paired bootstrap over
    customers. significant: whether chance does not explain the difference.
    """

    metric: str
    ours: float
    best: float
    name: str
    ahead: bool
    significant: bool
    difference: float
    interval: tuple[float, float]

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
            ahead, significant = bool(against["better"] or difference == 0), bool(against["significant"])
            ends = against["low"], against["high"]
            found.append(Cell(metric, ours, best, name, ahead, significant, difference, ends))
    return found


def summary(results: Results, left_out: Container[str] = ()) -> dict[str, int]:
    """Counts the cells of all shops and horizons, except those of the metrics `left_out`."""
    every = [cell for result in results.values() for cell in cells(result) if cell.metric not in left_out]
    return {
        "cells": len(every),
        "at least equal": sum(cell.ahead for cell in every),
        "significantly better": sum(cell.ahead and cell.significant for cell in every),
        "significantly worse": sum(not cell.ahead and cell.significant for cell in every),
    }


def report(results: Results) -> str:
    """The cells of each shop and horizon, the coverage of intervals and |bias| by origin, and the summary, as text."""
    lines = []
    for title, result in results.items():
        lines += ["", f"{title}: {', '.join(result['origins'])}"]
        lines += [
            f"  {COMPARED[cell.metric]:16}{number(cell.ours):>10}{number(cell.best):>10} {cell.name:22}{cell.result}"
            for cell in cells(result)
        ]
        covered = result["coverage"]["by_origin"].values()
        lines += [
            _by_origin(name.replace("_", " "), [row[name] for row in covered], ".3f") for name in curves.COVERAGE[:-1]
        ]
        lines.append(_by_origin("bias", [level["signed_bias"][OURS] for level in result["level"].values()], "+.3f"))
    counts = "  ".join(f"{name}: {count}" for name, count in summary(results).items())
    return "\n".join([*lines, "", counts])


def _by_origin(name: str, figures: Sequence[float | None], style: str) -> str:
    return f"  {name + ' by origin':30}" + "  ".join("–" if one is None else format(one, style) for one in figures)


def number(value: float) -> str:
    """A figure with about four digits."""
    return f"{value:.4f}" if abs(value) < 10 else f"{value:.2f}" if abs(value) < 1000 else f"{value:,.0f}"
