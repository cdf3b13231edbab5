"""Forecasts of another system beside ours, on a small warehouse; expected values computed by hand."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
import small_warehouse as small

from clv.catalog import tables
from clv.core.settings import Settings
from clv.evaluation import external_scorecard
from clv.evaluation.external_scorecard import Judged, judge
from clv.sources.kinds import raw_tables
from clv.warehouse import db, publication

DAY = date(2011, 3, 1)
NEWEST = DAY + timedelta(days=90)
BY_ADDRESS = "dddddddd-0000-4000-8000-000000000001"  # has the address of B
STRANGER = "eeeeeeee-0000-4000-8000-000000000001"


@pytest.fixture
def shop(home: Settings, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Ours and another system's forecasts of one day, whose window of 90 days is over.

    Ours predicts a revenue of 20 and a purchase with probability 0.5 for each of A, B and C. The actual revenues are
    40, 8 and 0.
    """
    monkeypatch.setattr(external_scorecard, "FEWEST", 1)
    small.make_tables()
    small.make_outcomes()
    raw_tables.make(home)
    for as_of in (DAY, NEWEST):
        publication.publish(as_of, small.ready_run(as_of.isoformat()))
    bring(small.A, DAY, 40)
    bring(small.B, NEWEST - timedelta(days=1), 8)
    bring(small.B, NEWEST, 500)  # after the window
    for key, email in ((small.B, "Bob@example.com"), (BY_ADDRESS, "bob@example.com"), (small.A, "ann@example.com")):
        know(key, email)
    return home


def know(customer: str, email: str) -> None:
    small.execute(
        f"insert into {tables.CUSTOMERS} (customer_key, source, customer_id, email) values (%s, 's', %s, %s)",
        (customer, customer, email),
    )


def bring(customer: str, day: date, money: float) -> None:
    small.execute(f"insert into {tables.INT_OUTCOME_DAYS} values (%s, %s, %s, %s)", (customer, day, money > 0, money))


def forecast(line: int, customer: str, money: float, churn: float | None = None, as_of: date = DAY) -> None:
    """Adds an accepted row of the export."""
    small.execute(
        f"""insert into {tables.EXTERNAL_FORECASTS}
            (_batch_id, _source, _line, _content, customer_key, as_of, system, horizon_days, predicted_revenue,
                churn_probability)
        values (1, 's', %s, gen_random_uuid(), %s, %s, 'Klaviyo', 90, %s, %s)""",
        (line, customer, as_of, money, churn),
    )
    small.execute(
        f"insert into {tables.STG_KIND_VERDICTS} values (1, %s, 's', 'external_forecasts', 'accepted')", (line,)
    )


def scored(columns: str) -> dict[str, tuple]:
    """The values of columns, by metric."""
    query = f"select metric, {columns} from {tables.EXTERNAL_SCORECARD} order by as_of_date, metric"
    return {metric: tuple(values) for metric, *values in db.rows(query)}


def test_both_forecasts_are_judged_on_the_same_customers_and_days(shop: Settings) -> None:
    forecast(2, small.A, 30, 0.2)
    forecast(3, BY_ADDRESS, 10)
    forecast(4, STRANGER, 99, 0.5)
    assert external_scorecard.measure() == {"recorded": 1}
    assert set(db.rows(f"select system, as_of_date, horizon_days, matured_on, our_as_of_date, our_run_id, forecasts "
        f"from {tables.EXTERNAL_SCORECARD}")) == {
        ("Klaviyo", DAY, 90, NEWEST, DAY, "2011-03-01.1", 3)
    }  # fmt: skip
    found = {
        metric: (n, float(theirs), float(ours))
        for metric, (n, theirs, ours) in scored("customers, theirs, ours").items()
    }
    # A and B: actual 40 and 8, theirs 30 and 10, ours 20 and 20. Equal forecasts rank at random, which has half of the
    # perfect ranking's first customer.
    assert found["bias"] == (2, pytest.approx(8 / 48, abs=1e-6), pytest.approx(8 / 48, abs=1e-6))
    assert found["rmse"] == (2, pytest.approx((104 / 2) ** 0.5, abs=1e-6), pytest.approx((544 / 2) ** 0.5, abs=1e-6))
    assert found["normalized_gini"][:2] == (2, 1)
    assert found["normalized_gini"][2] < 1
    # A alone has a churn probability; A bought.
    assert found["brier"] == (1, pytest.approx(0.04), pytest.approx(0.25))
    assert external_scorecard.measure() == {"recorded": 0}


def test_a_customer_with_two_forecasts_is_left_out_and_an_id_goes_before_an_address(shop: Settings) -> None:
    forecast(2, small.A, 30)
    forecast(3, small.A, 31)
    forecast(4, small.C, 1)
    external_scorecard.measure()
    assert scored("customers, theirs")["rmse"] == (1, 1)
    assert set(scored("metric")) == set(external_scorecard.OF_REVENUE)  # no churn probability is given


def test_an_address_is_that_of_the_one_customer_with_a_forecast_of_ours(shop: Settings) -> None:
    know(STRANGER, "BOB@example.com")  # of a third system
    forecast(2, BY_ADDRESS, 10)
    forecast(3, small.A, 30)
    external_scorecard.measure()
    assert scored("customers")["rmse"] == (2,)
    know(small.C, "bob@example.com")  # now B and C could be meant
    small.execute(f"delete from {tables.EXTERNAL_SCORECARD}")
    external_scorecard.measure()
    assert scored("customers")["rmse"] == (1,)


