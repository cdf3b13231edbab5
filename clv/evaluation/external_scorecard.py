"""The external scorecard: forecasts of other systems and ours, compared with the actual outcomes of the same customers
and days, in ops.external_scorecard.

The other systems' forecasts are the accepted rows of the kind external_forecasts. Those of one system, day and horizon
are judged together. Ours is the published one of the closest date on or before that day. Outcomes are those of the
scorecard. A comparison is measured once its window is over, and again if its forecasts or outcomes change. It stays as
it is if fewer of the export's customers can be found then, as after retention has deleted their addresses.
"""

from __future__ import annotations

from datetime import date
from typing import Any, NamedTuple

import numpy as np
import psycopg

from clv.catalog import outcomes, tables
from clv.evaluation.scorecard import FORECASTS
from clv.warehouse import db, locks, roles
from clv.warehouse.roles import PUBLISHER
from spark_jobs.judging.metrics import METRICS
from spark_jobs.judging.resampling import interval, is_significant, resamples

Array = np.ndarray
OF_REVENUE = ("normalized_gini", "rmse", "bias", "decile_mape", "top_10_capture")
OF_CHURN = ("auc", "brier")  # judge the probability of a purchase
# An older forecast of ours would be judged on days that it did not cover. Thinning out keeps one of each month's end.
OLDEST_DAYS = 31
# Of fewer customers, the figures could be those of a person, and resamples of them are too much alike to tell chance.
FEWEST = 30
DIGITS = 6  # decimals of a figure


class Export(NamedTuple):
    """What one system forecast on one day over one horizon.

    forecasts: the number of forecasts in it. our_as_of, our_run_id: the forecast of ours that it is compared with; None
    if there is none. digest: of all that the comparison depends on.
    """

    system: str
    as_of: date
    horizon_days: int
    forecasts: int
    has_churn: bool
    has_matured: bool
    our_as_of: date | None
    our_run_id: str | None
    digest: object


class Judged(NamedTuple):
    """Two forecasts for the same customers, by one metric; None if they cannot be judged yet. low, high: the 95 %
    interval of ours less theirs. nearer: theirs, ours, or neither."""

    theirs: float | None = None
    ours: float | None = None
    low: float | None = None
    high: float | None = None
    nearer: str | None = None


def measure() -> dict[str, int]:
    """Measures the comparisons that have no up-to-date measurement, each in one transaction, and removes those whose
    export does not count any more.

    A comparison is recorded without figures as long as its window is not over by the newest published date, and if
    there is no forecast of ours or fewer than FEWEST customers have both. Returns how many were recorded. Does nothing
    before `clv up` has created the table of the kind.
    """
    url = roles.url(PUBLISHER)
    with db.lock(locks.SCORECARD, url):
        if db.rows("select to_regclass(%s)", (tables.EXTERNAL_FORECASTS,), url)[0][0] is None:
            return {"recorded": 0}
        with db.connect(url) as connection:
            connection.execute(_REMOVED)  # type: ignore[arg-type]
        due = [Export(*row) for row in db.rows(_DUE, {"oldest": OLDEST_DAYS}, url)]
        for export in due:
            with db.connect(url) as connection:
                _record(connection, export)
    return {"recorded": len(due)}


def judge(metric: str, actual: Array, theirs: Array, ours: Array) -> Judged:
    """Compares two forecasts by a metric of `spark_jobs.judging.metrics`.

    actual, theirs, ours: arrays of one length; revenues, or whether customers bought and the probabilities of it. One
    is nearer if the interval of the difference, from a paired bootstrap, does not contain 0. Otherwise the difference
    may be chance. With fewer than FEWEST customers, there are no figures.
    """
    if len(actual) < FEWEST:
        return Judged()
    definition = METRICS[metric]
    of_theirs, of_ours = (round(definition.formula(actual, forecast), DIGITS) for forecast in (theirs, ours))
    differences = [
        definition.formula(actual, ours, w=w) - definition.formula(actual, theirs, w=w) for w in resamples(len(actual))
    ]
    low, high = interval(np.concatenate(differences))
    nearer = "ours" if (low > 0) == definition.more_is_better else "theirs"
    return Judged(of_theirs, of_ours, low, high, nearer if is_significant(low, high) else "neither")


