from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import numpy as np
import pytest
import xgboost

from spark_jobs import btyd, examples, forecast, reasons
from spark_jobs.conformal import unmeasured
from spark_jobs.examples import OriginFit
from spark_jobs.forecast import Learners, Model

FIT = OriginFit(btyd.BgNbd(0.4, 6.0, 0.8, 2.5), btyd.GammaGamma(6.0, 3.5, 20.0))


def customers(n: int = 200, seed: int = 5) -> examples.Columns:
    """Customers with every column there is; gaps and last year's figures missing where they would be."""
    rng = np.random.default_rng(seed)
    days, t = rng.integers(1, 12, n).astype(float), rng.integers(20, 900, n).astype(float)
    recency = np.where(days > 1, np.round(t * rng.random(n)), 0)
    columns = {name: rng.gamma(1, 2, n) for name in examples.FEATURE_COLUMNS}
    gap = np.where(days > 1, recency / np.maximum(days - 1, 1) + 1, np.nan)
    return {
        **columns, "days_with_orders": days, "t": t, "recency": recency, "days_since_last_order": t - recency,
        "order_value_mean": rng.gamma(3, 20, n), "average_order_value": rng.gamma(3, 20, n),
        "gap_mean": gap, "gap_std": gap / 2, "gap_last": gap,
    }  # fmt: skip


def learners(columns: examples.Columns, seed: int = 0) -> Learners:
    """Two small boosters trained by the plain library on made-up outcomes."""
    rng = np.random.default_rng(seed)
    said = examples.probabilistic(FIT, columns, 90)
    inputs = examples.shape(FIT, columns, said, 90)
    start_buy, start_spend = forecast.offsets(said)
    bought = (rng.random(len(start_buy)) < said.p_purchase).astype(float)
    spent = np.exp(start_spend) * rng.gamma(2, 0.5, len(bought)) + 0.01
    raw = []
    for objective, label, start in (("binary:logistic", bought, start_buy), ("reg:gamma", spent, start_spend)):
        rows = forecast.rows_of(inputs, start)
        rows.set_label(label)
        raw.append(bytes(xgboost.train({"objective": objective, "max_depth": 2}, rows, 5).save_raw("json")))
    return Learners(*raw)


@pytest.mark.parametrize("horizons", [[], [90], [90, 180], [90, 180, 365]])
def test_longer_horizons_never_say_less_and_nothing_is_missing(horizons: list[int]) -> None:
    columns = customers()
    model = Model("v", horizons, 0.5, 0.75, learners=learners(columns) if horizons else None)
    said = forecast.forecast(model, FIT, columns, 0.1)
    assert list(said) == [90, 180, 365, 1825]
    before = None
    for found in said.values():
        arrays = {f.name: getattr(found, f.name) for f in fields(found) if f.name != "basis"}
        assert all(np.isfinite(array).all() and (array >= 0).all() for array in arrays.values())
        assert (found.p50 >= found.p10).all()
        assert (found.p90 >= found.p50).all()
        assert (found.p_purchase <= 1).all()
        assert (found.expected_orders >= found.p_purchase).all()
        if before:
            for name in ("p_purchase", "expected_orders", "revenue", "p10", "p50", "p90"):
                assert (arrays[name] >= getattr(before, name)).all(), name
        before = found


def test_the_basis_says_what_a_horizon_rests_on() -> None:
    model = Model("v", [90, 180], learners=Learners(b"", b""))
    assert [model.basis(h) for h in (90, 180, 365, 1825)] == [
        "trained", "trained", "extended from 180 days", "extended from 180 days",
    ]  # fmt: skip
    assert Model("v", [90]).basis(90) == "probabilistic"


def test_a_horizon_without_origins_grows_as_the_probabilistic_forecast_does() -> None:
    columns = customers()
    model = Model("v", [90], 1.0, 1.0, learners=learners(columns))
    short, long = (forecast.parts(model, FIT, columns, h) for h in (90, 365))
    assert long.value / short.value == pytest.approx(long.said.revenue / short.said.revenue)
    nobody = (1 - long.p) / (1 - short.p)
    assert nobody == pytest.approx((1 - long.said.p_purchase) / (1 - short.said.p_purchase))


