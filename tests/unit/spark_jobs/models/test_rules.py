from __future__ import annotations

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import numpy as np
import pytest

from spark_jobs.features.columns import WINDOWS, decayed_rate
from spark_jobs.models import registry
from spark_jobs.models.forecaster import Customers, Past, Prediction
from spark_jobs.models.rules import markov_chain, rfm_cells, time_decay, trailing, trailing_year

DAY = date(2024, 6, 1)
DAY_NUMBER = (DAY - date(1970, 1, 1)).days


def customers(n: int = 1, **values: Any) -> dict[str, np.ndarray]:
    """Columns of n customers who bought once, 400 days ago, for 10; `values` replace columns."""
    columns = {
        "days_with_orders": 1.0, "days_since_last_order": 400.0, "t": 400.0, "order_value_mean": 10.0,
        "revenue_total": 10.0,
        **{f"revenue_{window}": 0.0 for window in WINDOWS}, **{f"orders_{window}": 0.0 for window in WINDOWS},
    }  # fmt: skip
    return {name: np.broadcast_to(np.asarray(value, float), (n,)) for name, value in (columns | values).items()}


def spent_before(t: float, total: float, *windows: float) -> dict[str, np.ndarray]:
    """One customer of t days, with the money spent in each of WINDOWS and in total."""
    named = {f"revenue_{window}": money for window, money in zip(WINDOWS, windows, strict=True)}
    return customers(1, t=t, revenue_total=total, **named)


def predicted(fitted: Any, columns: dict[str, np.ndarray], days: int = 90) -> Prediction:
    return fitted.predict(Customers(columns, days))


@pytest.mark.parametrize(
    ("horizon", "expected"),
    [(90, 60.0), (365, 200.0), (15, 15.0), (75, 50.0), (465, 250.0), (565, 300.0), (1000, 300.0)],
)
def test_trailing_spend_is_interpolated_between_windows(horizon: int, expected: float) -> None:
    columns = spent_before(565, 300, 30, 40, 60, 100, 200)
    assert trailing.spent(columns, horizon) == pytest.approx([expected])


def test_refunds_leave_no_negative_spend() -> None:
    columns = spent_before(400, -5, 0, 0, -20, -20, -20)
    assert trailing.spent(columns, 90) == [0]
    assert predicted(trailing_year.TrailingYear(), columns).mean == [0]
    assert decayed_rate(columns, 30) == [0]


def test_a_trailing_year_is_scaled() -> None:
    assert predicted(trailing_year.TrailingYear(), spent_before(400, 900, 0, 0, 0, 0, 730)).mean == pytest.approx([180])


def test_even_spend_decays_to_its_rate_and_older_spend_to_less() -> None:
    even = spent_before(100_000, 100_000, *WINDOWS)  # spend of 1 a day
    assert decayed_rate(even, 60) == pytest.approx([1.0])
    recent, old = spent_before(400, 30, 30, 30, 30, 30, 30), spent_before(400, 30, 0, 30, 30, 30, 30)
    # Spread evenly over the 30 days before the date, which are one half-life: 1 - 2 ** -1 of the weight.
    assert decayed_rate(recent, 30) == pytest.approx([0.5])
    assert decayed_rate(old, 30) == pytest.approx([0.25])


def test_the_half_life_that_fits_closed_windows_is_found() -> None:
    columns = {
        name: np.concatenate([spent_before(400, 100, *windows)[name] for windows in
                              [(100, 100, 100, 100, 100), (0, 100, 100, 100, 100), (0, 0, 0, 100, 100)]])
        for name in customers()
    }  # fmt: skip
    followed = 7 * decayed_rate(columns, 60)
    fitted = time_decay.fit_time_decay(columns, followed, 90)
    assert fitted.half_life_days == 60
    assert fitted.scale == pytest.approx(7 / 90)
    assert predicted(fitted, columns).mean == pytest.approx(followed)
    nothing = time_decay.fit_time_decay(customers(), np.array([5.0]), 90)
    assert predicted(nothing, customers(revenue_total=0)).mean == [0]