def _record(connection: psycopg.Connection, export: Export) -> None:
    """Replaces the rows of one comparison: one for each metric, without figures if it cannot be measured.

    Measured rows stay, and take the new digest, if the export has as many forecasts as then but fewer of its customers
    are found.
    """
    values = export._asdict()
    customers = _customers(connection, export) if export.has_matured and export.our_run_id else {}
    found = {"customers": len(customers.get("actual_revenue", ())), "of_revenue": list(OF_REVENUE)}
    if export.has_matured and connection.execute(_KEPT, {**values, **found}).rowcount:  # type: ignore[arg-type]
        return
    connection.execute(f"delete from {tables.EXTERNAL_SCORECARD} where {_OF_EXPORT}", values)  # type: ignore[arg-type]  # noqa: S608 - our own names
    revenue = [customers.get(name, np.empty(0)) for name in ("actual_revenue", "their_revenue", "our_revenue")]
    churn = [customers.get(name, np.empty(0)) for name in ("bought", "their_p", "our_p")]
    is_known = ~np.isnan(churn[1])
    arrays = dict.fromkeys(OF_REVENUE, revenue)
    if export.has_churn:
        arrays |= dict.fromkeys(OF_CHURN, [values[is_known] for values in churn])
    for metric, given in arrays.items():
        judged = judge(metric, *given)._asdict()
        connection.execute(_INSERTED, {**values, **judged, "metric": metric, "customers": len(given[0])})  # type: ignore[arg-type]


def _customers(connection: psycopg.Connection, export: Export) -> dict[str, Array]:
    """Reads the customers with both forecasts: an array for each column, all of one length. Their order depends on the
    values alone, since resamples draw by place: other keys of the same customers give the same figures."""
    values: dict[str, Any] = {**export._asdict(), "origin": export.as_of, "horizon": export.horizon_days}
    found = connection.execute(_MATCHED, values)  # type: ignore[arg-type]
    names = [column.name for column in found.description or ()]
    rows = np.array(found.fetchall(), dtype=float).reshape(-1, len(names))
    return dict(zip(names, rows.T, strict=True))


_ACCEPTED = f"""
    select forecasts.*
    from {tables.EXTERNAL_FORECASTS} as forecasts
    join {tables.STG_KIND_VERDICTS} as verdicts
        on forecasts._batch_id = verdicts.batch_id and forecasts._line = verdicts.line
    where verdicts.verdict = 'accepted'
"""  # noqa: S608 - our own names

_REMOVED = f"""
    delete from {tables.EXTERNAL_SCORECARD} as known
    where not exists (
        select from ({_ACCEPTED}) as accepted
        where accepted.system = known.system and accepted.as_of = known.as_of_date
            and accepted.horizon_days::integer = known.horizon_days
    )
"""  # noqa: S608 - our own names

# The comparisons to record. A measured one stays as it is if the forecast of ours was thinned out since.
_DUE = f"""
    with current_runs as (
        select distinct on (as_of_date) as_of_date, run_id, removed_at
        from {tables.PUBLICATIONS} order by as_of_date, publication_id desc
    ),
    exports as (
        select
            system, as_of, horizon_days::integer as horizon_days, count(*) as forecasts,
            bool_or(churn_probability is not null) as has_churn,
            coalesce(as_of + horizon_days::integer <= (select max(as_of_date) from current_runs), false) as has_matured,
            sum(hashtextextended(concat_ws(' ', customer_key, predicted_revenue, churn_probability), 0)) as digest
        from ({_ACCEPTED}) as accepted
        group by system, as_of, horizon_days::integer
    ),
    compared as (
        select exports.*, ours.as_of_date as our_as_of, ours.run_id as our_run_id
        from exports
        left join lateral (
            select runs.as_of_date, runs.run_id
            from current_runs as runs
            where runs.as_of_date <= exports.as_of and runs.as_of_date > exports.as_of - %(oldest)s
                and runs.removed_at is null
                and exists (
                    select from {FORECASTS} as forecasts
                    where forecasts.as_of_date = runs.as_of_date and forecasts.run_id = runs.run_id
                        and forecasts.horizon_days = exports.horizon_days and forecasts.predicted_revenue is not null
                )
            order by runs.as_of_date desc limit 1
        ) as ours on true
    ),
    daily as (
        select {outcomes.DIGEST_OF_DAY}
        from {tables.INT_OUTCOME_DAYS}
        where day >= (select min(as_of) from compared where has_matured)
            and day < (select max(as_of + horizon_days) from compared where has_matured)
        group by day
    ),
    digested as (
        select
            compared.system, compared.as_of, compared.horizon_days, compared.forecasts, compared.has_churn,
            compared.has_matured, compared.our_as_of, compared.our_run_id,
            compared.digest + hashtextextended(concat_ws(' ', compared.has_matured, compared.our_run_id), 0)
                + coalesce(sum(daily.digest), 0) as digest
        from compared
        left join daily
            on compared.has_matured and daily.day >= compared.as_of
            and daily.day < compared.as_of + compared.horizon_days
        group by compared.system, compared.as_of, compared.horizon_days, compared.forecasts, compared.has_churn,
            compared.has_matured, compared.our_as_of, compared.our_run_id, compared.digest
    )
    select digested.*
    from digested
    left join (
        select system, as_of_date, horizon_days, max(digest) as digest,
            max(our_as_of_date) filter (where ours is not null) as our_as_of
        from {tables.EXTERNAL_SCORECARD}
        group by system, as_of_date, horizon_days
    ) as known
        on digested.system = known.system and digested.as_of = known.as_of_date
        and digested.horizon_days = known.horizon_days
    where digested.digest is distinct from known.digest
        and coalesce(digested.our_as_of, '-infinity') >= coalesce(known.our_as_of, '-infinity')
    order by digested.as_of, digested.horizon_days, digested.system
"""  # noqa: S608 - our own names

