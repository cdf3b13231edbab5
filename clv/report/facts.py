"""Everything that the page of a published date says, read in one snapshot."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg.rows import dict_row

from clv import publication, roles, tables, warehouse
from clv.roles import PUBLISHER

STATUSES = {"scored": "forecast", "too_little_data": "no forecast: too little data"}
RUNS = tables.ANALYTICS_RUNS
SLICE = "where as_of_date = %(as_of)s and run_id = %(run_id)s"
AT_RISK = 20  # customers listed


def read(published: publication.Publication) -> dict[str, Any]:
    """The facts of a published run by name; lists of rows as dicts."""
    with warehouse.connect(roles.url(PUBLISHER)) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        parameters = {"as_of": published.as_of_date, "run_id": published.run_id, "at_risk": AT_RISK}

        def rows(query: str) -> list[dict]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(query, parameters).fetchall()  # type: ignore[arg-type]

        totals = rows(_TOTALS)[0]
        return {
            "publication": published,
            "totals": totals,
            "verdict": _verdict(totals),
            "concentration": rows(_CONCENTRATION),
            "values": rows(_VALUES),
            "tiers": rows(_GROUPS.format(column="value_tier")),
            "segments": rows(_GROUPS.format(column="segment")),
            "moves": rows(_MOVES),
            "cohorts": rows(_COHORTS),
            "channels": rows(_CHANNELS),
            "personas": rows(_PERSONAS),
            "at_risk": rows(_AT_RISK),
            "consent": rows(_CONSENT)[0],
            "forecasts": _placed(rows(_FORECASTS)),
            "models": rows(_MODELS),
            "contestants": rows(_CONTESTANTS),
            "matured": rows(_MATURED.format(grouped_by="all")),
            "tenths": rows(_MATURED.format(grouped_by="decile")),
            "quality": rows(_QUALITY),
            "statuses": STATUSES,
            "gates": sorted(rows(_GATES), key=lambda row: publication.GATES.index(row["gate"])),
        }


_TOTALS = f"""
    select
        count(*) as customers,
        count(*) filter (where status = 'scored') as scored,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(p_purchase) as buyers,
        max(horizon_days) as horizon_days,
        max(profit_basis) as profit_basis,
        coalesce(nullif(max(currency), 'XXX'), 'the shop''s currency') as currency
    from {RUNS}.customer_clv {SLICE}
"""
_GROUPS = f"""
    select
        coalesce({{column}}, 'no forecast') as name,
        count(*) as customers,
        sum(historic_revenue) as historic_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(predicted_clv) / nullif(sum(sum(predicted_clv)) over (), 0) as share
    from {RUNS}.customer_clv {SLICE}
    group by 1
    order by avg(predicted_clv) desc nulls last, customers desc
"""
_FORECASTS = f"""
    select
        horizon_days,
        sum(expected_orders) as expected_orders,
        sum(predicted_revenue) as predicted_revenue,
        sum(predicted_clv) as predicted_clv,
        sum(predicted_clv_p10) as low,
        sum(predicted_clv_p90) as high
    from {RUNS}.customer_clv_horizons {SLICE} and predicted_clv is not null
    group by horizon_days
    order by horizon_days
"""
_MODELS = f"""
    select status, model_version, count(*) as customers, string_agg(distinct status_reason, '; ') as reasons
    from {RUNS}.customer_clv {SLICE}
    group by status, model_version
    order by customers desc
"""
_GATES = f"""
    select
        gate,
        count(*) as expectations,
        array_agg(expectation order by expectation) filter (where not success) as failed
    from {tables.GATE_RESULTS} where run_id = %(run_id)s
    group by gate
"""


_CONCENTRATION = f"""
    with ranked as (
        select
            predicted_clv,
            ceil(
                100.0 * row_number() over (order by predicted_clv desc, customer_key) / count(*) over ()
            )::integer as percent
        from {RUNS}.customer_clv {SLICE} and predicted_clv is not null
    )
    select percent, sum(sum(predicted_clv)) over (order by percent)
        / nullif(sum(sum(predicted_clv)) over (), 0) as share
    from ranked group by percent order by percent
"""
# Value in steps of a doubling; what is under one unit of money stands together.
_VALUES = f"""
    select
        case when predicted_clv >= 1 then floor(log(2, predicted_clv))::integer end as doubling,
        count(*) as customers
    from {RUNS}.customer_clv {SLICE} and predicted_clv is not null
    group by 1 order by 1 nulls first
