"""The parts of suites: the slice of a run, a suite of one table, and the expectations that we add to Great
Expectations' own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import psycopg
import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.core.expect_column_max_to_be_between import ExpectColumnMaxToBeBetween
from great_expectations.expectations.core.expect_column_values_to_be_between import ExpectColumnValuesToBeBetween
from great_expectations.expectations.core.expect_column_values_to_not_be_null import ExpectColumnValuesToNotBeNull
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import Expectation
from great_expectations.expectations.metadata_types import FailureSeverity
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.query_metrics.query_table.unexpected_rows_query_table import (
    UnexpectedRowsQueryTable,
)
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

from clv.core.errors import ClvError
from clv.core.sql_text import equal, literal

EXAMPLES = 3  # rows of a failed expectation that are shown
_COUNT = "_rows_in_all"

# The dimension of data quality that an expectation measures. completeness: no value, row or customer is missing;
# accuracy: values are possible and plausible; consistency: tables, keys and sums agree; timeliness: the newest data are
# recent; availability: the table has rows.
Dimension = Literal["completeness", "accuracy", "consistency", "timeliness", "availability"]


@dataclass(frozen=True)
class Slice:
    """The rows of one run."""

    as_of_date: date
    run_id: str

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d{4}-\d\d-\d\d\.\d+", self.run_id):
            raise ClvError(f"'{self.run_id}' is not a run; a run is named like 2011-06-01.3")

    @property
    def before(self) -> str:
        """The as-of date as SQL: a run uses everything strictly before it."""
        return literal(self.as_of_date)

    @property
    def where(self) -> str:
        return equal({"as_of_date": self.as_of_date, "run_id": self.run_id})


@dataclass(frozen=True)
class Suite:
    """The expectations of one table. query: selects the rows to judge, each row of the table at most once; Great
    Expectations requires that it begins with SELECT."""

    table: str
    query: str
    expectations: list[Expectation]


class _Unexpected(UnexpectedRowsQueryTable):
    """The metric of NoRows: the first rows that its query returns, each with the number of all rows, in one query.
    Great Expectations' own two metrics, the rows and their number, would run the query twice."""

    metric_name = "no_rows.unexpected"

    @classmethod
    def _get_sqlalchemy_records_from_substituted_batch_subquery(
        cls, substituted_batch_subquery: str, execution_engine: SqlAlchemyExecutionEngine, fetch_all: bool = False
    ) -> list[dict]:
        return super()._get_sqlalchemy_records_from_substituted_batch_subquery(
            f"select *, count(*) over () as {_COUNT} from ({substituted_batch_subquery}) as found limit {EXAMPLES}",  # noqa: S608 - our own SQL
            execution_engine,
            fetch_all,
        )


class NoRows(UnexpectedRowsExpectation):
    """Expects a query to return no rows. Its result contains the first rows that the query returned.

    In the query, `{batch}` stands for the rows judged. Great Expectations gives them the alias `subselect`; in a join
    they need an alias of their own.
    """

    metric_dependencies = (_Unexpected.metric_name,)

    def _validate(self, metrics: dict, **_: Any) -> dict:  # type: ignore[override]
        rows = metrics[_Unexpected.metric_name]
        return _none_found(rows[0][_COUNT] if rows else 0, rows)


class _Counted(TableMetricProvider):
    """The metric of NoRowsWhere: the number of rows for which its condition is true. Great Expectations computes such
    aggregates of a table, counts of rows and of nulls among them, in one query."""

    metric_name = "no_rows_where.counted"
    value_keys = ("condition",)

    @metric_partial(
        engine=SqlAlchemyExecutionEngine,
        partial_fn_type=MetricPartialFunctionTypes.AGGREGATE_FN,
        domain_type=MetricDomainTypes.TABLE,
    )
    def _sqlalchemy(
        cls,  # noqa: N805 - Great Expectations passes the class
        metric_domain_kwargs: dict,
        metric_value_kwargs: dict,
        **_: Any,
    ) -> tuple:
        counted = sa.func.count().filter(sa.literal_column(metric_value_kwargs["condition"]))
        return counted, metric_domain_kwargs, {}


class NoRowsWhere(NoRows):
    """Expects a condition to be true for none of the rows judged. Its query, which returns these rows as examples, runs
    only if there are any."""

    condition: str
    metric_dependencies = (_Counted.metric_name,)
    success_keys = ("unexpected_rows_query", "condition")

    def _validate(self, metrics: dict, execution_engine: Any = None, **_: Any) -> dict:  # type: ignore[override]
        count = metrics[_Counted.metric_name] or 0
        rows = count and _Unexpected._sqlalchemy(
            _Unexpected,  # type: ignore[arg-type] - the class, as Great Expectations passes it
            execution_engine=execution_engine,
            metric_domain_kwargs={"batch_id": self.batch_id},
            metric_value_kwargs={"unexpected_rows_query": self.unexpected_rows_query},
            metrics={},
            runtime_configuration={},
        )
        return _none_found(count, rows or [])


