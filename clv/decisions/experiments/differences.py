"""What a comparison of two arms says: the difference of their means, its interval, and whether it may be read at all.

All functions take moments of arms, not customers, so that the database does the sums. The fields may be arrays of one
shape, for many experiments at once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
from scipy import stats

ALPHA = 0.05  # one minus the confidence of an interval
LEAST_RATIO_P = 0.001  # below it, customers are missing from an arm for other reasons than chance; nothing is read

Number = Any  # a float or an array of floats


class Moments(NamedTuple):
    """One arm: its number of customers, and mean and variance (with n − 1) of their outcome; and mean and variance of
    a covariate that was known before the start, and its covariance with the outcome."""

    customers: Number
    mean: Number
    variance: Number
    covariate_mean: Number = 0.0
    covariate_variance: Number = 0.0
    covariance: Number = 0.0


class Difference(NamedTuple):
    """An arm's mean less that of the control, its standard error, its interval, and the p-value of no difference."""

    estimate: Number
    standard_error: Number
    low: Number
    high: Number
    p_value: Number


def of_values(outcomes: np.ndarray, covariate: np.ndarray | None = None) -> Moments:
    """The moments of customers' outcomes. Arrays have shape (..., customers)."""
    outcomes = np.asarray(outcomes, float)
    n, mean, variance = outcomes.shape[-1], outcomes.mean(-1), outcomes.var(-1, ddof=1)
    if covariate is None:
        return Moments(n, mean, variance)
    known = np.asarray(covariate, float)
    covariance = (outcomes * (known - known.mean(-1, keepdims=True))).sum(-1) / (n - 1)
    return Moments(n, mean, variance, known.mean(-1), known.var(-1, ddof=1), covariance)


def pooled(groups: Sequence[Moments]) -> Moments:
    """The moments of all customers of several groups together.

    Source: Chan, Golub & LeVeque 1983, "Algorithms for computing the sample variance", The American Statistician 37.
    """
    n = sum(one.customers for one in groups)
    if not np.any(n):
        return Moments(0, 0.0, 0.0)
    mean = sum(one.customers * one.mean for one in groups) / n
    known = sum(one.customers * one.covariate_mean for one in groups) / n

    def around(spread: str, between: Callable[[Moments], Number]) -> Number:
        inside = sum(np.maximum(one.customers - 1, 0) * getattr(one, spread) for one in groups)
        return (inside + sum(one.customers * between(one) for one in groups)) / np.maximum(n - 1, 1)

    return Moments(
        n,
        mean,
        around("variance", lambda one: (one.mean - mean) ** 2),
        known,
        around("covariate_variance", lambda one: (one.covariate_mean - known) ** 2),
        around("covariance", lambda one: (one.mean - mean) * (one.covariate_mean - known)),
    )


def within_bands(bands: Sequence[Sequence[Moments]]) -> list[Moments]:
    """The moments of each arm without what lies between bands of customers, for arms that were divided within bands.

    bands: for each band of customers, the moments of its arms, in one order. Each band counts by its share of all
    customers, so that arms of which a band is over-represented are comparable. The variances are those of which the
    square root, over the root of the arm's customers, is the standard error. A band of which an arm has fewer than two
    customers is pooled with all others of the kind; if that is not enough, the bands are ignored.

    Source: Miratrix, Sekhon & Yu 2013, "Adjusting treatment effect estimates by post-stratification in randomized
    experiments", Journal of the Royal Statistical Society B 75.
    """
    large = [band for band in bands if min(one.customers for one in band) >= 2]
    if len(large) < len(bands):
        small = [band for band in bands if min(one.customers for one in band) < 2]
        together = [pooled(arm) for arm in zip(*small, strict=True)]
        if min(one.customers for one in together) < 2:
            return [pooled(arm) for arm in zip(*bands, strict=True)]
        large.append(together)
    total = sum(one.customers for band in large for one in band)
    shares = [sum(one.customers for one in band) / total for band in large]
    return [_weighted(arm, shares) for arm in zip(*large, strict=True)]


def _weighted(bands: Sequence[Moments], shares: Sequence[float]) -> Moments:
    n = sum(one.customers for one in bands)

    def mean(field: str) -> Number:
        return sum(share * getattr(one, field) for one, share in zip(bands, shares, strict=True))

    def spread(field: str) -> Number:
        return n * sum(share**2 * getattr(one, field) / one.customers for one, share in zip(bands, shares, strict=True))

    return Moments(
        n, mean("mean"), spread("variance"),
        mean("covariate_mean"), spread("covariate_variance"), spread("covariance"),
    )  # fmt: skip


