"""Returns: one row for each product that a customer sent back, whether money was refunded, goods exchanged, or
neither."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import OfOrders

KIND = OfOrders(
    name="returns",
    table=tables.RETURNS,
    means="a product of an order that the customer sent back",
    columns=(
        Column(name="order_id", type="id", means="Id of the order.", required=True),
        Column(name="returned_at", type="time", means="Time of the return.", required=True),
        Column(name="product_id", type="id", means="Product, by the id that the orders give."),
        Column(name="quantity", type="number", means="Items returned; 1 if it is not given.", at_least=0),
        Column(name="amount", type="money", means="Money refunded for them, above 0; none for an exchange."),
        Column(name="is_exchange", type="yes_no", means="Whether the customer got other goods for them."),
        Column(name="reason", type="text", means="Why they were returned."),
        Column(name="cost", type="money", means="What the return cost the shop, such as postage."),
        Column(name="return_id", type="id", means="Id of the return, if a file may have some of an order's only."),
        Column(name="order_source", type="text", means="Source of the order, if sources share order ids."),
    ),
    replaces=("order_id", "return_id"),
)
