"""BG/NBD orders times Gamma-Gamma value."""

from __future__ import annotations

from spark_jobs.models import btyd, orders_and_value
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.orders_and_value import Orders, OrdersAndValue

NAME = "bgnbd_gg"
TITLE = "BG/NBD + Gamma-Gamma"
RESTS_ON = "how often and how lately customers ordered, and on the value of an order"
MODEL = Orders(btyd.BgNbd, btyd.fit_bgnbd, btyd.p_purchase, btyd.expected_orders)


def fit(past: Past) -> OrdersAndValue:
    """Fits the model to the customers known at the date."""
    return orders_and_value.fit(MODEL, past.known)


def from_json(saved: Json) -> OrdersAndValue:
    """What `to_json` kept."""
    return orders_and_value.from_json(MODEL, saved)
