"""python -m benchmarks.large --size S|M|L [--peer NAME] [--out DIR]"""

from __future__ import annotations

import argparse
import json
import os
import platform
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import pandas as pd
import psutil

from benchmarks.large import measuring, pages, peers, stages
from benchmarks.large.stage import SET_UP, TO_LOAD
from clv.commands.console import out as console
from clv.core import settings
from clv.core.errors import ClvError
from clv.core.places import PROJECT
from clv.core.settings import Settings
from clv.platform.runtime import stack
from clv.warehouse import db
from sample_shop import large

SIZES = {"S": 10_000, "M": 100_000, "L": 1_000_000}  # customers
# Late within the month, so that the next day's late rows are of the month, and it needs no new model.
UNTIL = date(2024, 6, 20)
PREDICTED = """
select customer_id, predicted_revenue from analytics.customer_clv join pii.customers using (customer_key)
"""


def main() -> None:
    """Measures one size and writes SIZE.json to the folder of results, also where a stage fails."""
    given = arguments()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that whatever runs is ended, as on Ctrl-C
    result = describe(given)
    usual = given.history_days == large.shop.HISTORY_DAYS and given.new_share == large.NEW_SHARE
    name = given.size if usual else f"{given.size}-{given.history_days}-days-{given.new_share:g}"
    file = given.out / f"{name}.json"
    given.out.mkdir(parents=True, exist_ok=True)
    try:
        with working_folder(given) as folder:
            measure(given, folder, result)
    except ClvError as error:
        result["error"] = str(error)
    finally:
        file.write_text(json.dumps(result, indent=1, default=stages.as_json) + "\n")
        pages.write(given.out, given.out / "performance.md", given.out / "performance.svg")
    if "error" in result:
        sys.exit(f"error: {result['error']}; what was measured before is in {file}")
    console.print(
        f"{file}: first load {total(result, 'first_load'):,.0f} s, next day {total(result, 'next_day'):,.0f} s"
    )


def arguments() -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.large", description="Measure a large history.")
    parser.add_argument("--size", default="S", help=f"one of {', '.join(SIZES)}, or a number of customers")
    parser.add_argument("--format", choices=large.FORMATS, default="csv", help="of the files of the runs (csv)")
    parser.add_argument("--history-days", type=int, default=large.shop.HISTORY_DAYS, help="days of orders (3 years)")
    parser.add_argument("--new-share", type=float, default=large.NEW_SHARE, help="rows of the next day, as a share")
    parser.add_argument("--peer", action="append", default=[], choices=[*peers.names(), "all"], help="run it too")
    parser.add_argument("--out", type=Path, default=Path(".clv-bench"), help="folder of results")
    parser.add_argument("--work", type=Path, help="folder for shop and homes, kept (default: a temporary one)")
    given = parser.parse_args()
    if given.size not in SIZES and not given.size.isdecimal():
        parser.error(f"--size '{given.size}' is none of {', '.join(SIZES)} and no number of customers")
    if not 0 < given.new_share <= 0.01:
        parser.error("--new-share is above 0 and at most 0.01")
    given.customers = SIZES.get(given.size) or int(given.size)
    given.peers = peers.names() if "all" in given.peer else given.peer
    return given


def describe(given: argparse.Namespace) -> dict:
    """What is measured, and on which machine."""
    usual = given.history_days == large.shop.HISTORY_DAYS
    size = given.size if usual else f"{given.size}, {given.history_days} days"
    commit = subprocess.run(["git", "rev-parse", "--short=12", "HEAD"], cwd=PROJECT, capture_output=True, text=True)
    return {
        "size": size,
        "history_days": given.history_days,
        "new_share": given.new_share,
        "format": given.format,
        "commit": commit.stdout.strip(),
        "machine": {
            "cores": os.cpu_count(),
            "memory": psutil.virtual_memory().total,
            "python": platform.python_version(),
        },
    }


