"""Builders of simulated customers whose orders follow a model of orders exactly."""

from __future__ import annotations

import numpy as np

from spark_jobs.models.mbg_cnbd import MbgCnbd
from spark_jobs.models.mbg_nbd import MbgNbd
from spark_jobs.models.pareto_nbd import ParetoNbd

Customers = tuple[np.ndarray, np.ndarray, np.ndarray]


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def mbg_nbd_shop(model: MbgNbd, n: int, h: float, seed: int = 0) -> tuple[Customers, np.ndarray]:
    """Returns x, t_x and T of n simulated customers observed for up to 100 weeks, and their orders in the h weeks
    after."""
    draws = np.random.default_rng(seed)
    rate = draws.gamma(model.r, 1 / model.alpha, n)
    repeats = draws.geometric(draws.beta(model.a, model.b, n)) - 1  # in the whole lifetime
    T = draws.uniform(1, 100, n)
    draws_of_orders = draws.poisson(rate * T)
    x = np.minimum(draws_of_orders, repeats).astype(float)
    # The time of the x-th of the uniformly distributed orders.
    t_x = np.where(x > 0, T * draws.beta(np.maximum(x, 1), draws_of_orders - x + 1), 0)
    return (x, t_x, T), np.minimum(draws.poisson(rate * h), np.maximum(repeats - draws_of_orders, 0))


def pareto_nbd_shop(model: ParetoNbd, n: int, h: float, seed: int = 0) -> tuple[Customers, np.ndarray]:
    """Returns x, t_x and T of n simulated customers observed for up to 100 weeks, and their orders in the h weeks
    after."""
    draws = np.random.default_rng(seed)
    rate = draws.gamma(model.r, 1 / model.alpha, n)
    life = draws.exponential(1 / draws.gamma(model.s, 1 / model.beta, n))
    T = draws.uniform(1, 100, n)
    seen = np.minimum(life, T)
    x = draws.poisson(rate * seen).astype(float)
    t_x = np.where(x > 0, seen * draws.beta(np.maximum(x, 1), 1), 0)
    return (x, t_x, T), draws.poisson(rate * np.clip(life - T, 0, h))


def mbg_cnbd_shop(model: MbgCnbd, n: int, h: float, seed: int = 0) -> tuple[Customers, np.ndarray, np.ndarray]:
    """Returns x, t_x and T of n simulated customers observed for up to 100 weeks, the times between their last two
    orders (NaN for customers with one order), and their orders in the h weeks after."""
    draws = np.random.default_rng(seed)
    rate = draws.gamma(model.r, 1 / model.alpha, n)
    repeats = draws.geometric(draws.beta(model.a, model.b, n)) - 1  # in the whole lifetime
    T, most = draws.uniform(1, 100, n), 400
    times = np.cumsum(draws.gamma(model.k, 1 / rate[:, None], (n, most)), axis=1)
    times[np.arange(most) >= repeats[:, None]] = np.inf
    x = (times <= T[:, None]).sum(axis=1)
    known = np.column_stack([np.zeros(n), times])
    t_x, rows = known[np.arange(n), x], np.arange(n)
    last = np.where(x > 0, t_x - known[rows, np.maximum(x - 1, 0)], np.nan)
    return (x.astype(float), t_x, T), last, (times <= (T + h)[:, None]).sum(axis=1) - x
