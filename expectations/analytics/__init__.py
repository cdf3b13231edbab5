"""Gate `analytics`: do the tables to be published agree with each other, and with the features?

The features are compared, rather than staging, because another run may have rebuilt staging; the gate `features`
compared them with staging. Every published table is judged by what its model declares. Expectations of one table alone
are in the function with the table's name.
"""

from __future__ import annotations

from collections.abc import Callable

from great_expectations.expectations.expectation import Expectation

from clv.catalog import published
from clv.quality.rules import Slice, Suite
from expectations.analytics import channels, customers, orders, segments, totals
from expectations.analytics.of_run import suite

OF_ONE_TABLE: dict[str, Callable[[Slice], list[Expectation]]] = {
    made.__name__: made
    for made in (
        customers.customer_clv,
        customers.customer_clv_horizons,
        segments.customer_segments,
        segments.segment_summary,
        segments.segment_transitions,
        orders.cohort_value,
        channels.channel_value,
        channels.channel_cohorts,
        totals.forecast_months,
        channels.customer_economics,
        segments.personas,
        totals.forecast_totals,
        customers.dim_customer,
        orders.fct_orders,
    )
}


def suites(slice_: Slice) -> list[Suite]:
    """The suites of a run: one for each published table."""
    return [
        suite(slice_, table, OF_ONE_TABLE[name](slice_) if name in OF_ONE_TABLE else [])
        for name, table in published.tables().items()
    ]
