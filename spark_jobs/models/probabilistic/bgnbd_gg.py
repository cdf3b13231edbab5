"""Orders by BG/NBD times the order value by Gamma-Gamma."""

from __future__ import annotations

from spark_jobs.models import btyd, orders_and_value
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.orders_and_value import Orders, OrdersAndValue

NAME = "bgnbd_gg"
TITLE = "BG/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"
COST = 0.1
MODEL = Orders(btyd.BgNbd, btyd.fit_bgnbd, btyd.p_purchase, btyd.expected_orders)


def fit(past: Past) -> OrdersAndValue:
    """Fits the model to the customers known at the date; no closed window is needed."""
    return orders_and_value.fit(MODEL, past.known)


def from_json(saved: Json) -> OrdersAndValue:
    """Restores the fitted forecaster that `to_json` wrote."""
    return orders_and_value.from_json(MODEL, saved)
