"""Matured forecasts compared with actual outcomes, on a small warehouse; expected values computed by hand."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

import pytest
import small_warehouse as small

from clv.catalog import tables
from clv.core.settings import Settings
from clv.evaluation import scorecard
from clv.warehouse import db, publication
from spark_jobs.judging import ranked

FORECAST_OF = date(2011, 3, 1)
NEWEST = FORECAST_OF + timedelta(days=90)
HEADLINE = "customers, predicted_revenue, actual_revenue, bias, wape_of_median, mean_absolute_error, coverage_80"


@pytest.fixture
def shop(home: Settings) -> Settings:
    """Forecasts of two dates, of which the first has matured over 90 days, and the orders of these days."""
    small.make_tables()
    small.make_outcomes()
    for as_of in (FORECAST_OF, NEWEST):
        publish(as_of)
    # Each customer is predicted to bring a revenue of 20 and a value of 14: converted to revenue, the median of 10 is
    # 14.29, and the interval 2.86 to 57.14.
    bring(small.A, FORECAST_OF, 30)
    bring(small.A, NEWEST - timedelta(days=1), 10)
    bring(small.A, NEWEST, 500)  # after the window's last day
    bring(small.B, FORECAST_OF - timedelta(days=1), 500)  # before the window's first day
    bring(small.B, FORECAST_OF + timedelta(days=9), 8)
    bring(small.C, FORECAST_OF + timedelta(days=9), -25)  # a refund only
    return home


def publish(as_of: date, factor: int = 1) -> str:
    run_id = small.ready_run(as_of.isoformat(), factor)
    publication.publish(as_of, run_id)
    return run_id


def bring(customer: str, day: date, money: float) -> None:
    small.execute(f"insert into {tables.INT_OUTCOME_DAYS} values (%s, %s, %s, %s)", (customer, day, money > 0, money))


def found(columns: str, where: str = "true") -> list[tuple]:
    order = "order by as_of_date, run_id, horizon_days, grouped_by, group_name"
    return db.rows(f"select {columns} from {tables.CLV_SCORECARD} where {where} {order}")


def test_a_matured_forecast_is_measured_in_revenue(shop: Settings) -> None:
    assert scorecard.measure() == {"measured": 1, "measured_again": 0}
    assert found("as_of_date, run_id, horizon_days, matured_on", "grouped_by = 'all'") == [
        (FORECAST_OF, "2011-03-01.1", 90, NEWEST)
    ]
    # A brought 40, B 8 and C nothing: an actual is at least 0. The medians' errors are 25.71, 6.29 and 14.29.
    misses = Decimal("46.29")
    ((*money, wape, error, coverage),) = found(HEADLINE, "grouped_by = 'all'")
    assert money == [3, Decimal("60.00"), Decimal("48.00"), Decimal("0.2500")]
    assert float(wape) == pytest.approx(float(misses / 48), abs=1e-4)
    assert float(error) == pytest.approx(float(misses / 3), abs=0.01)
    assert coverage == Decimal("0.6667")  # C's actual of 0 is below 2.86
    assert found("mean_p_purchase, share_bought, currency", "grouped_by = 'all'") == [
        (Decimal("0.5"), Decimal("0.6667"), "GBP")
    ]


def test_groups_are_tiers_and_deciles(shop: Settings) -> None:
    small.execute(f"update {scorecard.FORECASTS} set predicted_revenue = 10, predicted_clv = 5 where customer_key = %s",
        (small.A,))  # fmt: skip
    scorecard.measure()
    assert found("grouped_by, group_name, customers, predicted_revenue, actual_revenue, bias, wape_of_median") == [
        # A's actual is now 20, and the median's error 20.
        ("all", "all", 3, 50, 48, Decimal("0.0417"), Decimal("0.8452")),
        # B and C share the ranks 1 and 2 of 3, at one third of the customers; A is at five sixths.
        ("decile", "04", 2, 40, 8, Decimal("4"), Decimal("2.5714")),
        ("decile", "09", 1, 10, 40, Decimal("-0.75"), Decimal("0.5")),
        ("value_tier", "high", 1, 10, 40, Decimal("-0.75"), Decimal("0.5")),
        ("value_tier", "low", 1, 20, 0, None, None),
        ("value_tier", "middle", 1, 20, 8, Decimal("1.5"), Decimal("0.7857")),
    ]


def test_deciles_are_of_equal_size_and_the_first_is_the_highest(home: Settings) -> None:
    number = ranked.decile("value")
    found = db.rows(f"select value, {number} from generate_series(1, 20) as value order by value desc")
    assert found == [(value, 1 + (20 - value) // 2) for value in range(20, 0, -1)]
    # Of 20 customers, 12 have nothing and share the ranks 9 to 20, whose mean is at .7 of the customers.
    tied = "select greatest(n - 12, 0) from generate_series(1, 20) as n"
    found = db.rows(f"select distinct {number} from ({tied}) as tied (value) order by 1")
    assert found == [(1,), (2,), (3,), (4,), (8,)]


def test_only_what_has_changed_is_measured_again(shop: Settings) -> None:
    scorecard.measure()
    once = found("measured_at")
    assert scorecard.measure() == {"measured": 0, "measured_again": 0}
    bring(small.B, NEWEST, 99)  # not in the window of a matured forecast
    assert scorecard.measure()["measured"] == 0
    assert found("measured_at") == once
    bring(small.B, NEWEST - timedelta(days=1), 4)  # arrived late
    assert scorecard.measure() == {"measured": 1, "measured_again": 1}
    assert found("actual_revenue", "grouped_by = 'all'") == [(Decimal("52.00"),)]


def test_any_order_of_runs_ends_in_the_same_rows(shop: Settings) -> None:
    scorecard.measure()
    later, earlier = NEWEST + timedelta(days=90), FORECAST_OF - timedelta(days=90)
    for as_of in (later, earlier, FORECAST_OF - timedelta(days=30)):
        publish(as_of)
        scorecard.measure()
    columns = f"as_of_date, run_id, horizon_days, grouped_by, group_name, outcome_digest, {HEADLINE}"
    step_by_step = found(columns)
    pairs = {(as_of, days) for as_of, _, days, *_ in step_by_step}
    assert pairs == {
        (as_of, days)
        for as_of in (earlier, FORECAST_OF - timedelta(days=30), FORECAST_OF, NEWEST)
        for days in (90, 180, 365)
        if as_of + timedelta(days=days) <= later
    }
    small.execute(f"delete from {tables.CLV_SCORECARD}")
    scorecard.measure()
    assert found(columns) == step_by_step


def test_the_current_forecast_is_measured(shop: Settings) -> None:
    scorecard.measure()
    again = publish(FORECAST_OF, factor=2)
    assert scorecard.measure() == {"measured": 1, "measured_again": 0}
    assert found("run_id, predicted_revenue", "grouped_by = 'all'") == [
        ("2011-03-01.1", 60), (again, 120),
    ]  # fmt: skip
    publication.publish(FORECAST_OF, "2011-03-01.1")  # rolled back to a run that is measured already
    assert scorecard.measure()["measured"] == 0


def test_a_date_without_a_forecast_is_measured_once(shop: Settings) -> None:
    small.execute(f"update {scorecard.FORECASTS} set predicted_revenue = null, predicted_clv = null")
    assert scorecard.measure()["measured"] == 1
    assert found("grouped_by, customers, predicted_revenue, bias, coverage_80") == [("all", 0, None, None, None)]
    assert scorecard.measure()["measured"] == 0


def test_nothing_is_measured_before_anything_is_published(home: Settings) -> None:
    small.make_tables()
    small.make_outcomes()
    assert scorecard.measure() == {"measured": 0, "measured_again": 0}
