"""What the probabilistic forecasters share: expected orders from a buy-till-you-die model, times the order value of
Gamma-Gamma.

They need no closed window: each is fitted to the customers known at a date, and predicts any window.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from spark_jobs.features.columns import Columns
from spark_jobs.models import btyd
from spark_jobs.models.anchor import DAYS_PER_WEEK, history
from spark_jobs.models.forecaster import Customers, Json, Prediction
from spark_jobs.models.maximum_likelihood import compress

FIT_ROWS = 50_000  # number of customers above which times and values are rounded, so that fitting stays fast


@dataclass(frozen=True)
class Orders:
    """The functions of one model of orders: `made` builds it from its parameters, `fit` fits it, and the others
    predict."""

    made: Callable[..., Any]
    fit: Callable[..., Any]
    p_purchase: Callable[..., Any]
    expected_orders: Callable[..., Any]


@dataclass(frozen=True)
class OrdersAndValue:
    """A model of orders with its fitted parameters, and Gamma-Gamma. Times are in weeks."""

    model: Orders
    orders: Any
    gamma_gamma: btyd.GammaGamma

    def predict(self, customers: Customers) -> Prediction:
        """Predicts the mean money, the probability of an order and the number of orders over the window."""
        columns = customers.columns
        x, t_x, T = history(columns)
        h = customers.window_days / DAYS_PER_WEEK
        orders = np.maximum(self.model.expected_orders(self.orders, x, t_x, T, h), 0)
        value = btyd.expected_value(self.gamma_gamma, x + 1, np.nan_to_num(columns["order_value_mean"]))
        return Prediction(orders * value, self.model.p_purchase(self.orders, x, t_x, T, h), orders)

    def explain(self, customers: Customers) -> list[str]:
        """Describes how often and how recently the customer ordered, and for how much."""
        columns = customers.columns
        names = ("days_with_orders", "days_since_last_order", "order_value_mean")
        figures = zip(*(columns[name] for name in names), strict=True)
        return [
            f"{days:,.0f} {'day' if days == 1 else 'days'} with orders, the last one {ago:,.0f} days ago, "
            f"of {value:,.2f} on average"
            for days, ago, value in figures
        ]

    def to_json(self) -> Json:
        """Returns the parameters by name."""
        return {"orders": asdict(self.orders), "gamma_gamma": asdict(self.gamma_gamma)}


def fit(model: Orders, columns: Columns) -> OrdersAndValue:
    """Fits a model to the customers of a date, each with a purchase day. The order of the rows does not matter.

    Above FIT_ROWS customers, times are rounded to whole weeks and values to 0.1 %.
    """
    x, t_x, T = history(columns)
    value = np.maximum(np.nan_to_num(columns["order_value_mean"]), 0)
    if len(x) > FIT_ROWS:
        t_x, T = np.round(t_x), np.round(T)
        value = np.where(value > 0, np.exp(np.round(np.log(np.maximum(value, 1e-9)), 3)), 0)
    (x_, t_x_, T_), counts = compress([x, np.minimum(t_x, T), T])
    return OrdersAndValue(model, model.fit(x_, t_x_, T_, counts), btyd.fit_gamma_gamma(x + 1, value))


def from_json(model: Orders, saved: Json) -> OrdersAndValue:
    """Restores the model that `to_json` wrote."""
    return OrdersAndValue(model, model.made(**saved["orders"]), btyd.GammaGamma(**saved["gamma_gamma"]))
