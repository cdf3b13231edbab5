"""Matured forecasts, compared with the actual revenue."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter

from clv.catalog import tables
from clv.reporting.drawing import BAND, BAR, Chart, chart, magnitude, percent
from clv.reporting.report.reading import Run

TITLE = "Past forecasts and what happened"

# Use the shortest horizon, since most forecasts over it have matured by the date of the page.
_MATURED = f"""
    with holding as (
        select distinct on (as_of_date) as_of_date, run_id from {tables.PUBLICATIONS}
        order by as_of_date, publication_id desc
    ),
    scores as (
        select *, min(horizon_days) over () as shortest
        from {tables.CLV_SCORECARD} join holding using (as_of_date, run_id)
        where matured_on <= %(as_of)s and grouped_by = %(grouped_by)s and customers > 0
    )
    select as_of_date, horizon_days, group_name, customers, predicted_revenue, actual_revenue, bias, coverage_80
    from scores where horizon_days = shortest order by as_of_date, group_name
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """Charts of the totals and of the latest matured forecast by decile; None until a forecast has matured."""
    matured = run.rows(_MATURED, grouped_by="all")
    if not matured:
        return None
    return {"totals": totals(matured), "deciles": deciles(run.rows(_MATURED, grouped_by="decile"))}


def totals(rows: list[dict]) -> Chart | None:
    """The totals of matured forecasts and the actual revenue, by the date of the forecast."""
    if not rows:
        return None
    at = range(len(rows))
    days = [row["as_of_date"].isoformat() for row in rows]

    def draw(axes: Axes) -> None:
        axes.bar(at, [float(row["actual_revenue"]) for row in rows], width=0.6, color=BAND, label="actual")
        axes.plot(at, [float(row["predicted_revenue"]) for row in rows], "o", color=BAR, markersize=8, label="forecast")
        shown = [i for i in at if i % max(1, len(days) // 8) == 0]
        axes.set_xticks(shown, [days[i] for i in shown], rotation=30 if len(shown) > 4 else 0)
        axes.set(ylabel=f"revenue in {rows[0]['horizon_days']} days", xlim=(-0.6, max(len(days), 4) - 0.4))
        axes.margins(y=0.25)
        axes.set_ylim(bottom=0)
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper left", ncols=2)

    last = rows[-1]
    if last["bias"] is None:
        words = f"There was no revenue after the forecast of {days[-1]}"
    else:
        too = "high" if last["bias"] >= 0 else "low"
        words = f"The forecast of {days[-1]} was {percent(abs(last['bias']))} too {too}"
    if last["coverage_80"] is not None:
        words += f"; its 80 % intervals covered {percent(float(last['coverage_80']))} of customers"
    return chart("How accurate past forecasts were", words, draw)


def deciles(rows: list[dict]) -> Chart | None:
    """The latest matured forecast and the actual revenue per customer, by decile; the highest forecasts first."""
    if not rows:
        return None
    rows = [row for row in rows if row["as_of_date"] == rows[-1]["as_of_date"]]
    predicted, actual = (
        [float(row[name]) / row["customers"] for row in rows] for name in ("predicted_revenue", "actual_revenue")
    )
    at = [int(row["group_name"]) for row in rows]

    def draw(axes: Axes) -> None:
        axes.bar(at, actual, width=0.6, color=BAND, label="actual")
        axes.plot(at, predicted, "o", color=BAR, markersize=8, label="forecast")
        axes.set(xlabel="decile of customers by forecast, 1 the highest", ylabel="revenue per customer")
        axes.set_xticks(at)
        axes.set_yscale("symlog", linthresh=max(max(predicted), 1) / 100)
        axes.set_ylim(0, 3 * max(*predicted, *actual, 1))
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper right")

    words = f"The highest decile of {rows[0]['as_of_date']} had a mean forecast of {magnitude(predicted[0])} "
    words += f"and an actual of {magnitude(actual[0])}"
    return chart("Forecast and actual by decile of customers", words, draw)
