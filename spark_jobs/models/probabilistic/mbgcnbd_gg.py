"""Orders by MBG/CNBD-k, which sees how regularly customers order, times the order value by Gamma-Gamma."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

from spark_jobs.models import mbg_cnbd, orders_and_value
from spark_jobs.models.anchor import DAYS_PER_WEEK, history
from spark_jobs.models.forecaster import Json, Past
from spark_jobs.models.orders_and_value import Orders, OrdersAndValue

NAME = "mbgcnbd_gg"
TITLE = "MBG/CNBD-k + Gamma-Gamma"
RESTS_ON = "how often, how lately and how regularly customers ordered, and on the value of an order"
COST = 0.2
MODEL = Orders(mbg_cnbd.MbgCnbd, mbg_cnbd.fit, mbg_cnbd.p_purchase, mbg_cnbd.expected_orders)


def fit(past: Past) -> OrdersAndValue:
    """Fits the model to the customers known at the date; no closed window is needed."""
    x, t_x, _ = history(past.known)
    times = mbg_cnbd.log_density_of_times(x, t_x, past.known["gap_last"] / DAYS_PER_WEEK).sum(axis=1)
    return orders_and_value.fit(replace(MODEL, fit=partial(mbg_cnbd.fit, times=times)), past.known)


def from_json(saved: Json) -> OrdersAndValue:
    """Restores the fitted forecaster that `to_json` wrote."""
    return orders_and_value.from_json(MODEL, saved)
