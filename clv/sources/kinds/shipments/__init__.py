"""Shipments: one row for each parcel that left the shop."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import OfOrders

KIND = OfOrders(
    name="shipments",
    table=tables.SHIPMENTS,
    means="a shipment of an order",
    columns=(
        Column(name="order_id", type="id", means="Id of the order.", required=True),
        Column(name="shipped_at", type="time", means="Time at which it left the shop.", required=True),
        Column(name="delivered_at", type="time", means="Time at which the customer received it."),
        Column(name="promised_on", type="day", means="Last day on which it was to arrive."),
        Column(name="cost", type="money", means="What the shipment cost the shop."),
        Column(name="shipment_id", type="id", means="Id of the shipment, if a file may have some of an order's only."),
        Column(name="carrier", type="text", means="Carrier that delivers it."),
        Column(name="order_source", type="text", means="Source of the order, if sources share order ids."),
    ),
    replaces=("order_id", "shipment_id"),
)
