from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import cdnow_sample
import numpy as np
import pytest
from order_processes import one, pareto_nbd_shop
from scipy.special import gammaln, hyp2f1

from spark_jobs.models import pareto_nbd
from spark_jobs.models.pareto_nbd import ParetoNbd

PUBLISHED = ParetoNbd(r=0.553, alpha=10.578, s=0.606, beta=11.669)


def test_the_published_parameters_of_cdnow_are_found(real_data: Path) -> None:
    customers = cdnow_sample.customers(real_data)
    rows = [customers[name].to_numpy() for name in ("x", "t_x", "T")]
    assert pareto_nbd.log_likelihood(PUBLISHED, *rows).sum() == pytest.approx(-9595.0, abs=0.05)
    model = pareto_nbd.fit(*rows)
    # The published beta is 11.669. The likelihood is flat there, with its maximum at 11.665.
    assert astuple(model) == pytest.approx((0.553, 10.578, 0.606, 11.669), abs=0.005)
    assert pareto_nbd.log_likelihood(model, *rows).sum() >= pareto_nbd.log_likelihood(PUBLISHED, *rows).sum()


@pytest.mark.parametrize("model", [PUBLISHED, ParetoNbd(r=2, alpha=30, s=0.3, beta=4), ParetoNbd(0.4, 5, 1.8, 40)])
def test_the_likelihood_equals_the_notes_hypergeometric_form(model: ParetoNbd) -> None:
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


def test_slopes_are_derivatives_of_the_likelihood() -> None:
    (x, t_x, T), _ = pareto_nbd_shop(PUBLISHED, 200, 1)
    point = np.log([0.4, 12.0, 0.8, 5.0])
    values, slopes = pareto_nbd._values_and_slopes(ParetoNbd(*np.exp(point)), x, t_x, T)
    assert values == pytest.approx(pareto_nbd.log_likelihood(ParetoNbd(*np.exp(point)), x, t_x, T))
    for column, step in enumerate(1e-5 * np.eye(4)):
        up, down = (pareto_nbd.log_likelihood(ParetoNbd(*np.exp(point + s)), x, t_x, T) for s in (step, -step))
        assert slopes[:, column] == pytest.approx((up - down) / 2e-5, abs=1e-6)


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
def test_a_short_horizon_has_the_rate_of_active_customers(s: float) -> None:
    model = ParetoNbd(r=0.6, alpha=8, s=s, beta=12)
    customer, h = (one(3), one(20), one(30)), 1e-6
    rate = pareto_nbd.p_active(model, *customer) * 3.6 / 38
    assert pareto_nbd.p_purchase(model, *customer, h) / h == pytest.approx(rate, rel=1e-5)
    assert pareto_nbd.expected_orders(model, *customer, h) / h == pytest.approx(rate, rel=1e-5)
    assert pareto_nbd.p_purchase(model, *customer, 0) == pareto_nbd.expected_orders(model, *customer, 0) == 0
