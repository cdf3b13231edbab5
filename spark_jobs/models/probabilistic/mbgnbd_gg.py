"""Orders by MBG/NBD times the order value by Gamma-Gamma."""

from __future__ import annotations

from spark_jobs.models import mbg_nbd, orders_and_value
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.orders_and_value import Orders, OrdersAndValue

NAME = "mbgnbd_gg"
TITLE = "MBG/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"
COST = 0.1
MODEL = Orders(mbg_nbd.MbgNbd, mbg_nbd.fit, mbg_nbd.p_purchase, mbg_nbd.expected_orders)


def fit(past: Past) -> OrdersAndValue:
    """Fits the model to the customers known at the date; no closed window is needed."""
    return orders_and_value.fit(MODEL, past.known)


def from_json(saved: Json) -> OrdersAndValue:
    """Restores the fitted forecaster that `to_json` wrote."""
    return orders_and_value.from_json(MODEL, saved)