@contextmanager
def working_folder(given: argparse.Namespace) -> Iterator[Path]:
    """A folder for the shop and the homes, which is removed unless the command line names it."""
    if given.work:
        given.work.mkdir(parents=True, exist_ok=True)
        yield given.work.resolve()
        return
    with tempfile.TemporaryDirectory(prefix="clv-bench-") as folder:
        yield Path(folder)


def measure(given: argparse.Namespace, folder: Path, result: dict) -> None:
    """Measures everything and adds it to the result, part by part."""
    shop = folder / "shop"
    shutil.rmtree(shop, ignore_errors=True)
    request = large.Request(given.customers, UNTIL, history_days=given.history_days, new_share=given.new_share)
    result["shop"] = large.make(shop, request)
    console.print(", ".join(f"{value:,} {name}" for name, value in result["shop"].items()))
    with fresh_home(folder / "home", result) as home:
        measured = stages.Home(home.home, show)
        measured.deliver(shop / given.format)
        measured.day(UNTIL, result.setdefault("first_load", []))
        result["accuracy"] = peers.accuracy(predictions(home), shop)
        measured.deliver(shop / "next_day" / given.format)
        measured.day(UNTIL + timedelta(days=1), result.setdefault("next_day", []))
        learners = floors("learners", home, folder)
    result["loading"] = []
    for kind in large.FORMATS:
        with fresh_home(folder / f"home-{kind}", {}, [TO_LOAD]) as home:
            result["loading"].append(stages.loading(stages.Home(home.home, show), shop, kind))
    with fresh_home(folder / "home-others", {}, [TO_LOAD]) as home:
        result["loading"].append(stages.loading_a_small_file(stages.Home(home.home, show)))
        result["floors"] = [*floors("floors", home, folder, shop, UNTIL), *learners]
        result["peers"] = []
        for peer in peers.run_all(given.peers, shop, UNTIL, folder / "peers", home):
            console.print(f"{peer['peer']:24s} {peer['seconds']:8.1f} s {peer['peak'] / 1e6:8,.0f} MB")
            result["peers"].append(peer)


@contextmanager
def fresh_home(path: Path, result: dict, parts: Iterable[str] = SET_UP) -> Iterator[Settings]:
    """A home with a database and its tables, without Airflow; the database stops at the end of the block."""
    shutil.rmtree(path, ignore_errors=True)
    own = measuring.environment(path)
    os.environ.clear()
    os.environ.update(own)
    with stack.database(settings.load()) as home:
        made = stages.Home(path, show)
        result["set_up"] = [made.measure(stage)[0] for stage in parts]
        yield home


def predictions(home: Settings) -> pd.DataFrame:
    """The published predictions, by the shop's customer id."""
    columns = pd.Index(["customer_id", "predicted_revenue"])
    return pd.DataFrame(db.rows(PREDICTED, url=home.warehouse_url), columns=columns)


def floors(module: str, home: Settings, folder: Path, *given: object) -> list[dict]:
    """The floors that a module measures, with the peak memory of all of them."""
    out, log = folder / f"{module}.json", folder / f"{module}.log"
    found = measuring.run(f"benchmarks.large.{module}", out, *given, home=home.home, log=log)
    if found.exit_code:
        raise ClvError(f"the {module} failed: {measuring.last_line(log)}; see {log}")
    return [{**floor, "peak": found.peak} for floor in json.loads(out.read_text())]


def show(cost: stages.Cost) -> None:
    """Prints what a stage cost."""
    rate = f"{cost.rows:,} rows, {cost.rate:,.0f} a second" if cost.rows and cost.rate else ""
    console.print(f"{cost.stage:24s} {cost.seconds:8.1f} s {cost.peak / 1e6:8,.0f} MB  {rate}")


def total(result: dict, name: str) -> float:
    """The seconds of all stages of a run."""
    return sum(cost.seconds for cost in result[name])


if __name__ == "__main__":
    main()
