"""Writes docs/performance.md's tables and picture from kept results: python -m benchmarks.large.pages

Reads benchmarks/results/*.json. Text outside of the two marks in the page stays. A page that does not exist is made.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from clv.core.places import PROJECT
from sample_shop.large import NEW_SHARE

START, END = "<!-- measured: written by python -m benchmarks.large.pages -->", "<!-- end of measured -->"
PAGE = PROJECT / "docs" / "performance.md"
PICTURE = PROJECT / "docs" / "images" / "performance.svg"
RESULTS = PROJECT / "benchmarks" / "results"
RUNS = {"first_load": "First load", "next_day": "Next day"}
LEAST_SHOWN = 0.02  # of a run's time at the largest size: stages below share one line in the picture
Result = dict[str, Any]


def read(folder: Path) -> list[Result]:
    """The results of a folder, smallest history first, without those that have no shop."""
    found = [json.loads(path.read_text()) for path in sorted(folder.glob("*.json"))]
    return sorted((result for result in found if "shop" in result), key=lambda result: result["shop"]["rows"])


def page(results: list[Result], picture: str) -> str:
    """The generated part of the page. picture: the link to it."""
    if not results:
        return "No results are kept in benchmarks/results.\n"
    parts = [machines(results), f"![cost against size]({picture})"]
    for name, title in RUNS.items():
        if measured := of_usual_days(results, name):
            parts += [f"### {title}", costs(measured, name)]
    for size, measured in of_several_days(results).items():
        heads = [f"{result['shop']['next_day_rows']:,} lines" for result in measured]
        parts += [f"### Next day of {size}, by the day's lines", costs(measured, "next_day", heads=heads)]
    for name, title, key in (
        ("loading", "Loading alone", "stage"),
        ("floors", "Floors", "floor"),
        ("peers", "Peers", "peer"),
    ):
        if measured := of_usual_days(results, name):
            parts += [f"### {title}", costs(measured, name, key)]
    parts += ["### Accuracy", accuracy(results)] if any(map(accuracies, results)) else []
    errors = [f"- {result['size']}: {result['error']}" for result in results if "error" in result]
    errors += [
        f"- {result['size']}, peer {peer['peer']}: {peer['error']}"
        for result in results
        for peer in result.get("peers", [])
        if "error" in peer
    ]
    parts += ["### What failed", "\n".join(errors)] if errors else []
    return "\n\n".join(parts) + "\n"


def machines(results: list[Result]) -> str:
    """The sizes, and the machine and commit that measured each."""
    rows = [
        [
            result["size"],
            *(f"{result['shop'][name]:,}" for name in ("customers", "orders", "rows", "files", "next_day_rows")),
            f"{result['machine']['cores']} cores, {result['machine']['memory'] / 2**30:.0f} GiB",
            f"`{result['commit'][:8]}`",
        ]
        for result in results
    ]
    return table(["size", "customers", "orders", "lines", "files", "lines of the next day", "machine", "commit"], rows)


def of_usual_days(results: list[Result], name: str) -> list[Result]:
    """The results that measured this part, one for each size: that of the usual next day, if there are several."""
    by_size = {result["size"]: result for result in sorted(results, key=is_usual) if ended(result, name)}
    return sorted(by_size.values(), key=lambda result: result["shop"]["rows"])


def ended(result: Result, name: str) -> list[dict[str, Any]]:
    """The costs of a part, without those of peers that failed."""
    return [cost for cost in result.get(name, []) if "error" not in cost]


def is_usual(result: Result) -> bool:
    """Whether the next day has the usual share of new lines."""
    return result["new_share"] == NEW_SHARE


def of_several_days(results: list[Result]) -> dict[str, list[Result]]:
    """By size, the results of next days of different sizes after one history, smallest day first."""
    found: dict[str, list[Result]] = {}
    for result in sorted(results, key=lambda result: result["shop"]["next_day_rows"]):
        if result.get("next_day"):
            found.setdefault(result["size"], []).append(result)
    return {size: measured for size, measured in found.items() if len(measured) > 1}


def costs(results: list[Result], name: str, key: str = "stage", heads: list[str] | None = None) -> str:
    """A row per stage: for each size seconds, rows per second and peak memory; and the slope over all sizes, or over
    the next day's lines if `heads` has headings of those."""
    sizes = [result["shop"]["next_day_rows" if heads else "rows"] for result in results]
    heads = heads or [result["size"] for result in results]
    head = [key, *(f"{one}: {what}" for one in heads for what in ("s", "rows/s", "MB")), "slope"]
    rows = []
    for stage in dict.fromkeys(cost[key] for result in results for cost in ended(result, name)):
        found = [next((cost for cost in ended(result, name) if cost[key] == stage), None) for result in results]
        cells = [cell for cost in found for cell in cost_cells(cost)]
        rows.append([stage, *cells, slope_of(sizes, [cost["seconds"] if cost else None for cost in found])])
    if name in RUNS:
        sums = [seconds(result, name) for result in results]
        peaks = [max(cost["peak"] for cost in result[name]) for result in results]
        cells = [
            cell for whole, peak in zip(sums, peaks, strict=True) for cell in (f"{whole:,.1f}", "", megabytes(peak))
        ]
        rows.append(["**all**", *cells, slope_of(sizes, sums)])
    return table(head, rows)