def never(
    name: str, dimension: Dimension, query: str, problem: str, remedy: str = "", severity: str = "critical"
) -> Expectation:
    """Expects a query to return no rows.

    problem: what is wrong with a returned row. remedy: what to do about it; `{column}` in it is replaced by the first
    row's value.
    """
    return NoRows(
        unexpected_rows_query=query,
        description=problem,
        severity=FailureSeverity(severity),
        meta=_meta(name, dimension, remedy),
    )  # type: ignore[call-arg]


def never_where(
    name: str,
    dimension: Dimension,
    shown: str,
    condition: str,
    problem: str,
    remedy: str = "",
    severity: str = "critical",
) -> Expectation:
    """Expects a condition of single rows to be true for none. All such conditions of a table are counted in one pass.

    shown: the columns of a found row that are shown. For the others see `never`.
    """
    return NoRowsWhere(
        unexpected_rows_query=f"select {shown} from {{batch}} where {condition}",  # noqa: S608 - our own SQL; values are bound or quoted
        condition=condition,
        description=problem,
        severity=FailureSeverity(severity),
        meta=_meta(name, dimension, remedy),
    )  # type: ignore[call-arg]


def has_rows(problem: str, remedy: str = "") -> Expectation:
    """Expects at least one row. It is needed because most other expectations hold for an empty table. problem: what an
    empty table means."""
    return ExpectTableRowCountToBeBetween(
        min_value=1,
        description=problem,
        severity=FailureSeverity.CRITICAL,
        meta=_meta("has_rows", "availability", remedy),
    )  # type: ignore[call-arg]


def counted() -> Expectation:
    """Counts the rows of a table that may be empty."""
    return ExpectTableRowCountToBeBetween(
        min_value=0,
        description="nothing: the rows are counted",
        severity=FailureSeverity.CRITICAL,
        meta=_meta("counted", "availability"),
    )  # type: ignore[call-arg]


def complete(*columns: str) -> list[Expectation]:
    """Expects no null in these columns."""
    return [
        ExpectColumnValuesToNotBeNull(
            column=column,
            description=f"{column} is null",
            severity=FailureSeverity.CRITICAL,
            meta=_meta(f"{column}_not_null", "completeness"),
        )  # type: ignore[call-arg]
        for column in columns
    ]


def between(column: str, low: float | None, high: float | None, severity: str = "critical") -> Expectation:
    """Expects values within [low, high]. Nulls are allowed."""
    return ExpectColumnValuesToBeBetween(
        column=column,
        min_value=low,
        max_value=high,
        description=f"{column} outside [{low}, {high}]",
        severity=FailureSeverity(severity),
        meta=_meta(f"{column}_in_range", "accuracy"),
    )  # type: ignore[call-arg]


def newest_at_least(name: str, column: str, least: date, problem: str, severity: str = "warning") -> Expectation:
    """Expects the newest time in a column to be on a day or later. The observed value is the newest time."""
    return ExpectColumnMaxToBeBetween(
        column=column,
        min_value=least.isoformat(),  # type: ignore[arg-type]
        description=problem,
        severity=FailureSeverity(severity),
        meta=_meta(name, "timeliness"),
    )  # type: ignore[call-arg]


def unique(*columns: str) -> Expectation:
    """Expects each combination of values in these columns once. Where the judged table has such a key, the key vouches
    for it (see `vouched_for`)."""
    key = ", ".join(columns)
    expectation = never(
        "key_unique", "consistency",
        f"select {key}, count(*) as times from {{batch}} group by {key} having count(*) > 1",  # noqa: S608 - our own SQL; values are bound or quoted
        f"the key ({key}) stands more than once",
    )  # fmt: skip
    expectation.meta = {**(expectation.meta or {}), "key": list(columns)}
    return expectation


def vouched_for(suite: Suite, slice_: Slice, connection: psycopg.Connection) -> list[str]:
    """Spares the suite's queries for repeated keys where a key of the table rules them out: a valid unique index on
    these columns, none of which can be null. Tables that an earlier version created may lack it, and are searched.

    Returns the names of the expectations that are met for this reason.
    """
    fixed = ["as_of_date", "run_id"] if slice_.where in suite.query else []
    found = []
    for one in suite.expectations:
        meta = one.meta or {}
        if "key" in meta and connection.execute(_HAS_KEY, (suite.table, [*meta["key"], *fixed])).fetchall()[0][0]:
            one.unexpected_rows_query = "select from {batch} where false"  # type: ignore[attr-defined]
            found.append(meta["name"])
    return found


_HAS_KEY = """
    select exists (
        select from pg_index
        where indrelid = to_regclass(%s) and indisunique and indisvalid and indpred is null and indexprs is null
            and not exists (
                select from pg_attribute
                where attrelid = indrelid and attnum = any((indkey::smallint[])[0:indnkeyatts - 1])
                    and not (attnotnull and attname = any(%s))
            )
    )
"""


def _meta(name: str, dimension: Dimension, remedy: str = "") -> dict[str, Any]:
    return {"name": name, "dimension": dimension, "remedy": remedy}


def _none_found(count: int, rows: list[dict]) -> dict:
    """Great Expectations' result for a number of rows, of which there should be none. rows: the first of them."""
    shown = [{name: _plain(value) for name, value in row.items() if name != _COUNT} for row in rows]
    return {"success": count == 0, "result": {"observed_value": count, "details": {"unexpected_rows": shown}}}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
