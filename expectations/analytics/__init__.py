"""Gate `analytics`: do the tables that would be published agree with each other, and with the features?

The gate `features` has proven those against staging; another run may have rebuilt staging since.
"""

from __future__ import annotations

from expectations.analytics.channels import channel_cohorts, channel_value, customer_economics
from expectations.analytics.customers import customer_clv, customer_clv_horizons, dim_customer
from expectations.analytics.orders import cohort_value, fct_orders
from expectations.analytics.segments import customer_segments, personas, segment_summary, segment_transitions
from expectations.analytics.totals import forecast_months, forecast_totals

SUITES = (
    customer_clv,
    customer_clv_horizons,
    customer_segments,
    segment_summary,
    segment_transitions,
    cohort_value,
    channel_value,
    channel_cohorts,
    forecast_months,
    customer_economics,
    personas,
    forecast_totals,
    dim_customer,
    fct_orders,
)
