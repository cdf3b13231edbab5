"""Compares the rows that two checkouts publish for the simulated shop, Online Retail II and CDNOW.

    python scripts/digests.py --checkout BEFORE --checkout AFTER --data FOLDER

Each checkout runs two dates of each shop in a home of its own. It is called only through its own command `clv`, so
commits with other modules can be compared too. Prints a digest per shop, table and date. If two digests differ, prints
the columns and an example row, and exits with 1. With one checkout, prints its digests. FOLDER holds
online_retail_ii.parquet and cdnow.txt; a shop whose file is missing is skipped. A checkout needs its own .venv, and a
home takes some minutes.

The rows are kept under --keep, by commit. A commit is run again only if its checkout has uncommitted changes. All homes
have the same key, because the key determines the customers' pseudonyms, by which samples are drawn.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

CUSTOMERS, SEED = 900, 7
KEY = "the same in every home that is compared"
# Columns that depend on the run or on its time, and so differ between equal rows.
LEFT_OUT_COLUMNS = {"run_id", "measured_at", "loaded_at"}
LEFT_OUT_TABLES = {"publications", "days"}


@dataclass(frozen=True)
class Shop:
    """A shop: its files, by the source that loads them, and two dates. At the second date the forecast of the first has
    matured, and each date has its own model."""

    files: dict[str, str]
    days: tuple[str, str]


SHOPS = {
    "simulated": Shop({"sample_shop": "orders", "ad_spend": "spend"}, ("2024-03-01", "2024-06-01")),
    "online_retail_ii": Shop({"online_retail_ii": "online_retail_ii.parquet"}, ("2011-06-01", "2011-09-01")),
    "cdnow": Shop({"cdnow": "cdnow.txt"}, ("1998-03-01", "1998-06-01")),
}


@dataclass(frozen=True)
class Table:
    """The columns and rows of a table, with values as PostgreSQL prints them. Equal rows may occur several times."""

    columns: list[str]
    rows: Counter[tuple[str, ...]]

    def only(self, columns: list[str]) -> Table:
        """The same rows with these columns only."""
        places = [self.columns.index(name) for name in columns]
        rows: Counter[tuple[str, ...]] = Counter()
        for row, times in self.rows.items():
            rows[tuple(row[place] for place in places)] += times
        return Table(columns, rows)

    def by_date(self) -> dict[str, Table]:
        """The rows of each as_of_date; all rows for a table without that column."""
        if "as_of_date" not in self.columns:
            return {"all": self}
        place = self.columns.index("as_of_date")
        found: dict[str, Table] = {}
        for row, times in self.rows.items():
            found.setdefault(row[place], Table(self.columns, Counter())).rows[row] += times
        return found

    def digest(self) -> str:
        """A digest of rows that does not depend on their order."""
        text = hashlib.sha256("\t".join(self.columns).encode())
        for row in sorted(self.rows.elements()):
            text.update(("\n" + "\t".join(row)).encode())
        return text.hexdigest()[:16]


def call(*command: object, home: Path) -> None:
    """Runs a command of a checkout on a home; exits with the end of the command's output when it fails."""
    others = ("CLV_WAREHOUSE_URL", "MLFLOW_TRACKING_URI", "PYTHONPATH", "VIRTUAL_ENV")
    environment = {name: value for name, value in os.environ.items() if name not in others}
    done = subprocess.run(
        [str(part) for part in command], env={**environment, "CLV_HOME": str(home)}, cwd=home.parent,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
    )  # fmt: skip
    if done.returncode:
        sys.exit(f"{' '.join(map(str, command))} failed with CLV_HOME={home}:\n{done.stdout[-2000:]}")


