"""Expectations of the tables by channel, and of the table of customer groups (customer_economics)."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, between, complete, never
from expectations.analytics.of_run import REMEDY, RUNS, agree


def channel_value(slice_: Slice) -> list[Expectation]:
    """The expectations of the table channel_value. It has one row per channel; none without ad spend."""
    return [
        *complete("channel", "customers", "covered_from", "covered_to"),
        agree(
            "spend_reconciles",
            "consistency",
            "the channels' spend does not add up to what was spent before the date",
            "spend_of_channels is distinct from spend",
            spend_of_channels="select sum(spend) from {batch}",
            spend=f"select sum(round(spend, 2)) from {tables.CHANNEL_SPEND_BEFORE} where {slice_.where}",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
        never(
            "nothing_from_the_future",
            "accuracy",
            f"select channel, covered_to from {{batch}} where covered_to >= {slice_.before}",  # noqa: S608 - our own SQL; values are bound or quoted
            "ad spend on or after the date",
            REMEDY,
        ),
    ]


def channel_cohorts(slice_: Slice) -> list[Expectation]:
    """The expectations of the table channel_cohorts. It has one row per channel and month of the first order or of ad
    spend."""
    channels = f"{RUNS}.channel_value where {slice_.where}"
    return [
        agree(
            "customers_add_up",
            "consistency",
            "the channels' cohorts are not the customers with an order, or not those of channel_value",
            "customers_in_cohorts <> customers or covered_customers <> customers_of_channels",
            customers_in_cohorts="select coalesce(sum(customers), 0) from {batch}",
            customers=f"""select count(*) from {RUNS}.customer_clv
                where {slice_.where} and first_order_on is not null""",  # noqa: S608 - our own SQL; values are bound or quoted
            covered_customers="select sum(covered_customers) from {batch}",
            customers_of_channels=f"select sum(customers) from {channels}",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
        agree(
            "spend_reconciles",
            "consistency",
            "the cohorts' spend does not add up to the channels'",
            "abs(spend_of_cohorts - spend_of_channels) > rounding",
            spend_of_cohorts="select sum(spend) from {batch}",
            spend_of_channels=f"select sum(spend) from {channels}",  # noqa: S608 - our own SQL; values are bound or quoted
            rounding="select 0.01 * count(*) from {batch}",
        ),
    ]


def customer_economics(slice_: Slice) -> list[Expectation]:
    """The expectations of the table customer_economics. It has one row per group of customers."""
    return [
        between("retention", 0, 1),
        never(
            "customers_add_up",
            "consistency",
            f"""select grouped_by, sum(customers) as customers from {{batch}}
            group by grouped_by
            having sum(customers) is distinct from (
                select count(*) from {RUNS}.customer_clv where {slice_.where} and orders_count > 0
            )""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a group's customers are not those with an order",
            REMEDY,
        ),
    ]
