"""Builders of small trained models for the customers of `customers`, and of their predictions."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import xgboost
from customers import FIT

from spark_jobs.ensemble import blending, forecast
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.level import ClosedWindow
from spark_jobs.ensemble.parts import Trained
from spark_jobs.features.columns import Columns
from spark_jobs.models import anchor, forest, learners, logistic
from spark_jobs.models.feature_matrix import FEATURES, feature_matrix
from spark_jobs.models.learners import Learners

DAY = date(2024, 6, 1)
DAILY = Daily(DAY - timedelta(days=500), np.full(500, 100.0), np.full(500, 30.0))
OBJECTIVES = {"total": "reg:tweedie", "buy": "binary:logistic", "spend": "reg:gamma"}


def boosters(columns: Columns, window: int = 90, seed: int = 0) -> Learners:
    """Returns three small boosters, trained by the plain library on random outcomes."""
    rng = np.random.default_rng(seed)
    by_anchor = anchor.probabilistic(FIT, columns, window)
    start = learners.offsets(by_anchor)
    bought = rng.random(len(by_anchor.orders)) < by_anchor.p_purchase
    spent = np.exp(start["spend"]) * rng.gamma(2, 0.5, len(bought)) + 0.01
    labels = {"total": bought * spent, "buy": bought * 1.0, "spend": spent}
    raw = {}
    for name, objective in OBJECTIVES.items():
        inputs = feature_matrix(FIT, columns, by_anchor, window)
        rows = xgboost.DMatrix(inputs, labels[name], base_margin=start[name], feature_names=list(FEATURES))
        raw[name] = bytes(xgboost.train({"objective": objective, "max_depth": 2}, rows, 5).save_raw("json"))
    return Learners(**raw)


def smooth(columns: Columns, window: int = 90) -> logistic.Logistic:
    """Returns a logistic regression with fixed coefficients."""
    by_anchor = anchor.probabilistic(FIT, columns, window)
    found = logistic.inputs(FIT, columns, by_anchor, window)
    coefficients = np.linspace(-0.1, 0.1, found.shape[1]).tolist()
    return logistic.Logistic(found.mean(axis=0).tolist(), [1.0] * found.shape[1], coefficients, -1.0)


def trees(columns: Columns, window: int = 90) -> forest.Forest:
    """Returns a forest of which each tree has learned what customers spent in the last 365 days."""
    by_anchor = anchor.probabilistic(FIT, columns, window)
    found = forest.fit([logistic.inputs(FIT, columns, by_anchor, window)], [columns["revenue_365"]])
    assert found
    return found


def trained(columns: Columns, window: int = 90, forest: forest.Forest | None = None) -> Trained:
    """Returns a window's trained parts with the usual weights, or with half the weight on a forest."""
    value, chance = dict(blending.USUAL), dict(blending.USUAL_CHANCE)
    if forest:
        value = {name: weight / 2 for name, weight in value.items()} | {"forest": 0.5}
    return Trained(boosters(columns, window), smooth(columns, window), forest, value, chance)


def model(columns: Columns, *windows: int) -> Model:
    return Model("v", trained={window: trained(columns, window) for window in windows})


def closed_window(days: int, revenue: float, ago: int = 0) -> ClosedWindow:
    """Returns a window that ended so many days before DAY, with the log of actual over expected revenue. The log of
    actual over expected buyers is half of it."""
    return ClosedWindow(days, DAY - timedelta(days=days + ago), revenue, revenue / 2, revenue, 0.0, 1.0)


def predictions_of(made: Model, columns: Columns, daily: Daily = DAILY) -> dict[int, forecast.Forecast]:
    common = forecast.settings_of(made, FIT, columns, daily, DAY)
    return forecast.forecast(made, FIT, columns, common, 0.1)
