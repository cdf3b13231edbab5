"""Pareto/NBD by maximum likelihood: a customer buys at a constant rate until leaving, which has a constant hazard.

Arguments are those of `btyd`: x is the number of repeat purchase days, t_x the time from the first to the last of them,
T the time from the first to the date, in one unit, each of shape (n,).

Source: Fader & Hardie (2005), A note on deriving the Pareto/NBD model and related expressions. The note's Gaussian
hypergeometric functions are integrals over the time of leaving. The functions lose precision where alpha and beta are
close, x is large or T - t_x is small. This module therefore computes the integrals themselves (see `_race`).
"""

from __future__ import annotations

from dataclasses import astuple, dataclass

import numpy as np
from scipy.special import expit, exprel, gammaln, psi

from spark_jobs.models.btyd import Array
from spark_jobs.models.maximum_likelihood import best_of, compress, distinct

NODES, WEIGHTS = (values / 2 for values in np.polynomial.legendre.leggauss(32))
NODES = NODES + 0.5
# Integration stops where the integrand is below exp(-40). Exponents stay below 400, so that exp does not overflow.
NEGLIGIBLE, LARGEST = 40.0, 400.0
CHUNK = 512  # customers per pass, so that the nodes of all fit into the processor's cache


@dataclass(frozen=True)
class ParetoNbd:
    """Pareto/NBD's parameters. Purchase rates are Gamma(r, alpha) over customers, hazards of leaving Gamma(s, beta)."""

    r: float
    alpha: float
    s: float
    beta: float