# A forecast is for the shop's customer with its id or, if there is none with a forecast of ours, for the one customer
# with its address who has one. Customers with two forecasts are left out: nothing says which one is theirs.
_MATCHED = f"""
    with theirs as (
        select customer_key, predicted_revenue, churn_probability
        from ({_ACCEPTED}) as accepted
        where system = %(system)s and as_of = %(as_of)s and horizon_days::integer = %(horizon_days)s
    ),
    ours as (
        select customer_key, predicted_revenue, p_purchase
        from {FORECASTS}
        where as_of_date = %(our_as_of)s and run_id = %(our_run_id)s and horizon_days = %(horizon_days)s
            and predicted_revenue is not null
    ),
    of_address as (
        select addresses.customer_key, min(ours.customer_key::text)::uuid as our_key
        from {tables.CUSTOMERS_OF_ADDRESS} as addresses
        join ours on addresses.same_address_key = ours.customer_key
        group by addresses.customer_key having count(*) = 1
    ),
    matched as (
        select
            coalesce(by_id.customer_key, of_address.our_key) as customer_key,
            theirs.predicted_revenue, theirs.churn_probability,
            count(*) over (partition by coalesce(by_id.customer_key, of_address.our_key)) as forecasts
        from theirs
        left join ours as by_id on theirs.customer_key = by_id.customer_key
        left join of_address on theirs.customer_key = of_address.customer_key
    )
    select
        coalesce(actual.revenue, 0) as actual_revenue,
        matched.predicted_revenue as their_revenue,
        ours.predicted_revenue as our_revenue,
        coalesce(actual.purchases > 0, false)::integer as bought,
        1 - matched.churn_probability as their_p,
        ours.p_purchase as our_p
    from matched
    join ours using (customer_key)
    left join {outcomes.WITHIN} as actual using (customer_key)
    where matched.forecasts = 1
    order by 1, 2, 3, 4, 5, 6
"""  # noqa: S608 - our own SQL; values are bound or quoted

_OF_EXPORT = "system = %(system)s and as_of_date = %(as_of)s and horizon_days = %(horizon_days)s"

_KEPT = f"""
    update {tables.EXTERNAL_SCORECARD} set digest = %(digest)s
    where {_OF_EXPORT} and exists (
        select from {tables.EXTERNAL_SCORECARD}
        where {_OF_EXPORT} and theirs is not null and forecasts = %(forecasts)s and customers > %(customers)s
            and metric = any(%(of_revenue)s)
    )
"""  # noqa: S608 - our own names

_INSERTED = f"""
    insert into {tables.EXTERNAL_SCORECARD} (
        system, as_of_date, horizon_days, metric, matured_on, our_as_of_date, our_run_id, forecasts, customers, theirs,
        ours, difference_low, difference_high, nearer, digest
    )
    values (
        %(system)s, %(as_of)s, %(horizon_days)s, %(metric)s, %(as_of)s + %(horizon_days)s, %(our_as_of)s,
        %(our_run_id)s, %(forecasts)s, %(customers)s, %(theirs)s, %(ours)s, round(%(low)s::numeric, 6),
        round(%(high)s::numeric, 6), %(nearer)s, %(digest)s
    )
"""  # noqa: S608 - our own names
