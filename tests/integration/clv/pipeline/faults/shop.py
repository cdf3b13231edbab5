"""A small shop whose steps are run by a victim process, and checks of everything that readers can see at any time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from pathlib import Path

import psycopg
import simulated_features as sim

from clv.catalog import published, tables
from clv.core import settings
from clv.pipeline import steps
from clv.warehouse import db, registry

VICTIM = Path(__file__).with_name("victim.py")
DAYS = 300
AS_OF = sim.FIRST_DAY + timedelta(days=DAYS)
SHOP = {"horizons": [30], "minimum_days": 60, "minimum_customers": 50}
LEFT_BEHIND = """
    select 'lock ' || locktype || ' ' || mode from pg_locks
    where locktype = 'advisory' and database = (select oid from pg_database where datname = current_database())
    union all
    select 'relation ' || relname from pg_class
    where relkind in ('r', 'v', 'm') and (relpersistence = 't' or relname ~ '__dbt_(tmp|backup)')
    union all
    select 'session ' || state || ' ' || query from pg_stat_activity
    where datname = current_database() and pid <> pg_backend_pid() and state like 'idle in transaction%'
"""


def names_of_steps() -> list[str]:
    """The steps that are disturbed: all steps of a run, in order."""
    return [step.name for step in steps.daily()]


@dataclass
class Shop:
    """A home with orders in its landing folder, and the process that runs steps in it."""

    home: settings.Settings
    process: subprocess.Popen
    log: Path
    commits: dict[str, int] = field(default_factory=dict)  # of each step, in an undisturbed run

    def order(self, step: str, run_id: str, as_of: date = AS_OF, **more: object) -> None:
        """Tells the victim to run a step, and does not wait."""
        assert self.process.stdin
        self.process.stdin.write(
            json.dumps({"step": step, "run_id": run_id, "as_of": as_of.isoformat(), **more}) + "\n"
        )
        self.process.stdin.flush()

    def answer(self) -> dict:
        """The result of the last order."""
        assert self.process.stdout
        return json.loads(self.process.stdout.readline())

    def take(self, step: str, run_id: str, as_of: date = AS_OF, **more: object) -> dict:
        """Runs a step and waits for its result."""
        self.order(step, run_id, as_of, **more)
        return self.answer()

    def options(self, step: str, facts: dict) -> dict:
        """The arguments that a step receives from earlier steps."""
        return {argument: facts[name] for argument, name in steps.find(step).given.items()}

    def run(self, run_id: str, as_of: date = AS_OF, tries: int = 1, last: str | None = None) -> dict[str, dict]:
        """Runs every step, or those up to `last`, without a fault, with as many attempts as Airflow makes; returns the
        facts of each."""
        facts: dict[str, dict] = {}
        for step in names_of_steps():
            for _ in range(tries):
                found = self.take(step, run_id, as_of, options=self.options(step, facts))
                if "facts" in found:
                    break
            assert "facts" in found, f"{step}: {found}; {self.log.read_text()[-2000:]}"
            facts[step] = found["facts"]
            self.commits[step] = found["commits"]
            if step == last:
                break
        return facts


def set_up(home: settings.Settings, customers: int = 250) -> settings.Settings:
    """A home, whose warehouse is set up (see the marker set_up), with the orders of simulated customers in its landing
    folder, ready for its first run."""
    registry_url = home.database_url("mlflow")
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute(f"create database {registry_url.rpartition('/')[2]}")  # type: ignore[arg-type]
    registry.setup(home)
    (home.home / "shop.json").write_text(json.dumps(SHOP))
    home = settings.load(home.home)
    deliver(home, "orders.csv", sim.orders(customers, DAYS))
    return home


@contextmanager
def opened(home: settings.Settings, folder: Path, customers: int = 250) -> Iterator[Shop]:
    """A shop of simulated customers, set up, and the process that runs its steps."""
    home = set_up(home, customers)
    with victim(home, folder / "victim.log") as shop:
        yield shop


@contextmanager
def victim(home: settings.Settings, log: Path) -> Iterator[Shop]:
    """A process that runs a shop's steps; several may run at the same time."""
    environment = {**os.environ, **settings.QUIET, "PYTHONPATH": str(settings.PROJECT)}
    process = subprocess.Popen(
        [sys.executable, str(VICTIM), str(log)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=settings.PROJECT,
    )  # fmt: skip
    try:
        yield Shop(home, process, log)
    finally:
        assert process.stdin
        process.stdin.close()
        process.wait(60)


def deliver(home: settings.Settings, name: str, made) -> None:
    """Moves a file of orders into the landing folder in one operation."""
    folder = home.landing / "orders"
    folder.mkdir(parents=True, exist_ok=True)
    days = [sim.FIRST_DAY + timedelta(days=int(day)) for day in made.day]
    lines = [
        f"{key},{name}-{number},{day},{amount}"
        for number, (key, day, amount) in enumerate(zip(made.customer_key, days, made.amount, strict=True))
    ]
    partial = folder / f"{name}.part"
    partial.write_text("\n".join(["customer_id,order_id,ordered_at,amount", *lines]) + "\n")
    partial.rename(folder / name)


def digest(run_id: str) -> str:
    """The digest of a published run's rows."""
    query = f"select digest from {tables.PUBLICATIONS} where run_id = %s order by publication_id desc limit 1"
    return db.rows(query, (run_id,))[0][0]


def left_behind(timeout: float = 10) -> list[str]:
    """Locks, incomplete tables and open transactions that no process uses any more, after all processes had time to
    end."""
    deadline = time.monotonic() + timeout
    while (found := [text for (text,) in db.rows(LEFT_BEHIND)]) and time.monotonic() < deadline:
        time.sleep(0.2)
    return found


def unaccounted() -> list[tuple]:
    """Batches whose received rows are not all accepted, rejected, duplicates, replaced, withdrawn or erased."""
    return db.rows(
        f"""select batch_id from {tables.STG_BATCH_COUNTS}
        where rows_received
            <> rows_accepted + rows_rejected + rows_duplicate + rows_replaced + rows_withdrawn + rows_erased"""
    )


class Reader:
    """An analyst who queries every view all the time, and records inconsistent results.

    pause: seconds between two rounds of queries; at 0.02 the reader uses half a core.
    """

    def __init__(self, home: settings.Settings, pause: float = 0.3) -> None:
        self.url, self.seen, self.reads, self.pause = home.analyst_url, [], 0, pause
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._read, daemon=True)

    def __enter__(self) -> Reader:
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join(30)

    def _read(self) -> None:
        newest = f"select distinct on (as_of_date) as_of_date, run_id from {tables.PUBLICATIONS} "
        newest += "order by as_of_date desc, publication_id desc"
        while not self.ended.is_set():
            try:
                with psycopg.connect(self.url) as connection:
                    connection.execute("set transaction isolation level repeatable read")
                    holding = dict(connection.execute(newest).fetchall())  # type: ignore[arg-type]
                    latest = max(holding, default=None)
                    for name, table in published.tables().items():
                        for view in table.views:
                            self._look(
                                connection, view, {latest: holding[latest]} if view == name and latest else holding
                            )
            except psycopg.Error as error:
                self.seen.append(f"{type(error).__name__}: {error}")
            with suppress(TimeoutError):
                self.ended.wait(self.pause)

    def _look(self, connection: psycopg.Connection, view: str, expected: dict) -> None:
        found = connection.execute(
            f"select as_of_date, run_id, count(*) from analytics.{view} group by 1, 2"
        ).fetchall()  # type: ignore[arg-type]
        self.reads += 1
        runs = {(day, run_id) for day, run_id, _ in found}
        if runs != set(expected.items()) and (found or view in ("customer_clv", "fct_orders")):
            self.seen.append(f"{view} shows {sorted(runs)} where {sorted(expected.items())} are published")
