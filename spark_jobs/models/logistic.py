"""A ridge logistic regression of whether a customer buys, on logs of the features and on the anchor's probabilities.

The regression is smooth where trees are coarse, so it ranks customers with little history better than boosting does. It
is fitted to closed windows of the horizon itself, with one constant for each window, so that it does not learn their
seasons.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import logit
from sklearn.linear_model import LogisticRegression

from spark_jobs.features.columns import WINDOWS, Array, Columns
from spark_jobs.models.anchor import OriginFit, Probabilistic
from spark_jobs.models.feature_matrix import SEASONALITY_AFTER, seasonality

STRENGTH = 0.1  # C of scikit-learn, the inverse of the ridge penalty, for standardised inputs
# Least standard deviation of an input, so that an input that hardly varied in training cannot take huge values later.
LEAST_SCALE = 0.05
LARGEST_DEVIATION = 5.0  # standardised inputs are clipped at this many standard deviations from the mean
FEWEST_BUYERS = 100
FEWEST_WINDOWS = 2

# The inputs and the group of reasons of each. Inputs are log(1 + value); money is first divided by the shop's mean
# order value.
_COUNTS = {
    "days_with_orders": "frequency", "recency": "frequency", "t": "frequency", "days_since_last_order": "recency",
    **{f"orders_{w}": "recent_orders" for w in WINDOWS},
    "orders_prior_year_90": "last_year", "orders_prior_year_180": "last_year",
    "gap_mean": "rhythm", "gap_last": "rhythm",
}  # fmt: skip
_MONEY = {
    "revenue_total": "order_value", **{f"revenue_{w}": "recent_spend" for w in WINDOWS},
    "revenue_prior_year_90": "last_year", "revenue_prior_year_180": "last_year",
    "order_value_mean": "order_value", "order_value_std": "order_value", "order_value_max": "order_value",
    "last_order_value": "order_value",
}  # fmt: skip
_SEASONALITY = ("season_share", "near_season_share", "season_over_expected")
DRIVERS = [
    *_COUNTS.values(), *_MONEY.values(), *["last_year"] * len(_SEASONALITY), "frequency",
    "frequency", "frequency", "frequency", "recency", "frequency",
]  # fmt: skip


@dataclass(frozen=True)
class Logistic:
    """The coefficients of the standardised inputs; the lists have one length."""

    center: list[float]
    scale: list[float]
    coefficients: list[float]
    intercept: float

    def terms(self, found: Array) -> Array:
        """Returns what each input adds to the log-odds, shape (n, inputs)."""
        return _standard(found, np.array(self.center), np.array(self.scale)) * np.array(self.coefficients)

    def log_odds(self, found: Array) -> Array:
        """Returns the log-odds of an order, shape (n,), up to a constant that the calibration to the expected share of
        buyers adds."""
        return self.terms(found).sum(axis=1) + self.intercept


def inputs(fit: OriginFit, columns: Columns, by_anchor: Probabilistic, horizon_days: int) -> Array:
    """Computes the regression's inputs, shape (n, len(DRIVERS)), without missing values."""
    money = max(fit.gamma_gamma.mean, 1e-9)
    known = columns["t"] >= SEASONALITY_AFTER
    found = [np.log1p(np.maximum(np.nan_to_num(columns[name]), 0)) for name in _COUNTS]
    found += [np.log1p(np.maximum(np.nan_to_num(columns[name]), 0) / money) for name in _MONEY]
    by_season = seasonality(columns, by_anchor.orders, horizon_days)
    found += [np.nan_to_num(by_season[name]) for name in _SEASONALITY]
    found += [
        known * 1.0,
        logit(by_anchor.p_bgnbd),
        logit(by_anchor.p_pareto),
        np.log(by_anchor.orders),
        by_anchor.p_active,
    ]
    found.append((columns["days_with_orders"] == 1) * 1.0)
    return np.column_stack(found)


def fit(found: Sequence[Array], bought: Sequence[Array]) -> Logistic | None:
    """Fits the closed windows of one horizon. found, bought: for each window, the inputs and whether each customer
    bought (0 or 1).

    Returns None with fewer than FEWEST_WINDOWS windows, or fewer than FEWEST_BUYERS buyers or non-buyers.
    """
    if len(found) < FEWEST_WINDOWS:
        return None
    rows, labels = np.concatenate(found), np.concatenate(bought)
    if min(labels.sum(), len(labels) - labels.sum()) < FEWEST_BUYERS:
        return None
    window = np.repeat(np.arange(len(found)), [len(part) for part in found])
    constants = (window[:, None] == np.arange(1, len(found))) * 1.0
    center, scale = rows.mean(axis=0), np.maximum(rows.std(axis=0), LEAST_SCALE)
    learner = LogisticRegression(C=STRENGTH, max_iter=300)
    learner.fit(np.hstack([_standard(rows, center, scale), constants]), labels)
    coefficients = np.asarray(learner.coef_)[0, : rows.shape[1]]
    intercept = float(np.asarray(learner.intercept_)[0])
    return Logistic(center.tolist(), scale.tolist(), coefficients.tolist(), intercept)


def _standard(found: Array, center: Array, scale: Array) -> Array:
    standard = found - center
    standard /= scale
    return np.clip(standard, -LARGEST_DEVIATION, LARGEST_DEVIATION, out=standard)
