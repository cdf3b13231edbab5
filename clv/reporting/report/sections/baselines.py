"""How well the model and the baselines did on holdouts."""

from __future__ import annotations

from typing import Any

from clv.catalog import tables
from clv.reporting.report.reading import RUNS, SLICE, Run

TITLE = "The model against baselines"

_DECISIONS = f"""
    select decisions.horizon_days, decisions.contestant, decisions.normalized_gini, decisions.rmse, decisions.bias,
        decisions.published
    from {tables.MODEL_DECISIONS} as decisions
    where decisions.model_version in (select model_version from {RUNS}.customer_clv {SLICE})
    order by decisions.horizon_days, decisions.published desc, decisions.rmse
"""  # noqa: S608 - our own names


def read(run: Run) -> dict[str, Any] | None:
    """The model and the baselines by horizon; None when no model was trained."""
    decisions = run.rows(_DECISIONS)
    return {"decisions": decisions} if decisions else None
