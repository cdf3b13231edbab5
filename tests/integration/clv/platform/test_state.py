"""The state of a home: what is published, how old it is, unpublished orders, and how the last run ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from types import SimpleNamespace
from typing import cast

import pytest
import small_warehouse as small
from raw_rows import deliver, line
from typer.testing import CliRunner

from clv import cli
from clv.core import dates, settings
from clv.platform import airflow_api, airflow_session, run_states, state
from clv.platform.runtime import stack
from clv.warehouse import publication, runs

DAY = date.fromisoformat(small.AS_OF)
MIDNIGHT = f"scheduled__{DAY}T00:00:00+00:00"  # Airflow's id of the run scheduled at that time, the same in every DAG


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    """A published date, and orders on and after that day: o5 is dated on it."""
    small.make_tables()
    small.make_orders()
    publication.publish(DAY, small.ready_run())
    return home


def read(home: settings.Settings, days_later: int = 0) -> state.State:
    return state.read(home, DAY + timedelta(days=days_later))


def test_a_home_in_which_nothing_happened_is_not_stale(home: settings.Settings):
    found = state.read(home, DAY)
    assert (found.newest, found.unpublished_orders, found.last_run, found.stale) == (None, 0, None, [])


@pytest.mark.parametrize(("days", "stale"), [(0, False), (1, False), (2, True)])
def test_a_newest_date_before_yesterday_is_stale(shop: settings.Settings, days: int, stale: bool):
    found = read(shop, days)
    assert (found.newest, found.newest_run, found.age) == (DAY, f"{DAY}.1", days)
    assert any("newest published date" in one for one in found.stale) is stale
    if stale:
        assert "`clv run --as-of 2011-06-03`" in found.stale[0]


def test_orders_that_no_published_table_has_are_counted_once(shop: settings.Settings):
    assert read(shop).unpublished_orders == 1  # o5, although a run has taken it in
    rows = [
        line("n1", "2011-06-01 10:00", 5),
        line("n1", "2011-06-01 10:00", 6, product_id="ink"),
        line("old", "2011-05-01", 1),
    ]
    batch = deliver([*rows, line("ahead", "2011-06-05", 5)])
    assert read(shop).unpublished_orders == 2
    assert read(shop, 4).unpublished_orders == 3  # counted from their day on
    small.execute("insert into raw.withdrawals (batch_id, reason) values (%s, 'wrong')", (batch,))
    assert read(shop).unpublished_orders == 1


def test_the_last_run_says_what_stopped_it_until_another_goes_through(shop: settings.Settings):
    run_id = runs.open_run(DAY, "test")
    assert read(shop).last_run.state == "running"  # type: ignore[union-attr]
    for days, state_then in ((0, "running"), (1, "running"), (2, "dead")):
        assert runs.history(shop, dates.today() + timedelta(days=days), 1)[0].state == state_then
    runs.log(run_id, "gate_raw", 0, {"error": "gate raw stopped the run"})
    last = read(shop).last_run
    assert last
    assert (last.state, last.step, last.error) == ("failed", "gate_raw", "gate raw stopped the run")
    assert f"`clv run --as-of {DAY}`" in read(shop).stale[0]
    next_run = small.ready_run(factor=2)
    publication.publish(DAY, next_run)
    assert read(shop).stale == []
    assert [(one.run_id, one.state) for one in runs.history(shop, DAY)] == [
        (next_run, "published"), (run_id, "failed"), (f"{DAY}.1", "replaced"),
    ]  # fmt: skip


def test_the_newest_dates_failure_stays_until_that_date_is_published(shop: settings.Settings):
    newest = DAY + timedelta(days=1)
    runs.log(runs.open_run(newest, "test"), "gate_raw", 0, {"error": "gate raw stopped the run"})
    publication.publish(DAY, small.ready_run(factor=2))  # an older date, published later
    found = read(shop, 1)
    assert found.last_run
    assert (found.last_run.as_of_date, found.last_run.state) == (DAY, "published")
    assert found.stale == [f"the run of the newest date failed; once the cause is fixed: `clv run --as-of {newest}`"]


def test_a_training_hides_no_failure_of_its_date(shop: settings.Settings, monkeypatch: pytest.MonkeyPatch):
    daily = runs.open_run(DAY, MIDNIGHT, "clv_daily")
    runs.log(daily, "gate_raw", 0, {"error": "gate raw stopped the run"})
    training = runs.open_run(DAY, MIDNIGHT, "clv_train")

    def as_airflow_knows(found: list[runs.History], _: settings.Settings) -> list[runs.History]:
        return [replace(run, state="trained") if run.run_id == training else run for run in found]

    monkeypatch.setattr(run_states, "reconciled", as_airflow_knows)
    found = read(shop)
    assert found.last_run
    assert (found.last_run.run_id, found.last_run.state) == (training, "trained")
    assert found.stale == [f"the run of the newest date failed; once the cause is fixed: `clv run --as-of {DAY}`"]


def test_runs_of_two_dags_with_one_id_are_distinguished(shop: settings.Settings):
    # The second one after the run was cleared.
    first, again = (runs.open_run(DAY, MIDNIGHT, "clv_daily") for _ in range(2))
    training = runs.open_run(DAY, MIDNIGHT, "clv_train")
    found = {run.run_id: (run.dag_id, run.last_of_its_start) for run in runs.history(shop, DAY)}
    assert found == {
        f"{DAY}.1": (None, True), first: ("clv_daily", False), again: ("clv_daily", True),
        training: ("clv_train", True),
    }  # fmt: skip


def test_the_reason_of_a_failed_run_is_not_that_of_another_dags_run(shop: settings.Settings):
    for dag, error in (("clv_daily", "gate raw stopped the run"), ("clv_train", "no memory is left")):
        runs.log(runs.open_run(DAY, MIDNIGHT, dag), "gate_raw", 0, {"error": error})
    airflow = cast("airflow_session.Airflow", SimpleNamespace(home=shop))
    message = airflow_api._why(airflow, airflow_api.Run(DAY, MIDNIGHT, "failed", {}))
    assert message == f"the run for {DAY} failed in gate_raw: gate raw stopped the run"


def test_a_last_run_that_is_dead_is_stale(shop: settings.Settings):
    runs.open_run(DAY, "test")
    small.execute("update ops.runs set started_at = as_of_date + interval '1 hour' * number")
    assert read(shop, 1).stale == []  # it may still be running
    message = f"the last run ended without an error message; once the cause is fixed: `clv run --as-of {DAY}`"
    assert message in read(shop, 2).stale


@pytest.mark.parametrize(("days", "status"), [(2, "pass"), (3, "warn"), (7, "warn"), (8, "error")])
def test_the_freshness_that_dbt_declares_is_judged(shop: settings.Settings, days: int, status: str):
    loaded = DAY - timedelta(days=days)
    small.execute("update raw.batches set loaded_at = %s", (f"{loaded} 12:00+00",))
    (judged,) = read(shop).freshness
    assert (judged.source, judged.last_loaded_on, judged.age, judged.status) == ("raw.batches", loaded, days, status)
    assert any("no file has been loaded for 8 days" in one for one in read(shop).stale) is (status == "error")


@pytest.mark.parametrize(("services", "days", "code"), [("up", 0, 0), ("up", 2, 4), ("down", 2, 3)])
def test_status_says_it_by_its_exit_code(
    shop: settings.Settings, monkeypatch: pytest.MonkeyPatch, services: str, days: int, code: int
):
    found = [stack.ServiceState("postgres", "up", "", 1), stack.ServiceState("scheduler", services, "", 2)]
    monkeypatch.setattr(stack, "status", lambda _: found)
    monkeypatch.setattr("clv.core.dates.today", lambda: DAY + timedelta(days=days))
    small.execute("update raw.batches set loaded_at = %s", (f"{DAY} 12:00+00",))
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, ["status"])
    assert done.exit_code == code
    assert "published  2011-06-01 (" in done.stdout
    assert "waiting    1 orders dated 2011-06-01 or later, not in the published tables yet" in done.stdout
    assert "last run   2011-06-01.1 published" in done.stdout
    assert ("stale " in done.stdout) is (days == 2)


def test_status_reports_another_currency_than_the_warehouses_and_no_run_starts(
    shop: settings.Settings, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(stack, "status", lambda _: [stack.ServiceState("postgres", "up", "", 1)])
    monkeypatch.setattr("clv.core.dates.today", lambda: DAY)
    small.execute(
        "insert into ops.settings (name, value) values ('currency', 'GBP')"
        " on conflict (name) do update set value = 'GBP'"
    )
    (shop.home / "shop.json").write_text('{"currency": "EUR"}')
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, ["status"])
    assert done.exit_code == 5
    assert "settings   shop.json says currency EUR" in done.stdout
    assert 'write "currency": "GBP" into shop.json' in done.stdout
    assert "published  2011-06-01" in done.stdout
    for command in (["run", "--as-of", "2011-06-01"], ["backfill", "--from", "2011-06-01", "--to", "2011-06-01"]):
        refused = CliRunner().invoke(cli.app, command)
        assert "says currency EUR" in str(refused.exception)
    (shop.home / "shop.json").write_text("{,")
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, ["status"])
    assert done.exit_code == 5
    assert "shop.json is not JSON" in done.stdout
