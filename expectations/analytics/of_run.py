"""Shared by the suites of published tables: the rows of a run, and comparisons between tables."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.catalog import tables
from clv.catalog.published import Table
from clv.quality.rules import Dimension, Slice, Suite, counted, has_rows, never, unique

RUNS = tables.ANALYTICS_RUNS
REMEDY = "clear the task that builds the table"  # `suite` names the task


def suite(slice_: Slice, table: Table, of_it_alone: list[Expectation]) -> Suite:
    """The suite of one published table: the expectations that follow from its declaration, and `of_it_alone`."""
    nothing = f"{table.name} has no row at {slice_.as_of_date}"
    expectations = [
        counted() if table.may_be_empty else has_rows(nothing, REMEDY),
        unique(*table.key),
        *of_it_alone,
    ]
    if table.contact:
        expectations.append(_may_be_contacted(slice_))
    # What is not of the layer analytics is built with the features, or is a view on what is built with them.
    task = "build_analytics" if table.layer == "analytics" else "build_features, with those after it"
    for one in expectations:
        meta = one.meta or {}
        one.meta = meta | {"remedy": meta["remedy"].replace(REMEDY, f"clear the task {task}")}
    return Suite(f"{RUNS}.{table.name}", f"SELECT * from {RUNS}.{table.name} where {slice_.where}", expectations)  # noqa: S608 - our own SQL; values are bound or quoted


def _may_be_contacted(slice_: Slice) -> Expectation:
    return never(
        "contact_allowed",
        "accuracy",
        f"""select judged.customer_key from {{batch}} as judged
        left join {of_run(slice_, "dim_customer")} as customers on customers.customer_key = judged.customer_key
        where customers.may_be_contacted is not true""",  # noqa: S608 - our own SQL; values are bound or quoted
        "a customer who may not be contacted is on a list for contact",
        f"leave them out of its model with is_contactable, then {REMEDY}",
    )


def of_run(slice_: Slice, table: str) -> str:
    """The rows of a run in a published table, as SQL for a from clause; the caller adds an alias."""
    return f"(select * from {RUNS}.{table} where {slice_.where})"  # noqa: S608 - our own SQL; values are bound or quoted


def agree(name: str, dimension: Dimension, problem: str, wrong: str, **sums: str) -> Expectation:
    """Expects sums to agree. sums: SQL that returns one value, by name. wrong: an SQL condition on these names that is
    true if the sums do not agree."""
    found = ", ".join(f"({sql}) as {column}" for column, sql in sums.items())
    return never(name, dimension, f"select * from (select {found}) as totals where {wrong}", problem, REMEDY)  # noqa: S608 - our own SQL; values are bound or quoted


def adds_up_to(counted: str, by: str, problem: str) -> Expectation:
    """Expects the customers of the judged rows, summed by a column, to be those that another table counts.

    counted: SQL for a from clause with one row per value of the column, of the columns `by` and `customers`.
    """
    return never(
        "customers_add_up",
        "consistency",
        f"""select * from (
            select
                coalesce(judged.{by}, counted.{by}) as {by}, coalesce(judged.customers, 0) as customers,
                coalesce(counted.customers, 0) as counted
            from (select {by}, sum(customers) as customers from {{batch}} group by {by}) as judged
            full join {counted} as counted on counted.{by} = judged.{by}
        ) as totals
        where customers <> counted""",  # noqa: S608 - our own SQL; values are bound or quoted
        problem,
        REMEDY,
    )


def same_customers(others: str, problem: str) -> Expectation:
    """Expects the judged table to have exactly the customers of `others`, which is SQL for a from clause."""
    return never(
        "customers_complete",
        "completeness",
        f"""select coalesce(judged.customer_key, others.customer_key) as customer_key from {{batch}} as judged
        full join {others} as others on others.customer_key = judged.customer_key
        where judged.customer_key is null or others.customer_key is null""",  # noqa: S608 - our own SQL; values are bound or quoted
        problem,
        REMEDY,
    )
