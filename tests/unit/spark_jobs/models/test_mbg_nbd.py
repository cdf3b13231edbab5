from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import cdnow_sample
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from spark_jobs.models import btyd, mbg_nbd
from spark_jobs.models.mbg_nbd import MbgNbd

CDNOW = MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614)
Customers = tuple[np.ndarray, np.ndarray, np.ndarray]


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def shop(model: MbgNbd, n: int, h: float, seed: int = 0) -> tuple[Customers, np.ndarray]:
    """x, t_x and T of n simulated customers seen for up to 100 weeks, and their orders in the h weeks after."""
    draws = np.random.default_rng(seed)
    rate = draws.gamma(model.r, 1 / model.alpha, n)
    repeats = draws.geometric(draws.beta(model.a, model.b, n)) - 1  # in a whole life
    T = draws.uniform(1, 100, n)
    wishes = draws.poisson(rate * T)
    x = np.minimum(wishes, repeats).astype(float)
    t_x = np.where(x > 0, T * draws.beta(np.maximum(x, 1), wishes - x + 1), 0)  # the x-th of the wishes' times
    return (x, t_x, T), np.minimum(draws.poisson(rate * h), np.maximum(repeats - wishes, 0))


def test_the_parameters_open_packages_print_for_cdnow_are_found(real_data: Path) -> None:
    """No paper prints them: open packages do, and no other point of this likelihood is higher."""
    customers = cdnow_sample.customers(real_data)
    rows = [customers[name].to_numpy() for name in ("x", "t_x", "T")]
    model = mbg_nbd.fit(*rows)
    assert astuple(model) == pytest.approx(astuple(CDNOW), abs=6e-4)
    best = mbg_nbd.log_likelihood(model, *rows).sum()
    assert best == pytest.approx(-9582.14, abs=0.005)
    for step in 0.02 * np.vstack([np.eye(4), -np.eye(4)]):
        beside = MbgNbd(*np.array(astuple(model)) * np.exp(step))
        assert mbg_nbd.log_likelihood(beside, *rows).sum() < best


def test_parameters_of_a_simulated_shop_are_found_and_its_future_too() -> None:
    truth = MbgNbd(r=0.8, alpha=6.0, a=0.7, b=2.5)
    customers, orders = shop(truth, 12_000, 26)
    model = mbg_nbd.fit(*customers)
    found, true = (mbg_nbd.log_likelihood(m, *customers).sum() for m in (model, truth))
    assert astuple(model) == pytest.approx(astuple(truth), rel=0.3)
    assert 0 <= 2 * (found - true) < 18.5  # chi-squared with 4 degrees of freedom: one shop in a thousand is beyond
    assert mbg_nbd.expected_orders(model, *customers, 26).mean() == pytest.approx(orders.mean(), rel=0.04)
    assert mbg_nbd.p_purchase(model, *customers, 26).mean() == pytest.approx((orders > 0).mean(), rel=0.03)


@pytest.mark.parametrize(("x", "t_x", "T", "h"), [(0, 0, 5, 13), (1, 2, 30, 52), (4, 20, 22, 13), (9, 12, 40, 26)])
def test_forecasts_equal_a_simulation_from_rates_and_chances(x: int, t_x: float, T: float, h: float) -> None:
    draws, n = np.random.default_rng(1), 400_000
    rate, p = draws.gamma(CDNOW.r, 1 / CDNOW.alpha, n), draws.beta(CDNOW.a, CDNOW.b, n)
    here = (1 - p) ** (x + 1) * rate**x * np.exp(-rate * T)
    seen = here + p * (1 - p) ** x * rate**x * np.exp(-rate * t_x)
    orders = np.minimum(draws.poisson(rate * h), draws.geometric(p))
    customer = one(x), one(t_x), one(T)
    assert mbg_nbd.log_likelihood(CDNOW, *customer)[0] == pytest.approx(np.log(seen.mean()), abs=0.03)
    assert mbg_nbd.p_active(CDNOW, *customer)[0] == pytest.approx(here.sum() / seen.sum(), rel=0.02)
    chance, expected = (here * (orders > 0)).sum() / seen.sum(), (here * orders).sum() / seen.sum()
    assert mbg_nbd.p_purchase(CDNOW, *customer, h)[0] == pytest.approx(chance, rel=0.03)
    assert mbg_nbd.expected_orders(CDNOW, *customer, h)[0] == pytest.approx(expected, rel=0.03)


def test_unlike_bgnbd_someone_who_bought_once_may_have_left() -> None:
    x, t_x, T = np.zeros(2), np.zeros(2), np.array([0.0, 100.0])
    at_once, later = mbg_nbd.p_active(CDNOW, x, t_x, T)
    assert at_once == pytest.approx(1.614 / (1.614 + 0.891))
    assert 0 < later < at_once


