"""Segments, the transitions of customers between segments, and personas."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from clv.reporting.drawing import BAR, DARKEST, INK, WIDE, Chart, chart, percent, short
from clv.reporting.report.reading import RUNS, SLICE, Run, groups

TITLE = "Segments"
NO_SEGMENT = "not yet a customer"  # the from_segment of customers who were not customers before

_TRANSITIONS = f"""
    select from_segment, to_segment, before_on, customers, historic_revenue
    from {RUNS}.segment_transitions {SLICE}
"""  # noqa: S608 - our own names
_MEANINGS = f"select segment, meaning, what_to_do from {RUNS}.segments"  # noqa: S608 - our own names
_PERSONAS = f"""
    select
        name, customers, average_orders_count, average_days_since_last_order, average_churn_risk, predicted_clv,
        predicted_clv / customers as average_predicted_clv, share_of_predicted_clv as share
    from {RUNS}.personas {SLICE}
    order by predicted_clv desc nulls last, name
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any]:
    """Segments, the most valuable first, with their meaning and what to do; the chart of transitions; and personas, if
    the model found any."""
    segments = groups(run, "segment")
    meanings = {row["segment"]: row for row in run.rows(_MEANINGS)}
    return {
        "segments": segments,
        "meanings": [meanings[row["name"]] for row in segments if row["name"] in meanings],
        "transitions": transitions(run.rows(_TRANSITIONS), [row["name"] for row in segments]),
        "personas": run.rows(_PERSONAS),
        "currency": run.currency,
    }


def transitions(rows: list[dict], order: list[str]) -> Chart | None:
    """Matrix of transitions between segments, shaded by the share of the segment that customers left. order: the
    segments in their order on the page."""
    if not rows:
        return None
    from_segments = [name for name in order if any(row["from_segment"] == name for row in rows)]
    from_segments += sorted({row["from_segment"] for row in rows} - set(from_segments))
    counts = {(row["from_segment"], row["to_segment"]): row["customers"] for row in rows}
    sizes = {name: sum(count for (left, _), count in counts.items() if left == name) for name in from_segments}

    def draw(axes: Axes) -> None:
        for (left, right), count in counts.items():
            share = count / sizes[left]
            x, y = order.index(right), len(from_segments) - 1 - from_segments.index(left)
            axes.add_patch(
                Rectangle((x - 0.48, y - 0.46), 0.96, 0.92, facecolor=BAR, alpha=0.05 + DARKEST * share, linewidth=0)
            )
            axes.text(x, y, f"{count:,}", ha="center", va="center", fontsize=10, color=INK)
        axes.set(xlim=(-0.5, len(order) - 0.5), ylim=(-0.5, len(from_segments) - 0.5), xlabel="now", ylabel="before")
        axes.set_xticks(range(len(order)), map(short, order), rotation=30, ha="right")
        axes.set_yticks(range(len(from_segments)), map(short, from_segments[::-1]))
        axes.grid(visible=False)

    stayed = sum(count for (left, right), count in counts.items() if left == right)
    known = sum(count for (left, _), count in counts.items() if left != NO_SEGMENT)
    words = f"Customers by their segment on {rows[0]['before_on']} (rows) and now (columns); "
    words += f"{percent(stayed / known)} are in the same segment as before" if known else "all of them are new"
    numbers = [
        ["before", *order],
        *([left, *(f"{counts.get((left, right), 0):,}" for right in order)] for left in from_segments),
    ]
    return chart("Movement between segments", words, draw, WIDE, numbers=numbers)
