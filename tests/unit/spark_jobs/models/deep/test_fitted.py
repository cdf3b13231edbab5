"""A deep forecaster learns what its columns tell, is saved as JSON, and is refused in one line where it cannot be."""

from __future__ import annotations

import importlib.util
import json
from dataclasses import replace
from datetime import date
from functools import cache

import numpy as np
import pytest
from customers import FIT, customers

from clv.core.errors import ClvError
from spark_jobs.features import purchases
from spark_jobs.judging import metrics
from spark_jobs.models import registry
from spark_jobs.models.deep.networks import apart, fitted
from spark_jobs.models.deep.networks.apart import Schedule
from spark_jobs.models.examples_on_spark import closed
from spark_jobs.models.forecaster import Customers, Past, Unfit

NAME = "ziln_mlp"
OF_SEQUENCES = "ziln_cnn"
WINDOW = 90
needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="JAX is not installed: the extra `deep`")


def past_of(n: int = 600, origins: int = 2) -> Past:
    """Returns customers who buy again if they did in the last 90 days, for as much, up to chance; none at an anchor."""
    columns = customers(n)
    latest = np.full((n, 3, purchases.LATEST), np.nan)
    latest[..., -1] = np.column_stack([np.zeros(n), columns["last_order_value"], np.ones(n)])
    columns[purchases.COLUMN] = latest.reshape(n, -1)
    rng = np.random.default_rng(2)
    buys = rng.random(n) < np.where(columns["orders_90"] > 1, 0.9, 0.1)
    columns |= {
        "orders_next_90": buys * 1.0,
        "revenue_next_90": buys * columns["revenue_90"] * rng.lognormal(0, 0.2, n),
    }
    return Past(WINDOW, date(2024, 6, 1), columns, np.arange(n), np.arange(n) % origins * 30, columns)


@cache
def trained(name: str = NAME) -> fitted.Deep:
    """Returns a short training, from two seeds."""
    schedule = Schedule(steps=120, batch=128, every=20, stop_after=3, rate=1e-2)
    with pytest.MonkeyPatch.context() as patch:
        for kind in ("SCHEDULE", "SEQUENCE_SCHEDULE"):
            patch.setattr(fitted, kind, schedule)
        patch.setattr(fitted, "SEEDS", 2)
        return registry.named(name).fit(past_of())  # type: ignore[return-value]


@needs_jax
@pytest.mark.parametrize("name", [NAME, OF_SEQUENCES])
def test_it_learns_and_its_predictions_sum_to_the_actual_total(name: str) -> None:
    past = past_of()
    found = registry.predict(name, trained(name), Customers(past.columns, WINDOW))
    assert found.mean.sum() == pytest.approx(past.columns["revenue_next_90"].sum())
    assert found.chance is not None
    assert metrics.auc(past.columns["orders_next_90"], found.chance) > 0.85
    assert metrics.normalized_gini(past.columns["revenue_next_90"], found.mean) > 0.6


@needs_jax
@pytest.mark.parametrize("name", [NAME, OF_SEQUENCES])
def test_saved_as_json_it_predicts_the_same_and_trained_again_it_is_the_same(name: str) -> None:
    past, saved = past_of(), trained(name).to_json()
    again = registry.read(name, json.loads(json.dumps(saved)))
    wanted = Customers(past.columns, WINDOW)
    assert (again.predict(wanted).mean == registry.read(name, saved).predict(wanted).mean).all()
    assert json.dumps(trained.__wrapped__(name).to_json()) == json.dumps(saved)


@needs_jax
@pytest.mark.parametrize("name", [NAME, OF_SEQUENCES])
def test_predictions_do_not_depend_on_how_many_customers_are_computed_together(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    wanted = Customers(past_of().columns, WINDOW)
    together = trained(name).predict(wanted)
    monkeypatch.setattr(fitted, "TOGETHER", 7)
    few = trained(name).predict(wanted)
    assert few.mean == pytest.approx(together.mean, rel=1e-9)
    assert few.chance == pytest.approx(together.chance, rel=1e-9)
    nobody = Customers({column: each[:0] for column, each in wanted.columns.items()}, WINDOW)
    assert len(trained(name).predict(nobody).mean) == 0


def test_untrained_networks_predict_what_the_anchor_does(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "check", lambda _: None)
    monkeypatch.setattr(apart, "train", lambda _, initial, *__: [
        {name: 0 * each for name, each in one.items()} for one in initial])  # fmt: skip
    past = replace(past_of(), anchor=FIT)
    found = registry.named(NAME).fit(past)
    wanted = Customers(past.columns, WINDOW)
    by_anchor = registry.read("bgnbd_pareto_nbd_gg", FIT.as_json()).predict(wanted)
    assert found.predict(wanted).chance == pytest.approx(by_anchor.chance)
    ratio = found.predict(wanted).mean / by_anchor.mean
    assert ratio == pytest.approx(np.full(len(wanted), ratio[0]))  # one factor, of sigma and the level
    assert found.to_json()["anchor"] == FIT.as_json()


def test_training_stops_on_the_latest_origin_or_else_on_some_customers() -> None:
    assert (fitted.judging(closed(past_of())) == (closed(past_of()).origin == 30)).all()
    share = fitted.judging(closed(past_of(origins=1))).mean()
    assert 0.1 < share < 0.3


def test_where_jax_is_missing_one_line_says_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    line = (
        "ziln_mlp is trained with JAX, and the package jax is not installed; run `make bootstrap-deep`, or "
        'see "Deep models" in docs/operating.md, or take ziln_mlp out of contestants in shop.json'
    )
    with pytest.raises(ClvError) as raised:
        registry.load([NAME])
    assert str(raised.value) == line
    assert registry.fit([NAME], past_of(), [NAME]) == ({}, {NAME: line})


@needs_jax
def test_a_device_that_jax_does_not_see_is_refused_in_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLV_TRAINING_DEVICE", "cuda")
    with pytest.raises(ClvError, match=r"CLV_TRAINING_DEVICE is cuda, but the JAX on \S+ sees none; install JAX with"):
        registry.named(NAME).fit(past_of())


def test_too_little_to_learn_from_is_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apart, "check", lambda _: None)
    past = past_of()
    nobody = {**past.columns, "revenue_next_90": np.zeros(600)}
    with pytest.raises(Unfit, match="none did"):
        registry.named(NAME).fit(replace(past, columns=nobody))
