"""The metrics that dbt_project/models/semantic defines: their names, the SQL that computes them, and their values
formatted for people."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from difflib import get_close_matches
from functools import partial

from metricflow.engine.metricflow_engine import MetricFlowEngine, MetricFlowQueryRequest
from metricflow.protocols.sql_client import SqlEngine
from metricflow.sql.render.postgres import PostgresSQLSqlPlanRenderer
from metricflow_semantics.model.dbt_manifest_parser import parse_manifest_from_dbt_generated_manifest
from metricflow_semantics.model.semantic_manifest_lookup import SemanticManifestLookup

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.transform import dbt

GRAINS = ("day", "week", "month", "quarter", "year")
TIME = "metric_time"  # MetricFlow's name for the dimension of time


@dataclass(frozen=True)
class Metric:
    """A metric. by: the names it can be grouped by, time grains first. unit: money, count, share or ratio."""

    name: str
    description: str
    by: list[str]
    unit: str | None = None


class _Postgres:
    """The attributes that MetricFlow needs of a database to write SQL for it. It never connects."""

    def __init__(self) -> None:
        self.sql_engine_type = SqlEngine.POSTGRES
        self.sql_plan_renderer = PostgresSQLSqlPlanRenderer()


def listed(settings: Settings) -> list[Metric]:
    """Every metric, ordered by name."""
    engine, defined = _engine(settings)
    return [
        Metric(name, one["description"], [*GRAINS, *_dimensions(engine, [name])], _unit(one))
        for name, one in sorted(defined.items())
    ]


def readable(
    names: list[str], rows: Iterable[tuple], settings: Settings, rounded: bool = True
) -> tuple[list[str], Iterator[tuple]]:
    """Formats the result of the query for people: a month as 2024-05, a quarter as 2024-Q2; if `rounded`, a share as
    23.4 % and other numbers with at most two decimals.

    names: the columns of the query. Returns their titles, in which a column of time is named by its grain, and the
    rows.
    """
    units = {name: _unit(one) for name, one in _defined(dbt.semantics(settings)).items()}
    shown: list[Callable] = []
    for name in names:
        time, _, grain = name.rpartition("__")
        if time == TIME:
            shown.append(partial(_period, grain=grain))
        else:
            shown.append(partial(_figure, unit=units.get(name)) if rounded else lambda value: value)
    titles = [name.removeprefix(f"{TIME}__") for name in names]
    return titles, (tuple(show(value) for show, value in zip(shown, row, strict=True)) for row in rows)


def _period(value: date | None, grain: str) -> str | None:
    if value is None:
        return None
    quarter = f"{value.year}-Q{(value.month + 2) // 3}"
    return {"month": f"{value:%Y-%m}", "quarter": quarter, "year": f"{value:%Y}"}.get(grain, f"{value:%Y-%m-%d}")


def _figure(value: object, unit: str | None) -> object:
    if isinstance(value, bool) or not isinstance(value, (int, float, Decimal)):
        return value
    if unit == "share":
        return f"{100 * value:.1f} %"
    if isinstance(value, int) or not math.isfinite(value):
        return value
    return int(value) if unit == "count" and value == int(value) else round(value, 2)


def sql(names: list[str], by: list[str], where: list[str], settings: Settings) -> str:
    """The SQL query of metrics, grouped and ordered by time grains and dimensions.

    where: conditions in MetricFlow's syntax, such as "{{ Dimension('customer__segment') }} = 'loyal'". Raises ClvError
    for an unknown name.
    """
    engine, defined = _engine(settings)
    if unknown := [name for name in names if name not in defined]:
        raise ClvError(f"there is no metric '{unknown[0]}'; there are {', '.join(sorted(defined))}")
    known = [*GRAINS, *_dimensions(engine, names)]
    if unknown := [name for name in by if name not in known]:
        alike = [one for one in known if one.endswith(f"__{unknown[0]}")] or get_close_matches(unknown[0], known, 3)
        instead = f"did you mean {' or '.join(alike)}?" if alike else f"possible are {', '.join(known)}"
        raise ClvError(f"{' and '.join(names)} cannot be grouped by '{unknown[0]}'; {instead}")
    groups = [f"{TIME}__{name}" if name in GRAINS else name for name in by]
    request = MetricFlowQueryRequest.create(
        metric_names=names, group_by_names=groups, where_constraints=where or None, order_by_names=groups
    )
    try:
        return engine.explain(request).sql_statement.sql
    except Exception as error:  # MetricFlow's exceptions have no common base
        raise ClvError(f"this query is not possible: {' '.join(str(error).split())[:300]}") from None


def _engine(settings: Settings) -> tuple:
    """MetricFlow's engine for the project's metrics, and the metrics' definitions by name."""
    text = dbt.semantics(settings)
    lookup = SemanticManifestLookup(parse_manifest_from_dbt_generated_manifest(text))
    return MetricFlowEngine(lookup, _Postgres()), _defined(text)  # type: ignore[arg-type]


def _defined(semantics: str) -> dict[str, dict]:
    return {metric["name"]: metric for metric in json.loads(semantics)["metrics"]}


def _unit(metric: dict) -> str | None:
    return ((metric.get("config") or {}).get("meta") or {}).get("unit")


def _dimensions(engine, names: list[str]) -> list[str]:
    found = engine.simple_dimensions_for_metrics(names)
    return sorted({one.dunder_name for one in found if one.type.value == "categorical"})
