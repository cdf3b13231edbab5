"""Checks of a model: matured forecasts and drift, in a real PostgreSQL."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import small_warehouse as small

from clv.catalog import tables
from clv.core.settings import Settings
from clv.evaluation import model_checks

FORECAST_OF = date(2011, 3, 1)
AS_OF = FORECAST_OF + timedelta(days=90)
CUSTOMERS = 300


@pytest.fixture
def published(home: Settings) -> Settings:
    """Publishes a forecast over 90 days in which customer n is predicted to bring n, and does."""
    small.make_tables()
    small.make_views()
    small.execute(
        f"""create table {tables.INT_OUTCOME_DAYS} (
            customer_key uuid, day date, net_revenue numeric, is_purchase_day boolean default true
        )"""
    )
    small.hand_over()
    key = "('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid"
    small.execute(
        f"""insert into analytics_runs.customer_clv_horizons
            (as_of_date, run_id, customer_key, horizon_days, predicted_revenue)
        select %s, 'r.1', {key}, 90, n from generate_series(1, {CUSTOMERS}) as n""",
        (FORECAST_OF,),
    )
    small.execute(
        f"insert into {tables.INT_OUTCOME_DAYS} select {key}, %s, n from generate_series(1, {CUSTOMERS}) as n",
        (FORECAST_OF + timedelta(days=89),),
    )
    small.execute(  # after the window, so without effect
        f"insert into {tables.INT_OUTCOME_DAYS} select {key}, %s, 1000 from generate_series(1, {CUSTOMERS}) as n",
        (AS_OF,),
    )
    small.execute(
        f"""insert into {tables.PUBLICATIONS} (as_of_date, run_id, published_by, digest, rows_published)
        values (%s, 'r.1', 'test', 'd', '{{}}')""",
        (FORECAST_OF,),
    )
    return home


def test_a_matured_forecast_is_compared_with_what_happened(published: Settings) -> None:
    total, ranking = model_checks.matured(AS_OF, 90, 0.99, published)
    assert (total.expected, total.observed, total.passed) == (CUSTOMERS * 301 / 2, CUSTOMERS * 301 / 2, True)
    assert total.forecast_of == FORECAST_OF
    assert ranking.observed == pytest.approx(1)
    assert ranking.passed
    small.execute(
        f"update {tables.INT_OUTCOME_DAYS} set net_revenue = {CUSTOMERS} - net_revenue where net_revenue < 999"
    )
    total, ranking = model_checks.matured(AS_OF, 90, 0.99, published)
    assert total.passed
    assert ranking.observed == pytest.approx(-1, abs=0.03)
    assert not ranking.passed
    small.execute(f"update {tables.INT_OUTCOME_DAYS} set net_revenue = net_revenue / 2")
    total, _ = model_checks.matured(AS_OF, 90, 0.99, published)
    assert not total.passed
    assert str(total) == "matured total, 90 days 22425, expected 45150 (allowed 1.5)"


def test_forecasts_that_have_not_matured_or_matured_long_ago_are_not_checked(published: Settings) -> None:
    assert model_checks.matured(AS_OF - timedelta(days=1), 90, 0.99, published) == []
    assert model_checks.matured(AS_OF, 180, 0.99, published) == []
    assert model_checks.matured(AS_OF + timedelta(days=31), 90, 0.99, published) != []
    assert model_checks.matured(AS_OF + timedelta(days=32), 90, 0.99, published) == []


def test_a_date_that_upkeep_removed_is_not_checked_but_the_one_before_it(published: Settings) -> None:
    later = FORECAST_OF + timedelta(days=5)
    small.execute(
        f"""insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published, removed_at)
        values (%s, 'r.2', 'd', '{{}}', '2011-07-01')""",
        (later,),
    )
    checked = model_checks.matured(later + timedelta(days=90), 90, 0.99, published)
    assert {check.forecast_of for check in checked} == {FORECAST_OF}


def test_features_are_compared_with_those_at_training(home: Settings) -> None:
    small.make_tables()
    small.execute(
        f"""insert into {tables.CUSTOMER_FEATURES} (as_of_date, run_id, customer_key, days_with_orders, revenue_90)
        select %s, 'r.1', gen_random_uuid(), 1, n %% 10 from generate_series(1, 1000) as n""",
        (AS_OF,),
    )
    alike = {"revenue_90": {"edges": [5.0], "shares": [0.5, 0.5]}}
    other = {"revenue_90": {"edges": [1.0], "shares": [0.5, 0.5]}}
    assert [(found.observed, found.passed) for found in model_checks.drift(AS_OF, "r.1", alike, home)] == [(0, True)]
    found = model_checks.drift(AS_OF, "r.1", other, home)[0]
    assert found.observed == pytest.approx(0.8789, abs=1e-4)  # .4 * ln(.9 / .5) - .4 * ln(.1 / .5)
    assert not found.passed
    assert model_checks.drift(AS_OF, "r.2", alike, home) == []