"""
_MOVES = f"""
    select from_segment, to_segment, before_on, customers, historic_revenue
    from {RUNS}.segment_transitions {SLICE}
"""
_COHORTS = f"""
    select
        cohort_month, month_number, customers, retention,
        cohort_month + (month_number + 1) * interval '1 month' <= as_of_date as over,
        predicted_revenue is not null as expected,
        cumulative_revenue, cumulative_revenue_low, cumulative_revenue_high
    from {RUNS}.cohort_value {SLICE} and month_number <= 24
    order by cohort_month, month_number
"""
_CHANNELS = f"""
    select channel, customers, spend, cac, ltv, ltv_to_cac, payback_month, covered_from, covered_to
    from {RUNS}.channel_value {SLICE}
    order by ltv_to_cac desc nulls last, customers desc, channel
"""
_PERSONAS = f"""
    select
        name, customers, average_orders_count, average_days_since_last_order, average_churn_risk, predicted_clv,
        predicted_clv / customers as average_predicted_clv, share_of_predicted_clv as share
    from {RUNS}.personas {SLICE}
    order by predicted_clv desc nulls last, name
"""
# The customers of analytics.win_back, whether or not they may be written to.
_AT_RISK = f"""
    select
        clv.customer_key, clv.value_tier, clv.segment, clv.historic_revenue, clv.predicted_clv, clv.churn_risk,
        clv.days_overdue, clv.last_order_on, segments.value_at_stake, segments.expected_gap_days,
        clv.as_of_date - clv.last_order_on as days_silent, profiles.may_contact, count(*) over () as listed_of
    from (select * from {RUNS}.customer_clv {SLICE}) as clv
    join (select * from {RUNS}.customer_segments {SLICE} and is_saveable) as segments using (customer_key)
    join (select * from {RUNS}.dim_customer {SLICE}) as profiles using (customer_key)
    order by segments.value_at_stake desc nulls last, clv.historic_revenue desc, clv.customer_key
    limit %(at_risk)s
"""
_CONSENT = f"""
    select
        count(*) filter (where may_be_contacted) as contactable,
        count(*) filter (where may_contact) as agreed,
        count(*) filter (where not may_contact) as refused,
        count(*) filter (where may_contact is null) as unknown
    from {RUNS}.dim_customer {SLICE}
"""
# Of runs that hold, over the shortest horizon: of it the most forecasts have matured by the date of the page.
_MATURED = f"""
    with holding as (
        select distinct on (as_of_date) as_of_date, run_id from {tables.PUBLICATIONS}
        order by as_of_date, publication_id desc
    ),
    scores as (
        select *, min(horizon_days) over () as shortest
        from {tables.CLV_SCORECARD} join holding using (as_of_date, run_id)
        where matured_on <= %(as_of)s and grouped_by = '{{grouped_by}}' and customers > 0
    )
    select as_of_date, horizon_days, group_name, customers, predicted_revenue, actual_revenue, bias, coverage_80
    from scores where horizon_days = shortest order by as_of_date, group_name
"""
_QUALITY = f"""
    select
        dimension, count(*) as expectations, count(*) filter (where success) as met,
        string_agg(expectation, '; ' order by expectation) filter (where not success) as not_met
    from {tables.GATE_RESULTS} where run_id = %(run_id)s and dimension is not null
    group by dimension order by dimension
"""
_CONTESTANTS = f"""
    select decisions.horizon_days, decisions.contestant, decisions.normalized_gini, decisions.rmse, decisions.bias,
        decisions.published
    from {tables.MODEL_DECISIONS} as decisions
    where decisions.model_version in (select model_version from {RUNS}.customer_clv {SLICE})
    order by decisions.horizon_days, decisions.published desc, decisions.rmse
"""


def _placed(forecasts: list[dict]) -> list[dict]:
    """Adds where range and mean stand on a scale from 0 to 100 that all horizons share."""
    top = max((float(value) for row in forecasts for value in (row["high"], row["predicted_clv"]) if value), default=0)
    for row in forecasts:
        for name, column in (("from_", "low"), ("at", "predicted_clv"), ("to", "high")):
            row[name] = round(100 * float(row[column] or 0) / top, 2) if top else 0
    return forecasts


def _verdict(totals: dict) -> str:
    scored, customers = totals["scored"], totals["customers"]
    if not scored:
        return "No forecast was made: the shop has too little data yet. Revenue to date and segments hold all the same."
    if scored == customers:
        return "Every customer has a forecast."
    return f"{scored:,} of {customers:,} customers have a forecast; the others have too little data."
