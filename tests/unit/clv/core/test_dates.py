from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from clv.core import dates
from clv.core.errors import ClvError


def test_the_parameter_wins_over_the_logical_date():
    assert dates.as_of_date("2011-06-01", datetime(2024, 1, 1, tzinfo=UTC)) == date(2011, 6, 1)


def test_the_logical_date_is_taken_in_utc():
    late = datetime(2024, 1, 1, 23, 30, tzinfo=timezone(timedelta(hours=-5)))
    assert dates.as_of_date(None, late) == date(2024, 1, 2)


def test_a_run_for_a_day_after_itself_is_refused():
    now = datetime(2024, 1, 1, 12, tzinfo=UTC)
    assert dates.as_of_date("2024-01-01", None, now) == date(2024, 1, 1)
    with pytest.raises(ClvError, match="as_of_date 2062-06-01 is in the future"):
        dates.as_of_date("2062-06-01", None, now)


def test_a_run_without_any_date_is_refused():
    with pytest.raises(ClvError, match="neither an as_of_date nor a logical date"):
        dates.as_of_date(None, None)


@pytest.mark.parametrize("text", ["", "01.02.2011", "2011-02-30", "yesterday"])
def test_a_wrong_date_is_named(text):
    with pytest.raises(ClvError, match="--as-of"):
        dates.parse_date(text, "--as-of")


def test_each_date_includes_both_ends_when_the_step_meets_them():
    assert list(dates.each_date(date(2011, 6, 1), date(2011, 12, 1), 61)) == [
        date(2011, 6, 1),
        date(2011, 8, 1),
        date(2011, 10, 1),
        date(2011, 12, 1),
    ]


def test_the_training_date_is_a_function_of_the_month_alone():
    assert dates.training_date(date(2024, 2, 29)) == dates.training_date(date(2024, 2, 1)) == date(2024, 2, 1)


def test_weeks_are_counted_from_the_first_date() -> None:
    first = date(2024, 2, 1)
    assert [dates.latest_week(first, date(2024, 2, day)).day for day in (1, 7, 8, 29)] == [1, 1, 8, 29]


def test_before_the_daily_days_each_month_keeps_its_last_published_date() -> None:
    written = "2024-01-30 2024-02-10 2024-02-27 2024-04-29 2024-04-30 2024-05-01 2024-05-31 2024-06-01"
    days = {date.fromisoformat(text) for text in written.split()}
    # The newest date is June 1st. May 1st is 31 days before it, and 32 days before it is the last date of April.
    assert dates.thinned_out(days, 31) == {date(2024, 2, 10), date(2024, 4, 29)}
    assert dates.thinned_out(days, 30) == {date(2024, 2, 10), date(2024, 4, 29), date(2024, 5, 1)}
    assert dates.thinned_out(days, None) == dates.thinned_out(set(), 31) == set()


HALF_A_YEAR = st.sets(st.dates(date(2024, 1, 1), date(2024, 6, 30)), max_size=40)


@given(HALF_A_YEAR, HALF_A_YEAR)
def test_dates_are_thinned_out_the_same_whenever_others_are_published(before: set[date], later: set[date]) -> None:
    kept = before - dates.thinned_out(before, 31)
    assert dates.thinned_out(kept, 31) == set()
    everything, rest = before | later, kept | later
    assert rest - dates.thinned_out(rest, 31) == everything - dates.thinned_out(everything, 31)
