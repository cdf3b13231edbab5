"""MBG/NBD by maximum likelihood: BG/NBD in which a customer may also leave right after the first purchase.

Arguments are those of `btyd`: x is the number of repeat purchase days, t_x the time from the first to the last of them,
T the time from the first to the date, in one unit, each of shape (n,).

Sources: Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base
analysis, International Journal of Research in Marketing 24(3); Hoppe & Wagner (2007), Customer base analysis: the case
for a central variant of the Betageometric/NBD model, Marketing JRM 3(2).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from scipy.special import expit

from spark_jobs.models import btyd
from spark_jobs.models.btyd import Array
from spark_jobs.models.maximum_likelihood import best_of, compress


@dataclass(frozen=True)
class MbgNbd:
    """MBG/NBD's parameters. Purchase rates are Gamma(r, alpha) over customers; the probability of leaving after each
    purchase, the first included, is Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(model: MbgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns the log-likelihood of each customer, shape (n,).

    For a customer with rate l and probability p of leaving it is the log of (1 - p)^(x + 1) l^x exp(-l T) + p (1 - p)^x
    l^x exp(-l t_x): the customer stayed after all x + 1 purchases, or left after the last one.
    """
    return btyd.likelihood_and_slopes(astuple(model), x, t_x, T, x + 1)[0]


def fit(x: Array, t_x: Array, T: Array, counts: Array | None = None) -> MbgNbd:
    """Fits MBG/NBD to customers, or to distinct rows with the number of customers of each in `counts`. Returns the best
    fit of several starts."""
    (x, t_x, T), counts = compress([x, t_x, T], counts)
    scale = float(np.average(T, weights=counts)) or 1.0
    starts = [(0.5, 0.2 * scale, 0.8, 1.5), (1.0, 0.5 * scale, 1.0, 5.0), (0.1, 0.02 * scale, 0.3, 0.6)]
    share = counts / counts.sum()

    def loss(log_parameters: Array) -> tuple[float, Array]:
        values, slopes = btyd.likelihood_and_slopes(np.exp(log_parameters), x, t_x, T, x + 1)
        return -float((share * values).sum()), -(share * slopes).sum(axis=1)

    return MbgNbd(*np.exp(best_of("MBG/NBD", loss, np.log(starts))).tolist())


def p_active(model: MbgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns P(not left by T), shape (n,)."""
    return expit(-_log_odds_left(model, x, t_x, T))


def p_purchase(model: MbgNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns P(at least one purchase in (T, T + h]), shape (n,): as in BG/NBD for customers who have not left."""
    none = (model.r + x) * np.log1p(h / (model.alpha + T))
    return p_active(model, x, t_x, T) * -np.expm1(-none)


def expected_orders(model: MbgNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases in (T, T + h]], shape (n,).

    A customer who has not left has stayed after one purchase more than in BG/NBD, so the probability of leaving is
    Beta(a, b + x + 1). Everything else is as in BG/NBD.
    """
    stayed = btyd.BgNbd(model.r, model.alpha, model.a, model.b + 1)
    return p_active(model, x, t_x, T) * btyd.expected_orders_if_alive(stayed, x, T, h)


def _log_odds_left(model: MbgNbd, x: Array, t_x: Array, T: Array) -> Array:
    waited = np.log(model.alpha + T) - np.log(model.alpha + t_x)
    return np.log(model.a) - np.log(model.b + x) + (model.r + x) * waited
