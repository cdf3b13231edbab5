"""The lists of customers to act on: how many each holds, and what is at stake."""

from __future__ import annotations

from typing import Any

from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "Lists to act on"

_LISTS = f"""
    select list_name, title, action, channel, customers_to_act_on, customers_held_out, value_at_stake
    from {RUNS}.list_summary {SLICE} and customers > 0
    order by priority
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """The lists with customers, by priority; None if there are none."""
    lists = run.rows(_LISTS)
    if not lists:
        return None
    valued = any(row["value_at_stake"] is not None for row in lists)
    return {"lists": lists, "valued": valued, "currency": run.currency}
