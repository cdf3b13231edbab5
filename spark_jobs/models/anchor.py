"""The anchor: the probabilistic forecast that all learners start from. It averages two models of orders and multiplies
them by the Gamma-Gamma model of order value.

BG/NBD and Pareto/NBD differ in when a customer may leave, so their errors differ too. The geometric mean of their
expected orders, and the mean of their log-odds, are better than either model's.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import asdict, dataclass, field, replace
from typing import NamedTuple, TypeVar

import numpy as np
from scipy.special import expit, logit

from spark_jobs.features.columns import Columns, usable
from spark_jobs.models import btyd, pareto_nbd
from spark_jobs.models.maximum_likelihood import distinct

Array = np.ndarray
Days = TypeVar("Days", int, float)
DAYS_PER_WEEK = 7.0
FIT_ROWS = 3_000  # number of customers above which times are rounded to whole weeks, so that fitting stays fast
LEAST_ORDERS = 1e-9
# Probabilities are clipped to [LEAST_PROBABILITY, 1 - LEAST_PROBABILITY]; log-odds beyond reflect the models' tails
# rather than the customers.
LEAST_PROBABILITY = 1e-5


class Ahead(NamedTuple):
    """What customers who have not left will do, which depends on x and T alone (see `btyd`).

    pairs: the distinct x + iT, sorted. by_days: for each horizon (days), expected orders and the probability of an
    order under BG/NBD, then both under Pareto/NBD, shape (4, pairs).
    """

    pairs: Array
    by_days: dict[float, Array]


@dataclass(frozen=True)
class OriginFit:
    """The probabilistic models fitted to all customers with an order before one date. Times are in weeks. ahead: what
    they predict for the date's customers who have not left, if it is known (see `looking_ahead`)."""

    bgnbd: btyd.BgNbd
    pareto_nbd: pareto_nbd.ParetoNbd
    gamma_gamma: btyd.GammaGamma
    ahead: Ahead | None = field(default=None, compare=False, repr=False)

    def as_json(self) -> dict:
        """Returns the parameters by name, for the model's record."""
        return {name: asdict(getattr(self, name)) for name in ("bgnbd", "pareto_nbd", "gamma_gamma")}

    @staticmethod
    def from_json(saved: dict) -> OriginFit:
        """Restores the models that `as_json` wrote."""
        return OriginFit(
            btyd.BgNbd(**saved["bgnbd"]),
            pareto_nbd.ParetoNbd(**saved["pareto_nbd"]),
            btyd.GammaGamma(**saved["gamma_gamma"]),
        )


@dataclass(frozen=True)
class Probabilistic:
    """The anchor's predictions over a horizon, arrays of shape (n,): expected orders, the value of an order, and
    probabilities.

    p_alive is the probability under BG/NBD that a customer has not left, which is 1 for every one-time buyer. p_active
    is the same under Pareto/NBD. p_bgnbd and p_pareto are both models' probabilities of an order in the horizon.
    """

    orders: Array
    order_value: Array
    p_alive: Array
    p_active: Array
    p_bgnbd: Array
    p_pareto: Array

    @property
    def revenue(self) -> Array:
        """Expected revenue over the horizon."""
        return self.orders * self.order_value

    @property
    def log_odds(self) -> Array:
        """Log-odds of an order in the horizon: the mean of both models' log-odds."""
        return 0.5 * (logit(self.p_bgnbd) + logit(self.p_pareto))

    @property
    def p_purchase(self) -> Array:
        """Probability of an order in the horizon."""
        return expit(self.log_odds)


class Groups(NamedTuple):
    """The customers of one date, counted by history.

    columns: days_with_orders, recency and t (days) of each group, and the mean of its customers' order_value_mean.
    customers: their number in each group. Both the anchor's parameters for orders and its totals depend on these alone.
    """

    columns: Columns
    customers: Array


def grouped(columns: Columns) -> Groups:
    """Counts customers, each with a purchase day, by their history. Above FIT_ROWS customers, times are rounded to
    whole weeks. The order of the rows does not matter, except to the last bits of the groups' mean values."""
    t, recency = columns["t"], columns["recency"]
    if len(t) > FIT_ROWS:
        t, recency = (DAYS_PER_WEEK * np.round(days / DAYS_PER_WEEK) for days in (t, recency))
        t = np.maximum(t, DAYS_PER_WEEK / 2)
    (orders, recency, t), places = distinct([columns["days_with_orders"], np.minimum(recency, t), t])
    customers = np.bincount(places).astype(float)
    value = np.bincount(places, weights=np.nan_to_num(columns["order_value_mean"])) / customers
    return Groups({"days_with_orders": orders, "recency": recency, "t": t, "order_value_mean": value}, customers)


def fit_origin(columns: Columns, start: OriginFit | None = None) -> OriginFit:
    """Fits the three models to the customers of one date. The order of the rows does not matter.

    columns: days_with_orders, recency, t (days) and order_value_mean. Customers without a purchase day are left out.
    start: the fit of a near date, to search from.
    """
    known = usable(columns)
    columns = {name: columns[name][known] for name in ("days_with_orders", "recency", "t", "order_value_mean")}
    return fit_groups(grouped(columns), columns, start)


