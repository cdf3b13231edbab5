from __future__ import annotations

import json
import pickle
from dataclasses import fields, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
import xgboost
from customers import FIT, customers
from forecasting import DAILY, DAY, boosters, closed_window, model, predictions_of, trained, trees
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from spark_jobs.ensemble import blending, forecast, model_files
from spark_jobs.ensemble.conformal import Intervals, unmeasured
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.parts import Trained
from spark_jobs.models import anchor, learners
from spark_jobs.models.feature_matrix import FEATURES, feature_matrix
from spark_jobs.models.rules import rfm_cells


@pytest.mark.parametrize("windows", [[], [30], [90], [90, 180], [90, 180, 365]])
def test_longer_horizons_never_predict_less_and_nothing_is_missing(windows: list[int]) -> None:
    columns = customers()
    predictions = predictions_of(model(columns, *windows), columns)
    assert list(predictions) == [90, 180, 365, 1825]
    before = None
    for found in predictions.values():
        arrays = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "basis"}
        day = arrays.pop("days_to_next_order")
        assert arrays.pop("total_spread") > 0
        assert arrays.pop("group_spread") == 0
        assert ((day < 90) == (predictions[90].p_purchase >= 0.5)).all()
        assert (np.isnan(day) == (predictions[365].p_purchase < 0.5)).all()
        assert all(np.isfinite(array).all() and (array >= 0).all() for array in arrays.values())
        assert (found.p50 >= found.p10).all()
        assert (found.p90 >= found.p50).all()
        assert (found.p10 <= found.revenue).all()
        assert (found.p_purchase <= found.p_alive).all()
        assert (found.p_alive <= 1).all()
        assert (found.expected_orders >= found.p_purchase).all()
        if before:
            for name in ("p_purchase", "expected_orders", "revenue", "p10", "p50", "p90"):
                assert (arrays[name] >= getattr(before, name)).all(), name
        before = found


