from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from pathlib import Path
from typing import Any

import cdnow_sample
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import hyp2f1

from spark_jobs.models import btyd, pareto_nbd

PUBLISHED = btyd.BgNbd(r=0.243, alpha=4.414, a=0.793, b=2.426)
SPEND = btyd.GammaGamma(p=6.25, q=3.74, gamma=15.44)


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def test_bgnbd_finds_the_published_parameters_of_cdnow(real_data: Path) -> None:
    customers = cdnow_sample.customers(real_data)
    assert len(customers) == 2357
    rows = [customers[name].to_numpy() for name in ("x", "t_x", "T")]
    model = btyd.fit_bgnbd(*rows)
    assert (model.r, model.alpha, model.a, model.b) == pytest.approx((0.243, 4.414, 0.793, 2.426), abs=5e-4)
    assert btyd.bgnbd_log_likelihood(model, *rows).sum() == pytest.approx(-9582.4, abs=0.05)


def test_gamma_gamma_finds_the_published_parameters_of_cdnow(real_data: Path) -> None:
    customers = cdnow_sample.customers(real_data)
    model = btyd.fit_gamma_gamma(customers.x.to_numpy(), customers.z.to_numpy())
    assert (model.p, model.q) == pytest.approx((6.25, 3.74), abs=0.006)
    assert model.gamma == pytest.approx(15.44, abs=0.01)


def test_rows_with_counts_have_the_fit_of_repeated_customers() -> None:
    x, t_x, T = np.array([0.0, 2, 5, 0]), np.array([0.0, 11, 20, 0]), np.array([30.0, 30, 25, 12])
    counts = np.array([5, 3, 2, 4])
    apart = btyd.fit_bgnbd(np.repeat(x, counts), np.repeat(t_x, counts), np.repeat(T, counts))
    assert btyd.fit_bgnbd(x, t_x, T, counts) == apart


def test_expected_orders_of_the_papers_example() -> None:
    assert btyd.expected_orders(PUBLISHED, one(2), one(30.43), one(38.86), 39)[0] == pytest.approx(1.226, abs=5e-4)


@pytest.mark.parametrize(("x", "t_x", "T", "h"), [(1, 2.0, 30.0, 10.0), (7, 35.0, 38.9, 52.0), (30, 60.0, 61.0, 26.0)])
def test_expected_orders_equal_the_hypergeometric_form(x: int, t_x: float, T: float, h: float) -> None:
    r, alpha, a, b = PUBLISHED.r, PUBLISHED.alpha, PUBLISHED.a, PUBLISHED.b
    series = hyp2f1(r + x, b + x, a + b + x - 1, h / (alpha + T + h))
    grown = 1 - ((alpha + T) / (alpha + T + h)) ** (r + x) * series
    left = a / (b + x - 1) * ((alpha + T) / (alpha + t_x)) ** (r + x)
    expected = (a + b + x - 1) / (a - 1) * grown / (1 + left)
    assert btyd.expected_orders(PUBLISHED, one(x), one(t_x), one(T), h)[0] == pytest.approx(expected, rel=1e-6)


def test_one_time_buyers_have_a_forecast_if_a_plus_b_is_below_one() -> None:
    model = btyd.BgNbd(r=0.2, alpha=5, a=0.3, b=0.5)
    orders = btyd.expected_orders(model, one(0), one(0), one(20), 26)[0]
    assert 0 < orders < 0.2 * 26 / 25


def test_everyone_who_bought_once_is_alive_but_need_not_buy() -> None:
    x, t_x, T = np.zeros(2), np.zeros(2), np.array([5.0, 100.0])
    assert btyd.p_alive(PUBLISHED, x, t_x, T).tolist() == [1, 1]
    chances = btyd.p_purchase(PUBLISHED, x, t_x, T, 26)
    assert chances[1] < chances[0] < 1
    assert chances[0] == pytest.approx(1 - ((4.414 + 5) / (4.414 + 5 + 26)) ** 0.243)


def test_a_customers_value_lies_between_their_own_mean_and_everyones() -> None:
    values = btyd.expected_value(SPEND, np.array([2.0, 1.0, 0.0]), np.array([22.35, 11.77, 0.0]))
    assert SPEND.mean == pytest.approx(6.25 * 15.44 / 2.74)
    assert values == pytest.approx([6.25 * (15.44 + 2 * 22.35) / (12.5 + 2.74), 18.917, SPEND.mean], abs=1e-3)


sizes = st.floats(0.01, 30)
days = st.floats(0, 3000)


@given(
    st.builds(btyd.BgNbd, r=sizes, alpha=sizes, a=sizes, b=sizes),
    st.integers(0, 2000), st.floats(0, 1), days, st.floats(0.01, 2000),
)  # fmt: skip
@settings(max_examples=200, deadline=None)
def test_forecasts_are_never_missing_or_out_of_range(
    model: btyd.BgNbd, x: int, share: float, T: float, h: float
) -> None:
    customer = one(x), one(T * share if x else 0), one(T)
    alive, chance = btyd.p_alive(model, *customer)[0], btyd.p_purchase(model, *customer, h)[0]
    orders = btyd.expected_orders(model, *customer, h)[0]
    assert 0 <= chance <= alive + 1e-12 <= 1 + 1e-9
    assert chance <= orders * (1 + 1e-6) + 1e-12
    assert np.isfinite(orders)


