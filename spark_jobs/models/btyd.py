"""Buy-till-you-die models by maximum likelihood: BG/NBD for orders, Gamma-Gamma for the money per order.

Arguments of all functions: x is the number of repeat purchase days, t_x the time from the first to the last of them, T
the time from the first to the date, with 0 <= t_x <= T, and h the length of the future window. All times are in one
unit, which is weeks in the pipeline. Arrays are one-dimensional and of one length n.

Sources: Fader, Hardie & Lee (2005), "Counting your customers" the easy way: an alternative to the Pareto/NBD model,
Marketing Science 24(2); Fader & Hardie (2013), The Gamma-Gamma model of monetary value.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.optimize import minimize
from scipy.special import expit, gammaln

log = logging.getLogger("clv.btyd")

Array = np.ndarray

# Weight of the squared log parameters in the mean loss per customer. The penalty keeps parameters finite in shops
# without repeat buyers and changes hardly anything elsewhere.
RIDGE = 1e-7
LOG_BOUNDS = (-8.0, 10.0)
NO_LOSS = 1e10  # replaces a loss that is not finite, so that the line search turns back
QUADRATURE_NODES = 32
# Least value of q. Below it, a few huge orders would raise the mean over customers far above all orders observed.
LEAST_Q = 1.05


@dataclass(frozen=True)
class BgNbd:
    """BG/NBD's parameters. Purchase rates are Gamma(r, alpha) over customers; the probability of leaving after a
    purchase is Beta(a, b)."""

    r: float
    alpha: float
    a: float
    b: float


@dataclass(frozen=True)
class GammaGamma:
    """Gamma-Gamma's parameters. The value of an order is Gamma(p, v) for a customer, and v is Gamma(q, gamma) over
    customers; q > 1."""

    p: float
    q: float
    gamma: float

    @property
    def mean(self) -> float:
        """Expected order value of a customer without any known order."""
        return self.p * self.gamma / (self.q - 1)


def compress(columns: Sequence[Array], counts: Array | None = None) -> tuple[list[Array], Array]:
    """Returns the distinct rows of equally long columns, in sorted order, and the number of customers with each row."""
    weights = np.ones(len(columns[0])) if counts is None else np.asarray(counts, float)
    rows, inverse = np.unique(np.column_stack(columns), axis=0, return_inverse=True)
    return list(rows.T), np.bincount(inverse.ravel(), weights=weights, minlength=len(rows))


def bgnbd_log_likelihood(model: BgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns the log-likelihood of each customer, shape (n,): the logarithm of equation 6 of Fader, Hardie & Lee
    (2005)."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    log_still_here = -(r + x) * np.log(alpha + T)
    with np.errstate(divide="ignore", invalid="ignore"):
        log_left = np.log(a) - np.log(b + x - 1) - (r + x) * np.log(alpha + t_x)
    log_left = np.where(x > 0, log_left, -np.inf)
    constant = gammaln(a + b) - gammaln(b) - gammaln(r) + r * np.log(alpha)
    return constant + gammaln(r + x) + gammaln(b + x) - gammaln(a + b + x) + np.logaddexp(log_still_here, log_left)


def fit_bgnbd(x: Array, t_x: Array, T: Array, counts: Array | None = None) -> BgNbd:
    """Fits BG/NBD to customers, or to distinct rows with the number of customers of each in `counts`. Returns the best
    fit of several starts."""
    (x, t_x, T), counts = compress([x, t_x, T], counts)
    scale = float(np.average(T, weights=counts)) or 1.0
    starts = [(0.3, 0.15 * scale, 0.8, 2.5), (1.0, 0.5 * scale, 1.0, 5.0), (0.1, 0.02 * scale, 0.3, 0.6)]

    def loss(log_parameters: Array) -> float:
        return -np.average(bgnbd_log_likelihood(BgNbd(*np.exp(log_parameters)), x, t_x, T), weights=counts)

    return BgNbd(*np.exp(best_of("BG/NBD", loss, np.log(starts))).tolist())


def p_alive(model: BgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns P(not left by T), shape (n,). It is 1 for every customer with x = 0, so it does not measure churn."""
    return expit(-_log_odds_left(model, x, t_x, T))


