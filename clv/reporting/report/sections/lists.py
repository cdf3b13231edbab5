"""The lists of customers to act on: how many each holds, and what is at stake."""

from __future__ import annotations

from typing import Any

from clv.catalog import tables
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "Lists to act on"

_LISTS = f"""
    select list_name, title, action, channel, customers_to_act_on, customers_held_out, value_at_stake
    from {RUNS}.list_summary {SLICE} and customers > 0
    order by priority
"""  # noqa: S608 - our own names

# The newest read-out of each list that has gone out; none on pages of earlier dates.
_EARNED = f"""
    select title, customers, held_out, message, window_days
    from {tables.LIST_EARNINGS} where metric = 'profit' and entered > 0 and as_of_date <= %(as_of)s
    order by net desc nulls last, title
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """The lists with customers, by priority, and what each list that has gone out earned; None if there are none."""
    lists, earned = run.rows(_LISTS), run.rows(_EARNED)
    if not lists and not earned:
        return None
    valued = any(row["value_at_stake"] is not None for row in lists)
    return {"lists": lists, "earned": earned, "valued": valued, "currency": run.currency}
