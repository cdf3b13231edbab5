from __future__ import annotations

from dataclasses import astuple
from pathlib import Path

import cdnow_sample
import numpy as np
import pytest
from order_processes import one

from spark_jobs.models import btyd, mbg_nbd
from spark_jobs.models.mbg_nbd import MbgNbd

CDNOW = MbgNbd(r=0.525, alpha=6.183, a=0.891, b=1.614)


def test_the_parameters_that_open_packages_print_for_cdnow_are_found(real_data: Path) -> None:
    """No paper publishes these parameters. Two open packages print them, and no other point of this likelihood is
    higher."""
    customers = cdnow_sample.customers(real_data)
    rows = [customers[name].to_numpy() for name in ("x", "t_x", "T")]
    model = mbg_nbd.fit(*rows)
    assert astuple(model) == pytest.approx(astuple(CDNOW), abs=6e-4)
    best = mbg_nbd.log_likelihood(model, *rows).sum()
    assert best == pytest.approx(-9582.14, abs=0.005)
    for step in 0.02 * np.vstack([np.eye(4), -np.eye(4)]):
        beside = MbgNbd(*np.array(astuple(model)) * np.exp(step))
        assert mbg_nbd.log_likelihood(beside, *rows).sum() < best


@pytest.mark.parametrize(("x", "t_x", "T", "h"), [(0, 0, 5, 13), (1, 2, 30, 52), (4, 20, 22, 13), (9, 12, 40, 26)])
def test_forecasts_equal_a_simulation_from_rates_and_probabilities(x: int, t_x: float, T: float, h: float) -> None:
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


def test_unlike_in_bgnbd_a_one_time_buyer_may_have_left() -> None:
    x, t_x, T = np.zeros(2), np.zeros(2), np.array([0.0, 100.0])
    at_once, later = mbg_nbd.p_active(CDNOW, x, t_x, T)
    assert at_once == pytest.approx(1.614 / (1.614 + 0.891))
    assert 0 < later < at_once


def test_customers_who_never_leave_have_the_forecasts_of_bgnbd() -> None:
    customer = one(3), one(20), one(30)
    assert mbg_nbd.expected_orders(MbgNbd(0.5, 6, 1e-9, 5), *customer, 26) == pytest.approx(
        btyd.expected_orders(btyd.BgNbd(0.5, 6, 1e-9, 5), *customer, 26)
    )


def test_a_short_horizon_has_the_rate_of_active_customers() -> None:
    customer, h = (one(3), one(20), one(30)), 1e-6
    rate = mbg_nbd.p_active(CDNOW, *customer) * (CDNOW.r + 3) / (CDNOW.alpha + 30)
    assert mbg_nbd.p_purchase(CDNOW, *customer, h) / h == pytest.approx(rate, rel=1e-5)
    assert mbg_nbd.expected_orders(CDNOW, *customer, h) / h == pytest.approx(rate, rel=1e-5)
