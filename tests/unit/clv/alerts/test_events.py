"""The rules of the events, on states that are written out."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from clv.alerts import events
from clv.alerts.events import Judged, Key, Matured
from clv.warehouse.runs import History

NOW = datetime(2024, 6, 2, 12, tzinfo=UTC)
DAY = date(2024, 6, 2)


def run(state: str, hour: int = 1, day: date = DAY, number: int = 1, **values) -> History:
    started = datetime(2024, 6, 2, hour, tzinfo=UTC)
    made = {"step": "train", "gate": None, "error": "why", "ended_at": started, "dag_id": "clv_daily", **values}
    return History(
        f"{day}.{number}", day, state, made["step"], made["gate"], made["error"], made.get("started_at", started),
        made["ended_at"], made.get("started_by", "scheduled__x+00:00"), made["dag_id"],
    )  # fmt: skip


def done(hour: int, **values) -> History:
    return run("published", hour, **{"step": "report", "error": None, **values})


def judged(success: bool = False, **values) -> Judged:
    given = {"expectation": "staging.stg_order_lines: amounts", "judged_at": NOW, "gate": "staging", **values}
    remedy = "correct the mapping, then `clv replay --batch 7`"
    return Judged(f"{DAY}.1", DAY, given["gate"], given["expectation"], success, "amounts are missing", remedy,
                  given["judged_at"])  # fmt: skip


def failed(*runs: History, stopped: dict | None = None, known: set[Key] | None = None) -> events.Found:
    return events.failed_runs(list(runs), stopped or {}, known or set(), NOW)


def keys(found: events.Found) -> list[tuple[str, str]]:
    return [tuple(event.key) for event in found.events]


def test_a_failed_run_says_its_step_and_the_commands_and_links_to_its_page():
    (event,) = failed(run("failed")).events
    assert event.key == ("run_failed", "2024-06-02")
    assert event.what == "The run for 2024-06-02 failed in the step train. What was published before stays."
    assert "`clv runs --as-of 2024-06-02`" in event.remedy
    assert "`clv run --as-of 2024-06-02`" in event.remedy
    assert event.page == "dags/clv_daily/runs/scheduled__x%2B00%3A00"
    assert "why" not in event.what + event.remedy, "an error may quote what the shop's files have"


def test_a_run_that_a_gate_stopped_is_one_event_and_not_two():
    found = failed(run("failed", gate="staging"), stopped={f"{DAY}.1": judged()})
    assert keys(found) == [("gate_failed", "2024-06-02")]
    assert found.events[0].what == (
        "The gate staging stopped the run for 2024-06-02, so nothing new is published: amounts are missing "
        "(staging.stg_order_lines: amounts)."
    )
    assert found.events[0].remedy.startswith("correct the mapping, then `clv replay --batch 7`; then clear the task ")
    assert found.events[0].page == "customer-value/gates/2024-06-02.1.html"


def test_a_run_under_way_decides_nothing():
    found = failed(run("running", 5, number=2), run("failed"))
    assert keys(found) == []
    assert found.undecided >= {("run_failed", "2024-06-02"), ("gate_failed", "2024-06-02")}


def test_a_later_success_of_the_date_or_of_a_later_date_ends_it():
    assert failed(done(5, number=2), run("failed")) == events.Found()
    later = done(5, day=DAY + timedelta(days=1))
    assert keys(failed(later, run("failed"))) == []
    earlier = done(5, day=DAY - timedelta(days=1))
    assert keys(failed(earlier, run("failed"))) == [("run_failed", "2024-06-02")]
    training = run("trained", 5, dag_id="clv_train", error=None)
    assert keys(failed(training, run("failed"))) == [("run_failed", "2024-06-02")]


def test_a_date_that_fails_in_another_way_is_not_over():
    known = {Key("run_failed", "2024-06-02")}
    found = failed(run("failed", gate="staging"), stopped={f"{DAY}.1": judged()}, known=known)
    assert found.undecided == known


def test_old_failures_are_left_alone_unless_they_were_reported():
    old = run("failed", started_at=NOW - timedelta(days=3))
    assert keys(failed(old)) == []
    assert keys(failed(old, known={Key("run_failed", "2024-06-02")})) == [("run_failed", "2024-06-02")]
    gone = Key("run_failed", "2023-01-01")
    assert failed(known={gone}).undecided == {gone}


def test_a_warning_is_about_its_expectation():
    found = events.gate_warnings([judged(), judged(True, expectation="raw.batches: counts")], set(), NOW)
    assert keys(found) == [("gate_warning", "staging.stg_order_lines: amounts")]
    known = {Key("gate_warning", "raw.batches: counts"), Key("gate_warning", "features: not judged yet")}
    assert events.gate_warnings([judged(True, expectation="raw.batches: counts")], known, NOW).undecided == {
        ("gate_warning", "features: not judged yet")
    }
    assert keys(events.gate_warnings([judged(judged_at=NOW - timedelta(days=3))], set(), NOW)) == []


def test_the_run_of_the_day_is_due_at_the_hour_of_the_shop():
    at = time(7, 30)
    assert keys(events.no_run_by(at, DAY - timedelta(days=1), NOW)) == [("no_run_by", "the daily run")]
    assert events.no_run_by(at, DAY, NOW) == events.Found()
    early = NOW.replace(hour=7, minute=0)
    assert events.no_run_by(at, DAY - timedelta(days=1), early) == events.Found(), "not due yet"
    assert events.no_run_by(at, DAY - timedelta(days=2), early).events, "that of the day before is late"
    # 07:30 in Auckland is 19:30 UTC of the day before, whose run it is.
    auckland = datetime(2024, 6, 3, 8, tzinfo=ZoneInfo("Pacific/Auckland"))
    assert events.no_run_by(at, DAY, auckland) == events.Found()
    assert "2024-06-02" in events.no_run_by(at, None, auckland).events[0].what


def test_data_are_older_than_the_limit():
    day = timedelta(hours=24)
    assert events.data_older_than(day, NOW - day, NOW) == events.Found()
    assert events.data_older_than(day, None, NOW) == events.Found()
    (event,) = events.data_older_than(day, NOW - day - timedelta(minutes=1), NOW).events
    assert event.what == "No file of orders was loaded since 2024-06-01 11:59 UTC."


def test_a_forecast_missed_if_its_total_is_outside_the_published_bounds():
    within = Matured(DAY, 90, "EUR", 100.0, 100.0, 120.0)
    below = Matured(DAY, 365, "EUR", 1099.9, 1100.0, 1300.0)
    (event,) = events.forecasts_missed([within, below]).events
    assert event.key == ("forecast_missed", "365 days")
    assert event.what == (
        "The forecast of 2024-06-02 for 365 days has matured: its customers brought 1,099.90 EUR, outside its interval "
        "of 1,100.00 to 1,300.00."
    )


def test_a_disk_at_its_limit_is_reported_until_it_has_room_again():
    assert keys(events.disk_nearly_full(90, 90.0, 10**9)) == [("disk_nearly_full", "the home's disk")]
    assert events.disk_nearly_full(90, 88.5, 10**9).undecided == {("disk_nearly_full", "the home's disk")}
    assert events.disk_nearly_full(90, 88.0, 10**9) == events.Found()


def test_a_published_run_whose_report_failed_is_a_failed_run():
    (event,) = failed(run("published", step="report", error="disk full")).events
    assert event.what == "The run for 2024-06-02 failed in the step report. Its rows are published."


def test_a_failed_export_is_no_failed_run():
    exported = run("published", step="export", error="the destination does not answer")
    waiting = [("win_back", "crm", DAY, 3)]
    assert keys(failed(exported)) == []
    found = events.exports_failed([exported], waiting, {Key("export_failed", "win_back to crm")})
    assert keys(found) == [("export_failed", "the daily run")], "one event, not one for each list too"
    assert found.undecided == {("export_failed", "win_back to crm")}
    (event,) = events.exports_failed([done(1)], waiting, set()).events
    assert event.what == "Of the list win_back of 2024-06-02, 3 customers are not confirmed by crm."
    known = {Key("export_failed", "the daily run")}
    assert events.exports_failed([run("running"), exported], waiting, known) == events.Found(undecided=known)


def test_a_model_is_reported_by_its_version():
    assert keys(events.retrained([("m1", "2024-06-01", DAY)])) == [("retrained", "m1")]