def p_purchase(model: BgNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns P(at least one purchase in (T, T + h]), shape (n,)."""
    return p_alive(model, x, t_x, T) * p_purchase_if_alive(model, x, T, h)


def p_purchase_if_alive(model: BgNbd, x: Array, T: Array, h: float) -> Array:
    """Returns P(at least one purchase in (T, T + h]) of customers who have not left by T, shape (n,).

    Their rate is Gamma(r + x, alpha + T). A customer can leave only after a further purchase, so P(no purchase) is
    ((alpha + T) / (alpha + T + h)) ** (r + x).
    """
    return -np.expm1((model.r + x) * (np.log(model.alpha + T) - np.log(model.alpha + T + h)))


def expected_orders(model: BgNbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases in (T, T + h]], shape (n,): equation 10 of Fader, Hardie & Lee (2005)."""
    return p_alive(model, x, t_x, T) * expected_orders_if_alive(model, x, T, h)


def expected_orders_if_alive(model: BgNbd, x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases in (T, T + h]] of customers who have not left by T, shape (n,).

    A customer with rate l, who leaves after each purchase with probability p, is expected to buy (1 - exp(-l p h)) / p
    times. The mean over l ~ Gamma(r + x, alpha + T) is (1 - (1 + p h / (alpha + T)) ** -(r + x)) / p. The mean over p ~
    Beta(a, b + x) is computed by Gauss quadrature, because the hypergeometric closed form loses precision near a = 1
    and is undefined for x = 0, a + b < 1.
    """
    (distinct_x, distinct_T), inverse = distinct(x, T)
    result = np.empty(len(distinct_x))
    for value in np.unique(distinct_x):
        rows = distinct_x == value
        nodes, weights = _beta_quadrature(model.a, float(model.b + value))
        growth = np.log1p(np.outer(h / (model.alpha + distinct_T[rows]), nodes))
        result[rows] = (-np.expm1(-(model.r + value) * growth) / nodes) @ weights
    return result[inverse]


def gamma_gamma_log_likelihood(model: GammaGamma, x: Array, z: Array) -> Array:
    """Returns the log-likelihood of each customer with x > 0 orders of mean value z > 0, shape (n,): equation 1a of
    Fader & Hardie (2013)."""
    p, q, gamma = model.p, model.q, model.gamma
    constant = -gammaln(q) + q * np.log(gamma)
    return (
        constant
        + gammaln(p * x + q)
        - gammaln(p * x)
        + (p * x - 1) * np.log(z)
        + p * x * np.log(x)
        - (p * x + q) * np.log(gamma + x * z)
    )


def fit_gamma_gamma(x: Array, z: Array, counts: Array | None = None) -> GammaGamma:
    """Fits Gamma-Gamma to customers with x > 0 orders of mean value z > 0; others are left out.

    q is kept above LEAST_Q, so that the mean order value exists. If no customer remains, the returned model has a mean
    of 1.
    """
    x, z = np.asarray(x, float), np.asarray(z, float)
    known = (x > 0) & (z > 0)
    weights = np.ones(len(x)) if counts is None else np.asarray(counts, float)
    if not known.any():
        return GammaGamma(p=1.0, q=2.0, gamma=1.0)
    (x, z), weights = compress([x[known], z[known]], weights[known])
    scale = float(np.average(z, weights=weights))
    # Each start is p, q - LEAST_Q, and gamma as a multiple of the mean order value.
    starts = [(5.0, 2.5, 0.5), (1.0, 1.0, 1.0), (2.0, 10.0, 5.0)]

    def model_of(log_parameters: Array) -> GammaGamma:
        p, above, gamma = np.exp(log_parameters)
        return GammaGamma(float(p), float(LEAST_Q + above), float(gamma * scale))

    def loss(log_parameters: Array) -> float:
        return -np.average(gamma_gamma_log_likelihood(model_of(log_parameters), x, z), weights=weights)

    return model_of(best_of("Gamma-Gamma", loss, np.log(starts)))


def expected_value(model: GammaGamma, x: Array, z: Array) -> Array:
    """Returns the expected order value of each customer, given x orders of mean value z, shape (n,): equation 5 of
    Fader & Hardie (2013).

    Customers without an order of positive value get the mean over all customers.
    """
    known = (x > 0) & (z > 0)
    x, z = np.where(known, x, 0.0), np.where(known, z, 0.0)
    return model.p * (model.gamma + x * z) / (model.p * x + model.q - 1)


def _log_odds_left(model: BgNbd, x: Array, t_x: Array, T: Array) -> Array:
    again = np.maximum(x, 1.0)
    odds = (
        np.log(model.a)
        - np.log(model.b + again - 1)
        + (model.r + again) * (np.log(model.alpha + T) - np.log(model.alpha + t_x))
    )
    return np.where(x > 0, odds, -np.inf)


def best_of(name: str, loss: Callable, starts: Array, *, gradient: bool = False) -> Array:
    """Returns the log parameters with the least loss, found by L-BFGS-B from each start in turn.

    With `gradient`, `loss` returns its value and its gradient. If no start converges, the best finite point that was
    evaluated is returned (at worst a start), and one warning names the model.
    """

    def penalised(point: Array) -> tuple[float, Array]:
        value, slope = loss(point) if gradient else (loss(point), np.zeros_like(point))
        finite = float(value) if np.isfinite(value) else NO_LOSS
        return finite + RIDGE * float(point @ point), np.nan_to_num(slope) + 2 * RIDGE * point

    def value_of(point: Array) -> float:
        return penalised(point)[0]

    starts = np.clip(starts, *LOG_BOUNDS)
    bounds = [LOG_BOUNDS] * starts.shape[1]
    options = {"maxiter": 300, "ftol": 1e-12, "gtol": 1e-7}
    goal = penalised if gradient else value_of
    fits = [minimize(goal, start, method="L-BFGS-B", jac=gradient, bounds=bounds, options=options) for start in starts]
    # A fit that was aborted may report a loss that is not its point's, or may end worse than a start. Evaluate all
    # points again.
    best = min([*starts, *(fit.x for fit in fits)], key=value_of)
    if not any(fit.success and value_of(fit.x) < NO_LOSS for fit in fits):
        log.warning("%s: no start converged; using the best point found, with loss %.6g", name, value_of(best))
    return best


def distinct(x: Array, T: Array) -> tuple[Array, Array]:
    """Returns the distinct pairs (x, T), shape (2, m), and for each customer the index of its pair, shape (n,)."""
    rows, inverse = np.unique(np.column_stack([x, T]), axis=0, return_inverse=True)
    return rows.T, inverse.ravel()


@lru_cache(maxsize=4096)
def _beta_quadrature(a: float, b: float) -> tuple[Array, Array]:
    """Returns Gauss nodes in (0, 1) and weights for a mean over Beta(a, b), each of shape (QUADRATURE_NODES,).

    The nodes are the eigenvalues of the Jacobi matrix, which holds the recurrence coefficients of the Jacobi
    polynomials shifted to [0, 1]. The weights are the squared first components of its eigenvectors. Source: Golub &
    Welsch (1969), Calculation of Gauss quadrature rules.
    """
    k = np.arange(1, QUADRATURE_NODES)
    s = 2 * k + a + b - 2
    diagonal = np.concatenate(
        [[(a - b) / (a + b)], (a - b) * (a + b - 2) / (s * (s + 2))],
    )
    with np.errstate(invalid="ignore", divide="ignore"):
        squares = 4 * k * (k + b - 1) * (k + a - 1) * (k + a + b - 2) / (s**2 * (s + 1) * (s - 1))
    squares[0] = 4 * a * b / ((a + b) ** 2 * (a + b + 1))  # the general formula is 0/0 where a + b = 1
    nodes, vectors = eigh_tridiagonal(diagonal, np.sqrt(squares))
    return np.clip((1 + nodes) / 2, 1e-12, 1.0), vectors[0] ** 2