@given(seed=st.integers(0, 10_000), level=st.floats(-1, 1), rate=st.sampled_from([0.0, 0.1, 2.0]))
@settings(max_examples=25, deadline=None)
def test_what_is_published_rises_with_the_horizon_to_the_cent(seed: int, level: float, rate: float) -> None:
    columns = customers(60, seed)
    odd = Intervals([0.5], [np.linspace(1.2, 1.3, 41).tolist(), np.linspace(0, 9, 41).tolist()], [1.6, 25.0])
    made = Model("v", trained={90: Trained(intervals=odd, cap=400.0), 365: Trained(cap=300.0)})
    made = replace(made, closed=[closed_window(90, 3 * level), closed_window(365, -3 * level)])
    common = forecast.settings_of(made, FIT, columns, DAILY, DAY)
    predictions = forecast.forecast(made, FIT, columns, common, rate)
    chances = [np.round(predictions[h].p_purchase, 6) for h in made.all_horizons]
    for shorter, longer in pairwise([*chances, np.round(predictions[90].p_alive, 6)]):
        assert (shorter <= longer).all()
    # The rows have six digits; they are published with four, halves rounded away from zero.
    published = [(np.round(chance * 1e6).astype(int) + 50) // 100 for chance in chances]
    for shorter, longer in pairwise(published):
        assert ((shorter < longer) | (longer == 0) | (longer == 10_000)).all()
    for name in ("revenue", "p10", "p50", "p90"):
        worth = [np.round(getattr(predictions[h], name), 4) * predictions[h].discount_factor for h in made.all_horizons]
        for shorter, longer in pairwise(worth):
            assert (np.round(shorter, 2) <= np.round(longer, 2)).all(), name
    assert all((found.p10 <= found.revenue + 1e-3).all() for found in predictions.values())


def test_money_below_that_of_a_shorter_horizon_is_raised_by_half_of_the_anchors_growth() -> None:
    columns = customers()
    made = Model("v", trained={90: Trained(), 180: Trained(published="trailing_year")})
    columns["revenue_365"] = np.zeros(200)  # the published rule predicts 0 for everyone over 180 days
    predictions = predictions_of(made, columns)
    shorter = predictions_of(Model("v", trained={90: Trained()}), columns)[90]
    near, far = (anchor.probabilistic(FIT, columns, h) for h in (90, 180))
    growth = (1 + (far.revenue / near.revenue - 1) / 2) * shorter.discount_factor / predictions[180].discount_factor
    rich = shorter.revenue > 0.01
    assert rich.sum() > 100
    assert predictions[180].revenue[rich] == pytest.approx((shorter.revenue * growth)[rich])
    assert predictions[180].p90[rich] == pytest.approx((shorter.p90 * growth)[rich], abs=1e-6)


def test_the_basis_names_the_models_behind_a_horizon() -> None:
    made = Model("v", trained={90: Trained(), 180: Trained()})
    assert [made.basis(h) for h in (90, 180, 365, 1825)] == [
        "trained", "trained", "extended from 180 days", "extended from 180 days",
    ]  # fmt: skip
    assert Model("v").basis(90) == "probabilistic"


def test_the_mean_of_all_customers_is_the_anchors_times_the_calibration() -> None:
    columns = customers()
    made = replace(model(columns, 90), closed=[closed_window(90, 0.2)])
    common = forecast.settings_of(made, FIT, columns, DAILY, DAY)[90]
    assert common.calibration != 0
    anchored = anchor.probabilistic(FIT, columns, 90)
    assert predictions_of(made, columns)[90].revenue.mean() == pytest.approx(
        anchored.revenue.mean() * np.exp(common.calibration)
    )
    p = predictions_of(made, columns)[90].p_purchase
    assert p.mean() == pytest.approx(anchored.p_purchase.mean() * np.exp(common.calibration / 2))


def test_a_closure_and_very_uncertain_totals_are_remarked() -> None:
    columns = customers()
    made = Model("v", [90, 180], {90: Trained(total_spread=0.4), 180: Trained(total_spread=np.log(2))})
    common = forecast.settings_of(made, FIT, columns, DAILY, DAY)
    assert forecast.remarks(replace(made, trained={}), common) == []
    assert forecast.remarks(made, common) == [
        "the total of 180 days is very uncertain: at past dates it was wrong by a factor of 2.0"
    ]
    money = DAILY.money.copy()
    money[-146:-26] = 0
    common = forecast.settings_of(made, FIT, columns, replace(DAILY, money=money), DAY)
    assert forecast.remarks(made, common)[0].startswith("the shop was closed on 120 of the last 180 days")


def test_a_customers_prediction_is_the_same_to_the_last_bit_in_any_batch() -> None:
    columns = customers(400)
    made = model(columns, 90)
    common = forecast.settings_of(made, FIT, columns, DAILY, DAY)
    together = forecast.forecast(made, FIT, columns, common, 0.1)
    for rows in (slice(7, 8), slice(0, 3), slice(11, 168), slice(168, 400)):
        some = {name: array[rows] for name, array in columns.items()}
        known = forecast.parts_by_window(made, FIT, some)
        for horizon, found in forecast.forecast(made, FIT, some, common, 0.1, known).items():
            for name, array in vars(found).items():
                if isinstance(array, np.ndarray):
                    np.testing.assert_array_equal(array, getattr(together[horizon], name)[rows], f"{name}, {horizon}")


def test_a_horizon_without_windows_grows_as_the_anchor_does() -> None:
    columns = customers()
    short, long = (predictions_of(model(columns, 90), columns)[h] for h in (90, 365))
    near, far = (anchor.probabilistic(FIT, columns, h) for h in (90, 365))
    assert long.revenue / short.revenue == pytest.approx(far.revenue / near.revenue)
    # Up to the digit by which each of two longer horizons exceeds the one before.
    apart = (1 - far.p_purchase) / (1 - near.p_purchase) - (1 - long.p_purchase) / (1 - short.p_purchase)
    assert ((apart > -1e-9) & (apart * (1 - short.p_purchase) < 2e-4 + 1e-9)).all()


def test_the_median_of_a_longer_horizon_follows_its_own_probability() -> None:
    columns = customers()
    predictions = predictions_of(model(columns, 90), columns)
    for horizon in (90, 365, 1825):
        found = predictions[horizon]
        likely = found.p_purchase > 0.6
        assert likely.any()
        assert (found.p50[likely] > 0).all()
        assert (found.p90 > 0)[found.p_purchase > 0.3].all()


def test_margins_equal_those_of_the_plain_boosters() -> None:
    columns = customers()
    made, predictions = boosters(columns), anchor.probabilistic(FIT, columns, 90)
    inputs = feature_matrix(FIT, columns, predictions, 90)
    margins = made.margins(inputs, predictions)
    plain = xgboost.Booster(model_file=bytearray(made.buy))
    rows = xgboost.DMatrix(inputs, base_margin=learners.offsets(predictions)["buy"], feature_names=list(FEATURES))
    assert expit(margins["buy"]) == pytest.approx(plain.predict(rows), abs=1e-6)
    for name, furthest in learners.LARGEST_CORRECTION.items():
        assert np.abs(margins[name] - learners.offsets(predictions)[name]).max() <= furthest


def test_predictions_stay_below_the_cap() -> None:
    columns = customers()
    made = Model("v", trained={90: Trained(cap=5.0, intervals=unmeasured())})
    assert predictions_of(made, columns)[90].revenue.max() == 5.0


def test_a_model_is_restored_from_its_files_without_pickle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    columns = customers()
    made = Model(
        "v", [90, 365], {90: trained(columns, forest=trees(columns)), 365: Trained(cap=10.0)},
        [closed_window(90, 0.25)],
    )  # fmt: skip

    def refused(*_: object, **__: object) -> None:
        raise AssertionError("a model is read without pickle")

    for reader in ("load", "loads", "Unpickler"):
        monkeypatch.setattr(pickle, reader, refused)
    model_files.save(made, tmp_path, {"metrics": {}})
    loaded = model_files.load(tmp_path)
    assert loaded == made
    assert predictions_of(loaded, columns)[90].revenue == pytest.approx(predictions_of(made, columns)[90].revenue)
    names = ["90-buy.json", "90-forest.json", "90-spend.json", "90-total.json", "model.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == names


def test_a_model_file_with_weights_by_position_predicts_the_same(tmp_path: Path) -> None:
    columns = customers()
    cells = rfm_cells.fit_cells(columns, (columns["orders_90"] > 1) * 1.0, columns["revenue_90"]).to_json()
    by_rule = Trained(published="rfm_cells", fitted={"rfm_cells": cells})
    made = Model("v", [90, 180, 365], {90: trained(columns), 180: by_rule, 365: Trained(published="trailing")})
    model_files.save(made, tmp_path, {})
    kept = json.loads((tmp_path / "model.json").read_text())
    for one in kept["trained"].values():
        one["cells"] = one.pop("fitted").get("rfm_cells")
        named = one["value_weights"], one["chance_weights"]
        one["value_weights"] = [
            named[0][part] for part in blending.USUAL if part in named[0] and part not in ("forest", "alike")
        ]
        one["chance_weights"] = [
            named[1][part] for part in blending.USUAL_CHANCE if part in named[1] and part != "alike"
        ]
    (tmp_path / "model.json").write_text(json.dumps(kept))
    before, now = predictions_of(model_files.load(tmp_path), columns), predictions_of(made, columns)
    for horizon in (90, 180, 365, 1825):
        assert (before[horizon].revenue == now[horizon].revenue).all()
        assert (before[horizon].p_purchase == now[horizon].p_purchase).all()
