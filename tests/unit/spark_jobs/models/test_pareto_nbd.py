from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import cdnow_sample
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import gammaln, hyp2f1

from spark_jobs.models import pareto_nbd
from spark_jobs.models.pareto_nbd import ParetoNbd

PUBLISHED = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)
Customers = tuple[np.ndarray, np.ndarray, np.ndarray]


def one(value: float) -> np.ndarray:
    return np.array([float(value)])


def shop(model: ParetoNbd, n: int, h: float, seed: int = 0) -> tuple[Customers, np.ndarray]:
    """x, t_x and T of n simulated customers seen for up to 100 weeks, and their orders in the h weeks after."""
    draws = np.random.default_rng(seed)
    rate = draws.gamma(model.r, 1 / model.alpha, n)
    life = draws.exponential(1 / draws.gamma(model.s, 1 / model.beta, n))
    T = draws.uniform(1, 100, n)
    seen = np.minimum(life, T)
    x = draws.poisson(rate * seen).astype(float)
    t_x = np.where(x > 0, seen * draws.beta(np.maximum(x, 1), 1), 0)
    return (x, t_x, T), draws.poisson(rate * np.clip(life - T, 0, h))


def test_the_published_parameters_of_cdnow_are_found(real_data: Path) -> None:
    customers = cdnow_sample.customers(real_data)
    rows = [customers[name].to_numpy() for name in ("x", "t_x", "T")]
    assert pareto_nbd.log_likelihood(PUBLISHED, *rows).sum() == pytest.approx(-9595.0, abs=0.05)
    model = pareto_nbd.fit(*rows)
    # beta is published as 11.669; the likelihood is flat there, and highest at 11.665.
    assert astuple(model) == pytest.approx((0.553, 10.578, 0.606, 11.669), abs=0.005)
    assert pareto_nbd.log_likelihood(model, *rows).sum() >= pareto_nbd.log_likelihood(PUBLISHED, *rows).sum()


@pytest.mark.parametrize("model", [PUBLISHED, ParetoNbd(r=2, alpha=30, s=0.3, beta=4), ParetoNbd(0.4, 5, 1.8, 40)])
def test_the_likelihood_is_the_notes_hypergeometric_one(model: ParetoNbd) -> None:
    x, t_x, T = np.array([0.0, 1, 4, 12]), np.array([0.0, 3.0, 20.0, 38.0]), np.array([39.0, 30.0, 38.9, 38.5])
    r, alpha, s, beta = astuple(model)
    total = r + s + x
    second = s + 1 if alpha > beta else r + x

    def tail(t: np.ndarray) -> np.ndarray:
        far = max(alpha, beta) + t
        return hyp2f1(total, second, total + 1, abs(alpha - beta) / far) / far**total

    sums = (alpha + T) ** -(r + x) * (beta + T) ** -s + s / total * (tail(t_x) - tail(T))
    expected = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + s * np.log(beta) + np.log(sums)
    assert pareto_nbd.log_likelihood(model, x, t_x, T) == pytest.approx(expected, rel=1e-9)


def test_equal_scales_have_a_likelihood_without_an_integral() -> None:
    r, alpha, s = 0.7, 9.0, 1.3
    x, t_x, T = np.array([0.0, 3, 400]), np.array([0.0, 10.0, 99.0]), np.array([50.0, 10.0, 100.0])
    n = r + s + x
    odds = s / n * np.expm1(n * np.log((alpha + T) / (alpha + t_x)))
    expected = gammaln(r + x) - gammaln(r) + (r + s) * np.log(alpha) - n * np.log(alpha + T) + np.log1p(odds)
    for beta in (alpha, alpha * (1 + 1e-13)):
        found = pareto_nbd.log_likelihood(ParetoNbd(r, alpha, s, beta), x, t_x, T)
        assert found == pytest.approx(expected, rel=1e-10)
        assert pareto_nbd.p_active(ParetoNbd(r, alpha, s, beta), x, t_x, T) == pytest.approx(1 / (1 + odds))


def test_slopes_are_those_of_the_likelihood() -> None:
    (x, t_x, T), _ = shop(PUBLISHED, 200, 1)
    point = np.log([0.4, 12.0, 0.8, 5.0])
    values, slopes = pareto_nbd._values_and_slopes(ParetoNbd(*np.exp(point)), x, t_x, T)
    assert values == pytest.approx(pareto_nbd.log_likelihood(ParetoNbd(*np.exp(point)), x, t_x, T))
    for column, step in enumerate(1e-5 * np.eye(4)):
        up, down = (pareto_nbd.log_likelihood(ParetoNbd(*np.exp(point + s)), x, t_x, T) for s in (step, -step))
        assert slopes[:, column] == pytest.approx((up - down) / 2e-5, abs=1e-6)


def test_parameters_of_a_simulated_shop_are_found_and_its_future_too() -> None:
    truth = ParetoNbd(r=0.8, alpha=6.0, s=0.6, beta=9.0)
    customers, orders = shop(truth, 12_000, 26)
    model = pareto_nbd.fit(*customers)
    found, true = (pareto_nbd.log_likelihood(m, *customers).sum() for m in (model, truth))
    assert astuple(model) == pytest.approx(astuple(truth), rel=0.3)
    assert 0 <= 2 * (found - true) < 18.5  # chi-squared with 4 degrees of freedom: one shop in a thousand is beyond
    assert pareto_nbd.expected_orders(model, *customers, 26).mean() == pytest.approx(orders.mean(), rel=0.04)
    assert pareto_nbd.p_purchase(model, *customers, 26).mean() == pytest.approx((orders > 0).mean(), rel=0.03)


