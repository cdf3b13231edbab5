"""Judges the forecast on many shops without a database: python -m benchmarks.arena cache|judge|table

    cache --data FOLDER --out CACHE [--shop NAME ...] [--horizon DAYS] [--contestants NAME ...]
    judge --cache CACHE [--shop NAME ...] [--horizon DAYS] [--contestants NAME ...] [--json FILE] [--again [NAME ...]]
        [--kept]
    table --json FILE ... [--every]

`cache` builds each case (a shop, a horizon and a past date) once with the pipeline's own steps in a scratch database of
the home, and fits what takes long. `judge` fits and forecasts the cases with the code as it is, and compares the
forecast with every contestant; learners and contestants that were fitted before are not fitted again, unless --again
names them (perennial: the learners; no name: all). --contestants names those that are fitted for the holdouts, and that
`judge` may publish (all: every forecaster). `table` writes the tables of docs/forecast.md, or with --every those of
docs/forecast-tables.md, from the files that `judge --json` has written. FOLDER holds the files of
benchmarks.next_order, and complete_journey/transactions.parquet.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from itertools import filterfalse, groupby
from pathlib import Path
from typing import Any

import pandas as pd

from benchmarks.arena import cache, cases, forecasting, judging, tables
from benchmarks.arena import memory as memories
from benchmarks.arena.cases import Case
from clv.commands.console import quiet, steps
from clv.core import settings
from clv.core.declared import CONTESTANTS, OURS
from clv.core.errors import ClvError
from clv.core.progress import Step
from clv.evaluation.backtest import comparison
from clv.platform.runtime import stack
from spark_jobs.io import session
from spark_jobs.models import registry

ALL = "all"  # every forecaster that is not optional, in place of the names of contestants


def make(wanted: Sequence[Case], data: Path, out: Path, contestants: Sequence[str], step: Step) -> None:
    """Writes the files of the cases that have none yet, and fits what takes long."""
    with stack.database(settings.load(), step) as home:
        for (shop, _), group in groupby(wanted, key=lambda case: case[:2]):
            found = list(group)
            if missing := [case for case in found if case not in cached(found, out)]:
                cache.build(cases.known()[shop], missing, data, out, home, step)
            fit(cached(found, out), contestants, out, step)


def fit(wanted: Sequence[Case], contestants: Sequence[str], out: Path, step: Step) -> None:
    """Fits the learners, the baselines, and these contestants for the holdouts of cached cases."""
    for case in wanted:
        folder = out / case.folder
        with step(f"{case.folder}: learners and contestants are fitted"), memories.of(folder) as memory:
            given = cache.read(folder / cache.FILE)
            memories.with_baselines(given, memory)
            forecasting.trained(given, memory, contestants)


def judge(
    wanted: Sequence[Case], out: Path, contestants: Sequence[str], again: Sequence[str] | None, missing: bool
) -> dict[str, dict[str, Any]]:
    """Forecasts the cached ones of the cases. Returns by shop and horizon what `comparison.compare` finds."""
    results = {}
    for (shop, horizon), group in groupby(cached(wanted, out), key=lambda case: case[:2]):
        frames = []
        for case in group:
            folder = out / case.folder
            with memories.of(folder, again) as memory:
                frames.append(forecasting.frame(cache.read(folder / cache.FILE), memory, contestants, missing))
        results[f"{shop} {horizon}"] = comparison.compare(pd.concat(frames, ignore_index=True))
    return results


def cached(wanted: Sequence[Case], out: Path) -> list[Case]:
    """The cases that have a file in a cache."""
    return [case for case in wanted if (out / case.folder / cache.FILE).exists()]


def arguments() -> argparse.Namespace:
    """Reads the command line."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.arena", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = parser.add_subparsers(dest="command", required=True)
    making = commands.add_parser("cache", help="build the cases that are not cached")
    making.add_argument("--data", type=Path, required=True, metavar="FOLDER")
    making.add_argument("--out", type=Path, default=Path(".clv-arena"), metavar="CACHE")
    judging_ = commands.add_parser("judge", help="forecast and judge the cached cases")
    judging_.add_argument("--cache", type=Path, default=Path(".clv-arena"), dest="out", metavar="CACHE")
    judging_.add_argument("--json", type=Path, metavar="FILE", help="write the figures here")
    judging_.add_argument("--again", nargs="*", metavar="NAME", help="fit these again; without a name, everything")
    judging_.add_argument("--kept", action="store_true", help="compare with the cached baselines, and fit no others")
    for parsed in (making, judging_):
        parsed.add_argument("--shop", nargs="+", action="extend", default=[], metavar="NAME")
        parsed.add_argument("--horizon", type=int, metavar="DAYS")
        parsed.add_argument("--contestants", nargs="+", default=CONTESTANTS, metavar="NAME", help="default: a shop's")
    writing = commands.add_parser("table", help="write the tables of docs/forecast.md")
    writing.add_argument("--json", type=Path, nargs="+", required=True, metavar="FILE", help="files of judge --json")
    writing.add_argument("--every", action="store_true", help="write the figures of every contestant")
    return parser.parse_args()


def run(given: argparse.Namespace) -> None:
    """Runs a command. Raises ClvError for what the user must correct."""
    if given.command == "table":
        results = {title: row for file in given.json for title, row in json.loads(file.read_text()).items()}
        compared = f"{tables.overview(results)}\n\n{tables.by_shop(results)}"
        print(tables.every_contestant(results) if given.every else compared)
        return
    wanted = [case for case in cases.cases(given.shop) if given.horizon in (None, case.horizon)]
    everyone = [OURS, *filterfalse(registry.is_optional, registry.names())]
    contestants = everyone if given.contestants == [ALL] else given.contestants
    registry.check(contestants)
    place = settings.Settings(given.out.resolve(), {})
    with session.on_demand("arena", place, session.LEARNING):
        if given.command == "cache":
            with quiet(given.out / "cache.log") as console, steps(console) as step:
                make(wanted, given.data, given.out, contestants, step)
            return
        if not cached(wanted, given.out):
            raise ClvError(f"{given.out} holds none of these cases; build them with `python -m benchmarks.arena cache`")
        results = judge(wanted, given.out, contestants, given.again, not given.kept)
    if given.json:
        given.json.write_text(json.dumps(results, indent=1))
    print(judging.report(results))


def main() -> None:
    """Runs the command line."""
    try:
        run(arguments())
    except ClvError as error:
        sys.exit(f"error: {error}")


if __name__ == "__main__":
    main()
