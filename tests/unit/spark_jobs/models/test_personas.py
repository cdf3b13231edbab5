"""Personas: their names, and the assignment of customers."""

from __future__ import annotations

import numpy as np

from spark_jobs.models import personas
from spark_jobs.models.personas import WORDS, Personas

MEASURES = list(WORDS)


def centre(**differences: float) -> list[float]:
    return [differences.get(name, 0.0) for name in MEASURES]


def shop(orders: list[float], value: list[float]) -> dict[str, np.ndarray]:
    """Customers who differ in their number of orders and order value only; their gaps are unknown."""
    n = len(orders)
    return {
        "days_with_orders": np.array(orders), "order_value_mean": np.array(value), "gap_mean": np.full(n, np.nan),
        "revenue_total": np.array(orders) * np.array(value), "distinct_products": np.zeros(n),
        "days_since_last_order": np.full(n, 9.0), "refund_share": np.zeros(n), "discount_share": np.zeros(n),
        "t": np.full(n, 99.0),
    }  # fmt: skip


def test_a_persona_is_named_by_its_two_strongest_differences():
    assert personas.named(np.array([centre(orders=1.5, order_value=-0.8, tenure=0.3), centre(silence=2, gap=-1)])) == [
        "orders often, small baskets",
        "long silent, short pauses",
    ]


def test_equal_names_get_further_differences():
    alike = [centre(orders=2, revenue=1, tenure=-0.5), centre(orders=1.5, revenue=1, refunds=0.4)]
    assert personas.named(np.array(alike)) == [
        "orders often, much revenue, new to the shop",
        "orders often, much revenue, sends much back",
    ]
    # The directions of all differences are equal, so the names get numbers.
    both = personas.named(np.array([centre(orders=2), centre(orders=3)]))
    assert both[1] == f"{both[0]}, 2"


def test_a_customer_belongs_to_the_nearest_centre_and_missing_values_count_as_the_mean():
    found = Personas(
        means=[1.0] * len(MEASURES),
        deviations=[1.0 if name == "orders" else 0.0 for name in MEASURES],
        names=["often", "seldom"],
        centres=[centre(orders=1), centre(orders=-1)],
    )
    customers = shop([np.e**2, 1.0, np.e**9], [5.0, 5.0, 5.0])
    assert found.of(customers) == ["often", "seldom", "often"]
    points = personas.standardised(personas.measures(customers), np.array(found.means), np.array(found.deviations))
    assert points[:, 0].tolist() == [1.0, -1.0, personas.MOST_DEVIATIONS]
    assert not points[:, 1:].any()


def test_personas_are_the_groups_that_lie_farthest_apart():
    rng = np.random.default_rng(4)
    often = rng.random(300) < 0.4
    orders, value = np.where(often, 20.0, 1.0) + rng.integers(0, 3, 300), np.where(often, 80.0, 20.0)
    customers = shop(orders.tolist(), (value * rng.gamma(50, 0.02, 300)).tolist())
    found = personas.fit(customers)
    assert found
    assert len(found.names) == 2
    assert "much revenue" in found.names[0]
    assert [name == found.names[0] for name in found.of(customers)] == often.tolist()
    assert personas.fit(customers) == found
    assert personas.fit({name: values[:99] for name, values in customers.items()}) is None  # too few
    assert personas.fit({name: values * 0 + 1 for name, values in customers.items()}) is None  # all alike
