"""The metrics that our expectations add to Great Expectations' own: they read a table as few times as possible."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from great_expectations.core.metric_domain_types import MetricDomainTypes
from great_expectations.core.metric_function_types import MetricPartialFunctionTypes
from great_expectations.execution_engine.sqlalchemy_execution_engine import SqlAlchemyExecutionEngine
from great_expectations.expectations.metrics.metric_provider import metric_partial
from great_expectations.expectations.metrics.query_metrics.query_table.unexpected_rows_query_table import (
    UnexpectedRowsQueryTable,
)
from great_expectations.expectations.metrics.table_metric_provider import TableMetricProvider

EXAMPLES = 3  # rows of a failed expectation that are shown
COUNT = "_rows_in_all"


class FirstRows(UnexpectedRowsQueryTable):
    """The first rows that a query returns, each with the number of all rows, in one query. Great Expectations' own two
    metrics, the rows and their number, would run the query twice."""

    metric_name = "unexpected.first_rows"

    @classmethod
    def _get_sqlalchemy_records_from_substituted_batch_subquery(
        cls, substituted_batch_subquery: str, execution_engine: SqlAlchemyExecutionEngine, fetch_all: bool = False
    ) -> list[dict]:
        return super()._get_sqlalchemy_records_from_substituted_batch_subquery(
            f"select *, count(*) over () as {COUNT} from ({substituted_batch_subquery}) as found limit {EXAMPLES}",  # noqa: S608 - our own SQL
            execution_engine,
            fetch_all,
        )

    @classmethod
    def of(cls, query: str, batch_id: str | None, execution_engine: Any) -> list[dict]:
        """The first rows of a query, for an expectation that asks for them after its other metrics."""
        return cls._sqlalchemy(
            cls,  # type: ignore[arg-type] - the class, as Great Expectations passes it
            execution_engine=execution_engine,
            metric_domain_kwargs={"batch_id": batch_id},
            metric_value_kwargs={"unexpected_rows_query": query},
            metrics={},
            runtime_configuration={},
        )


class Aggregate(TableMetricProvider):
    """The value of an SQL aggregate over the rows judged. Great Expectations computes all those of a table, with the
    number of its rows, in one query. It would compute its own metrics of columns in further ones, after a query without
    any limit, whose rows it does not look at, to learn the names of the columns."""

    metric_name = "rows.aggregate"
    value_keys = ("aggregate",)

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
        return sa.literal_column(metric_value_kwargs["aggregate"]), metric_domain_kwargs, {}
