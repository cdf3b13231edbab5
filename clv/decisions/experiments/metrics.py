"""What can be compared between arms: the metrics of customers within a window, and their moments, as SQL."""

from __future__ import annotations

from typing import NamedTuple

from clv.decisions.experiments.differences import Moments


class Metric(NamedTuple):
    """words: what it is, per customer. sql: its value for one customer, from `orders`, the customer's rows of
    fct_orders in the window, and `profiles.has_withdrawn`, whether the customer's last answer in the window refuses
    contact, and the one before did not. forecast: the column of customer_clv that foretells it."""

    words: str
    sql: str
    forecast: str
    is_money: bool = False
    is_share: bool = False
    more_is_better: bool = True


_ORDERS = "count(*) filter (where orders.kind = 'order')"
OUTCOMES = {
    "revenue": Metric("net revenue", "coalesce(sum(orders.net_revenue), 0)", "predicted_revenue", is_money=True),
    "profit": Metric("profit", "coalesce(sum(orders.profit), 0)", "predicted_profit", is_money=True),
    "orders": Metric("orders", _ORDERS, "expected_orders"),
    "repeat": Metric("customers who order", f"({_ORDERS} > 0)::integer", "p_purchase", is_share=True),
}
METRICS = {
    **OUTCOMES,
    "refunds": Metric(
        "refunds", "coalesce(-sum(orders.refunds), 0)", "predicted_revenue", is_money=True, more_is_better=False
    ),
    "discount": Metric(
        "discounts", "coalesce(sum(orders.discount), 0)", "predicted_revenue", is_money=True, more_is_better=False
    ),
    "opt_outs": Metric(
        "customers who withdraw consent",
        "bool_or(profiles.has_withdrawn)::integer",
        "p_purchase",
        is_share=True,
        more_is_better=False,
    ),
}

NO_FORECAST = "no forecast"  # the value band of customers without one
# Columns of a query that has one row per customer with their `outcome` and the forecast that was `known`; `moments`
# reads them.
SUMS = """
    count(*) as customers, avg(outcome) as mean, coalesce(var_samp(outcome), 0) as variance, avg(known) as known_mean,
    coalesce(var_samp(known), 0) as known_variance, coalesce(covar_samp(outcome, known), 0) as covariance
"""


def moments(sums: tuple) -> Moments:
    """The moments of a row of SUMS."""
    return Moments(int(sums[0]), *(float(value) for value in sums[1:]))
