"""Expectations of the tables of payments, fulfilment and products."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, never, never_where
from expectations.analytics.of_run import REMEDY, RUNS, agree, of_run

FEW = 10  # rows; a share of fewer rows is not meaningful
UNKNOWN_SHARE = 0.10  # of rows whose order is not known, above which the order ids of the files may differ


def order_payments(slice_: Slice) -> list[Expectation]:
    """The expectations of the table order_payments. It has one row per order with a payment."""
    return [
        _not_from_the_future(slice_, "first_paid_on", "last_paid_on"),
        _have_orders(slice_, "payments", tables.INT_PAYMENTS, "paid_on", "count(*)", "sum(attempts)"),
    ]


def order_fulfilment(slice_: Slice) -> list[Expectation]:
    """The expectations of the table order_fulfilment. It has one row per order with a shipment or a return."""
    returned = "count(distinct (order_source, order_id))"
    return [
        _not_from_the_future(slice_, "shipped_on", "delivered_on", "returned_on"),
        _have_orders(slice_, "shipments", tables.INT_SHIPMENTS, "shipped_on", "count(*)", "sum(shipments)"),
        _have_orders(slice_, "returns", tables.INT_RETURNS, "returned_on", returned, "count(returned_on)"),
    ]


def product_value(slice_: Slice) -> list[Expectation]:
    """The expectations of the table product_value. It has one row per product and per category."""
    return [
        agree(
            "revenue_reconciles",
            "consistency",
            "the products' revenue is not that of their order lines",
            "abs(revenue_of_products - revenue_of_lines) > rounding",
            revenue_of_products="select sum(revenue) from {batch} where level = 'product'",
            # By order: if one line has the amount of several, the products have a part of it by their prices.
            revenue_of_lines=f"""select sum(
                    case when sales > 1 and sales_with_amount = 1 and price > 0
                        then sold * coalesce(price_of_products, 0) / price + coalesce(refunded_of_products, 0)
                        else coalesce(sold_of_products, 0) + coalesce(refunded_of_products, 0) end
                ) from (
                    select
                        count(*) filter (where not is_refund) as sales,
                        count(*) filter (where not is_refund and amount <> 0) as sales_with_amount,
                        sum(amount) filter (where not is_refund) as sold,
                        sum(quantity * unit_price) filter (where not is_refund) as price,
                        sum(quantity * unit_price) filter (where not is_refund and products.id is not null)
                            as price_of_products,
                        sum(amount) filter (where not is_refund and products.id is not null) as sold_of_products,
                        sum(amount) filter (where is_refund and products.id is not null) as refunded_of_products
                    from {of_run(slice_, "fct_order_lines")} as lines
                    left join (
                        select id from {RUNS}.product_value where {slice_.where} and level = 'product'
                    ) as products on lines.product_id = products.id
                    where exists (select from {RUNS}.product_value where {slice_.where})
                    group by order_key, batch_id
                ) as orders""",  # noqa: S608 - our own SQL; values are bound or quoted
            rounding="select 0.005 * count(*) from {batch}",
        ),
    ]


def _have_orders(slice_: Slice, kind: str, table: str, day: str, received: str, matched: str) -> Expectation:
    """Expects the orders of most rows of a kind to be known. received, matched: SQL that counts the rows of the kind
    before the date, and those in the judged table."""
    return never(
        f"{kind}_have_orders",
        "completeness",
        f"""select * from (
            select received, received - (select coalesce({matched}, 0) from {{batch}}) as without_order
            from (select {received} as received from {table} where {day} < {slice_.before}) as known
        ) as counted
        where without_order >= {FEW} and without_order > {UNKNOWN_SHARE} * received""",  # noqa: S608 - our own SQL; values are bound or quoted
        f"more than {UNKNOWN_SHARE:.0%} of the {kind} belong to no known order",
        "compare the order ids of both files; if sources have the same order ids, state `order_source` in the mapping "
        f"of the {kind}",
        severity="warning",
    )


def _not_from_the_future(slice_: Slice, *days: str) -> Expectation:
    return never_where(
        "nothing_from_the_future",
        "accuracy",
        f"order_key, {', '.join(days)}",
        f"greatest({', '.join(days)}) >= {slice_.before}",
        "a payment, shipment or return on or after the date",
        REMEDY,
    )
