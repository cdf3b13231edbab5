"""Forecasts a case from its file, as a training and a scoring of that day do."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from unittest.mock import patch

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from benchmarks.arena import memory as memories
from benchmarks.arena.cache import Given
from benchmarks.arena.memory import Memory
from clv.core import options
from clv.core.declared import CONTESTANTS
from clv.core.settings import Settings
from spark_jobs import score
from spark_jobs.ensemble import forecast
from spark_jobs.ensemble.forecast import Forecast, Model
from spark_jobs.explain import explained
from spark_jobs.features.columns import Columns
from spark_jobs.models import anchor, personas
from spark_jobs.models.anchor import OriginFit
from spark_jobs.scoring.rows import NO_ORDER
from spark_jobs.training import fitting
from spark_jobs.training.record import Record

USUAL = options.Shop.model_validate({})  # the shop's settings by default


def settings_of(given: Given, contestants: Sequence[str] = CONTESTANTS) -> Settings:
    """The settings of a case: a shop's usual ones, with the case's horizon."""
    return Settings(Path(), {}, USUAL.changed(horizons=[given.case.horizon], contestants=list(contestants)))


# One thread in BLAS, as in `train.fit`.
@threadpool_limits.wrap(limits=1, user_api="blas")
def trained(given: Given, memory: Memory, contestants: Sequence[str] = CONTESTANTS) -> tuple[Model, Record]:
    """Fits the model of a case, as `train.fit` does. What the memory keeps is not fitted again; personas and drivers,
    on which no forecast depends, are left out."""
    settings, day = settings_of(given, contestants), given.case.origin
    if not given.origins:
        return fitting.anchor_only(settings, day, "arena")
    left_out = patch.object(personas, "fit", lambda _: None), patch.object(explained, "explain", lambda *_: {})
    with memories.remembering(memory), left_out[0], left_out[1]:
        return fitting.fit(given.origins, given.panel, given.daily, settings, day, "arena")


@threadpool_limits.wrap(limits=1, user_api="blas")
def fit_of(given: Given) -> OriginFit:
    """Fits the anchor to the customers of a case, as `score.predict` does."""
    return anchor.fit_origin(fitted_to(given))


def fitted_to(given: Given) -> Columns:
    """The columns of a case's customers to which the anchor is fitted."""
    return {name: given.columns[name] for name in score.FITTED_TO}


@threadpool_limits.wrap(limits=1, user_api="blas")
def forecasts(given: Given, model: Model, fit: OriginFit | None = None) -> Forecast:
    """Forecasts the customers of a case, as `score.predict` does. fit: what `fit_of` returns, if it is known."""
    day = given.case.origin
    fit = forecast.looking_ahead(model, fit or fit_of(given), fitted_to(given), given.daily, day)
    common = forecast.settings_of(model, fit, given.columns, given.daily, day)
    return forecast.forecast(model, fit, given.columns, common, USUAL.discount_rate)[given.case.horizon]


def frame(given: Given, memory: Memory, contestants: Sequence[str] = CONTESTANTS, missing: bool = True) -> pd.DataFrame:
    """Returns what `backtest.run.rows` returns for a case: outcomes, the forecast, and the baselines' predictions.
    missing: whether to fit baselines that are not in the memory."""
    model, _ = trained(given, memory, contestants)
    found = forecasts(given, model)
    n = len(given.customer_id)
    ours = pd.DataFrame(
        {
            "status": "scored", "status_reason": None, "basis": found.basis,
            "p_purchase": found.p_purchase.round(6), "expected_orders": found.expected_orders.round(6),
            "predicted_mean": found.revenue.round(4), "predicted_p10": found.p10.round(4),
            "predicted_p50": found.p50.round(4), "predicted_p90": found.p90.round(4),
            "days_to_next_order": found.days_to_next_order, "own_spread": found.own_spread.round(4),
            "total_spread": np.full(n, found.total_spread), "group_spread": np.full(n, found.group_spread),
        },
        index=pd.Index(given.customer_id),
    )  # fmt: skip
    known = given.frame.set_index("customer_id").drop(columns=list(ours))
    joined = known.join(ours).join(memories.with_baselines(given, memory, missing))
    unknown = joined["status"].isna()
    joined.loc[unknown, ["status", "status_reason"]] = "too_little_data", NO_ORDER
    return joined.rename_axis("customer_id").reset_index()
