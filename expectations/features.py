"""Gate `features`: does every customer have one row, with plausible numbers that agree with staging?"""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.core.declared import WINDOWS
from clv.quality.rules import Slice, Suite, complete, has_rows, never, never_where, unique
from expectations import arrived

AGAIN = "the features were built on other orders than staging holds now: start a new run"


def customer_features(slice_: Slice) -> Suite:
    """The suite of the table customer_features. It has one row per customer with an accepted line before the as-of
    date."""
    counts = ["orders_count", "days_with_orders", "recency", "t", *(f"orders_{days}" for days in WINDOWS)]
    shrinking = " or ".join(
        f"orders_{short} > orders_{long}" for short, long in zip(WINDOWS, (*WINDOWS[1:], "count"), strict=True)
    )
    return Suite(
        tables.CUSTOMER_FEATURES,
        f"SELECT * from {tables.CUSTOMER_FEATURES} where {slice_.where}",  # noqa: S608 - our own SQL; values are bound or quoted
        [
            has_rows(f"no customer has features at {slice_.as_of_date}", "clear the task build_features"),
            unique("customer_key"),
            *complete("customer_key", "orders_count", "revenue_total"),
            *_compared_with_staging(slice_),
            never_where(
                "counts_not_negative",
                "accuracy",
                f"customer_key, {', '.join(counts)}",
                f"least({', '.join(counts)}) < 0",
                "a negative count or span of days",
            ),
            never_where(
                "recency_within_t",
                "accuracy",
                "customer_key, recency, t",
                "recency > t",
                "recency is longer than t, the time since the first purchase",
            ),
            never_where(
                "windows_grow",
                "accuracy",
                f"customer_key, orders_count, {', '.join(f'orders_{d}' for d in WINDOWS)}",
                shrinking,
                "a longer window holds fewer orders than a shorter one",
            ),
            never_where(
                "nothing_from_the_future",
                "accuracy",
                "customer_key, first_order_on, last_order_on",
                f"last_order_on >= {slice_.before} or first_order_on > last_order_on",
                "an order on or after the date was used",
            ),
        ],
    )


def _compared_with_staging(slice_: Slice) -> list[Expectation]:
    """Expects the customers and their revenue to be those of staging, unless staging changed since the features were
    built."""
    another = arrived.meanwhile(slice_)
    lines = f"""(
        select coalesce(persons.customer_key, lines.customer_key) as customer_key, ordered_at, amount
        from {tables.STG_ORDER_LINES} as lines
        left join {tables.PERSON_KEYS} as persons on lines.customer_key = persons.account_key
    ) as lines where ordered_at < {slice_.before} group by customer_key"""  # noqa: S608 - our own SQL; values are bound or quoted
    customers = f"(select customer_key from {lines})"  # noqa: S608 - our own SQL; values are bound or quoted
    revenue = f"(select customer_key, sum(amount) as revenue from {lines})"  # noqa: S608 - our own SQL; values are bound or quoted
    return [
        never(
            "customers_complete",
            "completeness",
            f"""select coalesce(features.customer_key, staged.customer_key) as customer_key
            from {{batch}} as features full join {customers} as staged on staged.customer_key = features.customer_key
            where (features.customer_key is null or staged.customer_key is null) and not {another}""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a customer with lines before the date has no features, or the other way round",
            AGAIN,
        ),
        never(
            "revenue_reconciles",
            "consistency",
            f"""select features.customer_key, features.revenue_total, staged.revenue
            from {{batch}} as features join {revenue} as staged on staged.customer_key = features.customer_key
            where (abs(features.revenue_total - staged.revenue) < 0.005) is not true and not {another}""",  # noqa: S608 - our own SQL; values are bound or quoted
            "a customer's revenue is not the sum of their accepted amounts, to the penny",
            AGAIN,
        ),
        never(
            "compared_with_staging",
            "consistency",
            f"select 'later' as batches from {{batch}} where {another} limit 1",  # noqa: S608 - our own SQL; values are bound or quoted
            "another run rebuilt staging since these features were built, so they were not compared with it",
            severity="warning",
        ),
    ]


def suites(slice_: Slice) -> list[Suite]:
    """The suites that judge a run at this gate."""
    return [customer_features(slice_)]