def make(checkout: Path, name: str, data: Path, home: Path, rows: Path) -> None:
    """Makes a shop's two dates with a checkout and saves the published rows."""
    programs, shop = checkout / ".venv" / "bin", SHOPS[name]
    shutil.rmtree(home, ignore_errors=True)
    (home / "secrets").mkdir(parents=True, mode=0o700)
    key = home / "secrets" / "pseudonym_key"
    key.touch(mode=0o600)
    key.write_text(KEY)
    if name == "simulated":
        data = home.with_name(f"{home.name}-files")
        shutil.rmtree(data, ignore_errors=True)
        options = ("--customers", CUSTOMERS, "--seed", SEED, "--until", shop.days[-1], "--out", data)
        call(programs / "python", "-m", "sample_shop", *options, home=home)
    clv = programs / "clv"
    try:
        call(clv, "up", home=home)
        for source, file in shop.files.items():
            call(clv, "ingest", "--source", source, "--path", data / file, home=home)
        for day in shop.days:
            print(f"{checkout.name}: {name}, {day}", file=sys.stderr, flush=True)
            call(clv, "run", "--as-of", day, home=home)
        save(home, rows)
    finally:
        call(clv, "down", home=home)


def save(home: Path, rows: Path) -> None:
    """Saves every table that analysts read to a file, all or none; a table with a history is saved with it."""
    partial = rows.with_name(f"{rows.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    port = json.loads((home / "state.json").read_text())["postgres_port"]
    password = (home / "secrets" / "analyst_password").read_text().strip()
    place = psycopg.connect(host="127.0.0.1", port=port, user="clv_analyst", password=password, dbname="warehouse")
    columns = "select table_name, column_name from information_schema.columns where table_schema = 'analytics' "
    with place as connection:
        tables: dict[str, list[str]] = {}
        for table, column in connection.execute(columns + "order by table_name, ordinal_position").fetchall():
            tables.setdefault(table, []).append(column)
        for table, names in tables.items():
            if table in LEFT_OUT_TABLES or f"{table}_history" in tables:
                continue
            query = sql.SQL("copy (select {} from {}) to stdout").format(
                sql.SQL(", ").join(map(sql.Identifier, names)), sql.Identifier("analytics", table)
            )
            with gzip.open(partial / f"{table}.tsv.gz", "wb", compresslevel=3) as file:
                file.write("\t".join(names).encode() + b"\n")
                with connection.cursor().copy(query) as copy:
                    for block in copy:
                        file.write(block)
    shutil.rmtree(rows, ignore_errors=True)
    partial.rename(rows)


def read(file: Path) -> Table:
    """The rows of a table that `save` wrote, without the columns that are not compared."""
    with gzip.open(file, "rt", encoding="utf-8", newline="\n") as lines:
        columns = next(lines).rstrip("\n").split("\t")
        rows = Counter(tuple(line.rstrip("\n").split("\t")) for line in lines)
    return Table(columns, rows).only([column for column in columns if column not in LEFT_OUT_COLUMNS])


def rows_of(checkout: Path, names: list[str], data: Path, keep: Path, keep_homes: bool) -> Path:
    """The folder with the rows that a checkout publishes; makes them if there are none of its commit yet."""
    commit = _git(checkout, "rev-parse", "--short=12", "HEAD")
    changed = bool(_git(checkout, "status", "--porcelain"))
    folder = keep / (f"{commit}-changed" if changed else commit)
    for name in names:
        rows, home = folder / name, folder / "homes" / name
        if changed or not rows.exists():
            make(checkout, name, data, home, rows)
            if not keep_homes:
                shutil.rmtree(home)
    return folder


def _git(checkout: Path, *arguments: str) -> str:
    done = subprocess.run(["git", "-C", str(checkout), *arguments], capture_output=True, text=True, check=True)
    return done.stdout.strip()


def compared(name: str, before: Path, after: Path) -> Iterator[tuple[list[str], list[str]]]:
    """A line of the table for each date of each of a shop's tables, and the differences.

    Columns that only one side has are listed. A new column is not a difference; a missing column is.
    """
    files = {path.name for folder in (before, after) for path in (folder / name).glob("*.tsv.gz")}
    for file in sorted(files):
        table = file.removesuffix(".tsv.gz")
        if missing := [folder for folder in (before, after) if not (folder / name / file).exists()]:
            gone = missing == [after]
            yield [name, "", table, "", "gone" if gone else "new"], ["the table has gone"] if gone else []
            continue
        one, other = read(before / name / file), read(after / name / file)
        shared = [column for column in one.columns if column in other.columns]
        if gone := [column for column in one.columns if column not in shared]:
            yield [name, "", table, "", "columns gone"], [f"gone: {', '.join(gone)}"]
        if new := [column for column in other.columns if column not in shared]:
            yield [name, "", table, "", f"new: {', '.join(new)}"], []
        parts, others = one.only(shared).by_date(), other.only(shared).by_date()
        for day in sorted(parts | others):
            nothing = Table(shared, Counter())
            left, right = parts.get(day, nothing), others.get(day, nothing)
            digests = [left.digest(), right.digest()]
            report = differences(left, right) if digests[0] != digests[1] else []
            yield [name, day, table, str(left.rows.total()), *digests, "DIFFERS" if report else "equal"], report


def differences(left: Table, right: Table) -> list[str]:
    """The differences between two tables with the same columns: how many rows, which columns, and one row as an
    example."""
    gone, new = left.rows - right.rows, right.rows - left.rows
    unlike = [
        column
        for place, column in enumerate(left.columns)
        if Counter(row[place] for row in gone.elements()) != Counter(row[place] for row in new.elements())
    ]
    report = [
        f"{gone.total()} rows before and {new.total()} after have no equal row on the other side; "
        f"columns that differ: {', '.join(unlike) or 'no single column, but several together'}"
    ]
    if not gone or not new:
        report.append(f"for example: {dict(zip(left.columns, min(gone or new), strict=True))}")
        return report
    example = min(gone)
    nearest = max(sorted(new), key=lambda row: sum(map(str.__eq__, example, row)))
    pairs = list(zip(left.columns, example, nearest, strict=True))
    same = ", ".join(f"{column} {one}" for column, one, other in pairs if one == other and column in left.columns[:5])
    report.append(f"for example: {same or 'a row'}")
    return report + [f"    {column}: {one} -> {other}" for column, one, other in pairs if one != other]


def digests(name: str, folder: Path) -> Iterator[list[str]]:
    """A line of the table for each date of each of a shop's tables."""
    for file in sorted((folder / name).glob("*.tsv.gz")):
        for day, table in sorted(read(file).by_date().items()):
            yield [name, day, file.name.removesuffix(".tsv.gz"), str(table.rows.total()), table.digest()]


def main() -> None:
    """Makes the missing rows, prints the table, and exits with 1 if anything differs."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument(
        "--checkout",
        type=Path,
        action="append",
        required=True,
        help="one, or two to compare",
    )
    parser.add_argument("--data", type=Path, required=True, help="folder of online_retail_ii.parquet and cdnow.txt")
    parser.add_argument("--keep", type=Path, default=Path(".clv-digests"), help="folder of kept rows (.clv-digests)")
    parser.add_argument("--keep-homes", action="store_true", help="also keep the homes")
    parser.add_argument("--shop", choices=SHOPS, action="append", help="compare only this shop; may be repeated")
    arguments = parser.parse_args()
    if len(arguments.checkout) > 2:
        parser.error("give one or two --checkout")
    data = arguments.data.resolve()
    names = [
        name for name in arguments.shop or SHOPS if name == "simulated" or (data / SHOPS[name].files[name]).exists()
    ]
    for name in set(arguments.shop or SHOPS) - set(names):
        print(f"{name} is skipped: {data / SHOPS[name].files[name]} does not exist", file=sys.stderr)
    keep = arguments.keep.resolve()
    folders = [rows_of(path.resolve(), names, data, keep, arguments.keep_homes) for path in arguments.checkout]
    differ = 0
    for name in names:
        if len(folders) == 1:
            for line in digests(name, folders[0]):
                print("\t".join(line))
            continue
        for line, report in compared(name, *folders):
            print("\t".join(line), *(f"    {text}" for text in report), sep="\n", flush=True)
            differ += bool(report)
    if differ:
        sys.exit(f"{differ} of the tables and dates differ")


if __name__ == "__main__":
    main()
