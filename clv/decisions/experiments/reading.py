"""`clv experiment read`: what the outcomes of the arms say by a date. The database sums; customers do not leave it."""

from __future__ import annotations

import math
from datetime import date, timedelta
from typing import NamedTuple

import psycopg

from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.decisions.experiments import assigning, differences, metrics
from clv.decisions.experiments.assigning import Started
from clv.decisions.experiments.definitions import Definition
from clv.decisions.experiments.differences import Difference, Moments
from clv.decisions.experiments.metrics import METRICS
from clv.warehouse import db, locks, publication
from clv.warehouse.publication import Publication
from clv.warehouse.roles import PUBLISHER

CLOSED, RUNNING, STOPPED, MISMATCH = "closed", "running", "stopped", "mismatch"

# By metric, the moments of each arm in each value band.
Sums = dict[str, dict[str, dict[str, Moments]]]


class Comparison(NamedTuple):
    """An arm compared with the control by one metric. plain: the difference as it is. adjusted: within value bands and
    less what the forecast explains. always_valid: the bounds of adjusted that may be looked at daily."""

    metric: str
    arm: str
    customers: int
    control_customers: int
    mean: float
    control_mean: float
    plain: Difference
    adjusted: Difference
    always_valid: tuple[float, float]


class Reading(NamedTuple):
    """A read-out: the days that are read, who is read, and the comparisons, of which the outcome's come first."""

    experiment: Started
    as_of: date
    state: str
    days: int
    customers: dict[str, int]
    sample_ratio_p: float
    currency: str
    comparisons: list[Comparison]


def read(name: str, as_of: date | None, home: Settings) -> Reading:
    """Reads an experiment by the newest published date, or by an earlier day. Only orders before the day count; refunds
    and costs are those known now.

    Raises ClvError if the experiment was not started or if none of its days is published.
    """
    with db.connect(home.url_as(PUBLISHER)) as connection:
        experiment = assigning.started(name, connection)
        current = publication.current(connection=connection)
        day = min(as_of or date.max, current.as_of_date if current else date.min)
        if current is None or day <= experiment.started_on:
            raise ClvError(
                f"{name} began on {experiment.started_on}, and no later day is published"
                f"{f' by {as_of}' if as_of else ''}; run `clv run --as-of DATE` when its days have passed"
            )
        until = min(day, experiment.stopped_on or day, _end(experiment))
        found = sums(connection, experiment, current, until)
        currency = _currency(connection, current)
    return judged(experiment, day, until, found, currency)


def judged(experiment: Started, as_of: date, until: date, found: Sums, currency: str) -> Reading:
    """The read-out of sums. until: the first day that does not count."""
    definition, days = experiment.definition, (until - experiment.started_on).days
    counts = dict.fromkeys(definition.arms, 0)
    for arms in found.get(definition.outcome, {}).values():
        for arm, one in arms.items():
            counts[arm] += int(one.customers)
    kept = list(counts.values())
    ratio = differences.sample_ratio_p(kept, list(definition.arms.values()))
    if experiment.assigned:
        ratio = min(ratio, differences.losses_p([experiment.assigned.get(arm, 0) for arm in counts], kept))
    if ratio < differences.LEAST_RATIO_P:
        return Reading(experiment, as_of, MISMATCH, days, counts, ratio, currency, [])
    state = CLOSED if days == definition.window_days else STOPPED if until == experiment.stopped_on else RUNNING
    share = days / definition.window_days
    compared = [
        _compared(metric, arm, definition, list(found.get(metric, {}).values()), share)
        for metric in dict.fromkeys((definition.outcome, *definition.guards))
        for arm in definition.treated
    ]
    return Reading(experiment, as_of, state, days, counts, ratio, currency, compared)


def _compared(
    metric: str, arm: str, definition: Definition, bands: list[dict[str, Moments]], share: float
) -> Comparison:
    nobody = Moments(0, 0.0, 0.0)
    pairs = [[arms.get(one, nobody) for one in (arm, definition.control)] for arms in bands]
    whole = [differences.pooled(one) for one in zip(*pairs, strict=True)] or [nobody, nobody]
    adjusted = differences.adjusted(*differences.within_bands(pairs)) if pairs else (nobody, nobody)
    of_adjusted = differences.difference(*adjusted, alpha=definition.alpha)
    return Comparison(
        metric, arm, *(int(one.customers) for one in whole), *(float(one.mean) for one in whole),
        plain=differences.difference(*whole, alpha=definition.alpha),
        adjusted=of_adjusted,
        always_valid=differences.always_valid(of_adjusted, share, definition.alpha),
    )  # fmt: skip


