"""What the suites of published tables share: the slice of a run's table, and how tables are compared."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.quality.rules import Slice, Suite, never

RUNS = tables.ANALYTICS_RUNS
MEND = "clear the task build_analytics"


def suite(slice_: Slice, table: str, *expectations: Expectation) -> Suite:
    """What is expected of a run's rows of a table."""
    return Suite(f"{RUNS}.{table}", f"SELECT * from {RUNS}.{table} where {slice_.where}", list(expectations))  # noqa: S608 - our own SQL; values are bound or quoted


def of_run(slice_: Slice, table: str) -> str:
    """A run's rows of a published table, as SQL to select from; needs an alias."""
    return f"(select * from {RUNS}.{table} where {slice_.where})"  # noqa: S608 - our own SQL; values are bound or quoted


def agree(name: str, says: str, wrong: str, **sums: str) -> Expectation:
    """Expects sums to agree: each is SQL that gives one value, `wrong` says by their names when they do not."""
    found = ", ".join(f"({sql}) as {column}" for column, sql in sums.items())
    return never(name, f"select * from (select {found}) as totals where {wrong}", says, MEND)  # noqa: S608 - our own SQL; values are bound or quoted


def same_customers(others: str, says: str) -> Expectation:
    """Expects exactly the customers of the other rows, which are SQL to select from."""
    return never(
        "customers_complete",
        f"""select coalesce(judged.customer_key, others.customer_key) as customer_key from {{batch}} as judged
        full join {others} as others on others.customer_key = judged.customer_key
        where judged.customer_key is null or others.customer_key is null""",  # noqa: S608 - our own SQL; values are bound or quoted
        says,
        MEND,
    )