def cost_cells(cost: dict[str, Any] | None) -> list[str]:
    """Seconds, rows per second and peak of a stage at one size."""
    if cost is None:
        return ["–", "–", "–"]
    rate = cost["rows"] / cost["seconds"] if cost.get("rows") and cost["seconds"] else None
    return [f"{cost['seconds']:,.1f}", f"{rate:,.0f}" if rate else "", megabytes(cost["peak"])]


def accuracies(result: Result) -> dict[str, dict[str, float]]:
    """The accuracy of the pipeline and of each peer that ended."""
    peers = {peer["peer"]: peer["accuracy"] for peer in result.get("peers", []) if "accuracy" in peer}
    return {**({"perennial": result["accuracy"]} if "accuracy" in result else {}), **peers}


def accuracy(results: list[Result]) -> str:
    """A row per forecast and size."""
    rows = [
        [
            result["size"], name, f"{found['normalized_gini']:.4f}", f"{found['rmse']:,.2f}",
            f"{100 * found['signed_bias']:+.1f} %",
        ]
        for result in results
        for name, found in accuracies(result).items()
    ]  # fmt: skip
    return table(["size", "forecast", "normalised Gini", "RMSE", "bias"], rows)


def seconds(result: Result, name: str) -> float:
    """The seconds of all stages of a run."""
    return sum(cost["seconds"] for cost in result[name])


def slope_of(sizes: list[int], values: Iterable[float | None]) -> str:
    """The slope of seconds against lines as text; a dash with fewer than two sizes."""
    points = [(size, value) for size, value in zip(sizes, values, strict=True) if value]
    return f"{slope(*zip(*points, strict=True)):.2f}" if len({size for size, _ in points}) > 1 else "–"


def slope(sizes: Iterable[float], values: Iterable[float]) -> float:
    """The exponent b of the least-squares fit values = a · sizes ** b: 1 where cost is proportional to size, 0 where it
    does not depend on it."""
    return float(np.polyfit(np.log(list(sizes)), np.log(list(values)), 1)[0])


def draw(results: list[Result], path: Path) -> None:
    """Draws cost against size on logarithmic axes, a panel per run and a line per stage, with its slope."""
    with mpl.rc_context({"svg.hashsalt": "performance", "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=(11, 5), layout="constrained")
        FigureCanvasSVG(figure)
        stages = dict.fromkeys(cost["stage"] for one in results for name in RUNS for cost in one.get(name, []))
        colours = {stage: mpl.colormaps["tab20"](number % 20) for number, stage in enumerate(stages)}
        colours |= {"all": "black", "other stages": "gray"}
        for axes, (name, title) in zip(figure.subplots(1, len(RUNS), sharey=True), RUNS.items(), strict=True):
            measured = of_usual_days(results, name)
            sizes = [result["shop"]["rows"] for result in measured]
            for label, values in lines(measured, name).items():
                axes.plot(sizes, values, "o-", color=colours[label], label=f"{label} ({slope_of(sizes, values)})")
            axes.set(title=title, xlabel="lines of the history", xscale="log", yscale="log")
            axes.grid(visible=True, alpha=0.3)
            if measured:
                axes.legend(title="stage (slope)", fontsize=7, loc="upper left", bbox_to_anchor=(1, 1))
        figure.axes[0].set_ylabel("seconds")
        path.parent.mkdir(parents=True, exist_ok=True)
        figure.savefig(path, format="svg", metadata=dict.fromkeys(("Creator", "Date", "Format", "Type")))


def lines(results: list[Result], name: str) -> dict[str, list[float]]:
    """By label, the seconds at each size: the whole run, each large stage, and the small stages together."""
    if not results:
        return {}
    stages = {cost["stage"]: [] for result in results for cost in result[name]}
    for result in results:
        found = {cost["stage"]: cost["seconds"] for cost in result[name]}
        for stage, values in stages.items():
            values.append(found.get(stage, np.nan))
    whole = [seconds(result, name) for result in results]
    large = {stage: values for stage, values in stages.items() if not values[-1] < LEAST_SHOWN * whole[-1]}
    small = [float(np.nansum(values)) for values in zip(*(stages[one] for one in stages.keys() - large), strict=True)]
    return {"all": whole, **large, **({"other stages": small} if small else {})}


def megabytes(size: float) -> str:
    return f"{size / 1e6:,.0f}"


def table(head: list[str], rows: list[list[str]]) -> str:
    """A Markdown table."""
    return "\n".join(f"| {' | '.join(cells)} |" for cells in [head, ["---"] * len(head), *rows])


def written(text: str, generated: str) -> str:
    """The page's text with its generated part replaced. Raises ValueError without the two marks."""
    before, _, rest = text.partition(START)
    _, end, after = rest.partition(END)
    if not end:
        raise ValueError(f"the page lacks the marks {START} and {END}")
    return f"{before}{START}\n\n{generated}\n{END}{after}"


def write(results: Path, target: Path, picture: Path) -> None:
    """Writes the page and the picture of a folder's results."""
    found = read(results)
    text = target.read_text() if target.exists() else f"{START}\n{END}\n"
    target.write_text(written(text, page(found, os.path.relpath(picture, target.parent))))
    if found:
        draw(found, picture)


def main() -> None:
    """Writes the page and the picture of the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.large.pages", description=(__doc__ or "").split("\n")[0]
    )
    parser.add_argument("--results", type=Path, default=RESULTS, help="folder of results (benchmarks/results)")
    parser.add_argument("--page", type=Path, default=PAGE)
    parser.add_argument("--picture", type=Path, default=PICTURE)
    given = parser.parse_args()
    write(given.results, given.page, given.picture)


if __name__ == "__main__":
    main()
