"""Each critical expectation stops a run with a bad row of its own kind, and so does each empty table."""

from __future__ import annotations

import pytest
import small_warehouse as small
from judged_shop import CUSTOMER, judge, stored

from clv.catalog import published
from clv.core import settings
from clv.quality.results import GateFailed

CLV = "analytics_runs.customer_clv"
HORIZONS = "analytics_runs.customer_clv_horizons"
TOTALS = "analytics_runs.forecast_totals"
LISTS, TRANSITIONS = "analytics_runs.list_summary", "analytics_runs.segment_transitions"
BAD_ROWS = [
    (
        "analytics",
        "analytics_runs.list_members: contact_allowed",
        f"update analytics_runs.dim_customer set may_be_contacted = false where {CUSTOMER}",
    ),
    ("analytics", f"{LISTS}: customers_add_up", f"update {LISTS} set customers = 2"),
    ("analytics", f"{TRANSITIONS}: customers_add_up", f"update {TRANSITIONS} set customers = customers + 1"),
    ("raw", "raw.batches: unreadable_share", "update raw.batches set rows_received = 17, rows_unreadable = 10"),
    (
        "analytics",
        "analytics_runs.channel_value: spend_reconciles",
        "update analytics_runs.channel_value set spend = 10",
    ),
    (
        "analytics",
        "analytics_runs.channel_cohorts: spend_reconciles",
        "update analytics_runs.channel_cohorts set spend = 10",
    ),
    (
        "analytics",
        "analytics_runs.channel_cohorts: customers_add_up",
        "update analytics_runs.channel_cohorts set covered_customers = 2",
    ),
    (
        "analytics",
        "analytics_runs.forecast_months: revenue_reconciles",
        "update analytics_runs.forecast_months set predicted_revenue = predicted_revenue + 0.01",
    ),
    (
        "analytics",
        "analytics_runs.customer_economics: customers_add_up",
        "update analytics_runs.customer_economics set customers = 2",
    ),
    (
        "analytics",
        "analytics_runs.fct_orders: lines_add_up",
        "update staging.stg_order_lines set amount = amount + 0.02 where line = 1",
    ),
    (
        "analytics",
        "analytics_runs.customer_segments: valued_have_a_band",
        f"update analytics_runs.customer_segments set value_band = null where {CUSTOMER}",
    ),
    (
        "analytics",
        "analytics_runs.personas: customers_add_up",
        "update analytics_runs.customer_segments set persona = null",
    ),
    (
        "staging",
        "staging.stg_batch_counts: rows_accounted_for",
        "update staging.stg_batch_counts set rows_received = 8",
    ),
    (
        "staging",
        "staging.stg_batch_counts: rows_accepted_are_there",
        "delete from staging.stg_order_lines where line = 1",
    ),
    *(
        (
            "staging",
            f"staging.stg_batch_counts: missing_{what}",
            f"update staging.stg_batch_counts set rows_received = 27, rows_rejected = 20, rows_missing_{what} = 20",
        )
        for what in ("amount", "time", "order", "customer")
    ),
    (
        "staging",
        "staging.stg_order_lines: key_unique",
        "update staging.stg_order_lines set row_key = 'o1|1' where line = 2",
    ),
    (
        "staging",
        "staging.stg_order_lines: amount_not_null",
        "update staging.stg_order_lines set amount = null where line = 2",
    ),
    (
        "staging",
        "staging.stg_order_lines: amount_finite",
        "update staging.stg_order_lines set amount = 'NaN' where line = 2",
    ),
    (
        "features",
        "features.customer_features: key_unique",
        "insert into features.customer_features select * from features.customer_features",
    ),
    (
        "features",
        "features.customer_features: customer_key_not_null",
        "insert into features.customer_features (as_of_date, run_id) values ('2011-06-01', '2011-06-01.1')",
    ),
    (
        "features",
        "features.customer_features: customers_complete",
        f"delete from features.customer_features where {CUSTOMER}",
    ),
    (
        "features",
        "features.customer_features: revenue_reconciles",
        f"update features.customer_features set revenue_total = 35.01 where {CUSTOMER}",
    ),
    (
        "features",
        "features.customer_features: counts_not_negative",
        f"update features.customer_features set orders_30 = -1 where {CUSTOMER}",
    ),
    (
        "features",
        "features.customer_features: recency_within_t",
        f"update features.customer_features set recency = 91 where {CUSTOMER}",
    ),
    (
        "features",
        "features.customer_features: windows_grow",
        f"update features.customer_features set orders_90 = 1 where {CUSTOMER}",
    ),
    (
        "features",
        "features.customer_features: nothing_from_the_future",
        f"update features.customer_features set last_order_on = '2011-06-01' where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: customers_complete",
        f"delete from predictions.customer_predictions where {CUSTOMER} and horizon_days = 180",
    ),
    (
        "predictions",
        "predictions.customer_predictions: customers_known",
        f"delete from features.customer_features where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: p_purchase_in_range",
        f"update predictions.customer_predictions set p_purchase = 1.01 where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: scored_is_complete",
        f"update predictions.customer_predictions set predicted_p90 = null where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: unscored_says_why",
        f"update predictions.customer_predictions set status = 'too_little_data' where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: finite_and_not_negative",
        f"update predictions.customer_predictions set predicted_p10 = -1 where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: finite_and_not_negative",
        f"update predictions.customer_predictions set predicted_revenue = 'NaN' where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: quantiles_ordered",
        f"update predictions.customer_predictions set predicted_p50 = 31 where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: longer_is_not_less",
        f"update predictions.customer_predictions set expected_orders = 0.1 where {CUSTOMER} and horizon_days = 365",
    ),
    (
        "predictions",
        "predictions.customer_predictions: longer_is_not_less",
        "update predictions.customer_predictions set discount_factor = case horizon_days when 365 then 0.1 else 1 end",
    ),
    (
        "predictions",
        "predictions.customer_predictions: quantiles_ordered",
        f"update predictions.customer_predictions set predicted_revenue = predicted_p10 / 2 where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: chances_ordered",
        f"update predictions.customer_predictions set p_alive = p_purchase - 0.01 where {CUSTOMER}",
    ),
    (
        "predictions",
        "predictions.customer_predictions: next_order_agrees",
        f"update predictions.customer_predictions set p_purchase = 0.6, days_to_next_order = 90 where {CUSTOMER}",
    ),
    ("analytics", f"{CLV}: customers_complete", f"delete from {CLV} where {CUSTOMER}"),
    ("analytics", f"{CLV}: revenue_reconciles", f"update {CLV} set historic_revenue = 35.01 where {CUSTOMER}"),
    ("analytics", f"{CLV}: historic_revenue_not_null", f"update {CLV} set historic_revenue = null where {CUSTOMER}"),
    ("analytics", f"{CLV}: tiers_have_their_shares", f"update {CLV} set value_tier = 'high'"),
    # The tier ends at 34 %, and customers may stay in it up to 37 %.
    ("analytics", f"{CLV}: tiers_agree_with_percentiles", f"update {CLV} set clv_percentile = 62.98 where {CUSTOMER}"),
    ("analytics", f"{CLV}: scored_has_money", f"update {CLV} set predicted_clv = null where {CUSTOMER}"),
    ("analytics", f"{CLV}: p_purchase_in_range", f"update {CLV} set p_purchase = -0.1 where {CUSTOMER}"),
    ("analytics", f"{CLV}: chances_ordered", f"update {CLV} set p_alive = p_purchase - 0.01 where {CUSTOMER}"),
    ("analytics", f"{CLV}: interval_around_the_mean", f"update {CLV} set predicted_clv_low = 999 where {CUSTOMER}"),
    (
        "analytics",
        f"{HORIZONS}: longer_is_not_less",
        f"update {HORIZONS} set predicted_clv_p50 = 0.01 where {CUSTOMER} and horizon_days = 365",
    ),
    ("analytics", f"{HORIZONS}: one_row_per_horizon", f"delete from {HORIZONS} where {CUSTOMER} and horizon_days = 90"),
    (
        "analytics",
        "analytics_runs.segment_summary: customers_add_up",
        "update analytics_runs.segment_summary set customers = 3",
    ),
    ("analytics", f"{TOTALS}: customers_add_up", f"update {TOTALS} set predicted_clv = 43"),
    ("analytics", f"{TOTALS}: interval_around_the_mean", f"update {TOTALS} set predicted_revenue_low = 43"),
    (
        "analytics",
        "analytics_runs.forecast_totals: new_customers_within_their_interval",
        "update analytics_runs.forecast_totals set new_customers = 5, new_customers_low = 6, new_customers_high = 7",
    ),
    (
        "analytics",
        "analytics_runs.forecast_totals: ends_rise_with_the_horizon",
        """insert into analytics_runs.forecast_totals (
            as_of_date, run_id, horizon_days, grouped_by, group_name, customers, predicted_revenue,
            predicted_revenue_low, predicted_revenue_high, predicted_clv
        )
        select as_of_date, run_id, horizon, 'all', 'all', 3, 50, low, high, 42
        from analytics_runs.forecast_totals cross join (values (90, 20, 80), (180, 30, 85)) as rows (horizon, low, high)
        where horizon_days = 365""",
    ),
    (
        "analytics",
        "analytics_runs.dim_customer: customers_complete",
        f"delete from analytics_runs.dim_customer where {CUSTOMER}",
    ),
    (
        "analytics",
        "analytics_runs.fct_orders: revenue_reconciles",
        "update analytics_runs.fct_orders set net_revenue = 10.01 where order_key = 'orders:o1'",
    ),
    (
        "analytics",
        "analytics_runs.fct_orders: nothing_from_the_future",
        "update analytics_runs.fct_orders set ordered_on = '2011-06-01' where order_key = 'orders:o1'",
    ),
]


