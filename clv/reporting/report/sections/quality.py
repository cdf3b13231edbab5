"""The results of the run's gates: by gate, and by dimension of data quality."""

from __future__ import annotations

from typing import Any

from clv.catalog import tables
from clv.reporting.report.reading import Run
from clv.warehouse import publication

TITLE = "Quality of the data"

_GATES = f"""
    select
        gate,
        count(*) as expectations,
        array_agg(expectation order by expectation) filter (where not success) as failed
    from {tables.GATE_RESULTS} where run_id = %(run_id)s
    group by gate
"""  # noqa: S608 - our own names
_DIMENSIONS = f"""
    select
        dimension, count(*) as expectations, count(*) filter (where success) as met,
        string_agg(expectation, '; ' order by expectation) filter (where not success) as not_met
    from {tables.GATE_RESULTS} where run_id = %(run_id)s and dimension is not null
    group by dimension order by dimension
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any]:
    """Gates in the order of the run, dimensions by name."""
    gates = sorted(run.rows(_GATES), key=lambda row: publication.GATES.index(row["gate"]))
    return {"gates": gates, "dimensions": run.rows(_DIMENSIONS)}
