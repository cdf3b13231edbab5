"""Properties that each model of a customer's orders has."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import astuple
from functools import partial
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from order_processes import Customers, mbg_nbd_shop, one, pareto_nbd_shop

from spark_jobs.models import mbg_cnbd, mbg_nbd, pareto_nbd
from spark_jobs.models.mbg_cnbd import MbgCnbd
from spark_jobs.models.mbg_nbd import MbgNbd
from spark_jobs.models.pareto_nbd import ParetoNbd

KINDS = {mbg_nbd: MbgNbd, mbg_cnbd: partial(MbgCnbd, 3), pareto_nbd: ParetoNbd}
each_kind = pytest.mark.parametrize("kind", list(KINDS), ids=lambda kind: kind.__name__.rpartition(".")[2])


@pytest.mark.parametrize(
    ("kind", "truth", "shop"),
    [
        (mbg_nbd, MbgNbd(r=0.8, alpha=6.0, a=0.7, b=2.5), mbg_nbd_shop),
        (pareto_nbd, ParetoNbd(r=0.8, alpha=6.0, s=0.6, beta=9.0), pareto_nbd_shop),
    ],
    ids=["mbg_nbd", "pareto_nbd"],
)
def test_parameters_of_a_simulated_shop_are_found_and_its_future_too(
    kind: ModuleType, truth: Any, shop: Callable[..., tuple[Customers, np.ndarray]]
) -> None:
    customers, orders = shop(truth, 12_000, 26)
    model = kind.fit(*customers)
    found, true = (kind.log_likelihood(m, *customers).sum() for m in (model, truth))
    assert astuple(model) == pytest.approx(astuple(truth), rel=0.3)
    assert 0 <= 2 * (found - true) < 18.5  # chi-squared with 4 degrees of freedom; exceeded by one shop in a thousand
    assert kind.expected_orders(model, *customers, 26).mean() == pytest.approx(orders.mean(), rel=0.04)
    assert kind.p_purchase(model, *customers, 26).mean() == pytest.approx((orders > 0).mean(), rel=0.03)


@each_kind
def test_rows_with_counts_have_the_fit_of_repeated_customers(kind: ModuleType) -> None:
    x, t_x, T = np.array([0.0, 2, 5, 0]), np.array([0.0, 11, 20, 0]), np.array([30.0, 30, 25, 12])
    counts = np.array([5, 3, 2, 4])
    repeated = kind.fit(*(np.repeat(column, counts) for column in (x, t_x, T)))
    assert kind.fit(x, t_x, T, counts) == repeated


sizes = st.floats(-8, 10).map(np.exp)  # everywhere that the bounds allow a fit to end


@each_kind
@given(
    st.tuples(sizes, sizes, sizes, sizes),
    st.integers(0, 500), st.sampled_from([0.0, 1.0]) | st.floats(0, 1), st.floats(0, 2000), st.floats(0.01, 2000),
)  # fmt: skip
@settings(max_examples=300, deadline=None)
def test_forecasts_are_never_missing_or_out_of_range(
    kind: ModuleType, parameters: tuple[float, ...], x: int, share: float, T: float, h: float
) -> None:
    model, customer = KINDS[kind](*parameters), (one(x), one(T * share if x else 0), one(T))
    active, chance = kind.p_active(model, *customer)[0], kind.p_purchase(model, *customer, h)[0]
    orders = kind.expected_orders(model, *customer, h)[0]
    assert np.isfinite(kind.log_likelihood(model, *customer)[0])
    assert 0 <= chance <= active + 1e-12 <= 1 + 1e-9
    assert chance <= orders * (1 + 1e-6) + 1e-12
    assert np.isfinite(orders)


weeks = np.arange(0, 1400, 7) / 7
SHOPS: dict[str, Customers] = {
    "nobody repeats": (0 * weeks, 0 * weeks, weeks),
    "everybody buys daily": (7 * weeks, weeks, weeks),
    "everybody is new today": (np.zeros(9), np.zeros(9), np.zeros(9)),
    "all at once, then silence": (0 * weeks + 500, 0 * weeks, weeks),
    "one customer": (one(1), one(3), one(3)),
}


@each_kind
@pytest.mark.parametrize("name", SHOPS)
def test_extreme_shops_have_a_fit(kind: ModuleType, name: str) -> None:
    model = kind.fit(*SHOPS[name])
    assert np.isfinite(astuple(model)).all()
    assert np.isfinite(kind.expected_orders(model, *SHOPS[name], 52)).all()
    assert np.isfinite(kind.p_purchase(model, *SHOPS[name], 52)).all()


@each_kind
def test_extreme_shops_have_plausible_forecasts(kind: ModuleType) -> None:
    forecasts = {
        name: kind.expected_orders(kind.fit(*SHOPS[name]), *SHOPS[name], 4)
        for name in ("nobody repeats", "everybody buys daily")
    }
    assert forecasts["nobody repeats"].max() < 0.001
    # Under MBG/CNBD-6, up to 5/12 of the last purchase is still to come at the end of the four weeks.
    assert forecasts["everybody buys daily"] == pytest.approx(np.full(200, 28), rel=0.02)


@each_kind
@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 1), st.floats(0, 2000)), min_size=1, max_size=30))
@settings(max_examples=12, deadline=None)
def test_any_customers_can_be_fitted(kind: ModuleType, rows: list[tuple[int, float, float]]) -> None:
    x, T = np.array([row[0] for row in rows], float), np.array([row[2] for row in rows])
    t_x = np.where(x > 0, [row[1] for row in rows] * T, 0)
    model = kind.fit(x, t_x, T)
    assert np.isfinite(kind.expected_orders(model, x, t_x, T, 52)).all()
    assert np.isfinite(kind.log_likelihood(model, x, t_x, T)).all()
