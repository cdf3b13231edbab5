"""Payments: one row for each payment of an order, refund of it, or attempt to pay."""

from __future__ import annotations

from clv.catalog import tables
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import OfOrders

STATES = ("paid", "pending", "failed")

KIND = OfOrders(
    name="payments",
    table=tables.PAYMENTS,
    means="a payment of an order, a refund of it, or an attempt to pay",
    columns=(
        Column(name="order_id", type="id", means="Id of the order.", required=True),
        Column(name="paid_at", type="time", means="Time of the payment, refund or attempt; by default of the order."),
        Column(
            name="amount",
            type="money",
            means="Amount of the payment; a refund is negative.",
            required=True,
            signed=True,
        ),
        Column(
            name="state",
            type="text",
            means="Whether the money was received; a row without a state counts as paid.",
            one_of=STATES,
        ),
        Column(name="fee", type="money", means="What the payment provider keeps of it; a returned fee is negative."),
        Column(name="payment_id", type="id", means="Id of the payment, if a file may have some of an order's only."),
        Column(name="method", type="text", means="Method of payment."),
        Column(name="failure_reason", type="text", means="Why it failed."),
        Column(name="order_source", type="text", means="Source of the order, if sources share order ids."),
    ),
    replaces=("order_id", "payment_id"),
)
