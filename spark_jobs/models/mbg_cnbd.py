"""MBG/CNBD-k by maximum likelihood: MBG/NBD for customers who order more regularly than at random.

The time between two purchases is Erlang-k: the sum of k stages, each exponential with the customer's rate. k = 1 is
MBG/NBD; the larger k is, the more regular are the purchases, and the more a long silence says. All customers share k.

Arguments are those of `btyd`: x is the number of repeat purchase days, t_x the time from the first to the last of them,
T the time from the first to the date, in one unit, each of shape (n,).

Source: Platzer & Reutterer (2016), Ticking away the moments: timing regularity helps to better predict customer
activity, Marketing Science 35(5). That paper approximates the expected purchases of a customer; here they are summed
exactly, from the stages that the customer may have passed since the last purchase (`expected_orders`).
"""

from __future__ import annotations

import itertools
from dataclasses import astuple, dataclass

import numpy as np
from scipy.special import betainc, gammaln, psi, xlogy

from spark_jobs.models import btyd
from spark_jobs.models.btyd import Array, by_number
from spark_jobs.models.maximum_likelihood import best_of, compress, distinct

MOST_REGULAR = 6  # largest k
SHORTEST = 1e-3  # least time between purchases, so that its logarithm exists
LEAST_TERM = 1e-9  # sums over future purchases end before terms below this number of purchases
MOST_ORDERS = 300  # expected purchases above which regularity hardly matters, and the sum would be long


@dataclass(frozen=True)
class MbgCnbd:
    """MBG/CNBD-k's parameters. A purchase takes k stages, whose rates are Gamma(r, alpha) over customers; the
    probability of leaving after each purchase, the first included, is Beta(a, b)."""

    k: int
    r: float
    alpha: float
    a: float
    b: float