def test_a_cell_predicts_its_customers_mean_and_a_small_one_that_of_a_coarser_cell() -> None:
    n = 600
    recency = np.repeat([10.0, 300.0], n // 2)
    columns = customers(n, days_since_last_order=recency)
    bought = (recency == 10).astype(float)
    cells = rfm_cells.fit_cells(columns, bought, 50 * bought)
    found = predicted(cells, customers(2, days_since_last_order=[10.0, 300.0]))
    assert found.mean == pytest.approx([50, 0])
    assert found.chance == pytest.approx([300.5 / 301, 0.5 / 301])

    few = rfm_cells.fit_cells({name: values[::20] for name, values in columns.items()}, bought[::20], 50 * bought[::20])
    found = predicted(few, customers(2, days_since_last_order=[10.0, 300.0]))
    assert found.mean == pytest.approx([25, 25])
    assert found.chance == pytest.approx([0.5, 0.5])


def test_customers_are_followed_from_origin_to_origin() -> None:
    before, after = markov_chain.consecutive(np.array([1, 1, 1, 2, 2]), np.array([0, 30, 60, 30, 90]), 30)
    assert list(zip(before.tolist(), after.tolist(), strict=True)) == [(0, 1), (1, 2)]
    assert [len(rows) for rows in markov_chain.consecutive(np.array([], int), np.array([], int), 30)] == [0, 0]


def two_states(origins: int = 2, horizon: int = 90, by: date = DAY) -> Past:
    """A thousand customers, of whom half had a purchase in the 30 days before each origin. That half always buys again
    for 20; the others never buy."""
    n = 1000
    active = np.tile(np.arange(n) % 2 == 0, origins)
    columns = customers(
        n * origins, days_with_orders=2, days_since_last_order=np.where(active, 10.0, 380.0),
        orders_30=active, revenue_30=20 * active, orders_90=active, revenue_90=50 * active,
    )  # fmt: skip
    origin = np.repeat(DAY_NUMBER - 30 * np.arange(origins), n)
    return Past(horizon, by, columns, np.tile(np.arange(n), origins), origin, columns)


@pytest.mark.parametrize(
    ("horizon", "origins", "period", "expected"), [(90, 2, 30, 60), (90, 4, 90, 50), (75, 2, 30, 50)]
)
def test_a_chain_has_periods_of_the_horizon_or_a_month(
    horizon: int, origins: int, period: int, expected: float
) -> None:
    history = two_states(origins)
    chain = markov_chain.fit_markov_chain(history.columns, history.customer, history.origin, horizon)
    assert chain is not None
    assert chain.period_days == period
    found = predicted(chain, customers(2, days_with_orders=2, days_since_last_order=[10.0, 380.0]))
    assert found.mean == pytest.approx([expected, 0])
    assert found.chance == pytest.approx([1, 0])


def test_chances_of_no_order_multiply_over_the_periods_of_a_chain() -> None:
    n = 4000  # everyone is in one state and buys for 8 with probability a quarter
    bought = np.concatenate([np.zeros(n, bool), np.arange(n) % 4 == 0])
    columns = customers(2 * n, days_since_last_order=10.0, orders_30=bought, revenue_30=8.0 * bought)
    chain = markov_chain.fit_markov_chain(columns, np.tile(np.arange(n), 2), np.repeat([0, 30], n), 60)
    assert chain is not None
    found = predicted(chain, customers(days_since_last_order=10.0))
    assert found.chance == pytest.approx([1 - 0.75**2])
    assert found.mean == pytest.approx([4])


def test_a_state_never_observed_keeps_its_customers() -> None:
    history = two_states()
    chain = markov_chain.fit_markov_chain(history.columns, history.customer, history.origin, 90)
    assert chain is not None
    new = predicted(chain, customers(t=5.0, days_since_last_order=5.0))
    assert np.isfinite(new.mean).all()
    assert new.chance == pytest.approx([0])


def test_open_windows_are_not_learned_from() -> None:
    made = two_states()
    n = len(made.origin)
    columns = made.columns | {
        "orders_next_30": np.ones(n),
        "revenue_next_30": np.where(made.origin < DAY_NUMBER, 5.0, 1e9),
    }
    past = replace(made, window_days=30, columns=columns)
    names = ["markov_chain", "rfm_cells", "time_decay", "trailing", "trailing_year"]
    fitted, left_out = registry.fit(names, past)
    assert left_out == {}
    assert predicted(registry.read("rfm_cells", fitted["rfm_cells"]), columns).mean == pytest.approx(np.full(n, 5.0))
    assert len(past.closed()[1]) == 1000

    fitted, left_out = registry.fit(names, replace(past, by=DAY - timedelta(days=1)))
    assert set(fitted) == {"trailing", "trailing_year", "markov_chain"}
    assert left_out["rfm_cells"] == "no window of 30 days had closed by 2024-05-31"


def test_rules_survive_saving_as_json() -> None:
    made = two_states(4)
    n = len(made.origin)
    past = replace(
        made, columns=made.columns | {"orders_next_90": np.arange(n) % 2.0, "revenue_next_90": np.arange(n) % 7.0}
    )
    fitted, _ = registry.fit(["markov_chain", "rfm_cells", "time_decay", "trailing", "trailing_year"], past)
    assert len(fitted) == 5
    for name, saved in fitted.items():
        one, again = registry.read(name, saved), registry.read(name, json.loads(json.dumps(saved)))
        assert (predicted(again, past.columns).mean == predicted(one, past.columns).mean).all()
        assert len(again.explain(Customers(past.columns, 90)) or []) == n
