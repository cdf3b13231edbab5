from __future__ import annotations

from dataclasses import astuple, replace

import numpy as np
import pytest
from order_processes import mbg_cnbd_shop, one
from scipy.optimize import approx_fprime
from scipy.special import gammaln

from spark_jobs.models import mbg_cnbd, mbg_nbd
from spark_jobs.models.mbg_cnbd import MbgCnbd
from spark_jobs.models.mbg_nbd import MbgNbd

REGULAR = MbgCnbd(k=3, r=0.9, alpha=4.0, a=0.8, b=2.5)
CUSTOMERS = [(0, 0, 5, 13), (1, 2, 30, 52), (4, 20, 22, 13), (2, 12, 24, 26)]


def test_with_one_stage_it_is_mbg_nbd() -> None:
    plain, same = MbgNbd(0.5, 6.0, 0.9, 1.6), MbgCnbd(1, 0.5, 6.0, 0.9, 1.6)
    x, t_x, T, _ = (np.array(column, float) for column in zip(*CUSTOMERS, strict=True))
    assert mbg_cnbd.log_likelihood(same, x, t_x, T) == pytest.approx(mbg_nbd.log_likelihood(plain, x, t_x, T))
    assert mbg_cnbd.p_active(same, x, t_x, T) == pytest.approx(mbg_nbd.p_active(plain, x, t_x, T))
    for name in ("p_purchase", "expected_orders"):
        ours, theirs = (getattr(one, name)(model, x, t_x, T, 26) for one, model in ((mbg_cnbd, same), (mbg_nbd, plain)))
        assert ours == pytest.approx(theirs, rel=1e-6)


@pytest.mark.parametrize(("x", "t_x", "T", "h"), CUSTOMERS)
def test_forecasts_equal_a_simulation_of_stages(x: int, t_x: float, T: float, h: float) -> None:
    draws, n, k = np.random.default_rng(1), 400_000, REGULAR.k
    rate, p = draws.gamma(REGULAR.r, 1 / REGULAR.alpha, n), draws.beta(REGULAR.a, REGULAR.b, n)
    since = draws.poisson(rate * (T - t_x))  # stages passed since the last purchase, unless the customer left
    stages = rate ** (k * x) * np.exp(-rate * t_x) * (1 - p) ** x
    here, gone = stages * (1 - p) * (since < k), stages * p
    weights = here.sum() + gone.sum()
    orders = np.minimum((since + draws.poisson(rate * h)) // k, draws.geometric(p))
    customer = one(x), one(t_x), one(T)
    assert mbg_cnbd.log_likelihood(REGULAR, *customer)[0] == pytest.approx(np.log(weights / n), abs=0.04)
    assert mbg_cnbd.p_active(REGULAR, *customer)[0] == pytest.approx(here.sum() / weights, rel=0.02)
    chance, expected = (here * (orders > 0)).sum() / weights, (here * orders).sum() / weights
    assert mbg_cnbd.p_purchase(REGULAR, *customer, h)[0] == pytest.approx(chance, rel=0.03)
    assert mbg_cnbd.expected_orders(REGULAR, *customer, h)[0] == pytest.approx(expected, rel=0.03)


def test_slopes_are_those_of_the_likelihood() -> None:
    x, t_x, T, _ = (np.array(column, float) for column in zip(*CUSTOMERS, strict=True))
    at = np.log(astuple(REGULAR)[1:])

    def summed(logs: np.ndarray) -> float:
        return float(mbg_cnbd._likelihood_and_slopes(3, np.exp(logs), x, t_x, T)[0].sum())

    slopes = mbg_cnbd._likelihood_and_slopes(3, np.exp(at), x, t_x, T)[1].sum(axis=1)
    assert slopes == pytest.approx(approx_fprime(at, summed, 1e-6), abs=1e-4)


def test_a_silence_says_more_about_regular_customers() -> None:
    customer = one(9), one(27), one(40)
    random = MbgCnbd(1, REGULAR.r, 3 * REGULAR.alpha, REGULAR.a, REGULAR.b)  # of the same mean time between purchases
    assert mbg_cnbd.p_active(REGULAR, *customer)[0] < 0.5 * mbg_cnbd.p_active(random, *customer)[0]


def test_the_times_of_purchases_have_the_density_of_erlang_stages() -> None:
    x, t_x, last = np.array([0.0, 1, 3, 3]), np.array([0.0, 5, 12, 12]), np.array([np.nan, 5, 2, np.nan])
    found = mbg_cnbd.log_density_of_times(x, t_x, last)
    assert found[0] == pytest.approx([0, 0, np.log(10), np.log(72)])  # k = 1: 10 is 12 - 2, and 72 is 12^2 / 2!
    # k = 2: one purchase in 5 is 5 / 1!; three of four stages in 10 and two in 2, 10^3 / 3! · 2; six in 12, 12^5 / 5!.
    assert found[1] == pytest.approx([0, np.log(5), np.log(1000 / 6 * 2), 5 * np.log(12) - gammaln(6)])


@pytest.mark.parametrize("k", [1, 3])
def test_the_regularity_of_a_simulated_shop_is_found(k: int) -> None:
    customers, last, _ = mbg_cnbd_shop(replace(REGULAR, k=k), 4_000, 26)
    times = mbg_cnbd.log_density_of_times(customers[0], customers[1], last).sum(axis=1)
    assert mbg_cnbd.fit(*customers, times=times).k == k


def test_many_expected_purchases_are_those_of_whole_purchases() -> None:
    customer = one(500), one(99), one(100)
    loyal = replace(REGULAR, a=1e-4)
    near, far = (mbg_cnbd.expected_orders(loyal, *customer, h)[0] for h in (59, 61))  # on both sides of MOST_ORDERS
    assert near / 59 == pytest.approx(far / 61, rel=0.01)


def test_regular_customers_are_forecast_better_than_at_random() -> None:
    customers, last, orders = mbg_cnbd_shop(REGULAR, 3_000, 26)
    times = mbg_cnbd.log_density_of_times(customers[0], customers[1], last).sum(axis=1)
    ours = mbg_cnbd.expected_orders(mbg_cnbd.fit(*customers, times=times), *customers, 26)
    random = mbg_nbd.expected_orders(mbg_nbd.fit(*customers), *customers, 26)
    assert ours.mean() == pytest.approx(orders.mean(), rel=0.05)
    assert np.mean((ours - orders) ** 2) < 0.95 * np.mean((random - orders) ** 2)
