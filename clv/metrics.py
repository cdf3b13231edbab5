"""The metrics that dbt_project/models/semantic defines, each once: their names, and the SQL that answers for them."""

from __future__ import annotations

import json
from dataclasses import dataclass

from clv import dbt
from clv.errors import ClvError
from clv.settings import Settings

GRAINS = ("day", "week", "month", "quarter", "year")
TIME = "metric_time"  # MetricFlow's name for the days that a metric is counted along


@dataclass(frozen=True)
class Metric:
    """A metric; `by` are the names that it can be asked by, time grains first."""

    name: str
    description: str
    by: list[str]


class _Postgres:
    """What MetricFlow asks of a database before it writes SQL; it never connects."""

    def __init__(self) -> None:
        from metricflow.protocols.sql_client import SqlEngine
        from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer

        self.sql_engine_type = SqlEngine.POSTGRES
        self.sql_plan_renderer = PostgresSQLSqlPlanRenderer()


def listed(settings: Settings) -> list[Metric]:
    """Every metric, in the order of their names."""
    engine, described = _engine(settings)
    return [Metric(name, described[name], [*GRAINS, *_dimensions(engine, [name])]) for name in sorted(described)]


def sql(names: list[str], by: list[str], where: list[str], settings: Settings) -> str:
    """The query that answers for metrics, by time grains and dimensions, in their order.

    where: conditions in MetricFlow's words, such as "{{ Dimension('customer__segment') }} = 'loyal'". Raises ClvError
    for a name that is not known.
    """
    from metricflow.engine.metricflow_engine import MetricFlowQueryRequest

    engine, described = _engine(settings)
    if unknown := [name for name in names if name not in described]:
        raise ClvError(f"there is no metric '{unknown[0]}'; there are {', '.join(sorted(described))}")
    known = [*GRAINS, *_dimensions(engine, names)]
    if unknown := [name for name in by if name not in known]:
        raise ClvError(f"{' and '.join(names)} cannot be asked by '{unknown[0]}', but by {', '.join(known)}")
    groups = [f"{TIME}__{name}" if name in GRAINS else name for name in by]
    request = MetricFlowQueryRequest.create(
        metric_names=names, group_by_names=groups, where_constraints=where or None, order_by_names=groups
    )
    try:
        return engine.explain(request).sql_statement.sql
    except Exception as error:  # MetricFlow's own kinds have no common base
        raise ClvError(f"this cannot be asked: {' '.join(str(error).split())[:300]}") from None


def _engine(settings: Settings) -> tuple:
    """MetricFlow on the project's metrics, and their descriptions by name."""
    from metricflow.engine.metricflow_engine import MetricFlowEngine
    from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
    from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

    text = dbt.semantics(settings)
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(text))
    described = {metric["name"]: metric["description"] for metric in json.loads(text)["metrics"]}
    return MetricFlowEngine(lookup, _Postgres()), described  # type: ignore[arg-type]


def _dimensions(engine, names: list[str]) -> list[str]:
    found = engine.simple_dimensions_for_metrics(names)
    return sorted({one.dunder_name for one in found if one.type.value == "categorical"})