def log_likelihood(model: MbgCnbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns the log-likelihood of each customer's x and T, given the times of purchases, shape (n,); see
    `log_density_of_times` for these."""
    return _likelihood_and_slopes(model.k, astuple(model)[1:], x, t_x, T)[0]


def log_density_of_times(x: Array, t_x: Array, last: Array) -> Array:
    """Returns the factor of each customer's likelihood that depends on k and the times of purchases alone, as its
    logarithm for k = 1 to MOST_REGULAR, shape (MOST_REGULAR, n).

    last: the time between the last two purchases, NaN where it is not known. The purchases before the last one took
    k (x - 1) stages, so with rate l the density of both times is l^(k x) exp(-l t_x) times this factor.
    """
    k = np.arange(1, MOST_REGULAR + 1)[:, None]
    known = (x > 1) & (last > 0) & (last < t_x)
    purchases = np.where(known, x - 1, np.maximum(x, 1))
    taken = np.log(np.maximum(np.where(known, t_x - last, t_x), SHORTEST))
    before = (k * purchases - 1) * taken - gammaln(k * purchases)
    of_last = (k - 1) * np.log(np.where(known, last, 1)) - gammaln(k)
    return np.where(x > 0, before + np.where(known, of_last, 0), 0)


def fit(x: Array, t_x: Array, T: Array, counts: Array | None = None, times: Array | None = None) -> MbgCnbd:
    """Fits MBG/CNBD-k to customers, or to distinct rows with the number of customers of each in `counts`. k rises from
    1 as long as the likelihood does, to at most MOST_REGULAR.

    times: the sums over customers of `log_density_of_times`, shape (MOST_REGULAR,); without them, x and t_x alone
    show how regular purchases are.
    """
    (x, t_x, T), counts = compress([x, t_x, T], counts)
    if times is None:
        times = log_density_of_times(x, t_x, np.full(len(x), np.nan)) @ counts
    best, most, known = None, -np.inf, None
    for k in range(1, MOST_REGULAR + 1):
        model = _fit(k, x, t_x, T, counts, known)
        total = float(log_likelihood(model, x, t_x, T) @ counts + times[k - 1])
        if best is not None and total <= most:
            break
        best, most = model, total
        known = np.log([model.r, model.alpha * k / (k + 1), model.a, model.b])  # a stage more, each so much shorter
    assert best is not None  # noqa: S101 - the first k is always taken
    return best


def p_active(model: MbgCnbd, x: Array, t_x: Array, T: Array) -> Array:
    """Returns P(not left by T), shape (n,)."""
    return _summed_up(_cases(model.k, astuple(model)[1:], x, t_x, T))[1][1:].sum(axis=0)


def p_purchase(model: MbgCnbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns P(at least one purchase in (T, T + h]), shape (n,)."""
    stages, shapes, share = _ahead(model, x, t_x, T, h)
    return p_active(model, x, t_x, T) * _chance(model.k, stages, shapes, share, 1)


def expected_orders(model: MbgCnbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases in (T, T + h]], shape (n,).

    A customer who has not left and has passed j stages since the last purchase has a rate ~ Gamma(r + k x + j, alpha +
    T) and a probability p ~ Beta(a, b + x + 1) of leaving after each purchase. The number N of stages in h is then
    negative binomial, and the m-th purchase happens if N >= m k - j and the customer stayed m - 1 times: the expected
    number is the sum over m >= 1 of P(N >= m k - j) E[(1 - p)^(m - 1)], averaged over j.

    Above MOST_ORDERS expected purchases, those of BG/NBD at the rate of whole purchases are taken, which differ by less
    than one purchase.
    """
    (x, t_x, T), places = distinct([x, t_x, T])
    many = (model.r + model.k * (x + 1)) * h / (model.alpha + T) > model.k * MOST_ORDERS
    found = np.empty(len(x))
    found[many] = _in_the_long_run(model, x[many], T[many], h)
    found[~many] = _summed(model, x[~many], t_x[~many], T[~many], h)
    active = p_active(model, x, t_x, T)
    return np.maximum(active * found, p_purchase(model, x, t_x, T, h))[places]


def _fit(k: int, x: Array, t_x: Array, T: Array, counts: Array, known: Array | None) -> MbgCnbd:
    """Returns the best fit with a given k."""
    scale = float(np.average(T, weights=counts)) or 1.0
    starts = [(0.5, 0.2 * scale / k, 0.8, 1.5), (1.0, 0.5 * scale / k, 1.0, 5.0), (0.1, 0.02 * scale / k, 0.3, 0.6)]
    share = counts / counts.sum()

    def loss(log_parameters: Array) -> tuple[float, Array]:
        values, slopes = _likelihood_and_slopes(k, np.exp(log_parameters), x, t_x, T)
        return -float((share * values).sum()), -(share * slopes).sum(axis=1)

    return MbgCnbd(k, *np.exp(best_of(f"MBG/CNBD-{k}", loss, np.log(starts), known)).tolist())


def _cases(k: int, parameters: Array | tuple, x: Array, t_x: Array, T: Array) -> Array:
    """Returns the logarithms of the likelihoods of k + 1 cases, up to what all cases of a customer share, shape (k + 1,
    n): the customer left after the last purchase, or stayed and has passed 0, …, k - 1 stages since."""
    r, alpha, a, b = parameters
    passed = np.arange(k)[:, None]
    bought = by_number(gammaln, r, k * x + np.arange(k)[:, None])
    left = np.log(a) + bought[0] - (r + k * x) * np.log(alpha + t_x)
    waited = xlogy(passed, T - t_x) - gammaln(passed + 1)
    stayed = np.log(b + x) + waited + bought - (r + k * x + passed) * np.log(alpha + T)
    return np.vstack([left, stayed])


def _summed_up(cases: Array) -> tuple[Array, Array]:
    """Returns the logarithm of the sum of each customer's cases, shape (n,), and the share of each case."""
    most = cases.max(axis=0)
    sizes = np.exp(cases - most)
    total = sizes.sum(axis=0)
    return most + np.log(total), sizes / total


def _likelihood_and_slopes(k: int, parameters: Array | tuple, x: Array, t_x: Array, T: Array) -> tuple[Array, Array]:
    """Returns log-likelihoods, shape (n,), and their derivatives with respect to the logs of r, alpha, a and b, shape
    (4, n)."""
    r, alpha, a, b = parameters
    cases = _cases(k, parameters, x, t_x, T)
    chances = by_number(gammaln, b, x) - by_number(gammaln, a + b, x + 1)
    constant = gammaln(a + b) - gammaln(b) - gammaln(r) + r * np.log(alpha)
    either_case, shares = _summed_up(cases)
    values = constant + chances + either_case

    left, stayed = shares[0], shares[1:]
    stages = k * x + np.arange(k)[:, None]
    rates = by_number(psi, r, stages)
    either = psi(a + b) - by_number(psi, a + b, x + 1)
    of_r = left * (rates[0] - np.log(alpha + t_x)) + (stayed * (rates - np.log(alpha + T))).sum(axis=0)
    of_alpha = left * (r + k * x) / (alpha + t_x) + (stayed * (r + stages)).sum(axis=0) / (alpha + T)
    slopes = np.stack([
        r * (np.log(alpha) - psi(r) + of_r),
        r - alpha * of_alpha,
        a * either + left,
        b * (either - psi(b) + by_number(psi, b, x) + (1 - left) / (b + x)),
    ])  # fmt: skip
    return values, slopes


def _ahead(model: MbgCnbd, x: Array, t_x: Array, T: Array, h: float) -> tuple[Array, Array, Array]:
    """Returns, for customers who have not left, the probability of each number of stages passed since the last
    purchase, shape (k, n), the shape of their rate then, shape (k, n), and h / (alpha + T + h), shape (n,)."""
    stages = _summed_up(_cases(model.k, astuple(model)[1:], x, t_x, T)[1:])[1]
    shapes = model.r + model.k * x + np.arange(model.k)[:, None]
    return stages, shapes, h / (model.alpha + T + h)


def _chance(k: int, stages: Array, shapes: Array, share: Array, m: int) -> Array:
    """Returns P(at least m purchases), shape (n,), if the customer leaves after none of them."""
    return (stages * betainc(m * k - np.arange(k)[:, None], shapes, share)).sum(axis=0)


def _summed(model: MbgCnbd, x: Array, t_x: Array, T: Array, h: float) -> Array:
    """Returns the sum of `expected_orders` over future purchases, for customers who have not left, shape (n,)."""
    stages, shapes, share = _ahead(model, x, t_x, T, h)
    total, stayed, rows = np.zeros(len(x)), np.ones(len(x)), np.arange(len(x))
    for m in itertools.count(1):
        term = stayed * _chance(model.k, stages, shapes, share, m)
        total[rows] += term
        more = term > LEAST_TERM
        if not more.any():
            return total
        rows, stages, shapes, share = rows[more], stages[:, more], shapes[:, more], share[more]
        again = model.b + x[rows] + m
        stayed = stayed[more] * again / (model.a + again)
    raise AssertionError  # the loop ends, since the terms fall to zero


def _in_the_long_run(model: MbgCnbd, x: Array, T: Array, h: float) -> Array:
    """Returns E[purchases] of BG/NBD for customers who have not left, shape (n,): a purchase takes k stages at once."""
    found = np.empty(len(x))
    for value in np.unique(x):
        rows, k = x == value, model.k
        same = btyd.BgNbd(model.r + (k - 1) * float(value), k * model.alpha, model.a, model.b + 1)
        found[rows] = btyd.expected_orders_if_alive(same, x[rows], k * T[rows], h)
    return found
