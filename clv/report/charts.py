"""Charts of a published date. Each takes the page's facts (`facts.read`) and returns a Chart, or None where there is
nothing to draw."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.ticker import FuncFormatter, PercentFormatter

from clv.drawing import BAND, BAR, INK, SOFT, Chart, chart, magnitude, percent, short

SHARE = PercentFormatter(1, symbol=" %", decimals=0)
WIDE = (10.8, 4.2)
CURVES = 5  # cohorts' curves in one chart
COHORTS = 24  # rows of the heat-map
DARKEST = 0.5  # of a cell: its number can still be read on it, in light and dark
NO_SEGMENT = "not yet a customer"  # where segment_transitions has customers come from who were none
SINCE = "months after that of the first order"


def drawn(facts: dict[str, Any]) -> dict[str, Chart | None]:
    """Every chart by name."""
    found: dict[str, Callable[[dict[str, Any]], Chart | None]] = {
        "concentration": concentration, "values": values, "moves": moves, "retention": retention, "curves": curves,
        "channels": channels, "matured": matured, "tenths": tenths,
    }  # fmt: skip
    return {name: draw(facts) for name, draw in found.items()}


def concentration(facts: dict[str, Any]) -> Chart | None:
    """Pareto curve: share of predicted value over share of customers, the most valuable first."""
    rows = facts["concentration"]
    if not rows or rows[-1]["share"] is None:
        return None
    at = [0.0, *(row["percent"] / 100 for row in rows)]
    share = [0.0, *(float(row["share"]) for row in rows)]
    fifth = float(np.interp(0.2, at, share))

    def draw(axes: Axes) -> None:
        axes.plot([0, 1], [0, 1], color=SOFT, linewidth=1.2, linestyle=(0, (5, 3)), label="if all were worth the same")
        axes.fill_between(at, share, color=BAND, alpha=0.4, linewidth=0)
        axes.plot(at, share, color=BAR, label="this shop")
        axes.plot([0.2, 0.2, 0], [0, fifth, fifth], color=SOFT, linewidth=1, linestyle=":")
        axes.set(
            xlabel="customers, the most valuable first", ylabel="share of predicted value", xlim=(0, 1), ylim=(0, 1.02)
        )
        axes.xaxis.set_major_formatter(SHARE)
        axes.yaxis.set_major_formatter(SHARE)
        axes.legend(loc="lower right")

    return chart(
        "How much of the value few customers hold", f"The top fifth of customers hold {percent(fifth)} of it", draw
    )


def values(facts: dict[str, Any]) -> Chart | None:
    """Histogram of predicted value, in steps of a doubling."""
    rows = facts["values"]
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
        axes.set(xlabel=f"predicted value from … on, {facts['totals']['currency']}", ylabel="customers")
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")

    most = max(counts, key=lambda step: counts[step])
    reached = "under 1" if most is None else f"{magnitude(2.0**most)} to {magnitude(2.0 ** (most + 1))}"
    words = f"Most often a customer's value is {reached}: that of {percent(counts[most] / everybody)} of them"
    return chart("What customers will be worth", words, draw)


def moves(facts: dict[str, Any]) -> Chart | None:
    """Matrix of moves between segments, as shares of the segment that customers came from."""
    rows = facts["moves"]
    if not rows:
        return None
    order = [row["name"] for row in facts["segments"]]
    came = [name for name in order if any(row["from_segment"] == name for row in rows)]
    came += sorted({row["from_segment"] for row in rows} - set(came))
    counts = {(row["from_segment"], row["to_segment"]): row["customers"] for row in rows}
    sizes = {name: sum(count for (left, _), count in counts.items() if left == name) for name in came}

    def draw(axes: Axes) -> None:
        for (left, right), count in counts.items():
            share = count / sizes[left]
            x, y = order.index(right), len(came) - 1 - came.index(left)
            axes.add_patch(
                Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=BAR, alpha=0.05 + DARKEST * share, linewidth=0)
            )
            axes.text(x, y, f"{count:,}", ha="center", va="center", fontsize=10, color=INK)
        axes.set(xlim=(-0.5, len(order) - 0.5), ylim=(-0.5, len(came) - 0.5), xlabel="now", ylabel="before")
        axes.set_xticks(range(len(order)), map(short, order), rotation=30, ha="right")
        axes.set_yticks(range(len(came)), map(short, came[::-1]))
        axes.grid(visible=False)

    stayed = sum(count for (left, right), count in counts.items() if left == right)
    known = sum(count for (left, _), count in counts.items() if left != NO_SEGMENT)
    words = f"Customers by their segment on {rows[0]['before_on']} (rows) and now (columns); "
    words += f"{percent(stayed / known)} are where they were" if known else "all of them are new"
    numbers = [
        ["before", *order],
        *([left, *(f"{counts.get((left, right), 0):,}" for right in order)] for left in came),
    ]
    return chart("Movement between segments", words, draw, WIDE, numbers=numbers)


def retention(facts: dict[str, Any]) -> Chart | None:
    """Cohort heat-map: share of a month's new customers who ordered in each month since that is over."""
    cohorts = _by_cohort([row for row in facts["cohorts"] if row["over"] and row["month_number"] > 0])
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
        axes.set_yticks(range(len(cohorts)), [f"{month:%Y-%m}" for month in reversed(cohorts)])
        axes.set_xticks(range(1, longest + 1, 1 if longest <= 12 else 2))
        axes.grid(visible=False)

    first = [rows[0] for rows in cohorts.values() if rows[0]["month_number"] == 1]
    words = "Of each month's new customers, the percentage that ordered in each month since"
    if first:
        back = np.average([float(row["retention"]) for row in first], weights=[row["customers"] for row in first])
        words += f"; {percent(float(back))} of all these came back in the first month after"
    numbers = [["first order in", *map(str, range(1, longest + 1))]]
    for month, rows in cohorts.items():
        shares = {row["month_number"]: percent(float(row["retention"])) for row in rows}
        numbers.append([f"{month:%Y-%m}", *(shares.get(number, "") for number in range(1, longest + 1))])
    return chart("Who comes back", words, draw, (10.8, 1.2 + 0.27 * len(cohorts)), numbers=numbers)


