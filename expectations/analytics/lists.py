"""Expectations of the lists of customers to act on."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.quality.rules import Slice, never
from expectations.analytics.of_run import REMEDY, of_run


def list_summary(slice_: Slice) -> list[Expectation]:
    """The expectations of the table list_summary. It has one row per list."""
    return [
        never(
            "customers_add_up",
            "consistency",
            f"""select * from (
                select
                    coalesce(summary.list_name, counted.list_name) as list_name,
                    coalesce(summary.customers, 0) as customers_in_summary,
                    coalesce(counted.customers, 0) as customers_on_list
                from {{batch}} as summary
                full join (
                    select list_name, count(*) as customers from {of_run(slice_, "list_members")} as members
                    group by list_name
                ) as counted on counted.list_name = summary.list_name
            ) as totals
            where customers_in_summary <> customers_on_list""",  # noqa: S608 - our own SQL; values are bound or quoted
            "the customers of a list are not those that list_summary counts",
            REMEDY,
        ),
    ]
