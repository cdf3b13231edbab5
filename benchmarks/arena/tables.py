"""Writes the results of the arena as the tables of docs/forecast.md and docs/forecast-tables.md."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from benchmarks.arena.judging import COMPARED, OF_MEDIAN, Cell, Results, cells, number, summary
from clv.core.declared import OURS

# What the shops that are not called by a name are called.
SHOPS = {
    "yearly": "own time of the year",
    "once": "one-time buyers",
    "without_money": "amounts all 1",
    "exchangeable": "all alike",
    "demo": "the demo's shop",
}


def overview(results: Results) -> str:
    """The cells of each shop and horizon, counted, with coverage and the error of the total by origin, and of all."""
    rows = [
        [
            ", ".join(titled(title)),
            *map(str, summary({title: result}).values()),
            _figure(result["models"][OURS]["mean"]["coverage_80"]),
            " ".join("–" if error is None else signed(round(error, 2), ".2f") for error in errors(result)),
        ]
        for title, result in results.items()
    ]
    every = {"all": summary(results), "all, without WAPE and MAE": summary(results, OF_MEDIAN)}
    rows += [[f"**{name}**", *(f"**{count}**" for count in counts.values()), "", ""] for name, counts in every.items()]
    return table(["shop, days", *every["all"], "coverage", "error of the total by origin"], rows)


def by_shop(results: Results) -> str:
    """A table for each shop: for every metric and horizon ours, the best contestant's with its name, and the difference
    with its interval. **Bold**: significantly better; *italic*: behind; †: significantly worse."""
    parts = []
    for shop, group in groupby(sorted(results, key=lambda title: _order(results, title)), key=lambda t: titled(t)[0]):
        found = {titled(title)[1]: {cell.metric: cell for cell in cells(results[title])} for title in group}
        heads = [shop, *(head for days in found for head in (f"{days} days", "best of the others", "difference"))]
        rows = [
            [_label(metric), *(text for by_metric in found.values() for text in _compared(by_metric.get(metric)))]
            for metric in COMPARED
        ]
        parts.append(table(heads, rows))
    return "\n\n".join(parts)


def every_contestant(results: Results) -> str:
    """A table for each shop and horizon: the means over the origins of every contestant."""
    parts = []
    for title, result in results.items():
        rows = [
            [name.replace("_", " "), *(_figure(row["mean"].get(metric)) for metric in COMPARED)]
            for name, row in result["models"].items()
        ]
        parts.append(table([", ".join(titled(title)), *map(_label, COMPARED)], rows))
    return "\n\n".join(parts)


def errors(result: Mapping[str, Any]) -> list[float | None]:
    """Our error of the total by origin: the forecast over the actual total, less one."""
    return [level["signed_bias"][OURS] for level in result["level"].values()]


def titled(title: str) -> tuple[str, str]:
    """The shop and the days of a result's title."""
    shop, days = title.rsplit(" ", 1)
    return SHOPS.get(shop, shop), days


def signed(value: float, style: str = "") -> str:
    """A figure with its sign."""
    text = format(abs(value), style) if style else number(abs(value))
    return ("+" if value > 0 else "−" if value < 0 else "") + text


def table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table in markdown."""
    lines = [list(heads), ["---"] * len(heads), *map(list, rows)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in lines)


def _order(results: Mapping[str, Any], title: str) -> tuple[int, int]:
    """The place of a shop's first result, and the days."""
    shops = [titled(one)[0] for one in results]
    shop, days = titled(title)
    return shops.index(shop), int(days)


def _compared(cell: Cell | None) -> list[str]:
    if cell is None:
        return ["–"] * 3
    mark = "*" if not cell.ahead else "**" if cell.significant else ""
    worse = " †" if not cell.ahead and cell.significant else ""
    low, high = cell.interval
    return [
        f"{mark}{number(cell.ours)}{mark}{worse}",
        f"{number(cell.best)} {cell.name.replace('_', ' ')}",
        f"{signed(cell.difference)} ({signed(low)} to {signed(high)})",
    ]


def _label(metric: str) -> str:
    return COMPARED[metric].replace("|", r"\|")


def _figure(value: float | None) -> str:
    return "–" if value is None else number(value)