def curves(facts: dict[str, Any]) -> Chart | None:
    """Cumulative revenue per customer by the end of each month: known, and expected with its band. Of the month that
    is not over, what is known and what is still expected stand together."""
    cohorts = _by_cohort(facts["cohorts"])
    sized = [month for month, rows in cohorts.items() if rows[0]["customers"] >= 10 and len(rows) > 1]
    if not sized:
        return None
    chosen = [sized[i] for i in sorted({round(i) for i in np.linspace(0, len(sized) - 1, CURVES)})]
    shades = np.linspace(0.35, 1, len(chosen))
    ends = {month: float(cohorts[month][-1]["cumulative_revenue"]) / cohorts[month][0]["customers"] for month in chosen}

    def draw(axes: Axes) -> None:
        free = 0.0  # names of curves that end close together stand one above the other
        for month in sorted(chosen, key=lambda month: ends[month]):
            free = max(ends[month], free)
            at = (cohorts[month][-1]["month_number"], free)
            axes.annotate(f"{month:%Y-%m}", at, xytext=(4, 0), textcoords="offset points", fontsize=9, va="center")
            free += max(ends.values()) / 20
        for month, shade in zip(chosen, shades, strict=True):
            rows = cohorts[month]
            at = [row["month_number"] for row in rows]
            per = [float(row["cumulative_revenue"]) / row["customers"] for row in rows]
            split = sum(not row["expected"] for row in rows)
            axes.plot(at[:split], per[:split], color=BAR, alpha=shade, label=f"{month:%Y-%m}")
            axes.plot(at[max(split - 1, 0) :], per[max(split - 1, 0) :], color=BAR, alpha=shade, linestyle=(0, (3, 2)))
            told = [row for row in rows if row["cumulative_revenue_low"] is not None]
            low, high = (
                [float(row[name]) / row["customers"] for row in told]
                for name in ("cumulative_revenue_low", "cumulative_revenue_high")
            )
            if month == chosen[-1]:
                axes.fill_between([row["month_number"] for row in told], low, high, color=BAND, alpha=0.4, linewidth=0)
        axes.set(xlabel=SINCE, ylabel=f"revenue per customer, {facts['totals']['currency']}")
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.margins(x=0.08)
        axes.set_ylim(bottom=0)

    last = cohorts[chosen[-1]][-1]
    words, brought = "Revenue per customer of chosen months' new customers", f"{magnitude(ends[chosen[-1]])} each"
    if last["expected"]:
        words += ": known, then expected (dashed; the newest with its band)"
        words += f"; those of {chosen[-1]:%Y-%m} will have brought {brought} by the end of month {last['month_number']}"
        return chart("What a new customer brings over two years", words, draw, WIDE)
    words += f"; those of {chosen[-1]:%Y-%m} have brought {brought} so far"
    return chart("What a new customer has brought", words, draw, WIDE)


