"""Pareto/NBD orders times Gamma-Gamma value."""

from __future__ import annotations

from spark_jobs.models import orders_and_value, pareto_nbd
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.orders_and_value import Orders, OrdersAndValue

NAME = "pareto_nbd_gg"
TITLE = "Pareto/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"
MODEL = Orders(pareto_nbd.ParetoNbd, pareto_nbd.fit, pareto_nbd.p_purchase, pareto_nbd.expected_orders)


def fit(past: Past) -> OrdersAndValue:
    """Fits the model to the customers known at the date."""
    return orders_and_value.fit(MODEL, past.known)


def from_json(saved: Json) -> OrdersAndValue:
    """What `to_json` kept."""
    return orders_and_value.from_json(MODEL, saved)
