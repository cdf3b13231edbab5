"""MBG/NBD by maximum likelihood: BG/NBD where a customer may also leave right after the first purchase.

Times and arrays are those of `btyd`: x repeat purchase days, t_x from the first to the last of them, T from the
first to the date, in one unit, each of shape (n,).

Sources: Batislam, Denizel & Filiztekin (2007), Empirical validation and comparison of models for customer base
analysis, International Journal of Research in Marketing 24(3); Hoppe & Wagner (2007), Customer base analysis: the
case for a central variant of the Betageometric/NBD model, Marketing JRM 3(2).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

from spark_jobs.models import btyd
from spark_jobs.models.btyd import Array


@dataclass(frozen=True)
class MbgNbd:
    """Purchase rates are Gamma(r, alpha); the chance of leaving after each purchase, the first too, Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(model: MbgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Log-likelihood of each customer, shape (n,).

    Of a customer with rate l and chance p it is (1 - p)^(x + 1) l^x exp(-l T) + p (1 - p)^x l^x exp(-l t_x):
    stayed after all x + 1 purchases, or left after the last.
    """
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    constant = gammaln(a + b) - gammaln(b) - gammaln(r) + r * np.log(alpha)
    shared = gammaln(r + x) + gammaln(b + x) - gammaln(a + b + x + 1) - (r + x) * np.log(alpha + T)
    return constant + shared + np.log(b + x) + np.logaddexp(0, _log_odds_left(model, x, t_x, T))


def fit(x: Array, t_x: Array, T: Array, counts: Array | None = None) -> MbgNbd:
    """Fits MBG/NBD to customers (or to distinct rows with `counts`); the best of several starts."""
    (x, t_x, T), counts = btyd.compress([x, t_x, T], counts)
    scale = float(np.average(T, weights=counts)) or 1.0
    starts = [(0.5, 0.2 * scale, 0.8, 1.5), (1.0, 0.5 * scale, 1.0, 5.0), (0.1, 0.02 * scale, 0.3, 0.6)]

    def loss(log_parameters: Array) -> float:
        return -np.average(log_likelihood(MbgNbd(*np.exp(log_parameters)), x, t_x, T), weights=counts)

    return MbgNbd(*np.exp(btyd.best_of("MBG/NBD", loss, np.log(starts))).tolist())


def p_active(model: MbgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """P(not left by T), shape (n,)."""
    return expit(-_log_odds_left(model, x, t_x, T))


def p_purchase(model: MbgNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """P(at least one purchase in (T, T + h]), shape (n,): as in BG/NBD, of those who have not left."""
    none = (model.r + x) * np.log1p(h / (model.alpha + T))
    return p_active(model, x, t_x, T) * -np.expm1(-none)


def expected_orders(model: MbgNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """E[purchases in (T, T + h]], shape (n,).

    Who has not left stayed once more than in BG/NBD, so their chance of leaving is Beta(a, b + x + 1); the rest is
    the same.
    """
    stayed = btyd.BgNbd(model.r, model.alpha, model.a, model.b + 1)
    return p_active(model, x, t_x, T) * btyd.expected_orders_if_alive(stayed, x, T, h)


def _log_odds_left(model: MbgNbd, x: Array, t_x: Array, T: Array) -> Array:
    waited = np.log(model.alpha + T) - np.log(model.alpha + t_x)
    return np.log(model.a) - np.log(model.b + x) + (model.r + x) * waited
