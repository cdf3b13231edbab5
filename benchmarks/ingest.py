"""Measures the speed of loading files into raw: python -m benchmarks.ingest SOURCE FILE [--times 3]

Uses the warehouse of CLV_HOME, which must be empty, and empties it again. Prints the lines per second of the fastest
load.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.platform.runtime import databases
from clv.warehouse import db


def main() -> None:
    """Loads the file into an empty raw schema several times and prints the speed of the fastest load."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("source")
    parser.add_argument("file", type=Path)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    home = settings.load()
    with db.connect(autocommit=True) as connection:
        databases.make_roles(connection, home)
    db.migrate()
    if db.rows(f"select count(*) from {tables.BATCHES}") != [(0,)]:  # noqa: S608 - our own names
        parser.error("this warehouse holds batches; give CLV_HOME or CLV_WAREHOUSE_URL an empty one")
    best, rows = float("inf"), 0
    for _ in range(arguments.times):
        started = time.perf_counter()
        rows = sum(result.loaded for result in sources.load(arguments.source, arguments.file, home))
        best = min(best, time.perf_counter() - started)
        with db.connect() as connection:
            connection.execute(
                f"truncate {tables.ORDER_LINES}, {tables.BATCHES}, {tables.CUSTOMERS}, {tables.UNREADABLE_ROWS} cascade"
            )
    print(f"{rows:,} lines in {best:.1f} s: {rows / best:,.0f} a second")


if __name__ == "__main__":
    main()
