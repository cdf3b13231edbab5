"""What the lines of a day cost: python -m benchmarks.large.days --size S|M|L [--share SHARE ...]

Loads a history up to intermediate, and then one file after the other for the next day, each with more new lines than
the one before, whose lines it contains too. Prints for each what loading, staging and intermediate cost. Days of as
many lines after histories of two sizes show what the history costs; days of one history show what their lines cost.
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

from benchmarks.large import stages
from benchmarks.large.__main__ import SIZES, UNTIL, fresh_home, show
from clv.commands.console import out as console
from sample_shop import large

SHARES = (0.0003, 0.001, 0.003, 0.01)
STEPS = ("ingest", "build_staging", "build_intermediate")


def main() -> None:
    """Measures the days of one size and prints them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large.days", description="Measure what a day costs.")
    parser.add_argument("--size", default="S", help=f"one of {', '.join(SIZES)}, or a number of customers")
    parser.add_argument("--share", type=float, nargs="+", default=SHARES, help="new lines, as shares of the history's")
    given = parser.parse_args()
    request = large.Request(SIZES.get(given.size) or int(given.size), UNTIL, formats=("csv",))
    with tempfile.TemporaryDirectory(prefix="clv-bench-") as folder:
        for lines, costs in days(request, sorted(given.share), Path(folder)):
            shown = ", ".join(f"{cost.stage} {cost.seconds:.1f} s" for cost in costs)
            console.print(f"{request.customers:,} customers, {lines:,} new lines: {shown}")


def days(request: large.Request, shares: list[float], folder: Path) -> list[tuple[int, list[stages.Cost]]]:
    """The new lines of each day and what each step cost, in the order of the shares, which grow."""
    files, counts = {}, {}
    for share in shares:
        shop = folder / f"shop-{share:g}"
        counts[share] = large.make(shop, replace(request, new_share=share))["next_day_rows"]
        files[share] = shop / "next_day" / "csv"
        for file in list(files[share].iterdir()):
            file.rename(file.with_name(f"{share:g}-{file.name}"))
    measured = []
    with fresh_home(folder / "home", {}) as home:
        own = stages.Home(home.home, show)
        own.deliver(folder / f"shop-{shares[0]:g}" / "csv")
        _take(own, UNTIL)
        earlier = 0
        for share in shares:
            own.deliver(files[share])
            measured.append((counts[share] - earlier, _take(own, UNTIL + timedelta(days=1))))
            earlier = counts[share]
            shutil.rmtree(files[share])
    return measured


def _take(home: stages.Home, as_of: date) -> list[stages.Cost]:
    _, opened = home.measure("open_run", as_of=str(as_of))
    return [home.measure(step, as_of=str(as_of), run_id=opened["run_id"], options={})[0] for step in STEPS]


if __name__ == "__main__":
    main()