def channels(facts: dict[str, Any]) -> Chart | None:
    """Cost and value of a customer by channel, and when the cost was earned back."""
    rows = [row for row in facts["channels"] if row["cac"] is not None and row["ltv"] is not None]
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
        axes.set(xlabel=f"per customer, {facts['totals']['currency']}")
        axes.xaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.margins(x=0.18)
        axes.set_xlim(left=min(0, *(float(row["ltv"]) for row in rows)))
        axes.grid(visible=False, axis="y")
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1), ncols=2)

    words = f"{len(paid)} of {len(rows)} channels have earned back what their customers cost, going by profit so far"
    if paid:
        words += f"; the fastest in month {min(paid)} after the first order, whose own month is 0"
    return chart("What channels cost and bring", words, draw, (10.8, 1.6 + 0.5 * len(rows)))


def matured(facts: dict[str, Any]) -> Chart | None:
    """Totals of forecasts that have matured, against what came, by the date of the forecast."""
    rows = facts["matured"]
    if not rows:
        return None
    at = range(len(rows))
    days = [row["as_of_date"].isoformat() for row in rows]

    def draw(axes: Axes) -> None:
        axes.bar(at, [float(row["actual_revenue"]) for row in rows], width=0.6, color=BAND, label="what came")
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
        words = f"After the forecast of {days[-1]} nothing came"
    else:
        too = "high" if last["bias"] >= 0 else "low"
        words = f"The forecast of {days[-1]} was {percent(abs(last['bias']))} too {too}"
    if last["coverage_80"] is not None:
        words += f"; its intervals, meant for 80 % of customers, held for {percent(float(last['coverage_80']))}"
    return chart("Did past forecasts come true", words, draw)


def tenths(facts: dict[str, Any]) -> Chart | None:
    """The latest matured forecast by tenth of customers, the highest forecasts first, per customer."""
    rows = facts["tenths"]
    if not rows:
        return None
    rows = [row for row in rows if row["as_of_date"] == rows[-1]["as_of_date"]]
    said, came = (
        [float(row[name]) / row["customers"] for row in rows] for name in ("predicted_revenue", "actual_revenue")
    )
    at = np.arange(1, len(rows) + 1)

    def draw(axes: Axes) -> None:
        axes.bar(at, came, width=0.6, color=BAND, label="what came")
        axes.plot(at, said, "o", color=BAR, markersize=8, label="forecast")
        axes.set(xlabel="tenth of customers by forecast, 1 the highest", ylabel="revenue per customer")
        axes.set_xticks(at)
        axes.set_yscale("symlog", linthresh=max(max(said), 1) / 100)
        axes.set_ylim(0, 3 * max(*said, *came, 1))
        axes.yaxis.set_major_formatter(FuncFormatter(magnitude))
        axes.grid(visible=False, axis="x")
        axes.legend(loc="upper right")

    words = f"The highest tenth of {rows[0]['as_of_date']} was forecast {magnitude(said[0])} each and brought "
    return chart("Forecast and outcome by tenth of customers", words + magnitude(came[0]), draw)


def _by_cohort(rows: list[dict]) -> dict[date, list[dict]]:
    found: dict[date, list[dict]] = {}
    for row in rows:
        found.setdefault(row["cohort_month"], []).append(row)
    return found
