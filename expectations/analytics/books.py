"""Expectations of the tables of payments, fulfilment and products."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, never, never_where
from expectations.analytics.of_run import REMEDY, RUNS, agree

FEW = 10  # rows; a share of fewer rows is not meaningful
UNKNOWN_SHARE = 0.10  # of payments whose order is not known, above which the ids of orders and payments may differ


def order_payments(slice_: Slice) -> list[Expectation]:
    """The expectations of the table order_payments. It has one row per order with a payment."""
    return [
        _not_from_the_future(slice_, "first_paid_on", "last_paid_on"),
        never(
            "payments_have_orders",
            "completeness",
            f"""select * from (
                select received, received - (select coalesce(sum(attempts), 0) from {{batch}}) as without_order
                from (
                    select count(*) as received from {tables.INT_PAYMENTS} where paid_on < {slice_.before}
                ) as payments
            ) as counted
            where without_order >= {FEW} and without_order > {UNKNOWN_SHARE} * received""",  # noqa: S608 - our own SQL; values are bound or quoted
            f"more than {UNKNOWN_SHARE:.0%} of the payments belong to no known order",
            "compare the order ids of both files; if sources have the same order ids, state `order_source` in the "
            "mapping of the payments",
            severity="warning",
        ),
    ]


def order_fulfilment(slice_: Slice) -> list[Expectation]:
    """The expectations of the table order_fulfilment. It has one row per order with a shipment or a return."""
    return [_not_from_the_future(slice_, "shipped_on", "delivered_on", "returned_on")]


def product_value(slice_: Slice) -> list[Expectation]:
    """The expectations of the table product_value. It has one row per product and per category."""
    return [
        agree(
            "revenue_reconciles",
            "consistency",
            "the products' revenue is not that of their order lines",
            "abs(revenue_of_products - revenue_of_lines) > rounding",
            revenue_of_products="select sum(revenue) from {batch} where level = 'product'",
            revenue_of_lines=f"""select sum(amount) from {tables.ORDER_LINES_OF_RUNS}
                where {slice_.where} and product_id in (
                    select id from {RUNS}.product_value where {slice_.where} and level = 'product'
                )""",  # noqa: S608 - our own SQL; values are bound or quoted
            rounding="select 0.005 * count(*) from {batch}",
        ),
    ]


def _not_from_the_future(slice_: Slice, *days: str) -> Expectation:
    return never_where(
        "nothing_from_the_future",
        "accuracy",
        f"order_key, {', '.join(days)}",
        f"greatest({', '.join(days)}) >= {slice_.before}",
        "a payment, shipment or return on or after the date",
        REMEDY,
    )