def test_an_address_of_more_than_five_customers_names_nobody(shop: Settings) -> None:
    forecast(2, BY_ADDRESS, 10)
    for n in range(4):
        know(f"ffffffff-0000-4000-8000-00000000000{n}", "bob@example.com")
    external_scorecard.measure()
    assert scored("customers")["rmse"] == (0,)


def test_the_customers_order_depends_on_values_not_on_keys(shop: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    for line, customer in enumerate((small.A, small.B, small.C), 2):
        forecast(line, customer, 10)
    given = []
    monkeypatch.setattr(external_scorecard, "judge", lambda _metric, actual, *_: given.append(actual) or Judged())
    external_scorecard.measure()
    assert [list(actual) for actual in given] == [[0, 8, 40]] * len(external_scorecard.OF_REVENUE)


def test_a_measured_comparison_stays_after_retention_has_deleted_addresses(shop: Settings) -> None:
    forecast(2, small.A, 30)
    forecast(3, BY_ADDRESS, 10)
    external_scorecard.measure()
    first = scored("customers, theirs, ours, measured_at")
    small.execute(f"update {tables.CUSTOMERS} set email = null")
    bring(small.A, DAY, 100)
    external_scorecard.measure()
    assert scored("customers, theirs, ours, measured_at") == first
    assert external_scorecard.measure() == {"recorded": 0}
    # An export with fewer forecasts is another one.
    small.execute(f"update {tables.STG_KIND_VERDICTS} set verdict = 'withdrawn' where line = 3")
    external_scorecard.measure()
    assert scored("customers, theirs")["rmse"] == (1, 110)


def test_until_the_window_is_over_there_are_no_figures(shop: Settings) -> None:
    forecast(2, small.A, 30, as_of=DAY + timedelta(days=1))
    assert external_scorecard.measure() == {"recorded": 1}
    assert scored("matured_on, our_as_of_date, theirs, ours, nearer")["rmse"] == (
        NEWEST + timedelta(days=1), DAY, None, None, None,
    )  # fmt: skip
    later = NEWEST + timedelta(days=1)
    publication.publish(later, small.ready_run(later.isoformat()))
    assert external_scorecard.measure() == {"recorded": 1}
    # In the window of the export, which begins a day after A's purchase, A bought nothing.
    assert [float(value) for value in scored("theirs, ours")["rmse"]] == [30, 20]


def test_without_a_forecast_of_ours_from_the_days_before_there_are_no_figures(shop: Settings) -> None:
    early = DAY - timedelta(days=1)
    forecast(2, small.A, 30, as_of=early)
    external_scorecard.measure()
    assert scored("our_as_of_date, customers, theirs")["rmse"] == (None, 0, None)
    publication.publish(early - timedelta(days=31), small.ready_run((early - timedelta(days=31)).isoformat()))
    assert external_scorecard.measure() == {"recorded": 0}  # too old
    publication.publish(early - timedelta(days=30), small.ready_run((early - timedelta(days=30)).isoformat()))
    assert external_scorecard.measure() == {"recorded": 1}
    assert scored("our_as_of_date, customers")["rmse"] == (early - timedelta(days=30), 1)


def test_a_comparison_is_measured_again_if_something_changes_and_ends_with_its_export(shop: Settings) -> None:
    forecast(2, small.A, 30)
    external_scorecard.measure()
    bring(small.A, NEWEST, 5)  # after the window
    assert external_scorecard.measure() == {"recorded": 0}
    bring(small.A, NEWEST - timedelta(days=1), 5)
    assert external_scorecard.measure() == {"recorded": 1}
    assert [float(value) for value in scored("theirs, ours")["rmse"]] == [15, 25]
    publication.publish(DAY, small.ready_run(DAY.isoformat(), factor=2))
    assert external_scorecard.measure() == {"recorded": 1}
    assert [float(value) for value in scored("theirs, ours")["rmse"]] == [15, 5]
    # The run's date is thinned out: its measurement stays.
    small.execute(f"update {tables.PUBLICATIONS} set removed_at = now() where as_of_date = %s", (DAY,))
    assert external_scorecard.measure() == {"recorded": 0}
    small.execute(f"update {tables.STG_KIND_VERDICTS} set verdict = 'withdrawn'")
    assert external_scorecard.measure() == {"recorded": 0}
    assert scored("theirs") == {}


def test_nothing_is_measured_before_the_kinds_table_exists(home: Settings) -> None:
    assert external_scorecard.measure() == {"recorded": 0}


def test_fewer_than_thirty_customers_have_no_figures() -> None:
    actual = np.arange(30.0)
    assert judge("rmse", actual[:29], actual[:29], actual[:29] + 9) == Judged()
    assert judge("rmse", actual, actual, actual + 9).nearer == "theirs"
    assert judge("rmse", actual[:0], actual[:0], actual[:0]) == Judged()


def test_one_forecast_is_nearer_only_if_the_difference_is_no_chance() -> None:
    actual = np.arange(200.0)
    near, far = actual + 1, actual[::-1].copy()
    assert [judge("rmse", actual, *pair).nearer for pair in ((near, far), (far, near))] == ["theirs", "ours"]
    assert [judge("normalized_gini", actual, *pair).nearer for pair in ((near, far), (far, near))] == ["theirs", "ours"]
    assert judge("rmse", actual, near, near).nearer == "neither"
    random = np.random.default_rng(1)
    noisy = [actual + random.normal(0, 10, 200) for _ in range(2)]
    judged = judge("bias", actual, *noisy)
    assert judged.low < 0 < judged.high
    assert judged.nearer == "neither"
