"""The shop by month: revenue, orders, new and returning customers, compared with the month before and the same month a
year before."""

from __future__ import annotations

from datetime import date
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import Formatter, FuncFormatter, PercentFormatter

from clv.reporting.drawing import BAND, BAR, INK, Chart, chart, magnitude, months_along
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "The shop"
SHOWN = 12  # months
LOW = (5.2, 2.5)  # inches
SHARES = PercentFormatter(1, symbol=" %", decimals=0)

_MONTHS = f"""
    select
        (cohort_month + month_number * interval '1 month')::date as month,
        sum(revenue) as revenue,
        sum(orders_count)::integer as orders,
        coalesce(sum(active_customers) filter (where month_number = 0), 0)::integer as new,
        coalesce(sum(active_customers) filter (where month_number > 0), 0)::integer as returning
    from {RUNS}.cohort_value {SLICE} and revenue is not null
    group by 1 order by 1
"""  # noqa: S608 - our own names
# By month, the number of first orders and of second orders.
_STEPS = f"""
    select
        date_trunc('month', ordered_on)::date as month,
        count(*) filter (where order_number = 1) as first_orders,
        count(*) filter (where order_number = 2) as second_orders
    from {RUNS}.fct_orders {SLICE}
    group by 1 order by 1
"""  # noqa: S608 - our own names
_IDS = f"select * from {RUNS}.identity_summary {SLICE}"  # noqa: S608 - our own names
# Column, label, and whether it is money, a count or a share.
MEASURES = (
    ("revenue", "Revenue", "money"),
    ("orders", "Orders", "count"),
    ("order_value", "Average order value", "cents"),
    ("new", "New customers", "count"),
    ("returning", "Returning customers", "count"),
    ("repeat_rate", "Repeat rate", "share"),
)


def read(run: Run) -> dict[str, Any]:
    """The last whole month compared with the month before and the same month a year before; charts of twelve whole
    months; what joining ids of one person changes, if the shop has such ids."""
    months = measured(run.rows(_MONTHS), run.rows(_STEPS))
    whole, current = split(months, run.totals["first_order_on"], run.publication.as_of_date)
    return {
        "compared": compared(whole),
        "month": whole[-1]["month"] if whole else None,
        "before": before(whole, 1),
        "last_year": before(whole, 12),
        "current": current,
        "currency": run.currency,
        "charts": charts(whole, run.currency) if len(whole) > 1 else [],
        "months": whole[-SHOWN:],
        "counted_by": {row["counted_by"]: row for row in run.rows(_IDS)},
    }


def measured(months: list[dict], steps: list[dict]) -> list[dict]:
    """Adds to each month the average order value, the returning rate and the repeat rate.

    The returning rate is the share of the month's customers who had ordered in an earlier month. The repeat rate is the
    share of customers with at least two orders, among all who had ordered by the month's end; it is None once the run's
    orders are deleted.
    """
    by_month = {row["month"]: row for row in steps}
    firsts = seconds = 0
    for row in months:
        step = by_month.get(row["month"], {})
        firsts += step.get("first_orders", 0)
        seconds += step.get("second_orders", 0)
        row["order_value"] = row["revenue"] / row["orders"] if row["orders"] else None
        customers = row["new"] + row["returning"]
        row["returning_rate"] = row["returning"] / customers if customers else None
        row["repeat_rate"] = seconds / firsts if firsts else None
    return months


def split(months: list[dict], first_on: date | None, as_of: date) -> tuple[list[dict], dict | None]:
    """Splits the months into whole ones and the current one, if it has begun.

    The first month counts as whole only if the shop's first order is on its first day; otherwise the data may begin in
    the middle of the month.
    """
    current = months[-1] if months and _next(months[-1]["month"]) > as_of else None
    over = [row for row in months if row is not current]
    if over and first_on and first_on > over[0]["month"]:
        over = over[1:]
    return over, current


