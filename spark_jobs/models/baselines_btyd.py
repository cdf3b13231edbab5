"""Baselines that are probabilistic models: orders by a buy-till-you-die model times the value of one by Gamma-Gamma.

They need no closed window: each is fitted at the date itself, to all customers known by then.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from spark_jobs.models import btyd, mbg_nbd, pareto_nbd
from spark_jobs.models.anchor import DAYS_PER_WEEK, Columns, history
from spark_jobs.models.baselines_rules import Said

FIT_ROWS = 50_000  # customers above which they are condensed a little for fitting

# How each is fitted, and what it then says: the chance of an order and the orders expected.
MODELS: dict[str, tuple[Callable, Callable, Callable]] = {
    "bgnbd_gg": (btyd.fit_bgnbd, btyd.p_purchase, btyd.expected_orders),
    "mbgnbd_gg": (mbg_nbd.fit, mbg_nbd.p_purchase, mbg_nbd.expected_orders),
    "pareto_nbd_gg": (pareto_nbd.fit, pareto_nbd.p_purchase, pareto_nbd.expected_orders),
}


@dataclass(frozen=True)
class Fitted:
    """A model of orders by its name in MODELS, its parameters, and Gamma-Gamma; times in weeks."""

    name: str
    orders: Any
    gamma_gamma: btyd.GammaGamma

    def say(self, columns: Columns, horizon_days: int) -> Said:
        """The forecast of customers with a purchase day."""
        _, p_purchase, expected_orders = MODELS[self.name]
        x, t_x, T = history(columns)
        h = horizon_days / DAYS_PER_WEEK
        orders = np.maximum(expected_orders(self.orders, x, t_x, T, h), 0)
        value = btyd.expected_value(self.gamma_gamma, x + 1, np.nan_to_num(columns["order_value_mean"]))
        return Said(orders * value, p_purchase(self.orders, x, t_x, T, h), orders)


def fit(name: str, columns: Columns) -> Fitted:
    """Fits a model of MODELS to the customers of a date, each with a purchase day, in any order.

    Above FIT_ROWS customers, times are rounded to whole weeks and values to one per mille.
    """
    x, t_x, T = history(columns)
    value = np.maximum(np.nan_to_num(columns["order_value_mean"]), 0)
    if len(x) > FIT_ROWS:
        t_x, T = np.round(t_x), np.round(T)
        value = np.where(value > 0, np.exp(np.round(np.log(np.maximum(value, 1e-9)), 3)), 0)
    (x_, t_x_, T_), counts = btyd.compress([x, np.minimum(t_x, T), T])
    return Fitted(name, MODELS[name][0](x_, t_x_, T_, counts), btyd.fit_gamma_gamma(x + 1, value))
