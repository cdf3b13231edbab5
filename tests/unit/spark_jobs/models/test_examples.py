from __future__ import annotations

from datetime import date

import numpy as np
import pytest
from customers import FIT, customers
from scipy.special import expit
from synthetic_examples import SNAPSHOTS, built

from spark_jobs.models import examples
from spark_jobs.models.feature_matrix import FEATURES
from spark_jobs.models.learning import Origin, Total


def test_an_origin_has_examples_of_its_windows_with_revenue_and_margins_that_sum_to_the_actual_totals() -> None:
    columns = customers(seed=1, n=300)
    rng = np.random.default_rng(5)
    orders = rng.poisson(0.7, 300).astype(float)
    columns |= {"orders_next_90": orders, "revenue_next_90": orders * rng.gamma(4, 10, 300)}
    columns |= {"orders_next_30": 0 * orders, "revenue_next_30": 0 * orders}
    columns["customer_key"] = np.array([f"{place:03}" for place in range(300)], dtype=object)
    origin = Origin(FIT, {90: Total(10.0, 8.0, 5, 4.0), 30: Total(0.0, 8.0, 0, 4.0)})
    ((window, found),) = examples.at_origin(origin, columns, [30, 90]).items()
    assert window == 90
    assert (found.inputs.shape, found.inputs.dtype) == ((300, len(FEATURES)), np.float32)
    spent, bought = columns["revenue_next_90"], orders > 0
    assert found.labels["total"] == pytest.approx(spent)
    assert (found.labels["spend"] > 0).all()
    assert np.exp(found.margins["total"]).sum() == pytest.approx(spent.sum())
    assert np.exp(found.margins["spend"][bought]).sum() == pytest.approx(found.labels["total"][bought].sum())
    assert expit(found.margins["buy"]).mean() == pytest.approx(bought.mean(), abs=1e-6)
    assert len(set(found.customer)) == 300
    assert len(found.of("spend")) == bought.sum()


def test_weights_grow_with_the_window_and_money_is_divided_by_its_mean() -> None:
    made = built()
    found = examples.weighted(made, [*SNAPSHOTS, (date(2024, 3, 1), 90)], 180)
    assert found is not None
    assert len(found) == 1200
    assert found.weights.tolist() == [0.5] * 400 + [0.25] * 400 + [0.5] * 400  # in the order of date and window
    money = np.concatenate([made[snapshot].labels["total"] for snapshot in sorted(SNAPSHOTS)])
    assert found.labels["total"] == pytest.approx(money / money.mean())
    assert found.margins["total"] == pytest.approx(np.log(50 / money.mean()))


def test_too_few_buyers_are_nothing_to_learn_from() -> None:
    made = built(customers=190)
    assert examples.weighted(made, [], 90) is None
    assert examples.weighted(made, SNAPSHOTS[:1], 90) is None  # about 95 of 190 bought
    assert examples.weighted(made, SNAPSHOTS[:2], 90) is not None