def log_likelihood(model: ParetoNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns the log-likelihood of each customer, shape (n,).

    Averaged over rate and hazard, the likelihood is Gamma(r + x) / Gamma(r) alpha^r beta^s times a sum of two terms.
    The first, (alpha + T)^-(r + x) (beta + T)^-s, is the case that the customer is still active at T. The second, the
    integral over t in (t_x, T) of (alpha + t)^-(r + x) s (beta + t)^-(s + 1), is the case that the customer left at t.
    """
    r, alpha, s, beta = model.r, model.alpha, model.s, model.beta
    quiet, left = _since_the_last_purchase(model, x, t_x, T)
    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha) - (r + x) * np.log(alpha + t_x)
    return bought + s * (np.log(beta) - np.log(beta + t_x)) + np.log(np.exp(-quiet) + left)


def fit(x: Array, t_x: Array, T: Array, counts: Array | None = None, start: ParetoNbd | None = None) -> ParetoNbd:
    """Fits Pareto/NBD to customers, or to distinct rows with the number of customers of each in `counts`. Returns the
    best fit of several starts, or the fit from `start` (see `maximum_likelihood.best_of`)."""
    (x, t_x, T), counts = compress([x, t_x, T], counts)
    scale = float(np.average(T, weights=counts)) or 1.0
    starts = [(0.5, 0.3 * scale, 0.5, 0.3 * scale), (1.0, 0.5 * scale, 1.0, 3 * scale), (0.2, 0.05 * scale) * 2]
    share = counts / counts.sum()

    def loss(log_parameters: Array) -> tuple[float, Array]:
        model = ParetoNbd(*np.exp(log_parameters))
        values, slopes = _values_and_slopes(model, x, t_x, T)
        return -float((share * values).sum()), -(share[:, None] * slopes).sum(axis=0)

    known = None if start is None else np.log(astuple(start))
    return ParetoNbd(*np.exp(best_of("Pareto/NBD", loss, np.log(starts), known)).tolist())


def p_active(model: ParetoNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns P(not left by T), shape (n,). It is below 1 for one-time buyers too."""
    quiet, left = _since_the_last_purchase(model, x, t_x, T)
    with np.errstate(divide="ignore"):
        return expit(-(quiet + np.log(left)))


def p_purchase(model: ParetoNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns P(at least one purchase in (T, T + h]), shape (n,), exact up to the error of the quadrature."""
    return p_active(model, x, t_x, T) * p_purchase_if_active(model, x, T, h)


def p_purchase_if_active(model: ParetoNbd, x: Array, T: Array, h: float) -> Array:
    """Returns P(at least one purchase in (T, T + h]) of customers who have not left by T, shape (n,).

    Given that a customer has not left by T, rate and hazard are independent, Gamma(r + x, alpha + T) and Gamma(s, beta
    + T). The customer buys if the next purchase comes before both leaving and T + h. The probability is E[rate / (rate
    + hazard) (1 - exp(-(rate + hazard) h))], which equals the integral over u in (0, h) of E[rate exp(-rate u)]
    E[exp(-hazard u)]. `_race` computes this integral, with the purchase as the first event and leaving as the second.
    """
    (distinct_x, distinct_T), inverse = distinct([x, T])
    return _race(model.r + distinct_x, model.alpha + distinct_T, model.s, model.beta + distinct_T, h)[inverse]


def expected_orders(model: ParetoNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases in (T, T + h]], shape (n,): equation 41 of the note, which here also covers s = 1."""
    return p_active(model, x, t_x, T) * expected_orders_if_active(model, x, T, h)


def expected_orders_if_active(model: ParetoNbd, x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases in (T, T + h]] of customers who have not left by T, shape (n,)."""
    stay = np.log1p(h / (model.beta + T))
    staying = (model.beta + T) * stay * exprel((1 - model.s) * stay)  # E[time in (T, T + h] before leaving]
    return (model.r + x) / (model.alpha + T) * staying


def _since_the_last_purchase(model: ParetoNbd, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
    """Returns two quantities of a customer at t_x: -log P(neither buys nor leaves by T), and P(leaves by T without a
    purchase before)."""
    quiet = (model.r + x) * np.log1p((T - t_x) / (model.alpha + t_x))
    quiet = quiet + model.s * np.log1p((T - t_x) / (model.beta + t_x))
    left, waited = np.zeros(len(x)), t_x < T
    x, t_x, T = x[waited], t_x[waited], T[waited]
    left[waited] = _race(model.s, model.beta + t_x, model.r + x, model.alpha + t_x, T - t_x)
    return quiet, left


def _race(a: Array | float, A: Array, b: Array | float, B: Array, h: Array | float) -> Array:
    """Returns P(a first event happens before a second event and before h), shape (n,).

    Each event has a constant rate, which is Gamma(a, A) for the first event and Gamma(b, B) for the second.
    """
    columns = np.broadcast_arrays(*(np.asarray(column, float) for column in (a, A, b, B, h)))
    result = np.empty(columns[0].shape)
    for start in range(0, len(result), CHUNK):
        rows = slice(start, start + CHUNK)
        result[rows] = _ring_times(*(column[rows] for column in columns))[-1].sum(axis=1)
    return np.clip(result, 0, 1)


def _ring_times(a: Array, A: Array, b: Array, B: Array, h: Array) -> tuple[Array, Array, Array, Array]:
    """Returns quadrature times u (0 < u < h) of the first event of `_race`, and the probability of each.

    Returns u, log(1 + u / A), log(1 + u / B) and the probabilities, each of shape (n, nodes). The density at u is a /
    (A + u) (1 + u / A)^-a (1 + u / B)^-b. The quadrature is Gauss-Legendre in log(1 + u / min(A, B)), in which the
    density is smooth on every scale. It ends where the density becomes negligible.
    """
    a, A, b, B, h = (column[:, None] for column in (a, A, b, B, h))
    end_a, end_b = (C * np.expm1(np.minimum(NEGLIGIBLE / c, LARGEST)) for c, C in ((a, A), (b, B)))
    unit = np.minimum(A, B)
    width = np.log1p(np.minimum(h, np.minimum(end_a, end_b)) / unit)
    u = unit * np.expm1(width * NODES)
    grown_a, grown_b = np.log1p(u / A), np.log1p(u / B)
    chances = width * WEIGHTS * a * (unit + u) / (A + u) * np.exp(-a * grown_a - b * grown_b)
    return u, grown_a, grown_b, chances


def _values_and_slopes(model: ParetoNbd, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
    """Returns log-likelihoods, shape (n,), and their derivatives with respect to the logs of r, alpha, s and beta,
    shape (n, 4).

    The likelihood is a sum over cases: the customer is still active at T, or left at one of the quadrature's times. The
    derivative of its logarithm is the mean of the cases' log-derivatives, weighted by the probability of each case
    given the data.
    """
    parts = [
        _chunk_values_and_slopes(model, *(column[start : start + CHUNK] for column in (x, t_x, T)))
        for start in range(0, len(x), CHUNK)
    ]
    return np.concatenate([values for values, _ in parts]), np.vstack([slopes for _, slopes in parts])


def _chunk_values_and_slopes(model: ParetoNbd, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
    r, alpha, s, beta = model.r, model.alpha, model.s, model.beta
    A, B, wait = alpha + t_x, beta + t_x, T - t_x
    stay_a, stay_b = np.log1p(wait / A), np.log1p(wait / B)
    u, grown_b, grown_a, left = _ring_times(np.full_like(x, s), B, r + x, A, wait)
    here = np.exp(-(r + x) * stay_a - s * stay_b)
    total = here + left.sum(axis=1)
    here = here / total
    left /= total[:, None]

    def mean(at_T: Array, at_leaving: Array) -> Array:
        return here * at_T + np.einsum("ij,ij->i", left, at_leaving)

    bought = gammaln(r + x) - gammaln(r) + r * np.log(alpha / A) - x * np.log(A)
    values = bought + s * np.log(beta / B) + np.log(total)
    left_share = 1 - here
    slope_r = r * (psi(r + x) - psi(r) + np.log(alpha / A) - mean(stay_a, grown_a))
    slope_alpha = r - alpha * (r + x) * mean(1 / (A + wait), 1 / (A[:, None] + u))
    slope_s = s * (np.log(beta / B) - mean(stay_b, grown_b)) + left_share
    at_leaving = np.einsum("ij,ij->i", left, 1 / (B[:, None] + u))
    slope_beta = s - beta * (s * here / (B + wait) + (s + 1) * at_leaving)
    return values, np.column_stack([slope_r, slope_alpha, slope_s, slope_beta])
