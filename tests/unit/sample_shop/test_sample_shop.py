"""The simulated shop: equal seeds give equal files, the data suffice for a forecast, and the truth is correct."""

from __future__ import annotations

import gzip
from datetime import date

import duckdb
import numpy as np
import pytest
from scipy.integrate import quad

import sample_shop
from sample_shop import model

UNTIL = date(2024, 6, 1)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    out = tmp_path_factory.mktemp("shop")
    sample_shop.make(out, customers=400, seed=3, until=UNTIL)
    return out


def orders(shop) -> list[tuple]:
    """Customer, order and first day of the customers whose sales are in the files."""
    query = f"""
        select customer_id, count(distinct order_id), min(ordered_at), max(ordered_at)
        from read_csv('{shop}/orders/*.csv.gz', all_varchar = true, ignore_errors = true)
        where status = 'paid' and customer_id is not null and ordered_at > '1'
        group by customer_id
    """
    return duckdb.connect().execute(query).fetchall()


def test_the_same_seed_gives_the_same_bytes(shop, tmp_path):
    sample_shop.make(tmp_path, customers=400, seed=3, until=UNTIL)
    for path in sorted(shop.rglob("*.*")):
        assert (tmp_path / path.relative_to(shop)).read_bytes() == path.read_bytes()


def test_nearly_everybody_has_ordered_and_some_often(shop):
    found = orders(shop)
    assert len(found) == 400
    assert sum(number >= 3 for _, number, _, _ in found) > 100
    assert max(last for *_, last in found) < UNTIL.isoformat()
    # Nearly every month of the three years has a new customer.
    assert len({first[:7] for _, _, first, _ in found}) >= 30


def test_the_files_contain_faulty_rows(shop):
    text = "".join(gzip.decompress(path.read_bytes()).decode() for path in sorted((shop / "orders").glob("*.gz")))
    lines = text.splitlines()
    assert len(lines) > len(set(lines))
    for mark in (",test,", ",n/a,", "refunded,S"):
        assert mark in text


def test_the_truth_is_the_integral_it_claims_to_be():
    people = model.draw_customers(np.random.default_rng(1), 50, 1095, 150)
    expected = model.truth(people, 1095, 150)
    alive = int(np.flatnonzero(people.leaves > 1095)[0])
    rate, leave = people.order_rate[alive], people.leave_rate[alive]

    def intensity(day: float) -> float:
        return rate * float(model.demand(np.array(1095 + day), 150, 1095)) * np.exp(-leave * day)

    value = model.expected_order_value(people)[alive]
    for h in model.HORIZONS:
        assert expected[f"expected_orders_{h}"][alive] == pytest.approx(quad(intensity, 0, h, limit=200)[0], rel=1e-4)
        net = quad(
            lambda day, h=h: intensity(day) * (1 - float(model.refunded_within(np.array(h - day)))), 0, h, limit=200
        )
        assert expected[f"expected_revenue_{h}"][alive] == pytest.approx(net[0] * value, rel=1e-3)
    assert (expected["expected_orders_365"][people.leaves <= 1095] == 0).all()


def test_orders_come_at_the_expected_pace():
    """Over many customers, simulated orders agree with the integral of their rates: within four standard errors."""
    people = model.draw_customers(np.random.default_rng(2), 20_000, 365, 1)
    customer, time = model.draw_orders(np.random.default_rng(3), people, 365, 1)
    grid = np.arange(366.0)
    clock = np.concatenate([[0.0], np.cumsum(model.demand(grid[:-1] + 0.5, 1, 365))])
    lived = np.interp(np.minimum(people.leaves, 365), grid, clock) - np.interp(people.arrival, grid, clock)
    expected = 20_000 + (people.order_rate * lived).sum()
    assert abs(len(customer) - expected) < 4 * np.sqrt(expected)
    assert time.min() >= 0
    assert time.max() < 365
