"""Orders by Pareto/NBD times the order value by Gamma-Gamma."""

from __future__ import annotations

from spark_jobs.models import orders_and_value, pareto_nbd
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.orders_and_value import Orders, OrdersAndValue

NAME = "pareto_nbd_gg"
TITLE = "Pareto/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"
COST = 0.5
MODEL = Orders(pareto_nbd.ParetoNbd, pareto_nbd.fit, pareto_nbd.p_purchase, pareto_nbd.expected_orders)


def fit(past: Past) -> OrdersAndValue:
    """Fits the model to the customers known at the date; no closed window is needed."""
    return orders_and_value.fit(MODEL, past.known)


def from_json(saved: Json) -> OrdersAndValue:
    """Restores the fitted forecaster that `to_json` wrote."""
    return orders_and_value.from_json(MODEL, saved)
