"""The way from what the exports state to net revenue, by source."""

from __future__ import annotations

from typing import Any

from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "From the exports to net revenue"
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
    "charges_in_refunds": "Tax, shipping and the like in refunds",
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


def read(run: Run) -> dict[str, Any] | None:
    """The steps of each source over all months; None for a run without a bridge."""
    sources: dict[str, list[dict]] = {}
    for row in run.rows(_STEPS):
        sources.setdefault(row["source"], []).append({**row, "name": STEPS[row["step"]]})
    return {"sources": sources, "currency": run.currency} if sources else None
