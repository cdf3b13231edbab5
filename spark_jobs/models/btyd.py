"""Buy-till-you-die models by maximum likelihood: BG/NBD for orders, Gamma-Gamma for the money per order.

Arguments of all functions: x is the number of repeat purchase days, t_x the time from the first to the last of them, T
the time from the first to the date, with 0 <= t_x <= T, and h the length of the future window. All times are in one
unit, which is weeks in the pipeline. Arrays are one-dimensional and of one length n.

Sources: Fader, Hardie & Lee (2005), "Counting your customers" the easy way: an alternative to the Pareto/NBD model,
Marketing Science 24(2); Fader & Hardie (2013), The Gamma-Gamma model of monetary value.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import astuple, dataclass
from functools import lru_cache

import numpy as np
from scipy.linalg import eigh_tridiagonal
from scipy.special import expit, gammaln, psi

from spark_jobs.models.maximum_likelihood import best_of, compress, distinct

Array = np.ndarray

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


def bgnbd_log_likelihood(model: BgNbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns the log-likelihood of each customer, shape (n,): the logarithm of equation 6 of Fader, Hardie & Lee
    (2005)."""
    return likelihood_and_slopes((model.r, model.alpha, model.a, model.b), x, t_x, T, x)[0]


def fit_bgnbd(x: Array, t_x: Array, T: Array, counts: Array | None = None, start: BgNbd | None = None) -> BgNbd:
    """Fits BG/NBD to customers, or to distinct rows with the number of customers of each in `counts`. Returns the best
    fit of several starts, or the fit from `start` (see `maximum_likelihood.best_of`)."""
    (x, t_x, T), counts = compress([x, t_x, T], counts)
    scale = float(np.average(T, weights=counts)) or 1.0
    starts = [(0.3, 0.15 * scale, 0.8, 2.5), (1.0, 0.5 * scale, 1.0, 5.0), (0.1, 0.02 * scale, 0.3, 0.6)]
    share = counts / counts.sum()

    def loss(log_parameters: Array) -> tuple[float, Array]:
        values, slopes = likelihood_and_slopes(np.exp(log_parameters), x, t_x, T, x)
        return -float((share * values).sum()), -(share * slopes).sum(axis=1)

    known = None if start is None else np.log(astuple(start))
    return BgNbd(*np.exp(best_of("BG/NBD", loss, np.log(starts), known)).tolist())


def likelihood_and_slopes(
    parameters: Sequence[float] | Array, x: Array, t_x: Array, T: Array, chances: Array
) -> tuple[Array, Array]:
    """Returns log-likelihoods, shape (n,), and their derivatives with respect to the logs of r, alpha, a and b, shape
    (4, n), of a model in which a customer has a purchase rate ~ Gamma(r, alpha) and leaves with probability p ~ Beta(a,
    b) at each chance.

    chances: how often each customer could have left: x under BG/NBD, x + 1 under MBG/NBD. The likelihood is a sum of
    two cases. The customer stayed at all chances and made no purchase since t_x, or left at the last one.
    """
    r, alpha, a, b = parameters
    waited, quiet = np.log(alpha + T), np.log(alpha + t_x)
    with np.errstate(divide="ignore", invalid="ignore"):
        odds = np.log(a) - np.log(b + chances - 1) + (r + x) * (waited - quiet)
    odds = np.where(chances > 0, odds, -np.inf)
    left = expit(odds)
    constant = gammaln(a + b) - gammaln(b) - gammaln(r) + r * np.log(alpha)
    bought = by_number(gammaln, r, x)
    stayed = by_number(gammaln, b, chances) - by_number(gammaln, a + b, chances)
    values = constant + bought + stayed - (r + x) * waited + np.logaddexp(0, odds)

    since = left * quiet + (1 - left) * waited
    either = psi(a + b) - by_number(psi, a + b, chances)
    last = np.divide(left, b + chances - 1, out=np.zeros_like(left), where=chances > 0)
    slopes = np.stack([
        r * (np.log(alpha) - psi(r) + by_number(psi, r, x) - since),
        r - alpha * (r + x) * (left / (alpha + t_x) + (1 - left) / (alpha + T)),
        a * either + left,
        b * (either - psi(b) + by_number(psi, b, chances) - last),
    ])  # fmt: skip
    return values, slopes


def by_number(function: Callable, offset: float, numbers: Array) -> Array:
    """Returns function(offset + numbers) for whole numbers, computed once for each that can occur."""
    return function(offset + np.arange(numbers.max(initial=0) + 1))[numbers.astype(np.intp)]


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
    (distinct_x, distinct_T), inverse = distinct([x, T])
    result = np.empty(len(distinct_x))
    for value in np.unique(distinct_x):
        rows = distinct_x == value
        nodes, weights = _beta_quadrature(model.a, float(model.b + value))
        growth = np.log1p(np.outer(h / (model.alpha + distinct_T[rows]), nodes))
        result[rows] = (-np.expm1(-(model.r + value) * growth) / nodes * weights).sum(axis=1)
    return result[inverse]


def fit_gamma_gamma(x: Array, z: Array, counts: Array | None = None, start: GammaGamma | None = None) -> GammaGamma:
    """Fits Gamma-Gamma to customers with x > 0 orders of mean value z > 0; others are left out.

    start: a similar fit, to search from (see `maximum_likelihood.best_of`).

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

    loss = gamma_gamma_loss(x, z, weights / weights.sum(), scale)
    known = None if start is None else np.log([start.p, start.q - LEAST_Q, start.gamma / scale])
    return _gamma_gamma(best_of("Gamma-Gamma", loss, np.log(starts), known), scale)


def gamma_gamma_loss(x: Array, z: Array, share: Array, scale: float) -> Callable[[Array], tuple[float, Array]]:
    """Returns the loss that `fit_gamma_gamma` minimises: minus the mean log-likelihood with weights `share` (equation
    1a of Fader & Hardie 2013), and its derivatives, as a function of the logs of p, q - LEAST_Q and gamma / scale."""
    log_z = np.log(z)
    numbers, places = np.unique(x, return_inverse=True)  # few, so what depends on x alone is computed for these
    log_numbers = np.log(numbers)

    def loss(log_parameters: Array) -> tuple[float, Array]:
        model = _gamma_gamma(log_parameters, scale)
        p, q, gamma = model.p, model.q, model.gamma
        shapes = p * numbers
        normed = -gammaln(q) + q * np.log(gamma) + gammaln(shapes + q) - gammaln(shapes)
        of_x = np.stack([shapes, log_numbers, shapes * log_numbers, psi(shapes + q), psi(shapes), normed])
        shape, log_x, weighed, both, own, normed = of_x.take(places, axis=1)
        total = gamma + x * z
        log_total = np.log(total)
        slopes = np.stack([
            shape * (both - own + log_z + log_x - log_total),
            (q - LEAST_Q) * (both - psi(q) + np.log(gamma) - log_total),
            q - gamma * (shape + q) / total,
        ])  # fmt: skip
        values = normed + (shape - 1) * log_z + weighed - (shape + q) * log_total
        return -float((share * values).sum()), -(share * slopes).sum(axis=1)

    return loss


def _gamma_gamma(log_parameters: Array, scale: float) -> GammaGamma:
    p, above, gamma = np.exp(log_parameters)
    return GammaGamma(float(p), float(LEAST_Q + above), float(gamma * scale))


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
