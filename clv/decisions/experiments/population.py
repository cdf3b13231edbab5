"""Who takes part in an experiment: the customers whom its condition selects, read as an analyst."""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple
from uuid import UUID

import psycopg

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import definitions, metrics
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.differences import Moments
from clv.decisions.experiments.metrics import NO_FORECAST, OUTCOMES
from clv.warehouse import db

TIMEOUT = 600  # seconds a query may take


class Customer(NamedTuple):
    """A customer of the population, with the value tier and the forecast of the outcome at the date."""

    key: UUID
    value_band: str
    forecast: float


def newest_date(home: Settings, before: date | None = None) -> date | None:
    """The newest published date that has rows, on or before a day; None if there is none."""
    query = """
        select max(as_of_date) from analytics.publications
        where removed_at is null and (%(before)s::date is null or as_of_date <= %(before)s)
    """
    return db.rows(query, {"before": before}, home.analyst_url)[0][0]


def customers(name: str, definition: Definition, day: date, home: Settings) -> list[Customer]:
    """The customers of the population at the newest published date. Raises ClvError if the condition cannot be run."""
    query = f"""
        select customer_key, {_BAND}, {_known(definition)}
        from ({_selected(definition)}) as customers {_allowed(definition)}
        order by customer_key
    """  # noqa: S608 - the owner's condition, run with an analyst's rights
    return [Customer(*row) for row in _read(name, query, {"day": day}, home)]


def number(name: str, definition: Definition, day: date, home: Settings, seconds: int = TIMEOUT) -> int:
    """The number of `customers`, which the database counts within so many seconds."""
    query = f"select count(*) from ({_selected(definition)}) as customers {_allowed(definition)}"  # noqa: S608 - the owner's condition, run with an analyst's rights
    return _read(name, query, {"day": day}, home, seconds)[0][0]


def past(
    name: str, definition: Definition, day: date, windows: list[int], home: Settings, seconds: int = TIMEOUT
) -> dict[int, dict[str, Moments]]:
    """The outcomes of whom the condition selects at a past date, whether they might be contacted or not: by days of the
    window and by value band, their moments. seconds: that the query may take."""
    query = f"""
        with customers as ({_selected(definition)}),
        outcomes as (
            select
                days, customers.customer_key, {_BAND} as band, {_known(definition)} as known,
                ({OUTCOMES[definition.outcome].sql})::float as outcome
            from customers
            cross join unnest(%(windows)s::integer[]) as windows (days)
            left join analytics.fct_orders as orders
                on customers.customer_key = orders.customer_key
                and orders.ordered_on >= %(day)s and orders.ordered_on < %(day)s + days
            group by 1, 2, 3, 4
        )
        select days, band, {metrics.SUMS} from outcomes group by days, band order by days, band
    """  # noqa: S608 - the owner's condition, run with an analyst's rights
    found: dict[int, dict[str, Moments]] = {}
    for days, band, *sums in _read(name, query, {"day": day, "windows": windows}, home, seconds):
        found.setdefault(days, {})[band] = metrics.moments(tuple(sums))
    return found


_BAND = f"coalesce(customers.value_tier, '{NO_FORECAST}')"


def _known(definition: Definition) -> str:
    return f"coalesce(customers.{OUTCOMES[definition.outcome].forecast}, 0)::float"


def _allowed(definition: Definition) -> str:
    return "join analytics.contactable_customers as allowed using (customer_key)" if definition.contact else ""


def _selected(definition: Definition) -> str:
    condition = definition.population.replace("%", "%%")  # as psycopg reads it
    return f"select * from analytics.customer_clv_history where as_of_date = %(day)s and (\n{condition}\n)"  # noqa: S608 - the owner's condition, run with an analyst's rights


def _read(name: str, query: str, values: dict[str, Any], home: Settings, seconds: int = TIMEOUT) -> list[tuple]:
    with db.connect(home.analyst_url) as connection:
        connection.read_only = True
        try:
            connection.execute("select set_config('statement_timeout', %s, true)", (f"{seconds}s",))
            return connection.execute(query, values).fetchall()  # type: ignore[arg-type]
        except psycopg.errors.QueryCanceled:
            raise ClvError(
                f"{name}: the warehouse did not answer within {seconds} seconds; try again when it has less to do, or "
                f"in a terminal: `clv experiment plan {name}` waits longer"
            ) from None
        except psycopg.Error as error:
            reason = (error.diag.message_primary or str(error)).strip().splitlines()[0]
            file = definitions.path_of(name, home)
            raise ClvError(
                f"{file}: 'population' cannot be run: {reason}; `clv dictionary` describes customer_clv"
            ) from None
