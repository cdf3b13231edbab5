"""Expectations of the lists of customers to act on."""

from __future__ import annotations

from great_expectations.expectations.expectation import Expectation

from clv.quality.rules import Slice
from expectations.analytics.of_run import adds_up_to, of_run


def list_summary(slice_: Slice) -> list[Expectation]:
    """The expectations of the table list_summary. It has one row per list."""
    on_lists = of_run(slice_, "list_members")
    return [
        adds_up_to(
            f"(select list_name, count(*) as customers from {on_lists} as members group by list_name)",  # noqa: S608 - our own SQL; values are bound or quoted
            "list_name",
            "the customers of a list are not those that list_summary counts",
        ),
    ]
