from datetime import timedelta

import pendulum
import pytest


@pytest.fixture
def timetable():
    from schedule import FromNowOn

    return FromNowOn("0 0 * * *", timezone="UTC")


def next_tick(timetable, monkeypatch, now, last=None, catchup=False):
    import schedule
    from airflow.timetables import trigger
    from airflow.timetables.base import DataInterval, TimeRestriction

    for module in (schedule.timezone, trigger):
        monkeypatch.setattr(module, "utcnow", lambda: now)
    restriction = TimeRestriction(pendulum.datetime(1990, 1, 1), None, catchup)
    interval = DataInterval(last, last) if last else None
    info = timetable.next_dagrun_info(last_automated_data_interval=interval, restriction=restriction)
    return info.run_after


NOON = pendulum.datetime(2024, 5, 10, 12)
TODAY, TOMORROW = pendulum.datetime(2024, 5, 10), pendulum.datetime(2024, 5, 11)


def test_a_new_schedule_waits_for_the_next_midnight(timetable, monkeypatch):
    assert next_tick(timetable, monkeypatch, NOON) == TOMORROW


def test_a_backfill_of_long_ago_starts_nothing_now(timetable, monkeypatch):
    assert next_tick(timetable, monkeypatch, NOON, last=pendulum.datetime(2011, 12, 1)) == TOMORROW


def run_of(kind, day):
    """A finished run of clv_daily, as the scheduler passes it to the timetable."""
    from airflow.models.dagrun import DagRun

    return DagRun(
        dag_id="clv_daily", run_type=kind, logical_date=day, data_interval=(day, day), run_after=day, run_id="one"
    )


@pytest.mark.parametrize(("kind", "expected"), [("backfill", TOMORROW), ("scheduled", TODAY)])
def test_a_backfill_of_days_just_past_starts_nothing_either(timetable, monkeypatch, kind, expected):
    info = timetable.run_info_from_dag_run(dag_run=run_of(kind, pendulum.datetime(2024, 5, 9)))
    last = info.data_interval and info.data_interval.end
    assert next_tick(timetable, monkeypatch, NOON, last=last) == expected


def test_the_tick_just_passed_is_still_due(timetable, monkeypatch):
    assert next_tick(timetable, monkeypatch, TODAY + timedelta(seconds=30)) == TODAY


def test_a_day_missed_lately_is_made_up_for(timetable, monkeypatch):
    assert next_tick(timetable, monkeypatch, NOON, last=pendulum.datetime(2024, 5, 8)) == TODAY


def test_a_day_done_is_followed_by_the_next(timetable, monkeypatch):
    assert next_tick(timetable, monkeypatch, NOON, last=TODAY) == TOMORROW


def test_a_backfill_walks_through_every_day(timetable, monkeypatch):
    last = pendulum.datetime(2011, 6, 1)
    assert next_tick(timetable, monkeypatch, NOON, last=last, catchup=True) == pendulum.datetime(2011, 6, 2)