def fit_groups(groups: Groups, columns: Columns, start: OriginFit | None = None) -> OriginFit:
    """Fits the three models, of which those of orders depend on the groups of customers alone. Above FIT_ROWS
    customers, their order values are rounded to one per cent. start: see `fit_origin`."""
    x, t_x, T = history(groups.columns)
    value = np.nan_to_num(columns["order_value_mean"])
    if len(value) > FIT_ROWS:
        value = np.where(value > 0, np.exp(np.round(np.log(np.maximum(value, 1e-9)), 2)), 0)
    bgnbd, pareto, gamma_gamma = (start.bgnbd, start.pareto_nbd, start.gamma_gamma) if start else (None, None, None)
    return OriginFit(
        btyd.fit_bgnbd(x, t_x, T, groups.customers, bgnbd),
        pareto_nbd.fit(x, t_x, T, groups.customers, pareto),
        btyd.fit_gamma_gamma(columns["days_with_orders"], value, start=gamma_gamma),
    )


def probabilistic(fit: OriginFit, columns: Columns, horizon_days: int) -> Probabilistic:
    """Computes the anchor's predictions over one horizon. Each customer must have at least one purchase day."""
    return over(fit, columns, [horizon_days])[horizon_days]


def over(fit: OriginFit, columns: Columns, horizons: Iterable[Days]) -> dict[Days, Probabilistic]:
    """Computes the anchor's predictions over several horizons (days). Whatever does not depend on the horizon is
    computed once."""
    x, t_x, T = history(columns)
    value = btyd.expected_value(fit.gamma_gamma, x + 1, np.nan_to_num(columns["order_value_mean"]))
    alive = btyd.p_alive(fit.bgnbd, x, t_x, T)
    active = pareto_nbd.p_active(fit.pareto_nbd, x, t_x, T)
    horizons, found = list(horizons), {}
    ahead, places = _ahead(fit, x, T, horizons)
    for days in horizons:
        by_bgnbd, p_bgnbd, by_pareto, p_pareto = ahead.by_days[days].take(places, axis=1)
        found[days] = Probabilistic(
            orders=np.sqrt(np.maximum(alive * by_bgnbd, LEAST_ORDERS) * np.maximum(active * by_pareto, LEAST_ORDERS)),
            order_value=np.maximum(value, 1e-6),
            p_alive=alive,
            p_active=active,
            p_bgnbd=np.clip(alive * p_bgnbd, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY),
            p_pareto=np.clip(active * p_pareto, LEAST_PROBABILITY, 1 - LEAST_PROBABILITY),
        )
    return found


def looking_ahead(fit: OriginFit, columns: Columns, horizons: Iterable[float]) -> OriginFit:
    """Returns the fit with `ahead` for all customers of its date, now and on the day of their last order, so that
    `over` looks up what many customers share. columns: days_with_orders, recency and t (days)."""
    x, _, T = history(columns)
    x, T = np.concatenate([x, x]), np.concatenate([T, columns["recency"] / DAYS_PER_WEEK])
    return replace(fit, ahead=_ahead(replace(fit, ahead=None), x, T, list(horizons))[0])


def _ahead(fit: OriginFit, x: Array, T: Array, horizons: Collection[float]) -> tuple[Ahead, Array]:
    """Returns what customers will do who have not left, and the place of each customer there."""
    keys = x + 1j * T
    if fit.ahead and fit.ahead.by_days.keys() >= set(horizons):
        places = np.minimum(np.searchsorted(fit.ahead.pairs, keys), len(fit.ahead.pairs) - 1)
        if (fit.ahead.pairs[places] == keys).all():
            return fit.ahead, places
    pairs, places = np.unique(keys, return_inverse=True)
    x, T = pairs.real.copy(), pairs.imag.copy()
    by_days = {
        days: np.array([
            btyd.expected_orders_if_alive(fit.bgnbd, x, T, days / DAYS_PER_WEEK),
            btyd.p_purchase_if_alive(fit.bgnbd, x, T, days / DAYS_PER_WEEK),
            pareto_nbd.expected_orders_if_active(fit.pareto_nbd, x, T, days / DAYS_PER_WEEK),
            pareto_nbd.p_purchase_if_active(fit.pareto_nbd, x, T, days / DAYS_PER_WEEK),
        ])
        for days in horizons
    }  # fmt: skip
    return Ahead(pairs, by_days), places


def history(columns: Columns) -> tuple[Array, Array, Array]:
    """Returns x, t_x and T of each customer in weeks, the inputs of the probabilistic models (see `btyd`)."""
    T = columns["t"] / DAYS_PER_WEEK
    return columns["days_with_orders"] - 1, np.minimum(columns["recency"] / DAYS_PER_WEEK, T), T
