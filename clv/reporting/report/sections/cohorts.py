"""Cohorts of new customers by the month of their first order: how many return, and what they bring."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter

from clv.reporting.drawing import BAND, BAR, DARKEST, INK, WIDE, Chart, chart, magnitude, percent
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "New customers over time"
CURVES = 5  # cohorts' curves in one chart
COHORTS = 24  # rows of the heat-map
SINCE = "months after that of the first order"

_COHORTS = f"""
    select
        cohort_month, month_number, customers, retention,
        cohort_month + (month_number + 1) * interval '1 month' <= as_of_date as over,
        predicted_revenue is not null as expected,
        cumulative_revenue, cumulative_revenue_low, cumulative_revenue_high
    from {RUNS}.cohort_value {SLICE} and month_number <= 24
    order by cohort_month, month_number
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any]:
    """The two charts of the section; each is None when there is nothing to draw."""
    months = run.rows(_COHORTS)
    return {"curves": curves(months, run.currency), "retention": retention(months)}


def curves(months: list[dict], currency: str) -> Chart | None:
    """Cumulative revenue per customer by the end of each month: first the actual, then the expected with its band. The
    current month adds actual and expected revenue."""
    cohorts = _by_cohort(months)
    sized = [month for month, rows in cohorts.items() if rows[0]["customers"] >= 10 and len(rows) > 1]
    if not sized:
        return None
    chosen = [sized[i] for i in sorted({round(i) for i in np.linspace(0, len(sized) - 1, CURVES)})]
    shades = np.linspace(0.35, 1, len(chosen))
    ends = {month: float(cohorts[month][-1]["cumulative_revenue"]) / cohorts[month][0]["customers"] for month in chosen}

    def draw(axes: Axes) -> None:
        free = 0.0  # lowest free height for a label: labels of curves that end close together are stacked
        for month in sorted(chosen, key=lambda month: ends[month]):
            free = max(ends[month], free)
            at = (cohorts[month][-1]["month_number"], free)
            name = f"{month:%Y-%m} ({cohorts[month][0]['customers']:,})"
            axes.annotate(name, at, xytext=(4, 0), textcoords="offset points", fontsize=9, va="center")
            free += max(ends.values()) / 20
        for month, shade in zip(chosen, shades, strict=True):
            rows = cohorts[month]
            at = [row["month_number"] for row in rows]
            per = [float(row["cumulative_revenue"]) / row["customers"] for row in rows]
            split = sum(not row["expected"] for row in rows)
            axes.plot(at[:split], per[:split], color=BAR, alpha=shade, label=f"{month:%Y-%m}")
            axes.plot(at[max(split - 1, 0) :], per[max(split - 1, 0) :], color=BAR, alpha=shade, linestyle=(0, (3, 2)))
            bounded = [row for row in rows if row["cumulative_revenue_low"] is not None]
            low, high = (
                [float(row[name]) / row["customers"] for row in bounded]
                for name in ("cumulative_revenue_low", "cumulative_revenue_high")
            )
            if month == chosen[-1]:
                axes.fill_between(
                    [row["month_number"] for row in bounded], low, high, color=BAND, alpha=0.4, linewidth=0
                )
        axes.set(xlabel=SINCE, ylabel=f"revenue per customer, {currency}")
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.margins(x=0.11)
        axes.set_ylim(bottom=0)

    last = cohorts[chosen[-1]][-1]
    words = "Revenue per customer of some months' new customers (number in brackets)"
    brought = f"{magnitude(ends[chosen[-1]])} each"
    if last["expected"]:
        words += ": known, then expected (dashed; the newest with its band)"
        words += f"; those of {chosen[-1]:%Y-%m} will have brought {brought} by the end of month {last['month_number']}"
        return chart("What a new customer brings over two years", words, draw, WIDE)
    words += f"; those of {chosen[-1]:%Y-%m} have brought {brought} so far"
    return chart("What a new customer has brought", words, draw, WIDE)


def retention(months: list[dict]) -> Chart | None:
    """Heat map: the share of each cohort that ordered in each later whole month."""
    cohorts = _by_cohort([row for row in months if row["over"] and row["month_number"] > 0])
    cohorts = dict(list(cohorts.items())[-COHORTS:])
    if not cohorts:
        return None
    top = max(float(row["retention"]) for rows in cohorts.values() for row in rows) or 1.0
    longest = max(row["month_number"] for rows in cohorts.values() for row in rows)

    def draw(axes: Axes) -> None:
        for y, rows in enumerate(reversed(cohorts.values())):
            for row in rows:
                share = float(row["retention"])
                spot = (row["month_number"] - 0.48, y - 0.46)
                axes.add_patch(
                    Rectangle(spot, 0.96, 0.92, facecolor=BAR, alpha=0.05 + DARKEST * share / top, linewidth=0)
                )
                axes.text(row["month_number"], y, f"{100 * share:.0f}", ha="center", va="center", fontsize=8, color=INK)
        axes.set(xlim=(0.5, longest + 0.5), ylim=(-0.5, len(cohorts) - 0.5), xlabel=SINCE)
        sizes = {month: rows[0]["customers"] for month, rows in cohorts.items()}
        axes.set_yticks(range(len(cohorts)), [f"{month:%Y-%m} ({sizes[month]:,})" for month in reversed(cohorts)])
        axes.set_xticks(range(1, longest + 1, 1 if longest <= 12 else 2))
        axes.grid(visible=False)

    first = [rows[0] for rows in cohorts.values() if rows[0]["month_number"] == 1]
    words = "Percentage of each month's new customers (number in brackets) who ordered in each later month"
    if first:
        back = np.average([float(row["retention"]) for row in first], weights=[row["customers"] for row in first])
        words += f"; {percent(float(back))} of all of them ordered in the first month after"
    numbers = [["first order in", "customers", *map(str, range(1, longest + 1))]]
    for month, rows in cohorts.items():
        shares = {row["month_number"]: percent(float(row["retention"])) for row in rows}
        size = f"{rows[0]['customers']:,}"
        numbers.append([f"{month:%Y-%m}", size, *(shares.get(number, "") for number in range(1, longest + 1))])
    return chart("Who comes back", words, draw, (10.8, 1.2 + 0.27 * len(cohorts)), numbers=numbers)


def _by_cohort(rows: list[dict]) -> dict[date, list[dict]]:
    found: dict[date, list[dict]] = {}
    for row in rows:
        found.setdefault(row["cohort_month"], []).append(row)
    return found
