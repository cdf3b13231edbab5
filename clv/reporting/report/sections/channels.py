"""What channels cost and what their customers bring."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from clv.reporting.drawing import BAND, BAR, Chart, chart, magnitude, short
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "Channels"

_CHANNELS = f"""
    select channel, customers, spend, cac, ltv, ltv_to_cac, payback_month, covered_from, covered_to
    from {RUNS}.channel_value {SLICE}
    order by ltv_to_cac desc nulls last, customers desc, channel
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """Channels, the highest value to cost first; None without ad spend."""
    channels = run.rows(_CHANNELS)
    if not channels:
        return None
    return {"channels": channels, "costs": costs(channels, run.currency), "currency": run.currency}


def costs(rows: list[dict], currency: str) -> Chart | None:
    """Cost and value of a customer by channel, and the month in which the cost was earned back."""
    rows = [row for row in rows if row["cac"] is not None and row["ltv"] is not None]
    if not rows:
        return None
    paid = [row["payback_month"] for row in rows if row["payback_month"] is not None]

    def draw(axes: Axes) -> None:
        at = np.arange(len(rows))[::-1]
        axes.barh(at, [float(row["ltv"]) for row in rows], height=0.6, color=BAND, label="value of a customer")
        axes.plot([float(row["cac"]) for row in rows], at, "o", color=BAR, markersize=8, label="cost of acquiring one")
        for y, row in zip(at, rows, strict=True):
            back = "not earned back yet" if row["payback_month"] is None else f"back in month {row['payback_month']}"
            right = max(float(row["ltv"]), float(row["cac"]), 0)
            axes.annotate(back, (right, y), xytext=(8, 0), textcoords="offset points", fontsize=10, va="center")
        axes.set_yticks(at, [short(row["channel"]) for row in rows])
        axes.set(xlabel=f"per customer, {currency}")
        axes.xaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.margins(x=0.18)
        axes.set_xlim(left=min(0, *(float(row["ltv"]) for row in rows)))
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    words = f"{len(paid)} of {len(rows)} channels have earned back the cost of their customers, counting profit so far"
    if paid:
        words += f"; the fastest in month {min(paid)} after the first order, whose own month is 0"
    return chart("What channels cost and bring", words, draw, (10.8, 1.6 + 0.5 * len(rows)))
