"""The steps that build dbt's layers."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from clv.catalog import tables
from clv.core import settings
from clv.pipeline.steps import Facts
from clv.pipeline.tasks import gates
from clv.reporting import remarks
from clv.transform import dbt
from clv.warehouse import db, roles
from clv.warehouse.roles import PUBLISHER


def build(layer: str) -> Callable[[date, str], Facts]:
    """Makes the step that builds one dbt layer."""

    def step(as_of: date, run_id: str) -> Facts:
        return dbt.build(layer, {"as_of_date": as_of.isoformat(), "run_id": run_id}, settings.load())

    return step


def features(as_of: date, run_id: str) -> Facts:
    """Builds the features from staging as the gate has judged it."""
    facts = build("features")(as_of, run_id)
    gates.require_judged(facts["staging"], as_of, run_id)
    return facts


def analytics(as_of: date, run_id: str) -> Facts:
    """Builds the tables to publish. The facts include what profit rests on and how many customers may be contacted."""
    facts = build("analytics")(as_of, run_id)
    query = remarks.QUERY.format(
        relation=f"{tables.ANALYTICS_RUNS}.segment_summary", condition="as_of_date = %s and run_id = %s"
    )
    basis = remarks.Basis(*db.rows(query, (as_of, run_id), roles.url(PUBLISHER))[0])
    for remark in remarks.of_run(basis, settings.load()):
        print(f"note: {remark}", flush=True)
    return {**facts, **basis.facts()}


staging, intermediate = build("staging"), build("intermediate")
