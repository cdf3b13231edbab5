"""What the suites of published tables share: the slice of a run's table, and how tables are compared."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.catalog.published import Table
from clv.quality.rules import Dimension, Slice, Suite, counted, has_rows, never, unique

RUNS = tables.ANALYTICS_RUNS
MEND = "clear the task build_analytics"


def suite(slice_: Slice, table: Table, of_it_alone: list[Expectation]) -> Suite:
    """What is expected of a run's rows of a table: by what it declares, and of it alone."""
    nothing = f"{table.name} has no row at {slice_.as_of_date}"
    expectations = [
        counted() if table.may_be_empty else has_rows(nothing, MEND),
        unique(*table.key),
        *of_it_alone,
    ]
    if table.contact:
        expectations.append(_may_be_contacted(slice_))
    return Suite(f"{RUNS}.{table.name}", f"SELECT * from {RUNS}.{table.name} where {slice_.where}", expectations)  # noqa: S608 - our own SQL; values are bound or quoted


def _may_be_contacted(slice_: Slice) -> Expectation:
    return never(
        "contact_allowed",
        "accuracy",
        f"""select judged.customer_key from {{batch}} as judged
        left join {of_run(slice_, "dim_customer")} as customers on customers.customer_key = judged.customer_key
        where customers.may_be_contacted is not true""",  # noqa: S608 - our own SQL; values are bound or quoted
        "a customer who may not be written to is on a list for contact",
        "leave them out of its model with is_contactable, then clear the task build_analytics",
    )


def of_run(slice_: Slice, table: str) -> str:
    """A run's rows of a published table, as SQL to select from; needs an alias."""
    return f"(select * from {RUNS}.{table} where {slice_.where})"  # noqa: S608 - our own SQL; values are bound or quoted


def agree(name: str, dimension: Dimension, says: str, wrong: str, **sums: str) -> Expectation:
    """Expects sums to agree: each is SQL that gives one value, `wrong` says by their names when they do not."""
    found = ", ".join(f"({sql}) as {column}" for column, sql in sums.items())
    return never(name, dimension, f"select * from (select {found}) as totals where {wrong}", says, MEND)  # noqa: S608 - our own SQL; values are bound or quoted


def same_customers(others: str, says: str) -> Expectation:
    """Expects exactly the customers of the other rows, which are SQL to select from."""
    return never(
        "customers_complete",
        "completeness",
        f"""select coalesce(judged.customer_key, others.customer_key) as customer_key from {{batch}} as judged
        full join {others} as others on others.customer_key = judged.customer_key
        where judged.customer_key is null or others.customer_key is null""",  # noqa: S608 - our own SQL; values are bound or quoted
        says,
        MEND,
    )