@pytest.mark.parametrize(("x", "t_x", "T", "h"), [(0, 0, 5, 13), (1, 2, 30, 52), (4, 20, 22, 13), (9, 12, 40, 26)])
def test_forecasts_equal_a_simulation_from_rates_and_hazards(x: int, t_x: float, T: float, h: float) -> None:
    draws, n = np.random.default_rng(1), 400_000
    rate, hazard = draws.gamma(PUBLISHED.r, 1 / PUBLISHED.alpha, n), draws.gamma(PUBLISHED.s, 1 / PUBLISHED.beta, n)
    both = rate + hazard
    here = rate**x * np.exp(-both * T)
    seen = here + rate**x * hazard / both * (np.exp(-both * t_x) - np.exp(-both * T))
    orders = draws.poisson(rate * np.minimum(draws.exponential(1 / hazard), h))
    customer = one(x), one(t_x), one(T)
    assert pareto_nbd.log_likelihood(PUBLISHED, *customer)[0] == pytest.approx(np.log(seen.mean()), abs=0.03)
    assert pareto_nbd.p_active(PUBLISHED, *customer)[0] == pytest.approx(here.sum() / seen.sum(), rel=0.02)
    assert pareto_nbd.p_purchase(PUBLISHED, *customer, h)[0] == pytest.approx(
        (here * (orders > 0)).sum() / seen.sum(), rel=0.03
    )
    assert pareto_nbd.expected_orders(PUBLISHED, *customer, h)[0] == pytest.approx(
        (here * orders).sum() / seen.sum(), rel=0.03
    )


@pytest.mark.parametrize("s", [0.4, 1.0, 1 + 1e-13, 3.0])
def test_a_short_horizon_has_the_rate_of_who_is_still_active(s: float) -> None:
    model = ParetoNbd(r=0.6, alpha=8, s=s, beta=12)
    customer, h = (one(3), one(20), one(30)), 1e-6
    rate = pareto_nbd.p_active(model, *customer) * 3.6 / 38
    assert pareto_nbd.p_purchase(model, *customer, h) / h == pytest.approx(rate, rel=1e-5)
    assert pareto_nbd.expected_orders(model, *customer, h) / h == pytest.approx(rate, rel=1e-5)
    assert pareto_nbd.p_purchase(model, *customer, 0) == pareto_nbd.expected_orders(model, *customer, 0) == 0


def test_rows_with_counts_fit_like_the_customers_behind_them() -> None:
    x, t_x, T = np.array([0.0, 2, 5, 0]), np.array([0.0, 11, 20, 0]), np.array([30.0, 30, 25, 12])
    counts = np.array([5, 3, 2, 4])
    apart = pareto_nbd.fit(*(np.repeat(column, counts) for column in (x, t_x, T)))
    assert pareto_nbd.fit(x, t_x, T, counts) == apart


sizes = st.floats(-8, 10).map(np.exp)  # wherever the bounds let a fit end


@given(
    st.builds(ParetoNbd, r=sizes, alpha=sizes, s=sizes, beta=sizes),
    st.integers(0, 500), st.sampled_from([0.0, 1.0]) | st.floats(0, 1), st.floats(0, 2000), st.floats(0.01, 2000),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_forecasts_are_never_missing_or_out_of_range(
    model: ParetoNbd, x: int, share: float, T: float, h: float
) -> None:
    customer = one(x), one(T * share if x else 0), one(T)
    active, chance = pareto_nbd.p_active(model, *customer)[0], pareto_nbd.p_purchase(model, *customer, h)[0]
    orders = pareto_nbd.expected_orders(model, *customer, h)[0]
    assert np.isfinite(pareto_nbd.log_likelihood(model, *customer)[0])
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
    model = pareto_nbd.fit(*SHOPS[name])
    assert np.isfinite(astuple(model)).all()
    assert np.isfinite(pareto_nbd.expected_orders(model, *SHOPS[name], 52)).all()
    assert np.isfinite(pareto_nbd.p_purchase(model, *SHOPS[name], 52)).all()


def test_shops_at_the_edges_are_forecast_as_one_would_guess() -> None:
    forecasts = {
        name: pareto_nbd.expected_orders(pareto_nbd.fit(*SHOPS[name]), *SHOPS[name], 4)
        for name in ("nobody repeats", "everybody buys daily")
    }
    assert forecasts["nobody repeats"].max() < 0.001
    assert forecasts["everybody buys daily"] == pytest.approx(np.full(200, 28), rel=0.01)


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1), st.floats(0, 2000)), min_size=1, max_size=30))
@settings(max_examples=12, deadline=None)
def test_any_customers_can_be_fitted(rows: list[tuple[int, float, float]]) -> None:
    x, T = np.array([row[0] for row in rows], float), np.array([row[2] for row in rows])
    t_x = np.where(x > 0, [row[1] for row in rows] * T, 0)
    model = pareto_nbd.fit(x, t_x, T)
    assert np.isfinite(pareto_nbd.expected_orders(model, x, t_x, T, 52)).all()
    assert np.isfinite(pareto_nbd.log_likelihood(model, x, t_x, T)).all()