def sums(connection: psycopg.Connection, experiment: Started, current: Publication, until: date) -> Sums:
    """The moments of each metric by value band and arm, of orders and answers within the window and before a day."""
    definition = experiment.definition
    chosen = list(dict.fromkeys((definition.outcome, *definition.guards)))
    values = ", ".join(f"({METRICS[name].sql})::float as {name}" for name in chosen)
    query = f"""
        with profiles as (
            select
                assigned.arm, assigned.value_band, assigned.forecast as known, assigned.customer_key,
                answers.may_contact is false and before.may_contact is not false as has_withdrawn
            from {tables.EXPERIMENT_ASSIGNMENTS} as assigned
            join {tables.ANALYTICS_RUNS}.dim_customer as customers using (customer_key)
            left join ({_answers("until")}) as answers using (customer_key)
            left join ({_answers("since")}) as before using (customer_key)
            where assigned.experiment = %(name)s
                and customers.as_of_date = %(as_of)s and customers.run_id = %(run_id)s
        ),
        outcomes as (
            select profiles.arm, profiles.value_band, profiles.known, {values}
            from profiles
            left join {tables.ANALYTICS_RUNS}.fct_orders as orders
                on profiles.customer_key = orders.customer_key
                and orders.as_of_date = %(as_of)s and orders.run_id = %(run_id)s
                and orders.ordered_on >= %(since)s and orders.ordered_on < %(until)s
            group by profiles.customer_key, profiles.arm, profiles.value_band, profiles.known
        )
        select metric, value_band, arm, {metrics.SUMS}
        from outcomes
        cross join lateral (values {", ".join(f"('{name}', {name})" for name in chosen)}) as each (metric, outcome)
        group by metric, value_band, arm
        order by metric, value_band, arm
    """  # noqa: S608 - our own names
    given = {
        "name": experiment.name,
        "as_of": current.as_of_date,
        "run_id": current.run_id,
        "since": experiment.started_on,
        "until": until,
    }
    found: Sums = {}
    for metric, band, arm, *row in connection.execute(query, given).fetchall():  # type: ignore[arg-type]
        found.setdefault(metric, {}).setdefault(band, {})[arm] = metrics.moments(tuple(row))
    return found


def _answers(day: str) -> str:
    """The query of customers' last answers whether they may be contacted, by the last published date up to a day that
    still has rows. day: the name of the query's value."""
    return f"""
        select customer_key, may_contact from {tables.ANALYTICS_RUNS}.dim_customer
        where (as_of_date, run_id) = (
            select as_of_date, run_id
            from (
                select distinct on (as_of_date) as_of_date, run_id, removed_at from {tables.PUBLICATIONS}
                where as_of_date <= %({day})s order by as_of_date desc, publication_id desc
            ) as newest
            where removed_at is null order by as_of_date desc limit 1
        )
    """  # noqa: S608 - our own names


def record(reading: Reading, messages: dict[tuple[str, str], str], home: Settings) -> None:
    """Publishes a read-out in place of an earlier one of the same date. messages: by metric and arm, the result in a
    sentence. Of a mismatch, the rows of the outcome have no figures."""
    experiment, definition = reading.experiment, reading.experiment.definition
    shared = {
        "experiment": experiment.name,
        "as_of_date": reading.as_of,
        "control": definition.control,
        "state": reading.state,
        "started_on": experiment.started_on,
        "window_days": definition.window_days,
        "days_read": reading.days,
        "sample_ratio_p": reading.sample_ratio_p,
        "currency": reading.currency,
    }
    rows = [{**_row(one), **shared, "message": messages[one.metric, one.arm]} for one in reading.comparisons]
    if not rows:
        control = reading.customers[definition.control]
        rows = [
            {"metric": definition.outcome, "arm": arm, "customers": reading.customers[arm],
             "control_customers": control, **shared, "message": messages[definition.outcome, arm]}
            for arm in definition.treated
        ]  # fmt: skip
    with db.connect(home.url_as(PUBLISHER)) as connection:
        connection.execute("select pg_advisory_xact_lock(%s)", (db.lock_key(locks.READ_OUTS),))
        connection.execute(
            f"delete from {tables.EXPERIMENT_RESULTS} where experiment = %s and as_of_date = %s",  # noqa: S608 - our own names
            (experiment.name, reading.as_of),
        )
        for row in rows:
            columns = ", ".join(row)
            places = ", ".join(f"%({name})s" for name in row)
            connection.execute(f"insert into {tables.EXPERIMENT_RESULTS} ({columns}) values ({places})", row)  # type: ignore[arg-type]  # noqa: S608 - our own names


def _row(one: Comparison) -> dict[str, object]:
    figures = {
        "mean": one.mean,
        "control_mean": one.control_mean,
        "difference": one.plain.estimate,
        "difference_low": one.plain.low,
        "difference_high": one.plain.high,
        "p_value": one.plain.p_value,
        "adjusted_difference": one.adjusted.estimate,
        "adjusted_low": one.adjusted.low,
        "adjusted_high": one.adjusted.high,
        "always_valid_low": one.always_valid[0],
        "always_valid_high": one.always_valid[1],
    }
    finite = {name: float(value) if math.isfinite(value) else None for name, value in figures.items()}
    counts = {"customers": one.customers, "control_customers": one.control_customers}
    return {"metric": one.metric, "arm": one.arm, **counts, **finite}


def _end(experiment: Started) -> date:
    return experiment.started_on + timedelta(days=experiment.definition.window_days)


def _currency(connection: psycopg.Connection, current: Publication) -> str:
    query = f"select min(currency) from {tables.ANALYTICS_RUNS}.customer_clv where as_of_date = %s and run_id = %s"  # noqa: S608 - our own names
    return connection.execute(query, (current.as_of_date, current.run_id)).fetchall()[0][0] or "XXX"
