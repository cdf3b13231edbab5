"""The level: the log of a shop's predicted total over the anchor's expected total, for revenue and for buyers.

A few level models give the part of the level that is known from the shop's history: the anchor's own level, the
anchor's with the season, and, after a closure, the trailing year's with and without the season. The errors that a level
model made on closed windows say by how much it will err again: a lasting bias, a passing deviation and chance have
stated variances, and the best linear predictor given these errors is added (kriging: Rasmussen & Williams 2006,
Gaussian Processes for Machine Learning, chapter 2). Level models are weighted by the likelihood of their errors. With
few closed windows the level therefore stays near the level models' own, whose weights are then equal.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from typing import NamedTuple

import numpy as np
from scipy.special import softmax

from spark_jobs.ensemble.calibration import BUYERS_FOLLOW, Daily, days_closed, ends_in_silence, open_days, season
from spark_jobs.features.columns import YEAR, Array
from spark_jobs.models.learning import SHORTEST_WINDOW_SHARE

LARGEST = 1.0  # bound of the level, in logs
BIAS = 0.12  # standard deviation of a level model's lasting bias, in logs
LASTS = 730  # days after which the correlation of the bias has fallen to 1 / e
PASSING = 0.17  # standard deviation of the passing deviation of a day, in logs
PASSES = 30  # days after which the correlation of the passing deviation has fallen to 1 / e
UNKNOWN_SEASON = 0.4  # standard deviation that a season adds to the passing deviation as long as it is not known
CHANCE = 0.1  # standard deviation of each window's own error, in logs
FREEDOM = 4.0  # degrees of freedom of the errors' common scale, as in Student's t
# Days between the first and the last origin from which only windows as long as the horizon judge the level models: most
# of a year, because fewer have not seen every part of a season.
ENOUGH_APART = 240
# Log of what customers bring in a year over what they and others brought in the year before, and its standard
# deviation: between shops that keep nearly everybody and shops that lose half of their customers.
RETENTION, RETENTION_BIAS = -0.3, 0.4
LEAST_OPEN = 0.5  # least share of open days of a closed window that counts


@dataclass(frozen=True)
class ClosedWindow:
    """What a closed window showed; all logs.

    revenue, buyers: actual over expected by the anchor. trailing: actual revenue over that of as many days of the year
    before. season: the season's effect as it was known at the origin. known: the confidence in it, from 0 to 1. If the
    shop was closed on some days of the window, the actual numbers are scaled to all days.
    """

    window_days: int
    origin: date
    revenue: float
    buyers: float
    trailing: float
    season: float
    known: float

    @property
    def end(self) -> date:
        """The first day after the window."""
        return self.origin + timedelta(days=self.window_days)


@dataclass(frozen=True)
class Level:
    """Logs of the predicted over the anchor's expected revenue, and of the same for the number of buyers. closed: for
    how many of the last days the shop was closed, if that decides how the level is predicted."""

    revenue: float = 0.0
    buyers: float = 0.0
    closed: int = 0


class Spans(NamedTuple):
    """The windows of errors and, last, the window to predict; arrays of shape (n + 1,).

    start, days: the first day, counted from the date, and the length in days. known: the confidence in the season.
    """

    start: Array
    days: Array
    known: Array


def closed_window(
    daily: Daily, origin: date, window_days: int, revenue: tuple[float, float], buyers: tuple[float, float]
) -> ClosedWindow | None:
    """Computes what a closed window showed. revenue, buyers: (actual, expected by the anchor) over all customers.

    Returns None if the window says nothing about the level: if nobody bought, if the shop was mostly closed or may
    have closed, or if the anchor was fitted soon after a closure. Uses nothing after the window.
    """
    if min(*revenue, *buyers) <= 0:
        return None
    until = daily.raw(origin + timedelta(days=window_days))[0]
    if ends_in_silence(until):
        return None
    is_open, day = open_days(until), (origin - daily.first).days
    share, per_day = is_open[day:].mean(), trailing(until[:day], is_open[:day])
    if share < LEAST_OPEN or days_closed(is_open[:day]) or per_day <= 0:
        return None
    effect, confidence = season(*daily.before(origin), window_days)
    actual, bought = np.log(revenue[0] / share), np.log(buyers[0] / share)
    return ClosedWindow(
        window_days,
        origin,
        float(actual - np.log(revenue[1])),
        float(bought - np.log(buyers[1])),
        float(actual - np.log(per_day * window_days)),
        confidence * effect,
        confidence,
    )


def trailing(money: Array, is_open: Array) -> float:
    """Returns the revenue per open day of the last year, or of the history if that is shorter; 0 without one."""
    return float(money[-YEAR:].sum() / max(is_open[-YEAR:].sum(), 1))


def level(daily: Daily, origin: date, horizon_days: int, closed: Iterable[ClosedWindow], share: float) -> Level:
    """Predicts the level from what was known at the origin. The absolute value of both logs is at most LARGEST.

    closed: those that are not `relevant` are left out. share: the anchor's expected revenue of the horizon over
    the revenue of the last YEAR days: the shop's (`expected_share`), or both of the same sample of its customers.
    """
    known = relevant(closed, origin, horizon_days)
    effect, confidence = season(*daily.before(origin), horizon_days)
    effects = np.array([*(window.season for window in known), confidence * effect])
    spans = Spans(
        np.array([*((window.origin - origin).days for window in known), 0.0]),
        np.array([*(window.window_days for window in known), horizon_days], float),
        np.array([*(window.known for window in known), confidence]),
    )
    is_open = open_days(daily.raw(origin)[0])
    if (days := days_closed(is_open)) and share > 0:
        # Customers seem inactive after a closure. What the shop earned on its open days does not depend on this.
        errors = np.array([window.trailing for window in known])
        found = kriged(spans, errors, effects, RETENTION, RETENTION_BIAS)
        found += float(np.log(horizon_days / max(is_open[-YEAR:].sum(), 1) / share))
        return Level(_bounded(found), _bounded(BUYERS_FOLLOW * found), days)
    revenue, buyers = (np.array([getattr(window, name) for window in known]) for name in ("revenue", "buyers"))
    return Level(_bounded(kriged(spans, revenue, effects)), _bounded(kriged(spans, buyers, BUYERS_FOLLOW * effects)))


def expected_share(daily: Daily, day: date, expected: float) -> float:
    """Returns the anchor's expected revenue of all customers over the shop's revenue of the last YEAR days, for
    `level`; 0 without revenue."""
    spent = float(daily.raw(day)[0][-YEAR:].sum())
    return expected / spent if spent > 0 else 0.0


def relevant(closed: Iterable[ClosedWindow], origin: date, horizon_days: int) -> list[ClosedWindow]:
    """Returns the windows that had closed by the origin and count for a horizon: those that are at most as long, at
    least SHORTEST_WINDOW_SHARE as long, and began at most a year before the latest that can have closed."""
    return [
        window
        for window in closed
        if window.end <= origin
        and SHORTEST_WINDOW_SHARE * horizon_days <= window.window_days <= horizon_days
        and (origin - window.origin).days <= horizon_days + YEAR
    ]


def kriged(spans: Spans, errors: Array, effects: Array, bias: float = 0.0, deviation: float = BIAS) -> float:
    """Predicts the error of the last window from the errors of the others, shape (n,), by two level models: without and
    with the season's effects, shape (n + 1,).

    bias, deviation: the mean and the standard deviation of the lasting bias. Returns the mean of both predictions,
    weighted by the likelihoods of the level models: of the errors of windows that are as long as the last one, if these
    are enough, else of all errors.
    """
    n = len(errors)
    judging = spans.days[:n] == spans.days[n]
    if not judging.any() or np.ptp(spans.start[:n][judging]) < ENOUGH_APART:
        judging = np.ones(n, bool)
    other = deviation**2 * _lasting(spans) + CHANCE**2 * np.eye(n + 1)
    found, log_likelihood = [], []
    for effect, unknown in ((np.zeros(n + 1), 0.0), (effects, UNKNOWN_SEASON)):
        size = np.hypot(PASSING, unknown * (1 - spans.known))
        covariance = np.outer(size, size) * _passing(spans) + other
        unexplained = errors - effect[:n] - bias
        found.append(effect[n] + bias + covariance[n, :n] @ np.linalg.solve(covariance[:n, :n], unexplained))
        log_likelihood.append(_log_likelihood(unexplained[judging], covariance[:n, :n][np.ix_(judging, judging)]))
    return float(softmax(log_likelihood) @ np.array(found))


def _log_likelihood(errors: Array, covariance: Array) -> float:
    """Returns the log-density of errors, up to a constant, under Student's t with FREEDOM degrees of freedom, because a
    shop's errors may all be larger or smaller than usual."""
    factor = np.linalg.cholesky(covariance)
    white = np.linalg.solve(factor, errors)
    surprise = (FREEDOM + len(errors)) / 2 * np.log1p(white @ white / FREEDOM)
    return -float(surprise + np.log(np.diag(factor)).sum())


def _lasting(spans: Spans) -> Array:
    """Returns the correlation of the lasting bias between windows: it falls with the days between their origins, and
    with the root of the ratio of their lengths."""
    apart = np.abs(spans.start[:, None] - spans.start)
    shorter, longer = np.minimum(spans.days[:, None], spans.days), np.maximum(spans.days[:, None], spans.days)
    return np.exp(-apart / LASTS) * np.sqrt(shorter / longer)


def _passing(spans: Spans) -> Array:
    """Returns the mean of exp(-|s - t| / PASSES) over the days s of one window and t of another."""

    def twice_integrated(x: Array) -> Array:
        return PASSES**2 * np.exp(-np.abs(x) / PASSES) + PASSES * np.abs(x)

    start, end = spans.start, spans.start + spans.days
    area = (
        twice_integrated(end[:, None] - start)
        + twice_integrated(start[:, None] - end)
        - twice_integrated(start[:, None] - start)
        - twice_integrated(end[:, None] - end)
    )
    return area / np.outer(spans.days, spans.days)


def _bounded(level: float) -> float:
    return float(np.clip(level, -LARGEST, LARGEST))
