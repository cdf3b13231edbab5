"""The forecast compared with the baselines: the best one, the difference, and whether it is more than chance."""

from __future__ import annotations

import json

import numpy as np
import pytest
from synthetic_predictions import ORIGINS, predictions

from clv.evaluation.backtest import comparison
from spark_jobs.judging.metrics import FORMER_NAMES, METRICS


def test_figures_are_means_over_origins_and_the_worst_of_them():
    frame = predictions(customers=200)
    result = comparison.compare(frame)
    assert result["origins"] == list(ORIGINS)
    ours = result["models"]["perennial"]
    by_hand = []
    for _, rows in frame.groupby("origin", sort=True):
        total = rows.actual_amount.sum()
        by_hand.append((rows.predicted_p50 - rows.actual_amount).abs().sum() / total)
    assert ours["mean"]["wape_of_median"] == pytest.approx(np.mean(by_hand))
    assert ours["worst"]["wape_of_median"] == pytest.approx(max(by_hand))
    assert list(ours["by_origin"]) == list(ORIGINS)
    assert set(ours["mean"]) == {*METRICS, *FORMER_NAMES}
    assert ours["mean"]["wape"] == ours["mean"]["wape_of_median"]


def test_the_better_forecast_is_ahead_by_more_than_chance_and_the_difference_has_a_sign():
    ahead = comparison.compare(predictions(noise=0.1, baseline_noise=1.2))["against_best_baseline"]["normalized_gini"]
    assert ahead["better"]
    assert ahead["significant"]
    assert 0 < ahead["low"] < ahead["difference"] < ahead["high"]
    behind = comparison.compare(predictions(noise=1.2, baseline_noise=0.1))["against_best_baseline"]["normalized_gini"]
    assert not behind["better"]
    assert behind["high"] < 0


def test_equal_forecasts_differ_by_nothing():
    frame = predictions(baselines=("linear",))
    for output in ("p_purchase", "predicted_mean", "predicted_p50"):
        frame[f"linear.{output}"] = frame[output]
    against = comparison.compare(frame)["against_best_baseline"]
    assert against["rmse"]["difference"] == 0
    assert not against["rmse"]["significant"]


def test_the_order_of_the_rows_changes_nothing():
    frame = predictions(customers=150)
    shuffled = frame.sample(frac=1, random_state=1)
    one, other = comparison.compare(frame), comparison.compare(shuffled)
    assert other["models"] == one["models"]
    assert other["deciles"] == one["deciles"]
    for metric, row in one["against_best_baseline"].items():
        assert other["against_best_baseline"][metric]["low"] == pytest.approx(row["low"]), metric


def test_a_baseline_without_a_probability_is_not_judged_on_it():
    result = comparison.compare(predictions(customers=150))
    assert result["models"]["trailing"]["mean"]["auc"] is None
    assert result["models"]["bgnbd_gg"]["mean"]["auc"] > 0.5


@pytest.mark.parametrize("unscored", [30, 400])
def test_what_has_no_forecast_is_left_out_and_all_is_valid_json(unscored):
    result = comparison.compare(predictions(too_little_data=unscored))
    text = json.dumps(result, allow_nan=False)
    assert json.loads(text) == result
    assert bool(result["models"]) == (unscored < 400)
    assert result["reading"]
