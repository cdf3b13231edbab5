"""The tables that dbt builds, as far as gates, pages and publication need them: without keys and comments."""

from __future__ import annotations

from clv.catalog import dbt_project, published, tables

STAGING = f"""
create table {tables.STG_ORDER_LINES} (
    source text, row_key text, batch_id bigint, line bigint, order_key text, order_id text, customer_key uuid,
    ordered_at timestamp, ordered_on date, amount numeric
);
create view {tables.STG_BATCHES} as
    select batch_id, source, false as is_withdrawn, false as is_read_again from {tables.BATCHES};
create table {tables.STG_LINE_RATES} (batch_id bigint, line bigint, entry smallint, fixed_rate numeric, rate numeric);
create table {tables.SET_ASIDE_LINES} (
    source text, row_key text, batch_id bigint, line bigint, reason text, order_id text, customer_key uuid,
    ordered_at timestamp, amount numeric
);
create table {tables.STG_KIND_VERDICTS} (batch_id bigint, line bigint, source text, kind text, verdict text);
create table {tables.STG_CHANNEL_SPEND} (
    batch_id bigint, line bigint, source text, day date, channel text, campaign text, amount numeric
);
create table {tables.STG_BATCH_COUNTS} (
    batch_id bigint, source text, file_name text, rows_received bigint, rows_unreadable bigint, rows_accepted bigint,
    rows_set_aside bigint, rows_duplicate bigint, rows_by_rule bigint default 0, rows_replaced bigint default 0,
    rows_withdrawn bigint default 0, rows_erased bigint default 0, rows_rejected bigint default 0,
    rows_missing_order bigint default 0,
    rows_missing_time bigint default 0, rows_missing_amount bigint default 0, rows_missing_customer bigint default 0,
    first_ordered_at timestamp, last_ordered_at timestamp
);
"""

WINDOWS = ", ".join(f"orders_{days} int default 0, revenue_{days} float default 0" for days in (30, 60, 90, 180, 365))
FEATURES = f"""
create table {tables.CUSTOMER_FEATURES} (
    as_of_date date, run_id text, customer_key uuid, orders_count int, days_with_orders int, frequency int,
    recency float, t float, first_order_on date, last_order_on date, revenue_total float, {WINDOWS}
);
create table {tables.TRAINING_EXAMPLES} (training_date date, run_id text, as_of_date date, customer_key uuid);
"""

SLICED = "as_of_date date, run_id text"
FORECAST = ", ".join(
    f"predicted_{name} numeric" for name in ("revenue", "profit", "clv", "clv_low", "clv_p50", "clv_high")
)

TOTALS = ", ".join(
    f"predicted_{what}{end} numeric default {number}"
    for what in ("revenue", "profit", "clv")
    for end, number in (("", 42), ("_low", 30), ("_high", 60))
)
TO_COME = ", ".join(f"new_customers{what}{end} numeric" for what in ("", "_revenue") for end in ("", "_low", "_high"))

