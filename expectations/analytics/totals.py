"""Expectations of the summed forecasts: by group of customers, and by calendar month."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.quality.rules import Slice, complete, never
from expectations.analytics.of_run import REMEDY, RUNS, agree

MONEY = ("revenue", "profit", "clv")


def forecast_totals(slice_: Slice) -> list[Expectation]:
    """The expectations of the table forecast_totals. It has one row per horizon and group; none without a forecast."""
    ends = [(f"predicted_{what}_low", f"predicted_{what}", f"predicted_{what}_high") for what in MONEY]
    wrong = [f"{mean} >= 0 and ({low} > {mean} or {high} < {low})" for low, mean, high in ends]
    lags = [f"{end}, lag({end}) over shorter as shorter_{end}" for low, _, high in ends for end in (low, high)]
    falls = [
        f"(shorter_{low} >= 0 and (shorter_{low} > {low} or shorter_{high} - shorter_{low} > {high} - {low}))"
        for low, _, high in ends
    ]
    clv = f"{RUNS}.customer_clv where {slice_.where}"
    return [
        *complete("customers", "predicted_revenue", "predicted_clv"),
        never(
            "interval_around_the_mean",
            "accuracy",
            f"""select horizon_days, grouped_by, group_name, {", ".join(sum(ends, ()))} from {{batch}}
            where {" or ".join(wrong)}""",  # noqa: S608 - our own SQL; values are bound or quoted
            "the ends of a sum's interval are not in order, or its lower end is above the mean",
            REMEDY,
        ),
        never(
            "new_customers_within_their_interval",
            "accuracy",
            """select horizon_days, new_customers_low, new_customers, new_customers_high, new_customers_revenue_low,
                new_customers_revenue, new_customers_revenue_high
            from {batch}
            where new_customers not between new_customers_low and new_customers_high or new_customers_low < 0
                or new_customers_revenue not between new_customers_revenue_low and new_customers_revenue_high""",
            "the ends of the interval of new customers are not around the estimate",
            REMEDY,
        ),
        never(
            "ends_rise_with_the_horizon",
            "accuracy",
            f"""select * from (
                select horizon_days, grouped_by, group_name, {", ".join(lags)}
                from {{batch}}
                window shorter as (partition by grouped_by, group_name order by horizon_days)
            ) as neighbours
            where {" or ".join(falls)}""",  # noqa: S608 - our own names
            "the interval of a longer horizon's sum ends lower, or is narrower, than a shorter one's",
            REMEDY,
        ),
        never(
            "customers_add_up",
            "consistency",
            f"""select * from (
                select grouped_by, sum(customers) as customers_in_groups, sum(predicted_clv) as clv_of_groups
                from {{batch}} where horizon_days = (select max(horizon_days) from {clv})
                group by grouped_by
            ) as totals
            cross join (
                select count(*) as customers, sum(predicted_clv) as clv from {clv} and status = 'scored'
            ) as scored
            where customers_in_groups <> customers or clv_of_groups <> clv""",  # noqa: S608 - our own SQL; values are bound or quoted
            "the customers or the value of the groups do not add up to customer_clv",
            REMEDY,
        ),
    ]


def forecast_months(slice_: Slice) -> list[Expectation]:
    """The expectations of the table forecast_months. It has one row per future calendar month; none without a
    forecast."""
    return [
        agree(
            "revenue_reconciles",
            "consistency",
            "the months' forecast does not add up to the customers'",
            "revenue_of_months is distinct from revenue_of_customers",
            revenue_of_months="select sum(predicted_revenue) from {batch}",
            revenue_of_customers=f"select sum(predicted_revenue) from {RUNS}.customer_clv where {slice_.where}",  # noqa: S608 - our own SQL; values are bound or quoted
        ),
    ]
