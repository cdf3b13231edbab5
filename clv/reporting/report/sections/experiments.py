"""Experiments: what acting on customers changed, by the newest read-out of each."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from clv.catalog import tables
from clv.reporting.report.reading import Run

TITLE = "What acting changed"

# The read-outs of the newest date on or before the page's, the outcome of each experiment first.
RESULTS = f"""
    select results.*, results.metric = started.definition ->> 'outcome' as is_outcome
    from {tables.EXPERIMENT_RESULTS} as results
    join {tables.EXPERIMENTS} as started using (experiment)
    where results.as_of_date = (
        select max(as_of_date) from {tables.EXPERIMENT_RESULTS} as newest
        where newest.experiment = results.experiment and newest.as_of_date <= %(as_of)s
    )
    order by results.started_on desc, results.experiment, is_outcome desc, results.metric, results.arm
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """By experiment, its read-out; None without experiments."""
    found = read_outs(run.rows(RESULTS))
    return {"experiments": found} if found else None


def read_outs(rows: list[dict]) -> list[dict[str, Any]]:
    """What a page shows of each experiment. rows: those of RESULTS."""
    return [shown(list(of_one)) for _, of_one in groupby(rows, key=lambda row: row["experiment"])]


def shown(rows: list[dict]) -> dict[str, Any]:
    """What the page shows of a read-out. rows: one for each metric and arm, the outcome first."""
    first = rows[0]
    texts = {wanted: list(dict.fromkeys(row["message"] for row in rows if row["is_outcome"] == wanted))
             for wanted in (True, False)}  # fmt: skip
    sizes = {row["arm"]: row["customers"] for row in rows}
    return {**first, "results": texts[True], "guards": texts[False], "sizes": sizes}
