"""The distribution of predicted value: tiers, the share of value by share of customers, and a histogram."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, PercentFormatter

from clv.reporting.drawing import BAND, BAR, SOFT, Chart, chart, magnitude, percent
from clv.reporting.report.reading import RUNS, SLICE, Run, groups

TITLE = "Who holds the value"
SHARE = PercentFormatter(1, symbol=" %", decimals=0)

_CONCENTRATION = f"""
    with ranked as (
        select
            predicted_clv,
            ceil(
                100.0 * row_number() over (order by predicted_clv desc, customer_key) / count(*) over ()
            )::integer as percent
        from {RUNS}.customer_clv {SLICE} and predicted_clv is not null
    )
    select percent, sum(sum(predicted_clv)) over (order by percent)
        / nullif(sum(sum(predicted_clv)) over (), 0) as share
    from ranked group by percent order by percent
"""  # noqa: S608 - our own names
# Bins of value that double in width; all values below one unit of money share one bin.
_DISTRIBUTION = f"""
    select
        nullif(width_bucket(predicted_clv, (
            select array_agg(2::numeric ^ doubling order by doubling) from generate_series(0, 99) as doubling
        )), 0) - 1 as doubling,
        count(*) as customers
    from {RUNS}.customer_clv {SLICE} and predicted_clv is not null
    group by 1 order by 1 nulls first
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """Tiers and two charts; None when nobody has a forecast."""
    if not run.totals["scored"]:
        return None
    return {
        "tiers": groups(run, "value_tier"),
        "horizon_days": run.totals["horizon_days"],
        "currency": run.currency,
        "concentration": concentration(run.rows(_CONCENTRATION)),
        "distribution": distribution(run.rows(_DISTRIBUTION), run.currency),
    }


def concentration(rows: list[dict]) -> Chart | None:
    """Pareto curve: cumulative share of predicted value over the share of customers, the most valuable first."""
    if not rows or rows[-1]["share"] is None:
        return None
    at = [0.0, *(row["percent"] / 100 for row in rows)]
    share = [0.0, *(float(row["share"]) for row in rows)]
    fifth = float(np.interp(0.2, at, share))

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1.2, linestyle=(0, (5, 3)), label="if all had the same value")
        axes.fill_between(at, share, color=BAND, alpha=0.4, linewidth=0)
        axes.plot(at, share, color=BAR, label="this shop")
        axes.plot([0.2, 0.2, 0], [0, fifth, fifth], color=SOFT, linewidth=1, linestyle=":")
        axes.set(
            xlabel="customers, the most valuable first", ylabel="share of predicted value", xlim=(0, 1), ylim=(0, 1.02)
        )
        axes.xaxis.set_major_formatter(SHARE)
        axes.yaxis.set_major_formatter(SHARE)
        axes.legend(loc="lower right")

    words = f"The top fifth of customers hold {percent(fifth)} of the predicted value"
    return chart("Share of the value by share of customers", words, draw)


def distribution(rows: list[dict], currency: str) -> Chart | None:
    """Histogram of predicted value, in bins that double."""
    if not rows:
        return None
    counts = {row["doubling"]: row["customers"] for row in rows}
    known = [step for step in counts if step is not None]
    steps: list[int | None] = ([None] if None in counts else []) + list(
        range(min(known, default=0), max(known, default=-1) + 1)
    )
    everybody = sum(counts.values())
    names = ["under 1" if step is None else magnitude(2.0**step) for step in steps]

    def draw(axes: Axes) -> None:
        axes.bar(range(len(steps)), [counts.get(step, 0) for step in steps], width=0.92, color=BAR)
        axes.set_xticks(range(len(steps)), names, rotation=45 if len(steps) > 9 else 0)
        axes.set(xlabel=f"predicted value (from), {currency}", ylabel="customers")
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")

    most = max(counts, key=lambda step: counts[step])
    reached = "under 1" if most is None else f"{magnitude(2.0**most)} to {magnitude(2.0 ** (most + 1))}"
    words = f"The most frequent value is {reached}, for {percent(counts[most] / everybody)} of customers"
    return chart("Distribution of predicted value", words, draw)