def test_customers_who_never_leave_are_those_of_bgnbd() -> None:
    customer = one(3), one(20), one(30)
    assert mbg_nbd.expected_orders(MbgNbd(0.5, 6, 1e-9, 5), *customer, 26) == pytest.approx(
        btyd.expected_orders(btyd.BgNbd(0.5, 6, 1e-9, 5), *customer, 26)
    )


def test_a_short_horizon_has_the_rate_of_who_is_still_active() -> None:
    customer, h = (one(3), one(20), one(30)), 1e-6
    rate = mbg_nbd.p_active(CDNOW, *customer) * (CDNOW.r + 3) / (CDNOW.alpha + 30)
    assert mbg_nbd.p_purchase(CDNOW, *customer, h) / h == pytest.approx(rate, rel=1e-5)
    assert mbg_nbd.expected_orders(CDNOW, *customer, h) / h == pytest.approx(rate, rel=1e-5)


def test_rows_with_counts_fit_like_the_customers_behind_them() -> None:
    x, t_x, T = np.array([0.0, 2, 5, 0]), np.array([0.0, 11, 20, 0]), np.array([30.0, 30, 25, 12])
    counts = np.array([5, 3, 2, 4])
    apart = mbg_nbd.fit(*(np.repeat(column, counts) for column in (x, t_x, T)))
    assert mbg_nbd.fit(x, t_x, T, counts) == apart


sizes = st.floats(-8, 10).map(np.exp)  # wherever the bounds let a fit end


@given(
    st.builds(MbgNbd, r=sizes, alpha=sizes, a=sizes, b=sizes),
    st.integers(0, 500), st.sampled_from([0.0, 1.0]) | st.floats(0, 1), st.floats(0, 2000), st.floats(0.01, 2000),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_forecasts_are_never_missing_or_out_of_range(model: MbgNbd, x: int, share: float, T: float, h: float) -> None:
    customer = one(x), one(T * share if x else 0), one(T)
    active, chance = mbg_nbd.p_active(model, *customer)[0], mbg_nbd.p_purchase(model, *customer, h)[0]
    orders = mbg_nbd.expected_orders(model, *customer, h)[0]
    assert np.isfinite(mbg_nbd.log_likelihood(model, *customer)[0])
    assert 0 <= chance <= active + 1e-12 <= 1 + 1e-9
    assert chance <= orders * (1 + 1e-6) + 1e-12
    assert np.isfinite(orders)


weeks = np.arange(0, 1400, 7) / 7
SHOPS: dict[str, Customers] = {
    "nobody repeats": (0 * weeks, 0 * weeks, weeks),
    "everybody buys daily": (7 * weeks, weeks, weeks),
    "everybody came today": (np.zeros(9), np.zeros(9), np.zeros(9)),
    "all at once, then silence": (0 * weeks + 500, 0 * weeks, weeks),
    "one customer": (one(1), one(3), one(3)),
}


@pytest.mark.parametrize("name", SHOPS)
def test_shops_at_the_edges_have_a_fit(name: str) -> None:
    model = mbg_nbd.fit(*SHOPS[name])
    assert np.isfinite(astuple(model)).all()
    assert np.isfinite(mbg_nbd.expected_orders(model, *SHOPS[name], 52)).all()
    assert np.isfinite(mbg_nbd.p_purchase(model, *SHOPS[name], 52)).all()


def test_shops_at_the_edges_are_forecast_as_one_would_guess() -> None:
    forecasts = {
        name: mbg_nbd.expected_orders(mbg_nbd.fit(*SHOPS[name]), *SHOPS[name], 4)
        for name in ("nobody repeats", "everybody buys daily")
    }
    assert forecasts["nobody repeats"].max() < 0.001
    assert forecasts["everybody buys daily"] == pytest.approx(np.full(200, 28), rel=0.01)


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1), st.floats(0, 2000)), min_size=1, max_size=30))
@settings(max_examples=12, deadline=None)
def test_any_customers_can_be_fitted(rows: list[tuple[int, float, float]]) -> None:
    x, T = np.array([row[0] for row in rows], float), np.array([row[2] for row in rows])
    t_x = np.where(x > 0, [row[1] for row in rows] * T, 0)
    model = mbg_nbd.fit(x, t_x, T)
    assert np.isfinite(mbg_nbd.expected_orders(model, x, t_x, T, 52)).all()
    assert np.isfinite(mbg_nbd.log_likelihood(model, x, t_x, T)).all()
