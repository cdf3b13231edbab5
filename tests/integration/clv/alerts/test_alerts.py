"""Alerts from the warehouse's rows to a mail server and a webhook: each event arrives once, and so does its end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date

import pytest
import small_warehouse as small
import yaml
from raw_rows import deliver
from small_mail import receiving
from small_service import Incoming, Reply, serving
from typer.testing import CliRunner

from clv import cli
from clv.alerts import ledger
from clv.catalog import tables
from clv.commands import runs as commands
from clv.core import dates, settings
from clv.core.errors import ClvError
from clv.pipeline import watching
from clv.platform import airflow_api
from clv.warehouse import publication, runs

DAY = date.fromisoformat(small.AS_OF)
JUDGED = f"""
    insert into {tables.GATE_RESULTS}
        (run_id, as_of_date, gate, expectation, severity, success, rows_judged, examples, says, mend)
    values (%s, %s, 'staging', %s, %s, %s, 9, '[{{"customer": "Ann"}}]', 'amounts are missing', 'correct the mapping')
"""


@dataclass
class Heard:
    """What a mail server and a webhook have received. status: what the webhook answers."""

    mails: list = field(default_factory=list)
    requests: list[Incoming] = field(default_factory=list)
    status: int = 200

    def subjects(self) -> list[str]:
        """The subjects of the mails since the last call."""
        found = [mail["Subject"] for mail in self.mails]
        self.mails.clear()
        return found

    def titles(self) -> list[str]:
        """The titles that the webhook has received since the last call."""
        found = [incoming.body["title"] for incoming in self.requests]
        self.requests.clear()
        return found

    def __call__(self, incoming: Incoming) -> Reply:
        self.requests.append(incoming)
        return Reply("", status=self.status)


@pytest.fixture
def heard(home: settings.Settings) -> Iterator[Heard]:
    """A home whose alerts.yml names a mail server and a webhook that hear of everything."""
    found = Heard()
    with receiving() as (port, mails), serving(found) as url:
        found.mails = mails
        mail = {"to": "email", "host": "127.0.0.1", "port": port, "security": "none", "sender": "p@example.com"}
        channels = {
            "mail": {**mail, "recipients": "o@example.com", "hears": "all"},
            "hook": {"to": "webhook", "url": url, "hears": "all"},
        }
        content = {"name": "tea", "address": "https://clv.example.com/", "data_older_than": "36h", "channels": channels}
        home.alerts_file.write_text(yaml.safe_dump({**content, "disk_nearly_full": 99}, sort_keys=False))
        yield found


def stopped_at_the_gate() -> str:
    """A run that the gate of staging stopped; returns its id."""
    run_id = runs.open_run(DAY, "manual__1", "clv_daily")
    small.execute(JUDGED, (run_id, DAY, "staging.stg_order_lines: amounts", "critical", False))
    runs.log(run_id, "gate_staging", 0, {"error": "gate staging stopped the run; for example Ann"})
    return run_id


def test_a_failed_gate_a_stale_shop_and_their_ends_arrive_once(home: settings.Settings, heard: Heard):
    small.make_tables()
    batch = deliver([])
    small.execute(f"update {tables.BATCHES} set loaded_at = now() - interval '37 hours' where batch_id = %s", (batch,))
    run_id = stopped_at_the_gate()
    heard.status = 500
    looked = watching.look(home)
    assert looked.sent == ["mail: No new orders", f"mail: A gate stopped a run: {DAY}"]
    assert [error.partition(" at ")[0] for error in looked.errors] == ["the channel hook: the webhook"] * 2
    first, second = heard.mails
    assert first["Subject"] == "[tea] No new orders"
    lines = second.get_content().splitlines()
    assert lines[:3] == [
        f"The gate staging stopped the run for {DAY}, so nothing new is published: amounts are missing "
        "(staging.stg_order_lines: amounts).",
        "What to do: correct the mapping; then clear the task gate_staging in Airflow, or start the run again: "
        f"`clv run --as-of {DAY}`.",
        f"https://clv.example.com/customer-value/gates/{run_id}.html",
    ]
    assert "Ann" not in first.get_content() + second.get_content()
    heard.subjects(), heard.titles()

    heard.status = 200
    assert watching.look(home).errors == []
    assert heard.titles() == ["No new orders", f"A gate stopped a run: {DAY}"]
    assert heard.subjects() == [], "the mails were sent before"

    deliver([])
    small.make_orders()
    again = small.ready_run()
    small.execute(f"update {tables.RUNS} set dag_id = 'clv_daily' where run_id = %s", (again,))
    assert watching.look(home).sent[:1] == ["mail: Recovered: no new orders"]
    heard.subjects(), heard.titles()
    publication.publish(DAY, again)
    watching.look(home)
    assert heard.titles() == [f"Recovered: a gate stopped a run: {DAY}"]
    assert heard.subjects() == [f"[tea] Recovered: a gate stopped a run: {DAY}"]
    assert watching.look(home).sent == []


def test_warnings_models_and_missed_forecasts_are_read_from_the_runs_tables(home: settings.Settings, heard: Heard):
    small.make_tables()
    run_id = runs.open_run(DAY, "manual__1", "clv_daily")
    small.execute(JUDGED, (run_id, DAY, "raw.batches: counts", "warning", False))
    small.execute(JUDGED, (run_id, DAY, "raw.batches: warnings", "warning", True))
    runs.log(run_id, "train", 0, {"trained": True, "model_version": "m1", "training_date": "2011-06-01"})
    small.execute(
        """
        insert into analytics_runs.forecast_totals (as_of_date, run_id, horizon_days, grouped_by, group_name)
        values ('2011-06-01', %s, 90, 'all', 'all')
        """,
        (run_id,),
    )
    small.execute(
        f"""
        insert into {tables.CLV_SCORECARD} (
            as_of_date, run_id, horizon_days, grouped_by, group_name, matured_on, currency, customers, actual_revenue,
            outcome_digest
        ) values ('2011-06-01', %s, 90, 'all', 'all', '2011-08-30', 'GBP', 3, 61, 1)
        """,
        (run_id,),
    )
    watching.look(home)
    assert sorted(heard.titles()) == [
        "A forecast missed: 90 days",
        "A gate warns: raw.batches: counts",
        "A model was trained: m1",
    ]
    assert any("brought 61.00 GBP, outside its interval of 30.00 to 60.00." in one.get_content() for one in heard.mails)
    small.execute(f"update {tables.CLV_SCORECARD} set actual_revenue = 60")
    small.execute(f"update {tables.GATE_RESULTS} set success = true")
    watching.look(home)
    assert sorted(heard.titles()) == [
        "Recovered: a forecast missed: 90 days",
        "Recovered: a gate warns: raw.batches: counts",
    ]
    assert watching.look(home).sent == []


def test_a_run_that_fails_is_reported_at_once(home: settings.Settings, heard: Heard, monkeypatch: pytest.MonkeyPatch):
    def fails(*_: object) -> None:
        stopped_at_the_gate()
        raise ClvError("the run failed")

    monkeypatch.setattr(airflow_api, "run", fails)
    monkeypatch.setattr(commands, "_ready", lambda: home)
    ended = CliRunner().invoke(cli.app, ["run", "--as-of", small.AS_OF])
    assert str(ended.exception) == "the run failed"
    assert heard.titles() == [f"A gate stopped a run: {DAY}"]


def test_the_commands_list_look_and_test(home: settings.Settings, heard: Heard):
    def clv(*arguments: str) -> str:
        ended = CliRunner().invoke(cli.app, ["alerts", *arguments], catch_exceptions=True)
        return ended.output or str(ended.exception)

    assert clv("check") == "nothing new\n"
    stopped_at_the_gate()
    assert clv("check").splitlines() == [f"sent to {name}: A gate stopped a run: {DAY}" for name in ("mail", "hook")]
    (row,) = ledger.recent(home, dates.now())
    assert (row.kind, row.subject, set(row.sent)) == ("gate_failed", small.AS_OF, {"mail", "hook"})
    assert clv("--csv").splitlines()[1].startswith("gate_failed,2011-06-01,")
    heard.subjects()
    assert clv("test", "mail") == "sent a test to mail\n"
    assert heard.subjects() == ["[tea] A test"]
    assert clv("test", "fax").endswith("has no channel 'fax'; it has mail, hook")
    home.alerts_file.unlink()
    assert watching.look(home).sent == []
    assert "nobody hears of anything: write " in clv("check")


def test_looks_at_the_same_time_send_once(home: settings.Settings, heard: Heard):
    stopped_at_the_gate()
    with ThreadPoolExecutor(2) as pool:
        looks = [pool.submit(watching.look, home) for _ in range(2)]
    assert sorted(len(one.result().sent) for one in looks) == [0, 2]
    assert len(heard.titles()) == 1
