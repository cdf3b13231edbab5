"""Which model scored the customers, and why some were not scored."""

from __future__ import annotations

from typing import Any

from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "How it was made"
STATUSES = {"scored": "forecast", "too_little_data": "no forecast: too little data"}

_MODELS = f"""
    select status, model_version, count(*) as customers, string_agg(distinct status_reason, '; ') as reasons
    from {RUNS}.customer_clv {SLICE}
    group by status, model_version
    order by customers desc
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any]:
    """Customers by status and model."""
    return {"models": run.rows(_MODELS), "statuses": STATUSES}
