"""Measures the speed of loading files into raw by format: python -m benchmarks.ingest SOURCE FILE [--times 3]

FILE is a CSV with a header, or Parquet. The rows of it that DuckDB reads are also written in the other formats, and the
first ones as a small file. Uses the warehouse of CLV_HOME, which must be empty, and empties it again. Prints the
seconds and the lines per second of the fastest load of each, and the CPU seconds of this process (those of PostgreSQL
come on top). Starts the warehouse if it does not run.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import duckdb

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.core.sql_text import literal, path_literal
from clv.platform.runtime import stack
from clv.sources.kinds import raw_tables
from clv.warehouse import db

SMALL = 50  # rows


def main() -> None:
    """Loads the file in each format into an empty raw schema several times and prints the fastest load of each."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.ingest", description=__doc__)
    parser.add_argument("source")
    parser.add_argument("file", type=Path)
    parser.add_argument("--times", type=int, default=3)
    arguments = parser.parse_args()
    with stack.database(settings.load()) as home, tempfile.TemporaryDirectory() as folder:
        db.migrate(home.warehouse_url)
        raw_tables.make(home)
        if db.rows(f"select count(*) from {tables.BATCHES}") != [(0,)]:  # noqa: S608 - our own names
            parser.error("this warehouse holds batches; give CLV_HOME or CLV_WAREHOUSE_URL an empty one")
        for path in [arguments.file, *written(arguments.file, Path(folder))]:
            lines, seconds, cpu = min((loaded(arguments.source, path, home) for _ in range(arguments.times)), key=_wall)
            speed = f"{lines / seconds:,.0f} a second"
            print(f"{path.name:24} {lines:>12,} lines {seconds:8.2f} s {cpu:8.2f} s of CPU {speed:>20}", flush=True)


def written(file: Path, folder: Path) -> list[Path]:
    """Writes the rows of a file as Parquet and gzip'd CSV, and the first ones as a small CSV; returns the files."""
    reader = (
        "read_parquet({})"
        if file.suffix == ".parquet"
        else "read_csv({}, header = true, all_varchar = true, ignore_errors = true)"
    )
    rows = f"from {reader.format(path_literal(file))}"
    for name, query in ("rows.parquet", rows), ("rows.csv.gz", rows), ("small.csv", f"{rows} limit {SMALL}"):
        duckdb.execute(f"copy ({query}) to {literal(str(folder / name))}")
    return [folder / "rows.parquet", folder / "rows.csv.gz", folder / "small.csv"]


def loaded(source: str, path: Path, home: settings.Settings) -> tuple[int, float, float]:
    """Loads a file and empties the warehouse again; returns the lines, the seconds and the CPU seconds."""
    started, used = time.perf_counter(), time.process_time()
    lines = sum(result.received for result in sources.load(source, path, home))
    seconds, cpu = time.perf_counter() - started, time.process_time() - used
    with db.connect() as connection:
        connection.execute(
            f"truncate {tables.ORDER_LINES}, {tables.BATCHES}, {tables.CUSTOMERS}, {tables.UNREADABLE_ROWS} cascade"
        )
    return lines, seconds, cpu


def _wall(measured: tuple[int, float, float]) -> float:
    return measured[1]


if __name__ == "__main__":
    main()
