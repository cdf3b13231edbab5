"""Prints how often intervals of sums covered the actual: python -m benchmarks.sums SHOP=FOLDER [SHOP=FOLDER ...]

Each FOLDER is what `clv backtest --out FOLDER` wrote; a shop may have several, one per horizon. Prints a Markdown table
with a row per shop: the number of windows whose total lay within its interval, the same for value tiers, and the mean
bounds of the interval relative to the predicted total; and for customers still to come, the mean absolute error over
the mean, and how many intervals covered the actual number of customers and the actual revenue.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np

HEAD = "| shop | windows | held | tiers held | mean interval | customers to come: error | held | their money | held |"


def rows_of(folder: Path, name: str) -> list[dict[str, Any]]:
    """The rows of a backtest's metrics under a name, one per origin; empty if there are none."""
    return list((json.loads((folder / "metrics.json").read_text()).get(name) or {}).values())


def line(shop: str, folders: list[Path]) -> str:
    """One shop's row of the printed table."""
    sums = [row for folder in folders for row in rows_of(folder, "sums")]
    new = [row for folder in folders for row in rows_of(folder, "new_customers")]
    ends = [np.mean([row[end] / row["predicted"] - 1 for row in sums]) if sums else np.nan for end in ("low", "high")]
    tiers = [sum(row[name] for row in sums) for name in ("tiers_held", "tiers")]
    cells = [shop, len(sums), sum(row["held"] for row in sums), f"{tiers[0]} of {tiers[1]}"]
    cells += [f"{ends[0]:+.1%} to {ends[1]:+.1%}" if sums else "–", *of_new(new, "customers"), *of_new(new, "revenue")]
    return "| " + " | ".join(map(str, cells)) + " |"


def of_new(rows: list[dict[str, Any]], name: str) -> tuple[str, str]:
    """Mean absolute error over the mean, and how many intervals covered the actual value."""
    actual, expected = (np.array([row[column] for row in rows], float) for column in (f"actual_{name}", name))
    held = sum(row[f"{name}_low"] <= row[f"actual_{name}"] <= row[f"{name}_high"] for row in rows)
    error = f"{np.abs(expected - actual).sum() / actual.sum():.2f}" if actual.sum() > 0 else "–"
    return error, f"{held} of {len(rows)}"


def main() -> None:
    """Prints the table."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.sums", description=__doc__.splitlines()[0])  # type: ignore[union-attr]
    parser.add_argument("backtests", nargs="+", metavar="SHOP=FOLDER")
    shops: dict[str, list[Path]] = {}
    for argument in parser.parse_args().backtests:
        shop, _, folder = argument.partition("=")
        if not (Path(folder) / "metrics.json").exists():
            parser.error(f"{argument}: there is no {folder or '.'}/metrics.json; run `clv backtest --out FOLDER` first")
        shops.setdefault(shop, []).append(Path(folder))
    print(HEAD, "|---" * 9 + "|", *(line(shop, folders) for shop, folders in shops.items()), sep="\n")


if __name__ == "__main__":
    main()