ANALYTICS = f"""
create table analytics_runs.customer_clv (
    {SLICED}, customer_key uuid, horizon_days int, currency text, status text, status_reason text,
    first_order_on date, last_order_on date, orders_count int, historic_revenue numeric, p_alive float,
    p_purchase float, churn_band text, expected_orders float, {FORECAST}, clv_percentile float, value_tier text,
    segment text, model_version text, churn_risk float default 0.5, days_overdue int default 3,
    profit_basis text default 'revenue',
    reasons jsonb default '[{{"reason": "spent 20.00", "effect": 5}}]',
    risk_reasons jsonb default '[{{"reason": "bought once", "effect": -2}}, {{"reason": "quiet", "effect": 1}}]',
    historic_profit numeric, average_order_value numeric, average_days_between_orders numeric, lifetime_clv numeric,
    lifecycle_stage text,
    primary key (as_of_date, run_id, customer_key)
);
create table analytics_runs.customer_clv_horizons (
    {SLICED}, customer_key uuid, horizon_days int, p_purchase float, expected_orders float, {FORECAST},
    predicted_clv_p10 numeric, predicted_clv_p90 numeric,
    primary key (as_of_date, run_id, customer_key, horizon_days)
);
create table analytics_runs.value_tiers as
    select * from (values ('high', 34, 3), ('middle', 67, 7), ('low', 100, 0))
        as tiers (value_tier, top_percent, tolerance);
create table analytics_runs.segments (segment text, lifecycle_stage text, meaning text, what_to_do text);
create table analytics_runs.segment_summary (
    {SLICED}, segment text, customers bigint, profit_basis text default 'costs', customers_contactable int default 0,
    customers_agreed int default 0, customers_refused int default 0, customers_consent_unknown int default 0,
    primary key (as_of_date, run_id, segment)
);
create table analytics_runs.customer_segments (
    {SLICED}, customer_key uuid, segment text, lifecycle_stage text, value_band text, tags text[], persona text,
    why_slipping text default 'silent for 92 days, an order was due after 40', value_at_stake numeric default 7,
    is_saveable boolean default false,
    primary key (as_of_date, run_id, customer_key)
);
create table analytics_runs.segment_transitions (
    {SLICED}, from_segment text, to_segment text, customers bigint, before_on date default '2011-05-02',
    historic_revenue numeric,
    primary key (as_of_date, run_id, from_segment, to_segment)
);
create table analytics_runs.cohort_value (
    {SLICED}, cohort_month date, month_number int, customers bigint, retention numeric, revenue numeric,
    cumulative_revenue numeric, cumulative_revenue_low numeric, cumulative_revenue_high numeric,
    predicted_revenue numeric, orders_count int default 4, active_customers int default 3,
    primary key (as_of_date, run_id, cohort_month, month_number)
);
create table {tables.CHANNEL_SPEND_BEFORE} (
    {SLICED}, channel text, covered_from date, covered_to date, spend numeric, primary key (as_of_date, run_id, channel)
);
create table analytics_runs.channel_value (
    {SLICED}, channel text, covered_from date, covered_to date, customers int, spend numeric, ltv numeric,
    cac numeric default 3, ltv_to_cac numeric default 4.67, payback_month int default 1,
    primary key (as_of_date, run_id, channel)
);
create table analytics_runs.forecast_months (
    {SLICED}, month date, predicted_revenue numeric, from_on date default '2011-06-01', days int default 30,
    revenue_year_before numeric default 50, primary key (as_of_date, run_id, month)
);
create table analytics_runs.personas (
    {SLICED}, persona text, name text, customers int, average_orders_count numeric default 1.5,
    average_days_since_last_order numeric default 90.2, average_churn_risk numeric default 0.5,
    predicted_clv numeric default 42, share_of_predicted_clv numeric default 1,
    primary key (as_of_date, run_id, persona)
);
create table analytics_runs.forecast_totals (
    {SLICED}, horizon_days int, grouped_by text, group_name text, customers int, {TOTALS}, {TO_COME},
    primary key (as_of_date, run_id, horizon_days, grouped_by, group_name)
);
create table analytics_runs.dim_customer (
    {SLICED}, customer_key uuid, country text, may_contact boolean, may_be_contacted boolean default false,
    primary key (as_of_date, run_id, customer_key)
);
create table analytics_runs.fct_orders (
    {SLICED}, order_key text, customer_key uuid, ordered_on date, net_revenue numeric, kind text default 'order',
    order_number int default 1, profit numeric default 4, payment_fee numeric default 0.5,
    shipping_cost numeric default 0, return_cost numeric default 0,
    primary key (as_of_date, run_id, order_key)
);
create table {tables.INT_PAYMENTS} (paid_on date);
create table {tables.INT_SHIPMENTS} (shipped_on date);
create table {tables.INT_RETURNS} (order_source text, order_id text, returned_on date);
create table {tables.ORDER_LINE_STATES} (
    {SLICED}, state bigint, gross_margin numeric default 1, payment_fee_rate numeric default 0.029,
    payment_fee_fixed numeric default 0.3, shipping_cost numeric default 0, return_cost numeric,
    primary key (as_of_date, run_id)
);
create table {tables.ORDER_COSTS} (
    {SLICED}, order_key text, revenue_costed numeric, product_cost numeric, payment_fee numeric, shipping_cost numeric,
    return_cost numeric
);
create view {tables.ORDER_LINES_OF_RUNS} as
    select
        states.as_of_date, states.run_id, lines.order_key, lines.amount, null::numeric as cost,
        null::text as product_id, 1 as batch_id, false as is_refund, 1 as quantity, lines.amount as unit_price
    from {tables.ORDER_LINE_STATES} as states
    join {tables.STG_ORDER_LINES} as lines on lines.ordered_at < states.as_of_date;
"""

# In place of the views that dbt makes on published runs.
CHANGES = f"""
create table analytics.forecast_bridge (
    {SLICED}, since text, before_on date, place int, step text, currency text, customers int, predicted_clv numeric
);
create table analytics.customer_changes (
    {SLICED}, since text, customer_key uuid, tier_change text, value_tier_before text, value_tier text,
    churn_risk_before numeric, churn_risk numeric, predicted_clv_before numeric, predicted_clv numeric,
    predicted_clv_change numeric, cause text, why text, why_before text, orders_since int, revenue_since numeric
);
grant select on analytics.forecast_bridge, analytics.customer_changes to clv_publisher;
"""


def declared() -> str:
    """SQL that makes the other published tables, as their models declare them."""
    made = []
    for _, model in dbt_project.declared("models"):
        name = model["name"]
        table = published.tables().get(name)
        if table and table.layer != "setup":
            columns = ", ".join(f"{column['name']} {column['data_type']}" for column in model["columns"])
            key = ", ".join((*published.SLICE, *table.key))
            made.append(f"create table if not exists analytics_runs.{name} ({columns}, primary key ({key}));")
    return "".join(made)
