"""`clv experiment start` and `stop`: divides the population into arms, once, and records when an experiment ended."""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import date
from itertools import accumulate
from types import MappingProxyType
from typing import NamedTuple
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import population
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.population import Customer
from clv.warehouse import db, locks, publication
from clv.warehouse.roles import PUBLISHER

MOST_DAYS_OLD = 2  # between the newest published date and today, for an experiment to begin


class Started(NamedTuple):
    """An experiment as it was started. stopped_on: the first day that does not count, if somebody ended it early.
    assigned: the number of customers in each arm at the start."""

    name: str
    started_on: date
    definition: Definition
    stopped_on: date | None = None
    assigned: Mapping[str, int] = MappingProxyType({})


def divide(name: str, customers: Iterable[Customer], arms: Mapping[str, float]) -> dict[UUID, str]:
    """The arm of each customer. arms: the percentage of customers in each.

    Within a value band, customers are put in the order of a digest of the experiment's name and their key, which is a
    keyed digest itself and says nothing about them. The arms are cut from this order, each as long as its share, after
    a random start that depends on the band, so that each customer is in an arm with its probability, however small the
    band. The same experiment divides the same customers alike; another one independently of it.

    Source: systematic sampling, Madow & Madow 1944, Annals of Mathematical Statistics 15.
    """
    bands: dict[str, list[UUID]] = defaultdict(list)
    for one in customers:
        bands[one.value_band].append(one.key)
    ends = [*zip(accumulate(arms.values()), arms, strict=True)]
    found = {}
    for band, keys in bands.items():
        keys.sort(key=lambda key: _digest(name, str(key)))
        start = int.from_bytes(_digest(name, band)[:8]) / 2**64
        for place, key in enumerate(keys):
            percent = 100 * (place + start) / len(keys)
            found[key] = next((arm for end, arm in ends if percent < end), ends[-1][1])
    return found


def start(name: str, definition: Definition, home: Settings, today: date) -> tuple[date, dict[str, int]]:
    """Divides the population of the newest published date and records it. Returns the first day of the window, and the
    number of customers in each arm.

    Raises ClvError if the experiment was started before, if nothing is published, if the newest published date is more
    than MOST_DAYS_OLD days before today, or if an arm has fewer than two customers.
    """
    url = home.url_as(PUBLISHER)
    # Hold the shared customer lock, so that nobody of the population is erased or renamed meanwhile.
    with db.lock(locks.CUSTOMERS, home.warehouse_url, shared=True), db.connect(url) as connection:
        current = publication.current(connection=connection)
        if current is None:
            raise ClvError("nothing is published yet; run `clv run --as-of DATE`")
        if (today - current.as_of_date).days > MOST_DAYS_OLD:
            raise ClvError(
                f"{name} would begin on the newest published date, which is {current.as_of_date}, so days of its "
                f"window are over already; run `clv run --as-of {today}` first"
            )
        customers = population.customers(name, definition, current.as_of_date, home)
        arm_of = divide(name, customers, definition.arms)
        counts = {arm: sum(one == arm for one in arm_of.values()) for arm in definition.arms}
        if small := [arm for arm, count in counts.items() if count < 2]:
            raise ClvError(
                f"the population has {len(customers):,} customers on {current.as_of_date}, too few for the arm "
                f"{small[0]}; `clv experiment plan {name}` says how many are needed"
            )
        try:
            connection.execute(
                f"insert into {tables.EXPERIMENTS} (experiment, started_on, run_id, definition, customers) "  # noqa: S608 - our own names
                "values (%s, %s, %s, %s, %s)",
                (name, current.as_of_date, current.run_id, definition.model_dump_json(), Jsonb(counts)),
            )
        except psycopg.errors.UniqueViolation:
            raise ClvError(
                f"{name} was started before, and its arms stay as they are; give a new experiment a new name"
            ) from None
        columns = "experiment, customer_key, arm, value_band, forecast"
        with connection.cursor().copy(f"copy {tables.EXPERIMENT_ASSIGNMENTS} ({columns}) from stdin") as copy:
            for one in customers:
                copy.write_row((name, one.key, arm_of[one.key], one.value_band, one.forecast))
    return current.as_of_date, counts


def stop(name: str, home: Settings, over: psycopg.Connection | None = None) -> date:
    """Ends an experiment at the newest published date: later days do not count. Returns that date.

    over: the connection in whose transaction it does. Raises ClvError if the experiment was not started, was stopped
    before, or if its window is over.
    """
    with db.within(over, home.url_as(PUBLISHER)) as connection:
        found = started(name, connection)
        day = population.newest_date(home)
        if found.stopped_on:
            raise ClvError(f"{name} was stopped on {found.stopped_on}; `clv experiment read {name}` reads it")
        days = found.definition.window_days
        if day is None or (day - found.started_on).days >= days:
            raise ClvError(f"the {days} days of {name} are over; `clv experiment read {name}` reads it")
        connection.execute(
            f"update {tables.EXPERIMENTS} set stopped_on = %s where experiment = %s",  # noqa: S608 - our own names
            (day, name),
        )
    return day


def every(home: Settings) -> list[Started]:
    """The experiments that were started, the newest first."""
    query = f"""
        select experiment, started_on, definition, stopped_on, customers from {tables.EXPERIMENTS}
        order by started_on desc, experiment
    """  # noqa: S608 - our own names
    return [_started(*row) for row in db.rows(query, url=home.url_as(PUBLISHER))]


def started(name: str, connection: psycopg.Connection) -> Started:
    """The experiment of this name. Raises ClvError if it was not started."""
    query = f"select started_on, definition, stopped_on, customers from {tables.EXPERIMENTS} where experiment = %s"  # noqa: S608 - our own names
    row = connection.execute(query, (name,)).fetchone()
    if row is None:
        raise ClvError(f"{name} was not started; run `clv experiment start {name}`")
    return _started(name, *row)


def _started(name: str, day: date, definition: dict, stopped_on: date | None, customers: dict) -> Started:
    # Definitions of earlier versions may lack keys, which then have their defaults.
    return Started(name, day, Definition.model_validate(definition), stopped_on, customers)


def _digest(*parts: str) -> bytes:
    return hashlib.sha256(":".join(parts).encode()).digest()