def adjusted(arm: Moments, control: Moments) -> tuple[Moments, Moments]:
    """Both arms with outcomes less what the covariate explains of them (CUPED): y − θ (x − x̄), where x̄ is the mean of
    both arms, and θ the pooled covariance over the pooled variance of the covariate. Where the covariate does not vary,
    the arms stay as they are.

    Source: Deng, Xu, Kohavi & Walker 2013, "Improving the sensitivity of online controlled experiments by utilizing
    pre-experiment data", WSDM.
    """
    n, m = arm.customers, control.customers
    varied = (n - 1) * arm.covariate_variance + (m - 1) * control.covariate_variance
    shared = (n - 1) * arm.covariance + (m - 1) * control.covariance
    centre = (n * arm.covariate_mean + m * control.covariate_mean) / (n + m)
    varies = np.asarray(varied) > 1e-12 * (n + m) * centre**2  # less is rounding
    theta = np.divide(shared, varied, out=np.zeros_like(varied + 0.0), where=varies)
    return _less(arm, theta, centre), _less(control, theta, centre)


def _less(arm: Moments, theta: Number, centre: Number) -> Moments:
    variance = arm.variance - 2 * theta * arm.covariance + theta**2 * arm.covariate_variance
    return Moments(arm.customers, arm.mean - theta * (arm.covariate_mean - centre), np.maximum(variance, 0))


def difference(arm: Moments, control: Moments, alpha: float = ALPHA) -> Difference:
    """The difference of two means with an interval that holds the truth with probability 1 − alpha, if it is read once,
    at a time that was set beforehand.

    Arms of fewer than two customers, or without any variance, give an interval without bounds (nan).

    Source: Welch 1947, "The generalization of Student's problem when several different population variances are
    involved", Biometrika 34.
    """
    n, m = np.asarray(arm.customers, float), np.asarray(control.customers, float)
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = arm.variance / n, control.variance / m
        error = np.sqrt(parts[0] + parts[1])
        error = np.where((error > 0) & (n > 1) & (m > 1), error, np.nan)
        freedom = error**4 / (parts[0] ** 2 / (n - 1) + parts[1] ** 2 / (m - 1))
        estimate = np.asarray(arm.mean - control.mean)
        half = stats.t.ppf(1 - alpha / 2, freedom) * error
        p_value = 2 * stats.t.sf(np.abs(estimate / error), freedom)
    return Difference(estimate[()], error[()], (estimate - half)[()], (estimate + half)[()], p_value[()])


def always_valid(of: Difference, share: Number, alpha: float = ALPHA) -> tuple[Number, Number]:
    """The bounds of an interval that holds the truth on all days at once with probability 1 − alpha, so that it may be
    read every day, and the experiment stopped because of it.

    share: how much of the planned information is there, between 0 and 1: of customers who all began on one day, the
    share of the window that is over; of customers who arrive one after another, the share who have arrived. The
    interval is narrowest, compared with that of `difference`, when the share is 1. With k = share · (−2 ln α +
    ln(1 − 2 ln α)), its half-width is the standard error times √((k + 1) / k · ln((k + 1) / α²)).

    Source: Waudby-Smith, Arbour, Sinha, Kennedy & Ramdas 2021, "Time-uniform central limit theory and asymptotic
    confidence sequences", arXiv 2103.06476, equations 9 and 155, with t ρ² = k.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        k = np.asarray(share, float) * (-2 * np.log(alpha) + np.log(1 - 2 * np.log(alpha)))
        half = np.where(k > 0, of.standard_error * np.sqrt((k + 1) / k * np.log((k + 1) / alpha**2)), np.inf)
    return (of.estimate - half)[()], (of.estimate + half)[()]


def sample_ratio_p(customers: Sequence[int], shares: Sequence[float]) -> float:
    """The probability of a division into arms at least as far from the planned shares (chi-square). Below
    LEAST_RATIO_P something other than chance removed customers from an arm, and differences mean nothing.

    Source: Fabijan et al. 2019, "Diagnosing sample ratio mismatch in online controlled experiments", KDD.
    """
    counts, parts = np.asarray(customers, float), np.asarray(shares, float)
    if not counts.sum():
        return 1.0
    return float(stats.chisquare(counts, counts.sum() * parts / parts.sum()).pvalue)


def losses_p(assigned: Sequence[int], kept: Sequence[int]) -> float:
    """The probability that chance alone loses customers from arms at least as unevenly: Fisher's exact test of each arm
    against all others, and of several arms the smallest one times their number (Bonferroni).

    assigned, kept: the customers of each arm at the start, and those who are still there. Arms are divided as planned
    at the start, without chance, so that this finds losses which `sample_ratio_p` is too wide for.
    """
    lost = [max(of - left, 0) for of, left in zip(assigned, kept, strict=True)]
    tests: list[Any] = [
        stats.fisher_exact([[gone, left], [sum(lost) - gone, sum(kept) - left]])
        for gone, left in zip(lost, kept, strict=True)
    ]
    smallest = min(float(one.pvalue) for one in tests)
    return smallest if len(tests) == 2 else min(1.0, smallest * len(tests))
