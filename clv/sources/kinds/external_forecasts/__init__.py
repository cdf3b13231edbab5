"""Another system's forecasts: one row for each customer of an export, such as Klaviyo's profiles."""

from __future__ import annotations

from clv.catalog import tables
from clv.core.options import LONGEST_HORIZON
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="external_forecasts",
    table=tables.EXTERNAL_FORECASTS,
    means="another system's forecast for a customer, as of the day of the export",
    columns=(
        Column(name="customer", type="customer", means="Customer, by the shop's id or the address.", required=True),
        Column(name="as_of", type="day", means="First day of the forecast: the day of the export.", required=True),
        Column(name="system", type="text", means="System that made the forecast.", required=True),
        Column(
            name="horizon_days",
            type="number",
            means="Days from as_of that are forecast.",
            required=True,
            at_least=1,
            at_most=LONGEST_HORIZON,
            is_whole=True,
        ),
        Column(name="predicted_revenue", type="money", means="Revenue predicted within them.", required=True),
        Column(name="predicted_orders", type="number", means="Number of orders predicted within them."),
        Column(
            name="churn_probability",
            type="number",
            means="Probability, 0 to 1, that the customer does not order again.",
            at_least=0,
            at_most=1,
        ),
        Column(name="expected_next_order", type="day", means="Day on which the next order is expected."),
        Column(name="email", type="email", means="Address, by which a customer of another id is found."),
    ),
    replaces=("customer", "as_of", "system", "horizon_days"),
)
