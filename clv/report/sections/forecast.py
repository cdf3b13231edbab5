"""What the customers there are will bring, beside what the shop brought in as many days before."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from clv.drawing import BAND, BAR, Chart, chart, magnitude
from clv.report.reading import RUNS, SLICE, Run

TITLE = "What comes next"

_HORIZONS = f"""
    select
        horizon_days,
        sum(p_purchase) as buyers,
        sum(expected_orders) as orders,
        sum(predicted_revenue) as revenue,
        sum(predicted_profit) as profit,
        sum(predicted_clv) as clv
    from {RUNS}.customer_clv_horizons {SLICE} and predicted_clv is not null
    group by horizon_days
    order by horizon_days
"""
_BEFORE = f"""
    select sum(net_revenue) as revenue, count(*) filter (where kind = 'order') as orders
    from {RUNS}.fct_orders {SLICE} and ordered_on >= %(since)s
    having count(*) > 0
"""


def read(run: Run) -> dict[str, Any]:
    """Per horizon what is expected of the customers there are, and what they brought in as many days before the date;
    that is None where the shop is younger, or where the run's orders are not kept any more."""
    horizons = run.rows(_HORIZONS)
    for row in horizons:
        since = run.publication.as_of_date - timedelta(days=row["horizon_days"])
        known = run.totals["first_order_on"] and run.totals["first_order_on"] <= since
        found = run.rows(_BEFORE, since=since) if known else []
        row["before"] = found[0] if found else None
    return {
        "horizons": horizons,
        "chart": against_before(horizons, run.currency),
        "totals": run.totals,
        "currency": run.currency,
    }


def against_before(horizons: list[dict], currency: str) -> Chart | None:
    """Expected revenue of each horizon beside the revenue of as many days before; None where that is not known."""
    rows = [row for row in horizons if row["before"]]
    if not rows:
        return None
    at = np.arange(len(rows))

    def draw(axes: Axes) -> None:
        before, to_come = ([float(row["revenue"]) for row in pick] for pick in ([r["before"] for r in rows], rows))
        axes.bar(at - 0.2, before, width=0.38, color=BAND, label="the days before")
        axes.bar(at + 0.2, to_come, width=0.38, color=BAR, label="expected")
        axes.set_xticks(at, [f"{row['horizon_days']} days" for row in rows])
        axes.set(ylabel=f"revenue, {currency}", xlim=(-0.6, max(len(rows), 2) - 0.4))
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    last = rows[-1]
    words = f"Today's customers brought {magnitude(float(last['before']['revenue']))} {currency} in the last "
    words += f"{last['horizon_days']} days and are expected to bring {magnitude(float(last['revenue']))} in the next"
    return chart("Expected revenue of today's customers", words, draw)
