"""Of the gate `analytics`: tables of groups of customers and of months, which sum up what others say by customer."""

from __future__ import annotations

from clv import tables
from expectations.rules import Slice, Suite, between, counted, never, unique

RUNS = tables.ANALYTICS_RUNS
MEND = "clear the task build_analytics"


def channel_cohorts(slice_: Slice) -> Suite:
    """One row per channel and month of the first order, or of ad spend."""
    return Suite(
        f"{RUNS}.channel_cohorts",
        f"SELECT * from {RUNS}.channel_cohorts where {slice_.where}",
        [
            counted(),
            unique("channel", "cohort_month"),
            never(
                "customers_add_up",
                f"""select * from (
                    select
                        coalesce((select sum(customers) from {{batch}}), 0) as customers_in_cohorts,
                        (
                            select count(*) from {RUNS}.customer_clv
                            where {slice_.where} and first_order_on is not null
                        ) as customers,
                        (select sum(covered_customers) from {{batch}}) as covered_customers,
                        (select sum(customers) from {RUNS}.channel_value where {slice_.where}) as customers_of_channels
                ) as totals
                where customers_in_cohorts <> customers or covered_customers <> customers_of_channels""",
                "the channels' cohorts are not the customers with an order, or not those of channel_value",
                MEND,
            ),
            never(
                "spend_reconciles",
                f"""select * from (
                    select
                        (select sum(spend) from {{batch}}) as spend_of_cohorts,
                        (select sum(spend) from {RUNS}.channel_value where {slice_.where}) as spend_of_channels,
                        (select 0.01 * count(*) from {{batch}}) as rounding
                ) as totals
                where abs(spend_of_cohorts - spend_of_channels) > rounding""",
                "the cohorts' spend does not add up to the channels'",
                MEND,
            ),
        ],
    )


def forecast_months(slice_: Slice) -> Suite:
    """One row per calendar month to come; none without a forecast."""
    return Suite(
        f"{RUNS}.forecast_months",
        f"SELECT * from {RUNS}.forecast_months where {slice_.where}",
        [
            counted(),
            unique("month"),
            never(
                "revenue_reconciles",
                f"""select * from (
                    select
                        (select sum(predicted_revenue) from {{batch}}) as revenue_of_months,
                        (
                            select sum(predicted_revenue) from {RUNS}.customer_clv where {slice_.where}
                        ) as revenue_of_customers
                ) as totals
                where revenue_of_months is distinct from revenue_of_customers""",
                "the months' forecast does not add up to the customers'",
                MEND,
            ),
        ],
    )


def customer_economics(slice_: Slice) -> Suite:
    """One row per group of customers."""
    return Suite(
        f"{RUNS}.customer_economics",
        f"SELECT * from {RUNS}.customer_economics where {slice_.where}",
        [
            counted(),
            unique("grouped_by", "name"),
            between("retention", 0, 1),
            never(
                "customers_add_up",
                f"""select grouped_by, sum(customers) as customers from {{batch}}
                group by grouped_by
                having sum(customers) is distinct from (
                    select count(*) from {RUNS}.customer_clv where {slice_.where} and orders_count > 0
                )""",
                "a group's customers are not those with an order",
                MEND,
            ),
        ],
    )