def before(whole: list[dict], months: int) -> dict | None:
    """The month that lies so many months before the last one; None if its data are not complete."""
    return _earlier(whole, whole[-1], months) if whole else None


def compared(whole: list[dict]) -> list[dict]:
    """Each measure of the last month, with its change against the month before and the year before: relative for
    amounts and counts, the difference for rates."""
    if not whole:
        return []
    found = []
    for name, label, kind in MEASURES:
        if whole[-1][name] is not None:
            changes = [_change(whole[-1][name], other and other[name], kind) for other in _others(whole)]
            found.append({"label": label, "kind": kind, "value": whole[-1][name], "changes": changes})
    return found


def charts(whole: list[dict], currency: str) -> list[Chart]:
    """Charts of twelve months of each measure; a mark shows the same month a year before."""
    shown, earlier = whole[-SHOWN:], years_before(whole)
    drawn = [
        _bars("Revenue", f"in {currency}", "revenue", shown, earlier),
        _bars("Orders", "per month", "orders", shown, earlier),
        _line("Average order value", f"in {currency}, net of refunds", "order_value", shown, FuncFormatter(magnitude)),
        _customers(shown),
        _line("Returning customer rate", "of each month's customers", "returning_rate", shown, SHARES),
    ]
    if shown[-1]["repeat_rate"] is not None:
        drawn.append(_line("Repeat rate", "of all customers by each month's end", "repeat_rate", shown, SHARES))
    return drawn


def years_before(whole: list[dict]) -> list[dict | None]:
    """For each month shown, the same month a year before."""
    return [_earlier(whole, row, 12) for row in whole[-SHOWN:]]


def _bars(title: str, unit: str, name: str, shown: list[dict], earlier: list[dict | None]) -> Chart:
    known = [(at, float(row[name])) for at, row in enumerate(earlier) if row]

    def draw(axes: Axes) -> None:
        axes.bar(range(len(shown)), [float(row[name]) for row in shown], width=0.7, color=BAR)
        if known:
            places, amounts = zip(*known, strict=True)
            axes.plot(places, amounts, "_", color=INK, markersize=14, markeredgewidth=2)
        months_along(axes, [row["month"] for row in shown])
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))

    words = f"{title} {unit}" + ("; the mark is the same month a year before" if known else "")
    return chart(title, words, draw, LOW)


def _line(title: str, unit: str, name: str, shown: list[dict], form: Formatter) -> Chart:
    def draw(axes: Axes) -> None:
        amounts = [np.nan if row[name] is None else float(row[name]) for row in shown]
        axes.plot(range(len(shown)), amounts, color=BAR, marker="o", markersize=4)
        months_along(axes, [row["month"] for row in shown])
        axes.yaxis.set_major_formatter(form)
        top = np.nanmax(amounts) if not np.all(np.isnan(amounts)) else 0
        axes.set_ylim(0, 1.15 * top or 1)

    return chart(title, f"{title} {unit}", draw, LOW)


def _customers(shown: list[dict]) -> Chart:
    new, returning = ([row[name] for row in shown] for name in ("new", "returning"))

    def draw(axes: Axes) -> None:
        axes.bar(range(len(shown)), returning, width=0.7, color=BAR, label="returning")
        axes.bar(range(len(shown)), new, bottom=returning, width=0.7, color=BAND, label="new")
        months_along(axes, [row["month"] for row in shown])
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    words = "Customers who ordered in each month; new ones had their first order in it"
    return chart("New and returning customers", words, draw, LOW)


def _others(whole: list[dict]) -> list[dict | None]:
    return [before(whole, 1), before(whole, 12)]


def _earlier(whole: list[dict], row: dict, months: int) -> dict | None:
    at = row["month"].year * 12 + row["month"].month - months
    return next((other for other in whole if other["month"].year * 12 + other["month"].month == at), None)


def _change(now: Any, then: Any, kind: str) -> float | None:
    if then is None or (kind != "share" and then <= 0):
        return None
    return float(now) - float(then) if kind == "share" else float(now) / float(then) - 1


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)