def test_margins_are_the_plain_boosters_own() -> None:
    columns = customers()
    made, said = learners(columns), examples.probabilistic(FIT, columns, 90)
    inputs = examples.shape(FIT, columns, said, 90)
    log_odds, log_spend = forecast.margins(made, inputs, said)
    plain = xgboost.Booster(model_file=bytearray(made.buy))
    start = np.log(said.p_purchase / (1 - said.p_purchase))
    rows = xgboost.DMatrix(inputs, base_margin=start, feature_names=list(examples.SHAPE))
    assert (1 / (1 + np.exp(-log_odds))) == pytest.approx(plain.predict(rows), abs=1e-6)
    assert np.abs(log_spend - forecast.offsets(said)[1]).max() <= forecast.LARGEST_FACTOR


def test_predictions_stay_below_the_cap() -> None:
    columns = customers()
    said = forecast.forecast(Model("v", [90], caps={90: 5.0}, intervals={90: unmeasured()}), FIT, columns, 0.1)
    assert said[90].revenue.max() == 5.0
    assert said[180].revenue.max() <= 10.0


def test_a_model_comes_back_from_its_files_as_it_was(tmp_path: Path) -> None:
    columns = customers()
    model = Model("v", [90], 0.25, 0.5, {90: 1000.0}, {90: unmeasured()}, learners(columns))
    forecast.save(model, tmp_path, {"metrics": {}})
    assert forecast.load(tmp_path) == model
    assert sorted(path.name for path in tmp_path.iterdir()) == ["buy.json", "model.json", "spend.json"]


def test_inputs_hold_nothing_infinite_and_last_year_is_missing_in_the_first() -> None:
    columns = customers()
    inputs = examples.shape(FIT, columns, examples.probabilistic(FIT, columns, 180), 180)
    names = list(examples.SHAPE)
    assert inputs.shape == (200, len(names))
    assert not np.isinf(inputs).any()
    last_year = inputs[:, names.index("orders_last_year_over_expected")]
    assert (np.isnan(last_year) == (columns["t"] < 365)).all()


def test_effects_of_all_drivers_and_the_remainder_sum_to_the_gap_to_the_mean() -> None:
    columns = customers()
    model = Model("v", [90], 0.5, 0.75, learners=learners(columns))
    found = reasons.drivers(model, FIT, columns, 365)
    predicted = forecast.forecast(model, FIT, columns, 0.1)[365].revenue
    effects = reasons.in_money(found, found.mean(axis=0), predicted, predicted.mean())
    assert effects.sum(axis=1) == pytest.approx(predicted - predicted.mean())
    assert np.isfinite(effects).all()
    # A remainder that outweighed the drivers would mean that the reasons explain little.
    assert np.median(np.abs(effects[:, -1])) < np.median(np.abs(effects[:, :-1]).sum(axis=1))


def test_a_long_silence_counts_against_a_customer_who_bought_once() -> None:
    columns = customers(2)
    columns |= {"days_with_orders": np.ones(2), "recency": np.zeros(2), "t": np.array([10.0, 700.0])}
    found = reasons.drivers(Model("v"), FIT, columns, 365)
    recency = found[:, reasons.DRIVERS.index("recency")]
    assert recency[1] < recency[0] < 0
    frequency = found[:, reasons.DRIVERS.index("frequency")]
    assert frequency[0] == frequency[1]


def test_reasons_are_the_three_strongest_in_words_and_money() -> None:
    columns = customers(1)
    columns |= {"orders_90": np.array([1.0]), "days_since_last_order": np.array([12.0])}
    words = [sentence[0] for sentence in reasons.sentences(columns)]
    effects = np.zeros(len(reasons.DRIVERS))
    for driver, effect in (("recent_orders", 41.204), ("recency", -50.0), ("refunds", 0.1), ("variety", 0.2)):
        effects[reasons.DRIVERS.index(driver)] = effect
    found = json.loads(reasons.strongest(effects, words))
    assert found[0] == {"reason": "last order 12 days ago", "effect": -50.0}
    assert found[1] == {"reason": "1 order in the last 90 days", "effect": 41.2}
    assert len(found) == 3
