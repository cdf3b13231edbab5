"""The scorecard: compares every published forecast that has matured with the actual outcomes, in ops.clv_scorecard.

Outcomes are read from the schema intermediate, which depends on raw data alone, so a row does not depend on the run
that measures it, or on the time. A forecast is measured once, and again when the outcomes of its days have changed.
"""

from __future__ import annotations

from datetime import date

from clv.catalog import outcomes, tables
from clv.warehouse import db, locks, roles
from clv.warehouse.roles import PUBLISHER
from spark_jobs.judging import ranked

FORECASTS = f"{tables.ANALYTICS_RUNS}.customer_clv_horizons"
VALUES = f"{tables.ANALYTICS_RUNS}.customer_clv"


def measure() -> dict:
    """Measures the matured forecasts of current publications that have no up-to-date measurement, each in one
    transaction.

    A forecast has matured when its window ends by the newest published date. Returns how many were measured, and how
    many of them had been measured before.
    """
    url = roles.url(PUBLISHER)
    with db.lock(locks.SCORECARD, url):
        due = db.rows(_DUE, url=url)
        for number, (as_of, run_id, days, digest, _) in enumerate(due, 1):
            _measure(as_of, run_id, days, digest)
            if number % 50 == 0 and number < len(due):
                print(f"scorecard: measured {number} of {len(due)} forecasts", flush=True)
    return {"measured": len(due), "measured_again": sum(known for *_, known in due)}


def _measure(as_of: date, run_id: str, days: int, digest: object) -> None:
    """Replaces the scorecard rows of one forecast."""
    values = {"origin": as_of, "run_id": run_id, "horizon": days, "digest": digest}
    with db.connect(roles.url(PUBLISHER)) as connection:
        where = "as_of_date = %(origin)s and run_id = %(run_id)s and horizon_days = %(horizon)s"
        connection.execute(f"delete from {tables.CLV_SCORECARD} where {where}", values)  # noqa: S608 - our own SQL; values are bound or quoted
        connection.execute(_MEASURED, values)  # type: ignore[arg-type]


# The forecasts to measure. Every customer has a row per horizon, so one customer's rows list the horizons of a run.
_DUE = f"""
    with current_runs as (
        select distinct on (as_of_date) as_of_date, run_id
        from {tables.PUBLICATIONS} order by as_of_date, publication_id desc
    ),
    forecasts as (
        select current_runs.as_of_date, current_runs.run_id, forecast_rows.horizon_days
        from current_runs
        cross join lateral (
            select customer_key from {FORECASTS} as rows
            where rows.as_of_date = current_runs.as_of_date and rows.run_id = current_runs.run_id limit 1
        ) as one
        join {FORECASTS} as forecast_rows using (as_of_date, run_id, customer_key)
        where current_runs.as_of_date + forecast_rows.horizon_days <= (select max(as_of_date) from current_runs)
    ),
    daily as (
        select {outcomes.DIGEST_OF_DAY}
        from {tables.INT_OUTCOME_DAYS}
        where day >= (select min(as_of_date) from forecasts)
            and day < (select max(as_of_date + horizon_days) from forecasts)
        group by day
    ),
    outcomes as (
        select forecasts.*, coalesce(sum(daily.digest), 0) as outcome_digest
        from forecasts
        left join daily
            on daily.day >= forecasts.as_of_date and daily.day < forecasts.as_of_date + forecasts.horizon_days
        group by forecasts.as_of_date, forecasts.run_id, forecasts.horizon_days
    )
    select
        as_of_date, run_id, horizon_days, outcomes.outcome_digest, known.outcome_digest is not null as measured_before
    from outcomes
    left join {tables.CLV_SCORECARD} as known
        using (as_of_date, run_id, horizon_days)
    where coalesce(known.grouped_by, 'all') = 'all'
        and known.outcome_digest is distinct from outcomes.outcome_digest
    order by as_of_date, horizon_days
"""  # noqa: S608 - our own names

# The published quantiles are of discounted profit, the actuals of revenue. The ratio predicted_revenue / predicted_clv
# converts a customer's quantiles to revenue.
_MEASURED = f"""
    with forecasts as (
        select
            *,
            -- Runs made before the interval had columns of its own have it in the others
            coalesce(predicted_clv_low, predicted_clv_p10) as low,
            coalesce(predicted_clv_high, predicted_clv_p90) as high,
            coalesce(
                predicted_revenue / nullif(predicted_clv, 0),
                sum(predicted_revenue) over () / nullif(sum(predicted_clv) over (), 0)
            ) as revenue_per_clv
        from {FORECASTS}
        where as_of_date = %(origin)s and run_id = %(run_id)s and horizon_days = %(horizon)s
            and predicted_revenue is not null
    ),
    customers as (
        select
            tiers.currency, forecasts.predicted_revenue, forecasts.p_purchase,
            coalesce(actual.revenue, 0) as actual_revenue,
            coalesce(actual.purchases > 0, false) as bought,
            abs(forecasts.predicted_clv_p50 * forecasts.revenue_per_clv - coalesce(actual.revenue, 0))
                as absolute_error,
            coalesce(actual.revenue, 0) between forecasts.low * forecasts.revenue_per_clv
                and forecasts.high * forecasts.revenue_per_clv as within_interval,
            tiers.value_tier,
            {ranked.decile("forecasts.predicted_revenue")} as decile
        from forecasts
        left join {outcomes.WITHIN} as actual using (customer_key)
        left join {VALUES} as tiers using (as_of_date, run_id, customer_key)
    )
    insert into {tables.CLV_SCORECARD} (
        as_of_date, run_id, horizon_days, grouped_by, group_name, matured_on, currency, customers, predicted_revenue,
        actual_revenue, bias, wape_of_median, mean_absolute_error, coverage_80, mean_p_purchase, share_bought,
        outcome_digest
    )
    select
        %(origin)s, %(run_id)s, %(horizon)s,
        case when grouping(decile) = 0 then 'decile' when grouping(value_tier) = 0 then 'value_tier' else 'all' end,
        case
            when grouping(decile) = 0 then lpad(decile::text, 2, '0')
            when grouping(value_tier) = 0 then coalesce(value_tier, 'none')
            else 'all'
        end,
        %(origin)s + %(horizon)s,
        max(currency),
        count(*),
        sum(predicted_revenue),
        sum(actual_revenue),
        round(sum(predicted_revenue) / nullif(sum(actual_revenue), 0) - 1, 4),
        round(sum(absolute_error) / nullif(sum(actual_revenue), 0), 4),
        avg(absolute_error),
        round(avg(within_interval::integer), 4),
        round(avg(p_purchase::numeric), 4),
        round(avg(bought::integer), 4),
        %(digest)s
    from customers
    group by grouping sets ((), (value_tier), (decile))
"""  # noqa: S608 - our own SQL; values are bound or quoted
