"""Customers: one row for each customer and day of an export of the shop's customers."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="customers",
    table=tables.CUSTOMER_PROFILES,
    means="a customer's profile as it is from a day on",
    columns=(
        Column(name="customer", type="customer", means="Customer, by the id that the orders give.", required=True),
        Column(name="valid_from", type="day", means="Day from which the values of the row hold.", required=True),
        Column(name="may_contact", type="yes_no", means="Whether the customer may be contacted."),
        Column(name="tags", type="text", means="Tags of the customer, as the shop writes them."),
        Column(name="registered_on", type="day", means="Day on which the customer registered."),
        Column(name="country", type="text", means="Country of the customer."),
        Column(name="region", type="text", means="State or region of the customer."),
        Column(name="email", type="email", means="E-mail address of the customer."),
        Column(name="name", type="name", means="Name of the customer."),
    ),
    replaces=("customer", "valid_from"),
)
