"""Measures predicted days of next orders on real shops: python -m benchmarks.next_order --data FOLDER [SHOP ...]

Backtests each shop at its origins with the usual horizons, and prints the tables of docs/forecast.md: the share of
customers who ordered by their predicted day, by origin, value tier and decile of the predicted days. A share outside
.42 to .58 is *italic* if chance can explain it and **bold** if not; the number of customers stands in brackets. FOLDER
holds the files named in SHOPS.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pandas as pd

from clv.commands.console import steps
from clv.core import settings
from clv.core.declared import HORIZONS
from clv.evaluation.backtest import run, scratch, tiers, timing
from clv.platform.runtime import stack
from clv.transform import dbt

SHOPS = {  # the file, its mapping (None for a plain file), and the origins
    "Online Retail II": (
        "online_retail_ii.parquet",
        "online_retail_ii",
        ["2010-12-10", "2011-03-10", "2011-06-10", "2011-09-10"],
    ),
    "CDNOW": ("cdnow.txt", "cdnow", ["1997-09-30", "1997-12-31"]),
    "retail_transactions": ("retail_transactions.csv", None, ["2013-01-01", "2014-01-01", "2014-09-01"]),
    "purchases_11y": ("purchases_11y.csv", None, ["2011-01-01", "2013-01-01"]),
}


def judged(orders: Path, source: str | None, origins: list[date], home: settings.Settings, step: Any) -> dict[str, Any]:
    """Returns `timing.next_order` of a shop. If the data end within an origin's horizon, the outcomes known by then are
    used."""
    request = run.Request(orders, source, HORIZONS[-1], origins)
    with scratch.database(home, list(HORIZONS)) as trial:
        with step(f"{orders.name}: the orders are loaded and cleaned"):
            run.load(request, home, trial)
            dbt.build("staging", {}, trial)
            dbt.build("intermediate", {}, trial)
        frames, _, _ = run.at_all_origins(request, trial, step)
    return timing.next_order(pd.concat(frames, ignore_index=True)) or {}


def tables(found: dict[str, dict[str, Any]]) -> str:
    """The tables for all shops. found: by shop, the result of `timing.next_order`."""
    labels = list(tiers.ends())
    return "\n".join(
        [
            *_table(
                ["", "customers", "ordered by it", "by origin", "error", "baseline"],
                [
                    [
                        name, f"{row['customers']:,}", share(row), " ".join(map(share, row["by_origin"].values())),
                        f"{row['mean_absolute_error']:.1f}", f"{row['baseline_mean_absolute_error']:.1f}",
                    ]
                    for name, row in found.items()
                ],
            ),
            "",
            *_table(["value tier", *labels], _rows(found, lambda row: [row["by_tier"].get(tier) for tier in labels])),
            "",
            *_table(["decile of the days ahead", *map(str, range(1, 11))], _rows(found, lambda row: row["by_tenth"])),
        ]
    )  # fmt: skip


def share(group: dict[str, Any]) -> str:
    """A group's share as text for the tables."""
    text = f"{group['ordered_by_it']:.2f}".removeprefix("0")
    return f"**{text}**" if group["beyond_chance"] else f"*{text}*" if group["outside"] else text


def _rows(found: dict[str, dict[str, Any]], groups: Callable[[dict[str, Any]], list]) -> list[list[str]]:
    return [
        [name, *(f"{share(group)} ({group['customers']:,})" if group else "–" for group in groups(row))]
        for name, row in found.items()
    ]


def _table(heads: list[str], rows: list[list[str]]) -> list[str]:
    return [f"| {' | '.join(cells)} |" for cells in [heads, ["---"] * len(heads), *rows]]


def main() -> None:
    """Backtests the given shops, by default all, and prints the tables."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.next_order", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    parser.add_argument("shops", nargs="*", metavar="SHOP", help=f"of {', '.join(SHOPS)}")
    arguments = parser.parse_args()
    if unknown := [name for name in arguments.shops if name not in SHOPS]:
        parser.error(f"there is no shop {unknown[0]}; there are {', '.join(SHOPS)}")
    found = {}
    with steps() as step, stack.database(settings.load(), step) as home:
        for name in arguments.shops or SHOPS:
            file, source, origins = SHOPS[name]
            found[name] = judged(
                arguments.data / file, source, [date.fromisoformat(day) for day in origins], home, step
            )
    print(tables(found))


if __name__ == "__main__":
    main()