@pytest.mark.parametrize(("gate", "expectation", "change"), BAD_ROWS, ids=[name for _, name, _ in BAD_ROWS])
def test_a_bad_row_stops_the_run(shop: settings.Settings, gate: str, expectation: str, change: str) -> None:
    small.execute(change)
    with pytest.raises(GateFailed) as failure:
        judge(gate)
    assert expectation in str(failure.value)
    assert "\n" not in str(failure.value)
    assert small.A not in str(failure.value)
    assert stored(gate)[expectation][:2] == ("critical", False)


EMPTY = [
    ("raw", "truncate raw.batches cascade", "no orders have been loaded", "clv ingest --source NAME"),
    (
        "raw",
        "update raw.order_lines set ordered_at = '2011-06-01'",
        "no order is dated before 2011-06-01",
        "clv ingest",
    ),
    ("staging", "truncate staging.stg_order_lines", "no accepted order", "clv rejects"),
    ("features", "truncate features.customer_features", "no customer has features", "build_features"),
    ("predictions", "truncate predictions.customer_predictions", "no customer has a forecast", "score"),
    *(
        ("analytics", f"truncate analytics_runs.{table}", f"analytics_runs.{table}: has_rows", "clear the task build_")
        for table, declared in published.tables().items()
        if not declared.may_be_empty
    ),
]


@pytest.mark.parametrize(("gate", "change", "says", "remedy"), EMPTY, ids=[change for _, change, _, _ in EMPTY])
def test_an_empty_table_stops_the_run(shop: settings.Settings, gate: str, change: str, says: str, remedy: str) -> None:
    small.execute(change)
    with pytest.raises(GateFailed, match="nothing new is published") as failure:
        judge(gate)
    assert says in str(failure.value)
    assert remedy in str(failure.value)