@given(st.lists(st.tuples(st.integers(0, 40), st.floats(0, 1), st.integers(0, 900)), min_size=1, max_size=30))
@settings(max_examples=12, deadline=None)
def test_any_customers_can_be_fitted(rows: list[tuple[int, float, int]]) -> None:
    x = np.array([row[0] for row in rows], float)
    T = np.array([row[2] / 7 for row in rows])
    t_x = np.where(x > 0, [row[1] for row in rows] * T, 0)
    model = btyd.fit_bgnbd(x, t_x, T)
    assert np.isfinite(btyd.expected_orders(model, x, t_x, T, 52)).all()
    spend = btyd.fit_gamma_gamma(x, 10 * (1 + T))
    assert spend.q > 1
    assert np.isfinite(btyd.expected_value(spend, x, 10 * (1 + T))).all()


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e12])
def test_orders_of_one_price_have_that_expected_value(scale: float) -> None:
    x = np.array([1.0, 3, 8, 40])
    model = btyd.fit_gamma_gamma(x, np.full(4, scale))
    assert model.mean == pytest.approx(scale, rel=1e-3)
    assert btyd.expected_value(model, np.append(x, 0), np.full(5, scale)) == pytest.approx(np.full(5, scale), rel=1e-3)


def test_a_few_huge_orders_do_not_dominate_the_mean() -> None:
    draws = np.random.default_rng(0)
    z = 10 * draws.pareto(0.7, 1000) + 0.01  # the mean of the distribution is infinite
    model = btyd.fit_gamma_gamma(draws.poisson(2, 1000) + 1.0, z)
    assert 10 < model.mean < z.mean()


def test_orders_without_a_value_leave_gamma_gamma_at_one() -> None:
    x, z = np.array([2.0, 0, 5, 1]), np.array([0.0, 12, -3, np.nan])
    model = btyd.fit_gamma_gamma(x, z)
    assert model.mean == 1
    assert btyd.expected_value(model, x, z).tolist() == [1, 1, 1, 1]


ROWS = np.array([0.0, 0, 1, 3, 12]), np.array([0.0, 0, 2.5, 9, 30]), np.array([0.5, 20, 30, 10, 30])


@pytest.mark.parametrize("left_at_once", [0, 1])
@pytest.mark.parametrize("parameters", [(0.243, 4.414, 0.793, 2.426), (2.0, 0.3, 0.05, 7.0)])
def test_slopes_are_those_of_the_likelihood(parameters: tuple[float, ...], left_at_once: int) -> None:
    x, t_x, T = ROWS
    logs = np.log(parameters)
    slopes = btyd.likelihood_and_slopes(parameters, x, t_x, T, x + left_at_once)[1]
    for name, step in enumerate(1e-6 * np.eye(4)):
        up, down = (btyd.likelihood_and_slopes(np.exp(logs + s), x, t_x, T, x + left_at_once)[0] for s in (step, -step))
        assert slopes[name] == pytest.approx((up - down) / 2e-6, rel=1e-5, abs=1e-7)


def test_slopes_of_gamma_gamma_are_those_of_its_likelihood() -> None:
    x, z, logs = np.array([1.0, 3, 20]), np.array([12.0, 0.4, 35]), np.log([6.25, 2.69, 0.5])
    loss = btyd.gamma_gamma_loss(x, z, np.array([0.2, 0.5, 0.3]), 30.0)
    for name, step in enumerate(1e-6 * np.eye(3)):
        assert loss(logs)[1][name] == pytest.approx((loss(logs + step)[0] - loss(logs - step)[0]) / 2e-6, rel=1e-5)


@pytest.mark.parametrize("fit", [btyd.fit_bgnbd, pareto_nbd.fit, btyd.fit_gamma_gamma])
def test_a_fit_from_a_similar_one_is_that_of_all_starts(fit: Callable[..., Any], real_data: Path) -> None:
    customers = cdnow_sample.customers(real_data)
    names = ("x", "z") if fit == btyd.fit_gamma_gamma else ("x", "t_x", "T")
    rows, early = [customers[name].to_numpy() for name in names], customers["T"].to_numpy() > 30
    similar = fit(*(column[early] for column in rows))
    assert astuple(fit(*rows, start=similar)) == pytest.approx(astuple(fit(*rows)), rel=2e-3)


def test_a_fit_at_the_edge_is_no_start(caplog: pytest.LogCaptureFixture) -> None:
    """Where nobody leaves, a is as small as it can be, and the loss is flat there."""
    x, T = np.array([1.0, 4, 9]), np.array([30.0, 30, 30])
    edge = btyd.fit_bgnbd(x, T, T)
    assert edge.a < 1e-3
    t_x = np.array([1.0, 25, 8])
    assert btyd.fit_bgnbd(x, t_x, T, start=edge) == btyd.fit_bgnbd(x, t_x, T)
    assert not caplog.records
