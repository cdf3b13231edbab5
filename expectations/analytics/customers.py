"""Expectations of the tables with a row per customer: value, horizons, profile."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.core import settings
from clv.quality.rules import Slice, between, complete, never, never_where
from expectations.analytics.of_run import REMEDY, RUNS, of_run, same_customers
from expectations.forecasts import chances_ordered, longer_is_not_less

MONEY = ("predicted_revenue", "predicted_clv", "predicted_clv_low", "predicted_clv_high", "value_tier")
HUNDREDTH = 0.01  # the precision of percentiles
# Measures that must not fall from a horizon to a longer one. A shop that sells at a loss has negative values, which
# fall further with the horizon, so only values above 0 are compared.
RISING = (
    "p_purchase", "expected_orders", "predicted_revenue",
    "predicted_clv", "predicted_clv_low", "predicted_clv_p50", "predicted_clv_high",
)  # fmt: skip


def customer_clv(slice_: Slice) -> list[Expectation]:
    """The expectations of the table customer_clv. It has one row per customer."""
    return [
        *complete("customer_key", "currency", "status", "historic_revenue", "orders_count", "segment"),
        same_customers(
            f"(select * from {tables.CUSTOMER_FEATURES} where {slice_.where})",  # noqa: S608 - our own SQL; values are bound or quoted
            "a customer with features has no value, or the other way round",
        ),
        _revenue_reconciles(slice_),
        never_where(
            "scored_has_money",
            "completeness",
            "customer_key",
            f"status = 'scored' and num_nulls({', '.join(MONEY)}) > 0",
            "a scored customer without a forecast in money or a value tier",
            REMEDY,
        ),
        between("p_purchase", 0, 1),
        between("p_alive", 0, 1),
        chances_ordered("customer_key", REMEDY),
        never_where(
            "interval_around_the_mean",
            "accuracy",
            "customer_key, predicted_clv_low, predicted_clv_p50, predicted_clv_high, predicted_clv",
            """predicted_clv >= 0 and (
                predicted_clv_low > least(predicted_clv, predicted_clv_p50)
                or predicted_clv_p50 > predicted_clv_high
            )""",
            "the interval's ends and the median are not in order, or its lower end is above the mean",
            REMEDY,
        ),
        between("clv_percentile", 0, 100),
        _tiers_have_their_shares(),
        _tiers_agree_with_percentiles(),
    ]


def _revenue_reconciles(slice_: Slice) -> Expectation:
    return never(
        "revenue_reconciles",
        "consistency",
        f"""select clv.customer_key, clv.historic_revenue, orders.revenue from {{batch}} as clv
        left join (
            select customer_key, sum(net_revenue) as revenue from {RUNS}.fct_orders
            where {slice_.where} group by customer_key
        ) as orders on orders.customer_key = clv.customer_key
        where clv.historic_revenue is distinct from orders.revenue""",  # noqa: S608 - our own SQL; values are bound or quoted
        "a customer's historic revenue is not the sum of their orders, to the penny",
        REMEDY,
    )


def _tiers_have_their_shares() -> Expectation:
    return never(
        "tiers_have_their_shares",
        "consistency",
        f"""select * from (
            select
                tiers.value_tier, tiers.top_percent,
                count(*) filter (where reached.top_percent <= tiers.top_percent) as customers_down_to_it,
                ceil(count(*) * tiers.top_percent / 100) as stated,
                count(*) * tiers.tolerance / 100 as allowed
            from {RUNS}.value_tiers as tiers
            cross join {{batch}} as clv
            join {RUNS}.value_tiers as reached on reached.value_tier = clv.value_tier
            group by tiers.value_tier, tiers.top_percent, tiers.tolerance
        ) as shares
        where abs(customers_down_to_it - stated) > allowed + 1""",  # noqa: S608 - our own SQL; values are bound or quoted
        "a value tier does not hold its stated share of customers, give or take its tolerance",
        REMEDY,
    )


def _tiers_agree_with_percentiles() -> Expectation:
    return never(
        "tiers_agree_with_percentiles",
        "consistency",
        f"""select customer_key, clv_percentile, value_tier from {{batch}} as clv
        join (
            select *, lag(top_percent - tolerance, 1, 0) over (order by top_percent) as starts
            from {RUNS}.value_tiers
        ) as tiers using (value_tier)
        where 100 - clv_percentile < starts - {HUNDREDTH}
            or 100 - clv_percentile > top_percent + tolerance + {HUNDREDTH}""",  # noqa: S608 - our own SQL; values are bound or quoted
        "a customer's percentile is further from their value tier than its tolerance",
        REMEDY,
    )


def customer_clv_horizons(slice_: Slice) -> list[Expectation]:
    """The expectations of the table customer_clv_horizons. It has one row per customer and horizon."""
    horizons = ", ".join(f"({days})" for days in settings.load().horizons)
    return [
        *complete("customer_key", "horizon_days"),
        never(
            "one_row_per_horizon",
            "completeness",
            f"""select clv.customer_key, wanted.horizon_days
            from {of_run(slice_, "customer_clv")} as clv
            cross join (values {horizons}) as wanted (horizon_days)
            full join {{batch}} as h on h.customer_key = clv.customer_key and h.horizon_days = wanted.horizon_days
            where h.customer_key is null or clv.customer_key is null""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a customer of customer_clv has no row for a horizon, or the other way round",
            REMEDY,
        ),
        longer_is_not_less(RISING, "{before} > 0 and {now} < {before}", REMEDY),
    ]


def dim_customer(slice_: Slice) -> list[Expectation]:
    """The expectations of the table dim_customer. It has one row per customer."""
    return [
        same_customers(of_run(slice_, "customer_clv"), "a customer is in only one of dim_customer and customer_clv"),
    ]
