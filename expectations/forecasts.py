"""Expectations of forecasts that two gates share: of predictions in revenue, and of their value in analytics."""

from __future__ import annotations

from collections.abc import Sequence

from great_expectations.expectations.expectation import Expectation

from clv.quality.rules import never, never_where


def chances_ordered(key: str, remedy: str) -> Expectation:
    """Expects P(order within the horizon) to be at most P(alive). key: the columns of a failed row that are shown."""
    return never_where(
        "chances_ordered",
        "accuracy",
        f"{key}, p_purchase, p_alive",
        "p_purchase > p_alive",
        "an order is likelier than that the customer has not left",
        remedy,
    )


def longer_is_not_less(measures: Sequence[str], falls: str, remedy: str, where: str = "true") -> Expectation:
    """Expects no measure of a customer to fall from a horizon to the next longer one.

    measures: SQL expressions of a row. falls: an SQL condition on {now} and {before} that is true for a fall. where: an
    SQL condition for the rows that are compared.
    """
    found = " or ".join(falls.format(now=f"measured[{i}]", before=f"before[{i}]") for i in range(1, len(measures) + 1))
    return never(
        "longer_is_not_less",
        "accuracy",
        f"""select customer_key, horizon_days, measured, before from (
            select *, lag(measured) over (partition by customer_key order by horizon_days) as before from (
                select customer_key, horizon_days, array[{", ".join(measures)}] as measured
                from {{batch}} where {where}
            ) as rows
        ) as steps where {found}""",  # noqa: S608 - our own SQL; values are bound or quoted
        f"a longer horizon predicts less than a shorter one, at one of {', '.join(measures)}",
        remedy,
    )
