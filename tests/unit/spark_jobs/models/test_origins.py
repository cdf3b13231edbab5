from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import cdnow_sample
import numpy as np
import pytest
import simulated_features as sim

from spark_jobs.features import customer_days
from spark_jobs.features.customer_days import EPOCH, CustomerDays
from spark_jobs.io import parallel
from spark_jobs.models import anchor, btyd, origins, pareto_nbd

BY = sim.FIRST_DAY + timedelta(days=500)
ORIGINS = [BY - timedelta(days=30 * step) for step in range(1, 8)]


def days_of(customers: int) -> CustomerDays:
    made = sim.orders(customers, 500).groupby(["customer_key", "day"]).amount.sum().reset_index()
    first = np.flatnonzero(~made.customer_key.duplicated())
    money = made.amount.to_numpy()
    return CustomerDays(first, made.day.to_numpy() + (sim.FIRST_DAY - EPOCH).days, money, money > 0)


@pytest.fixture(scope="module")
def days() -> CustomerDays:
    return days_of(400)


def test_each_level_of_the_tree_starts_from_the_level_above() -> None:
    week = [date(2024, 1, day) for day in range(1, 8)]
    first, second, third = origins.levels(week)
    assert first == [(week[3], None)]
    assert second == [(week[1], week[3]), (week[5], week[3])]
    assert third == [(week[0], week[1]), (week[2], week[1]), (week[4], week[5]), (week[6], week[5])]
    assert origins.levels([]) == []


def test_the_fits_are_the_same_for_any_number_of_processes(days: CustomerDays, monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for processes in (1, 4):
        monkeypatch.setenv("SPARK_MASTER", f"local[{processes}]")
        with parallel.sharing(days, "the anchor was fitted") as each:
            found.append(origins.fit(ORIGINS, [30, 90], BY, each))
    assert found[0] == found[1]
    assert list(found[0]) == sorted(ORIGINS)
    assert [sorted(found[0][day].totals) for day in sorted(ORIGINS)[-3:]] == [[30, 90], [30], [30]]


def test_totals_are_the_sums_over_customers(days: CustomerDays) -> None:
    day = ORIGINS[4]
    found = origins.fit_one(days, origins.Wanted(day, [90], None))
    assert found
    columns, known = customer_days.histories(days, day)
    by_anchor = anchor.probabilistic(found.fit, columns, 90)
    bought, spent = (one[known] for one in customer_days.outcomes(days, day, 90))
    total = found.totals[90]
    assert (total.buyers, total.actual, total.most) == (bought.sum(), pytest.approx(spent.sum()), spent.max())
    assert total.expected == pytest.approx(by_anchor.revenue.sum(), rel=1e-9)
    assert total.expected_buyers == pytest.approx(by_anchor.p_purchase.sum(), rel=1e-9)


def test_a_shop_whose_times_are_rounded_keeps_its_totals(monkeypatch: pytest.MonkeyPatch) -> None:
    days = days_of(700)
    exact = origins.fit_one(days, origins.Wanted(ORIGINS[2], [60], None))
    monkeypatch.setattr(anchor, "FIT_ROWS", 100)
    rounded = origins.fit_one(days, origins.Wanted(ORIGINS[2], [60], None))
    assert exact
    assert rounded
    assert rounded.totals[60].actual == exact.totals[60].actual
    assert rounded.totals[60].expected == pytest.approx(exact.totals[60].expected, rel=0.01)
    assert rounded.totals[60].expected_buyers == pytest.approx(exact.totals[60].expected_buyers, rel=0.01)


def test_nobody_has_bought_before_the_first_order(days: CustomerDays) -> None:
    assert origins.fit_one(days, origins.Wanted(sim.FIRST_DAY, [30], None)) is None


def test_a_fit_from_a_neighbour_is_as_likely_as_that_of_all_starts(real_data: Path) -> None:
    days = cdnow_sample.customer_days(real_data)
    later = [date(1997, 7, 1), date(1997, 9, 1)]  # the first starts from the second
    with parallel.sharing(days, "the anchor was fitted") as each:
        found = origins.fit(later, [], later[-1], each)
    for day in later:
        columns, _ = customer_days.histories(days, day)
        alone, x, t_x, T = anchor.fit_origin(columns), *anchor.history(columns)
        for loss in (
            lambda fit, rows=(x, t_x, T): -btyd.bgnbd_log_likelihood(fit.bgnbd, *rows).mean(),
            lambda fit, rows=(x, t_x, T): -pareto_nbd.log_likelihood(fit.pareto_nbd, *rows).mean(),
        ):
            assert loss(found[day].fit) == pytest.approx(loss(alone), rel=1e-6)
