"""What changed since earlier published dates: how the forecast came about, and the customers who rose or fell most."""

from __future__ import annotations

from typing import Any

from clv.catalog import tables
from clv.reporting.report.reading import SLICE, Run

TITLE = "What changed"
LISTED = 10
SINCE = ("last published", "30 days")
# The steps of forecast_bridge in words; their order is that of the view.
STEPS = {
    "forecast before": "Forecast then",
    "new customers": "New customers",
    "orders": "Orders of customers who were there",
    "refunds and corrections": "Refunds and corrected data",
    "no longer counted": "Customers no longer counted",
    "time passed": "Time passed without an order",
    "new model": "A new model",
    "margin": "Another margin",
    "forecast": "Forecast now",
}

_BRIDGE = f"""
    select since, before_on, step, customers, predicted_clv
    from {tables.ANALYTICS}.forecast_bridge {SLICE}
    order by place
"""  # noqa: S608 - our own names
_TIERS = f"""
    select
        since,
        count(*) filter (where tier_change = 'rose') as rose,
        count(*) filter (where tier_change = 'fell') as fell,
        count(*) filter (where tier_change = 'new') as new,
        count(*) filter (where tier_change = 'gone') as gone
    from {tables.ANALYTICS}.customer_changes {SLICE}
    group by since
"""  # noqa: S608 - our own names
_LISTED = f"""
    select
        customer_key, value_tier_before, value_tier, predicted_clv_before, predicted_clv, predicted_clv_change,
        churn_risk_before, churn_risk, cause, why, why_before, orders_since, revenue_since
    from {tables.ANALYTICS}.customer_changes {SLICE}
        and since = %(since)s and predicted_clv_change <> 0 and tier_change <> 'gone'
    order by abs(predicted_clv_change) desc, customer_key
    limit %(listed)s
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """The steps of the forecast and the counts of tiers for each earlier date, and the customers that changed most.

    None unless the run is of the newest published date, there is an earlier one, and one of the two has a forecast.
    """
    bridge = run.rows(_BRIDGE)
    if not any(row["predicted_clv"] for row in bridge):
        return None
    days = {row["since"]: row["before_on"] for row in bridge}
    # Where both are the same date, it is shown once.
    shown = {day: since for since, day in sorted(days.items(), key=lambda one: -SINCE.index(one[0]))}
    tiers = {row["since"]: row for row in run.rows(_TIERS)}
    amounts = {(row["since"], row["step"]): row for row in bridge}
    steps = dict.fromkeys(row["step"] for row in bridge)
    dates = [(since, day) for day, since in sorted(shown.items(), reverse=True)]
    return {
        "currency": run.currency,
        "dates": dates,
        "steps": [(STEPS[step], [amounts[since, step] for since, _ in dates]) for step in steps],
        "tiers": [tiers[since] for since, _ in dates],
        "since": dates[0],
        "listed": run.rows(_LISTED, since=dates[0][0], listed=LISTED),
    }
