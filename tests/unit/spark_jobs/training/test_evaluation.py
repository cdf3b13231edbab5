"""What the holdouts decide, also if the learners could not be trained at all of them."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import planted_forecaster
import pytest
from customers import FIT, customers
from forecasting import trained, trees

from clv.core.options import BLENDS
from spark_jobs.ensemble import blending, forecast, parts
from spark_jobs.ensemble.calibration import Daily
from spark_jobs.ensemble.forecast import Model
from spark_jobs.ensemble.level import Level
from spark_jobs.ensemble.parts import Trained
from spark_jobs.features.columns import Columns
from spark_jobs.judging.promotion import OURS
from spark_jobs.models import anchor
from spark_jobs.models.rules import trailing
from spark_jobs.training import evaluation
from spark_jobs.training.evaluation import Holdout


def closed(seed: int) -> Columns:
    """Returns customers of an origin with closed window: those who bought recently bring some money."""
    columns = customers(300, seed)
    actual = np.random.default_rng(seed).gamma(1, 30, 300) * (columns["orders_90"] > 1)
    return {**columns, "orders_next_90": (actual > 0) * 1.0, "revenue_next_90": actual, **keys(300)}


def keys(n: int) -> Columns:
    return {"customer_key": np.array([f"customer {place}" for place in range(n)], dtype=object)}


def holdouts(learned: bool, seed: int) -> Holdout:
    columns = closed(seed)
    return evaluation.predict_holdout(
        trained(columns) if learned else Trained(), FIT, columns, 90, f"origin {seed}", Level(0.1, 0.1)
    )


@pytest.mark.parametrize("then", [(True, True), (False, True), (False, False)])
@pytest.mark.parametrize("now", [True, False])
def test_any_mixture_of_learned_and_unlearned_origins_is_calibrated(then: tuple[bool, bool], now: bool) -> None:
    judged = [holdouts(learned, seed) for seed, learned in enumerate(then)]
    final = trained(closed(9)) if now else Trained()
    found, decision = evaluation.calibrated(evaluation.blended(final, judged, "weighted")[0], judged, 500.0)
    assert len(found.value_weights) == (len(blending.USUAL) - 1 if now else 2)
    assert sum(found.value_weights.values()) == pytest.approx(1)
    assert found.cap >= 1000
    # Holdouts without learners do not count for a blend with learners.
    expected = sum(then) if now else 2
    assert (decision is None) == (expected == 0)
    if decision:
        assert len(decision.origins) == expected
        assert OURS in decision.figures
        assert {"auc", "brier"} <= set(decision.measured[OURS][0])
        inside = [metrics["coverage_80"] for metrics in decision.measured[decision.published]]
        chance, value, mean = judged[-1].forecast(found)
        low, high = found.intervals.bounds(value, chance, mean)
        assert len(inside) == expected
        assert inside[-1] == np.mean((judged[-1].spent >= low) & (judged[-1].spent <= high))


def test_without_holdouts_the_usual_weights_and_the_assumed_spread_stay() -> None:
    own, _ = evaluation.blended(trained(closed(9)), [], "weighted")
    found, decision = evaluation.calibrated(own, [], 0.0)
    assert decision is None
    assert found.cap == np.inf
    expected = {name: weight for name, weight in blending.ANCHORED.items() if name != "forest"}
    assert found.value_weights == pytest.approx(expected)  # no buyer was observed, no forest trained
    assert len(found.intervals.ratios) == 1


def test_each_way_to_blend_is_measured_and_the_chosen_one_is_used() -> None:
    judged = [holdouts(True, seed) for seed in range(2)]
    for way in BLENDS:
        found, blends = evaluation.blended(trained(closed(9)), judged, way)
        assert list(blends) == list(BLENDS)
        assert found.value_weights == blends[way].value_weights
        assert found.chance_weights == blends[way].chance_weights
    five = [name for name in blending.USUAL if name not in ("forest", "alike")]
    assert blends["voting"].value_weights == {**dict.fromkeys(five, 0.2), "alike": 0}
    assert blends["voting"].chance_weights == pytest.approx(
        {"anchor": 1 / 3, "boosted": 1 / 3, "regression": 1 / 3, "alike": 0}
    )
    # Stacking chose its weights on these holdouts. Its probability is part of the mean that it stacks.
    assert blends["stacking"].log_loss == min(blend.log_loss for blend in blends.values())
    assert blends["weighted"].deviance != blends["voting"].deviance


def test_a_forest_without_a_weight_is_dropped_and_one_that_is_right_stays() -> None:
    columns = closed(0)
    columns |= {"revenue_next_90": columns["revenue_365"], "orders_next_90": (columns["revenue_365"] > 0) * 1.0}
    own = trained(columns, forest=trees(columns))
    judged = evaluation.predict_holdout(own, FIT, columns, 90, "origin", Level(0.1, 0.1))
    for way, stays in (("voting", False), ("weighted", True)):
        found, _ = evaluation.blended(own, [judged], way)
        assert (found.forest is not None) == stays == (found.value_weights["forest"] > 0)


def test_a_holdout_where_less_was_trained_does_not_count() -> None:
    columns = closed(0)
    own = trained(columns, forest=trees(columns))
    without = evaluation.predict_holdout(replace(own, forest=None), FIT, columns, 90, "origin", Level(0.1, 0.1))
    found, blends = evaluation.blended(own, [without], "weighted")
    assert found.value_weights == blending.usual(without.bought.sum())
    assert blends["weighted"].deviance is None
    # A forest with a weight is not judged where there was none, and no other part stands in for it.
    withal = evaluation.predict_holdout(own, FIT, columns, 90, "later", Level(0.1, 0.1))
    found, decision = evaluation.calibrated(own, [without, withal], 0.0)
    assert decision
    assert decision.origins == ["later"]
    assert found.intervals == evaluation.calibrated(own, [withal], 0.0)[0].intervals
    assert evaluation.scores(found, [withal, without]) == evaluation.scores(found, [withal])
    assert evaluation.scores(found, [without]) == {}
    plain, decision = evaluation.calibrated(replace(own, forest=None, value_weights=blending.USUAL), [without], 0.0)
    assert decision
    assert decision.origins == ["origin"]


def test_a_published_baseline_predicts_as_it_does_alone() -> None:
    columns = {**customers(), **keys(200)}
    columns |= {"orders_next_90": columns["orders_90"], "revenue_next_90": columns["revenue_90"]}
    learned = Trained(fitted={"trailing": {}, "trailing_year": {}})
    judged = evaluation.predict_holdout(learned, FIT, columns, 90, "2024-01-01", Level())
    trained, decision = evaluation.calibrated(learned, [judged], 0.0)
    assert decision is not None
    assert decision.published == trained.published == "trailing"  # the actuals are exactly what trailing predicts
    assert forecast.Model("v", trained={90: trained}).basis(90) == "baseline trailing"
    found = parts.parts(trained, FIT, columns, 90)
    common = forecast.setting(trained, found, Level(0.3, 0.2))
    money = forecast.blend(trained, found, common)[1]
    assert money == pytest.approx(trailing.spent(columns, 90))
    assert common.mean == pytest.approx(money.mean())


def test_a_contestant_without_a_holdout_is_not_published() -> None:
    judged, now = [holdouts(False, seed) for seed in range(2)], Trained(fitted={"trailing": {}, "trailing_year": {}})
    assert evaluation.calibrated(now, [], 0.0, contestants=["trailing"])[0].published == OURS
    found, decision = evaluation.calibrated(now, judged, 0.0, contestants=["trailing"])
    assert found.published == OURS
    assert decision
    assert set(decision.figures) == {OURS}
    # The next contestant that was judged is published.
    judged = [replace(holdout, others={"trailing_year": holdout.trailing}) for holdout in judged]
    found, decision = evaluation.calibrated(now, judged, 0.0, contestants=["trailing", "trailing_year", OURS])
    assert found.published == "trailing_year"
    assert set(found.fitted) == {"trailing_year"}


def test_a_contestant_that_fails_on_a_holdout_is_not_judged_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    path = planted_forecaster.plant(tmp_path, monkeypatch)
    path.write_text(path.read_text().replace("columns = customers.columns", "columns = customers.nothing"))
    trained = Trained(fitted={"mean_order": {"scale": 1.0}, "trailing": {}})
    judged = [
        evaluation.predict_holdout(trained, FIT, closed(seed), 90, f"origin {seed}", Level(0.1, 0.1))
        for seed in range(2)
    ]
    assert [set(holdout.others) for holdout in judged] == [{"trailing"}, {"trailing"}]
    assert evaluation.calibrated(trained, judged, 0.0, contestants=["mean_order"])[0].published == OURS
    (message,) = [record.getMessage() for record in caplog.records]
    assert message.startswith("the forecaster mean_order failed to predict (AttributeError: 'Customers' object has no")


def test_without_learners_no_weights_are_chosen() -> None:
    assert evaluation.blended(Trained(), [holdouts(False, 0)], "stacking") == (Trained(), {})


def subscribers(orders: int, n: int = 600) -> Columns:
    """Subscribers who pay 20.00 every 30 days: each with so many orders, silent for 0 to 29 days, and with their orders
    of the next 90 days."""
    silent = np.arange(n) % 30
    recency = np.full(n, (orders - 1) * 30.0)
    kept = {
        "days_with_orders": float(orders), "gap_mean": 30.0, "gap_std": 0.0, "gap_last": 30.0,
        "average_order_value": 20.0, "order_value_mean": 20.0, "order_value_std": 0.0, "order_value_max": 20.0,
        "last_order_value": 20.0, "revenue_total": 20.0 * orders, "orders_next_90": 3.0, "revenue_next_90": 60.0,
        **{f"orders_{days}": days // 30 for days in (30, 60, 90, 180, 365)},
        **{f"revenue_{days}": days // 30 * 20.0 for days in (30, 60, 90, 180, 365)},
    }  # fmt: skip
    columns = {**customers(n), **{name: np.full(n, float(value)) for name, value in kept.items()}, **keys(n)}
    return columns | {"recency": recency, "t": recency + silent, "days_since_last_order": silent.astype(float)}


def test_subscribers_are_inside_their_interval_and_their_day_is_exact() -> None:
    judged = [
        evaluation.predict_holdout(Trained(), anchor.fit_origin(columns), columns, 90, f"origin {orders}", Level())
        for orders in (14, 15)
        for columns in [subscribers(orders)]
    ]
    trained, _ = evaluation.calibrated(Trained(), judged, 60.0)
    now = subscribers(18)
    fit, made = anchor.fit_origin(now), Model("v", [90, 180], {90: trained})
    daily = Daily(date(2023, 1, 1), np.full(540, 400.0), np.zeros(540))
    common = forecast.settings_of(made, fit, now, daily, date(2024, 6, 24))
    predictions = forecast.forecast(made, fit, now, common, 0.1)[90]
    assert predictions.revenue.mean() == pytest.approx(60, rel=0.1)
    assert ((predictions.p10 <= 60) & (predictions.p90 >= 60)).all()
    assert (predictions.p10 <= predictions.revenue).all()
    assert predictions.days_to_next_order.tolist() == (30 - now["days_since_last_order"]).tolist()
