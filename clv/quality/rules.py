"""The parts of suites: the slice of a run, a suite of one table, and the expectations that we add to Great
Expectations' own."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import psycopg
from great_expectations.expectations.core.expect_table_row_count_to_be_between import ExpectTableRowCountToBeBetween
from great_expectations.expectations.core.unexpected_rows_expectation import UnexpectedRowsExpectation
from great_expectations.expectations.expectation import BatchExpectation, Expectation
from great_expectations.expectations.metadata_types import FailureSeverity

from clv.core.errors import ClvError
from clv.core.sql_text import equal, literal
from clv.quality.metrics import COUNT, Aggregate, FirstRows

NO_SUCH_ROW = "no such row"

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


class NoRows(UnexpectedRowsExpectation):
    """Expects a query to return no rows. Its result contains the first rows that the query returned.

    In the query, `{batch}` stands for the rows judged. Great Expectations gives them the alias `subselect`; in a join
    they need an alias of their own.
    """

    metric_dependencies = (FirstRows.metric_name,)

    def _validate(self, metrics: dict, **_: Any) -> dict:  # type: ignore[override]
        rows = metrics[FirstRows.metric_name]
        return _none_found(rows[0][COUNT] if rows else 0, rows)


class NoRowsWhere(NoRows):
    """Expects a condition to be true for none of the rows judged. Its query, which returns these rows as examples, runs
    only if there are any. aggregate: their number, as SQL."""

    aggregate: str
    metric_dependencies = (Aggregate.metric_name,)
    success_keys = ("unexpected_rows_query", "aggregate")

    def _validate(self, metrics: dict, execution_engine: Any = None, **_: Any) -> dict:  # type: ignore[override]
        count = metrics[Aggregate.metric_name] or 0
        rows = count and FirstRows.of(str(self.unexpected_rows_query), self.batch_id, execution_engine)
        return _none_found(count, rows or [])


class NoValuesWhere(NoRowsWhere):
    """Expects a condition to be true for no value of a column. The result shows only the values."""

    def _validate(self, metrics: dict, execution_engine: Any = None, **_: Any) -> dict:  # type: ignore[override]
        found = super()._validate(metrics, execution_engine=execution_engine)
        del found["result"]["observed_value"]
        return found


class AtLeast(BatchExpectation):
    """Expects an aggregate of the rows judged to be a day, and `least` or later."""

    aggregate: str
    least: str
    metric_dependencies = (Aggregate.metric_name,)
    success_keys = ("aggregate", "least")

    def _validate(self, metrics: dict, **_: Any) -> dict:  # type: ignore[override]
        day = metrics[Aggregate.metric_name]
        return {"success": day is not None and day >= self.least, "result": {"observed_value": day}}


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
        meta=_meta(name, dimension, NO_SUCH_ROW, remedy),
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
        unexpected_rows_query=_rows_where(shown, condition),
        aggregate=_count_where(condition),
        description=problem,
        severity=FailureSeverity(severity),
        meta=_meta(name, dimension, NO_SUCH_ROW, remedy),
    )  # type: ignore[call-arg]


def has_rows(problem: str, remedy: str = "") -> Expectation:
    """Expects at least one row. It is needed because most other expectations hold for an empty table. problem: what an
    empty table means."""
    return ExpectTableRowCountToBeBetween(
        min_value=1,
        description=problem,
        severity=FailureSeverity.CRITICAL,
        meta=_meta("has_rows", "availability", "1 row or more", remedy),
    )  # type: ignore[call-arg]


def counted() -> Expectation:
    """Counts the rows of a table that may be empty."""
    return ExpectTableRowCountToBeBetween(
        min_value=0,
        description="nothing: the rows are counted",
        severity=FailureSeverity.CRITICAL,
        meta=_meta("counted", "availability", "any number of rows"),
    )  # type: ignore[call-arg]


def complete(*columns: str) -> list[Expectation]:
    """Expects no null in these columns."""
    return [
        NoValuesWhere(
            unexpected_rows_query=_rows_where(column, f"{column} is null"),
            aggregate=_count_where(f"{column} is null"),
            description=f"{column} is null",
            severity=FailureSeverity.CRITICAL,
            meta=_meta(f"{column}_not_null", "completeness", "no null"),
        )  # type: ignore[call-arg]
        for column in columns
    ]


def between(column: str, low: float, high: float, severity: str = "critical") -> Expectation:
    """Expects values within [low, high]. Nulls are allowed."""
    return NoValuesWhere(
        unexpected_rows_query=_rows_where(
            f"{column}::double precision as {column}", f"{column} not between {low} and {high}"
        ),
        aggregate=_count_where(f"{column} not between {low} and {high}"),
        description=f"{column} outside [{low}, {high}]",
        severity=FailureSeverity(severity),
        meta=_meta(f"{column}_in_range", "accuracy", f"from {float(low)} to {float(high)}"),
    )  # type: ignore[call-arg]


def newest_at_least(name: str, column: str, least: date, problem: str, severity: str = "warning") -> Expectation:
    """Expects the newest time in a column to be on a day or later. The observed value is its day."""
    return AtLeast(
        aggregate=f"max({column})::date",
        least=least.isoformat(),
        description=problem,
        severity=FailureSeverity(severity),
        meta=_meta(name, "timeliness", f"{least} or later"),
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


def _meta(name: str, dimension: Dimension, expected: str, remedy: str = "") -> dict[str, Any]:
    return {"name": name, "dimension": dimension, "expected": expected, "remedy": remedy}


def _rows_where(shown: str, condition: str) -> str:
    return f"select {shown} from {{batch}} where {condition}"  # noqa: S608 - our own SQL; values are bound or quoted


def _count_where(condition: str) -> str:
    return f"count(*) filter (where {condition})"


def _none_found(count: int, rows: list[dict]) -> dict:
    """Great Expectations' result for a number of rows, of which there should be none. rows: the first of them."""
    shown = [{name: _plain(value) for name, value in row.items() if name != COUNT} for row in rows]
    result = {"observed_value": count, "unexpected_count": count, "details": {"unexpected_rows": shown}}
    return {"success": count == 0, "result": result}


def _plain(value: object) -> object:
    return value if value is None or isinstance(value, (bool, int, float, str)) else str(value)
