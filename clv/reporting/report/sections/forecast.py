"""The forecast for existing customers, beside the shop's revenue of as many days before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from clv.reporting.drawing import BAND, BAR, INK, Chart, chart, magnitude, months_along
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "What comes next"
OF_THE_SUM = {
    "low": "predicted_revenue_low",
    "high": "predicted_revenue_high",
    "last_year": "last_year_revenue",
    "new_customers": "new_customers",
    "new_customers_low": "new_customers_low",
    "new_customers_high": "new_customers_high",
    "new_revenue": "new_customers_revenue",
    "new_low": "new_customers_revenue_low",
    "new_high": "new_customers_revenue_high",
}

_HORIZONS = f"""
    select
        horizon_days,
        sum(p_purchase) as buyers,
        sum(expected_orders) as orders,
        sum(predicted_revenue) as revenue
    from {RUNS}.customer_clv_horizons {SLICE} and predicted_clv is not null
    group by horizon_days
    order by horizon_days
"""  # noqa: S608 - our own names
_TOTALS = f"select * from {RUNS}.forecast_totals {SLICE} and grouped_by = 'all'"  # noqa: S608 - our own names
_BEFORE = f"""
    select sum(revenue) as revenue, count(*) filter (where with_order) as orders
    from (
        select sum(net_revenue) as revenue, bool_or(kind = 'order') as with_order
        from {RUNS}.fct_orders {SLICE} and ordered_on >= %(since)s
        group by customer_key, ordered_on
    ) as customer_days
    having count(*) > 0
"""  # noqa: S608 - our own names
# Only whole months, because a part of a month would look like a decline.
_MONTHS = f"""
    select month, predicted_revenue as revenue, revenue_year_before
    from {RUNS}.forecast_months {SLICE}
        and from_on = month and from_on + days = (month + interval '1 month')::date
    order by month
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any]:
    """By horizon: the expected revenue of existing customers with the bounds of its sum; what they brought in as many
    days before the date, and on the same days a year before; what customers still to come may bring; and the sum of
    both.

    A value is None where it is not known: the shop is too young, or the run's orders are deleted.
    """
    horizons = run.rows(_HORIZONS)
    totals = {row["horizon_days"]: row for row in run.rows(_TOTALS)}
    for row in horizons:
        total = totals.get(row["horizon_days"], {})
        row |= {name: total.get(column) for name, column in OF_THE_SUM.items()}
        since = run.publication.as_of_date - timedelta(days=row["horizon_days"])
        known = run.totals["first_order_on"] and run.totals["first_order_on"] <= since
        found = run.rows(_BEFORE, since=since) if known else []
        row["before"] = found[0] if found else None
        row["in_all"] = None if row["new_revenue"] is None else float(row["revenue"]) + float(row["new_revenue"])
    return {
        "horizons": horizons,
        "charts": [against_before(horizons, run.currency), by_month(run.rows(_MONTHS), run.currency)],
        "totals": run.totals,
        "currency": run.currency,
    }


def against_before(horizons: list[dict], currency: str) -> Chart | None:
    """Expected revenue of each horizon beside the revenue of as many days before; None when that is not known."""
    rows = [row for row in horizons if row["before"]]
    if not rows:
        return None
    at = np.arange(len(rows))
    bounded = [(place + 0.2, row) for place, row in zip(at, rows, strict=True) if row["low"] is not None]

    def draw(axes: Axes) -> None:
        before, to_come = ([float(row["revenue"]) for row in pick] for pick in ([r["before"] for r in rows], rows))
        axes.bar(at - 0.2, before, width=0.38, color=BAND, label="the days before")
        axes.bar(at + 0.2, to_come, width=0.38, color=BAR, label="expected of today's customers")
        if all(row["new_revenue"] is not None for row in rows):
            new = [float(row["new_revenue"]) for row in rows]
            axes.bar(
                at + 0.2, new, bottom=to_come, width=0.38, color="none", edgecolor=BAR, hatch="///",
                label="expected of customers still to come",
            )  # fmt: skip
        for place, row in zip(at, rows, strict=True):
            if row["new_low"] is not None:  # drawn on top of the forecast, beside the forecast's own bounds
                ends = [float(row["revenue"]) + float(row[end]) for end in ("new_low", "new_high")]
                axes.plot([place + 0.28, place + 0.28], ends, color=INK, linewidth=1.5, linestyle=":")
        for place, row in bounded:
            axes.plot([place, place], [float(row["low"]), float(row["high"])], color=INK, linewidth=1.5)
        axes.set_xticks(at, [f"{row['horizon_days']} days" for row in rows])
        axes.set(ylabel=f"revenue, {currency}", xlim=(-0.6, max(len(rows), 2) - 0.4))
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2, fontsize=9)

    last = rows[-1]
    words = f"The shop took {magnitude(float(last['before']['revenue']))} {currency} in the last "
    words += f"{last['horizon_days']} days; today's customers are expected to bring {magnitude(float(last['revenue']))}"
    if last["in_all"] is not None:
        words += f" in the next, and together with customers still to come {magnitude(last['in_all'])}"
    else:
        words += " in the next"
    if bounded:
        dotted = any(row["new_low"] is not None for row in rows)
        words += "; four actual sums in five lie on the line" + (
            " (dotted: for customers still to come)" if dotted else ""
        )
    return chart("Expected revenue beside the days before", words, draw)


def by_month(months: list[dict], currency: str) -> Chart | None:
    """Expected revenue of each coming whole month. Marks show what the same customers brought a year before, for shops
    that are old enough."""
    if len(months) < 2:
        return None
    before = [np.nan if (amount := row["revenue_year_before"]) is None else float(amount) for row in months]
    known = not np.all(np.isnan(before))

    def draw(axes: Axes) -> None:
        axes.bar(range(len(months)), [float(row["revenue"]) for row in months], width=0.7, color=BAR)
        if known:
            axes.plot(range(len(months)), before, "_", color=INK, markersize=14, markeredgewidth=2)
        months_along(axes, [row["month"] for row in months])
        axes.set(ylabel=f"revenue, {currency}")
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))

    words = "Of today's customers" + ("; the mark is what they brought in the month a year before" if known else "")
    return chart("Expected revenue by month", words, draw)
