"""The way from what the exports state to net revenue, by source, and from net revenue to profit."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from clv.catalog import tables
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "From the exports to profit"
STEPS = {
    "sales": "Sales, as the exports state them",
    "refunds": "Refunds, as the exports state them",
    "unreadable": "Rows that cannot be read",
    "rejected": "Rejected rows",
    "duplicates": "Duplicates",
    "replaced": "Rows that later ones replaced",
    "erased": "Rows of erased persons",
    "discounts": "Discounts",
    "tax": "Tax and duties",
    "shipping": "Shipping charged",
    "tips": "Tips",
    "gift_cards": "Gift cards sold",
    "other": "Other amounts that mappings take off",
    "charges_in_refunds": "Tax, shipping, gift cards and the like in refunds",
    "moved": "Refunds of orders of other sources",
    "rounding": "Rounding of each order",
    "net_revenue": "Net revenue",
}

_STEPS = f"""
    select source, step, sum(row_count)::bigint as row_count, sum(amount) as amount
    from {RUNS}.revenue_bridge {SLICE}
    group by source, place, step
    having sum(row_count) <> 0 or sum(amount) <> 0 or step = 'net_revenue'
    order by source, place
"""  # noqa: S608 - our own names
# The cost of goods is what lies between net revenue and profit beside the costs that the shop's settings state.
COSTS = {
    "goods": "Cost of goods",
    "payment_fee": "Payment fees",
    "shipping_cost": "Shipping",
    "return_cost": "Returns",
}
_PROFIT = f"""
    select
        sum(net_revenue) as net_revenue,
        -sum(coalesce(payment_fee, 0)) as payment_fee,
        -sum(coalesce(shipping_cost, 0)) as shipping_cost,
        -sum(coalesce(return_cost, 0)) as return_cost,
        sum(profit - net_revenue)
        + sum(coalesce(payment_fee, 0) + coalesce(shipping_cost, 0) + coalesce(return_cost, 0)) as goods,
        sum(profit) as profit
    from {RUNS}.fct_orders {SLICE}
"""  # noqa: S608 - our own names
# Orders with a cost that files state, which takes the place of the policy.
_STATED = f"""
    select
        count(payment_fee) as payment_fee, count(shipping_cost) as shipping_cost, count(return_cost) as return_cost
    from {RUNS}.order_costs {SLICE}
"""  # noqa: S608 - our own names
_POLICY = f"select * from {tables.ORDER_LINE_STATES} {SLICE}"  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """The steps of each source over all months, and those to profit; None for a run without a bridge."""
    sources: dict[str, list[dict]] = {}
    for row in run.rows(_STEPS):
        sources.setdefault(row["source"], []).append({**row, "name": STEPS[row["step"]]})
    if not sources:
        return None
    return {"sources": sources, "currency": run.currency, "profit": profit(run)}


def profit(run: Run) -> list[tuple[str, str, Decimal]]:
    """The steps from net revenue to profit: what each is, the policy behind it, and the amount."""
    sums, stated, settings = run.rows(_PROFIT)[0], run.rows(_STATED)[0], run.rows(_POLICY)[0]
    policies = {
        "goods": {
            "costs": "as the sources state it",
            "revenue": "not known, and no gross_margin is set",
        }.get(run.totals["profit_basis"], f"by {run.totals['profit_basis']}; gross_margin {settings['gross_margin']}"),
        "payment_fee": f"{settings['payment_fee_rate']} of what was paid, {settings['payment_fee_fixed']} an order",
        "shipping_cost": f"{settings['shipping_cost']} an order",
        "return_cost": f"{settings['return_cost']} an order with a refund",
    }
    for name, orders in stated.items():
        policies[name] += f"; for {orders:,} order{'s' * (orders > 1)} as files state it" if orders else ""
    steps = [(words, policies[name], sums[name]) for name, words in COSTS.items() if sums[name] or name == "goods"]
    return [("Net revenue", "", sums["net_revenue"]), *steps, ("Profit", "", sums["profit"])]
