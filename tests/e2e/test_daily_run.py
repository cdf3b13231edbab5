"""The daily pipeline through Airflow's real scheduler, from files to published rows."""

from __future__ import annotations

import csv
import gzip
import json
import re
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml
from small_mail import receiving
from small_service import Incoming, Reply, serving

from clv.core import settings
from clv.platform.airflow_session import Airflow
from clv.platform.runtime import processes
from clv.warehouse import db

pytestmark = pytest.mark.e2e


def forget_models(home) -> None:
    """Removes every version from the registry, so that the next runs must train again."""
    from mlflow import MlflowClient

    client = MlflowClient(home.settings.mlflow_url, home.settings.mlflow_url)
    for model in client.search_registered_models():
        for version in client.search_model_versions(f"name='{model.name}'"):
            client.delete_model_version(model.name, version.version)


def test_a_backfill_publishes_every_day(running, forward):
    first, last = forward
    query = "select as_of_date::text, count(*) from analytics.customer_clv_history group by 1"
    counted = dict(running.rows(query))
    assert counted[first] > 300
    assert counted[last] >= counted[first]
    assert running.rows("select distinct as_of_date::text from analytics.customer_clv") == [(last,)]
    scored = running.rows("select count(*) from analytics.customer_clv where status = 'scored' and predicted_clv > 0")
    assert scored[0][0] > 300


def test_every_gate_was_judged(running, forward):
    query = "select array_agg(distinct gate order by gate) from ops.gate_results where run_id = %s"
    for run_id, _ in forward.values():
        assert running.rows(query, (run_id,))[0][0] == ["analytics", "features", "predictions", "raw", "staging"]


def test_a_healthy_run_logs_no_error(running, forward):
    logs = [path for path in running.settings.airflow_home.rglob("attempt=1.log") if "run_id=backfill" in str(path)]
    assert {"task_id=train", "task_id=build_staging", "task_id=publish"} <= {path.parent.name for path in logs}
    for path in logs:
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        loud = [line for line in lines if line["level"] not in ("info", "debug") or "resource_tracker" in line["event"]]
        assert not loud, path
        assert len(lines) < 250, f"{path}: too long to find anything in"


def test_a_backfill_of_past_days_starts_no_run_of_its_own(running, forward):
    # Airflow parses the DAG's file every minute, and each time determines the scheduled run that is due.
    runs = Airflow(running.settings).call("GET", "/dags/~/dagRuns", params={"limit": 100})["dag_runs"]
    assert {run["run_type"] for run in runs} == {"backfill"}


def wait_until(condition: Callable[[], object], timeout: float = 600) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.5)


def is_training(airflow: Airflow) -> bool:
    """Whether a run of clv_daily is training its model."""
    query = {"task_id": "train", "state": "running"}
    return airflow.call("GET", "/dags/clv_daily/dagRuns/~/taskInstances", params=query)["total_entries"] > 0


def test_the_same_days_backwards_with_new_models_and_a_killed_scheduler_give_the_same_rows(running, forward):
    first, last = forward
    forget_models(running)
    airflow = Airflow(running.settings)
    with ThreadPoolExecutor(1) as pool:
        backfill = pool.submit(running.clv, "backfill", "--from", first, "--to", last, "--backwards")
        wait_until(lambda: is_training(airflow) or backfill.done())
        scheduler = processes.find(running.settings, "scheduler")
        assert scheduler
        assert not backfill.done()
        scheduler.kill()
        # Set the heartbeat back, so that Airflow counts the old scheduler as dead and the next one takes over its tasks
        # at once.
        wait_until(lambda: airflow.call("GET", "/monitor/health")["scheduler"]["status"] == "unhealthy")
        running.clv("up")
        backfill.result()
    again = running.published()
    for day in forward:
        assert again[day][0] != forward[day][0], "a new run"
        assert again[day][1] == forward[day][1], "the same rows"


def test_rolling_back_is_publishing_an_earlier_run_again(running, forward):
    day, (earlier, _) = next(iter(forward.items()))
    running.clv("publish", "--as-of", day, "--run-id", earlier)
    assert running.published()[day][0] == earlier
    seen = running.rows("select distinct run_id from analytics.customer_clv_history where as_of_date = %s", (day,))
    assert seen == [(earlier,)]
    assert earlier in (running.settings.reports / day / "operators.html").read_text()


def write_batch(source: Path, target: Path, broken: bool) -> None:
    """Writes the last month's file under another name; if `broken`, every second amount is empty."""
    with gzip.open(source, "rt", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row.get("amount")]
    with gzip.open(target, "wt", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]), extrasaction="ignore")
        writer.writeheader()
        for number, row in enumerate(rows):
            writer.writerow({**row, "amount": ""} if broken and number % 2 else row)


@pytest.fixture
def heard(running) -> Iterator[tuple[list, list]]:
    """The mails and the requests of a webhook that the home's alerts bring."""
    requests: list[Incoming] = []

    def answer(incoming: Incoming) -> Reply:
        requests.append(incoming)
        return Reply("")

    with receiving() as (port, mails), serving(answer) as url:
        mail = {"to": "email", "host": "127.0.0.1", "port": port, "security": "none", "sender": "clv@example.com"}
        hears = ["run_failed", "gate_failed", "no_run_by"]
        channels = {
            "mail": {**mail, "recipients": "ops@example.com", "hears": hears},
            "hook": {"to": "webhook", "url": url, "hears": hears},
        }
        running.settings.alerts_file.write_text(yaml.safe_dump({"no_run_by": "00:00", "channels": channels}))
        yield mails, requests
        running.settings.alerts_file.unlink()


def test_a_broken_batch_stops_at_the_gate_and_its_correction_goes_through(running, forward, tmp_path, heard):
    before = running.published()
    last = max(before)
    last_month = next(path for path in _files_of(running) if path.name.startswith("2024-05"))
    write_batch(last_month, tmp_path / "resent.csv.gz", broken=True)
    running.clv("ingest", "--source", "sample_shop", "--path", tmp_path / "resent.csv.gz")
    failed = running.clv("run", "--as-of", last, check=False)
    assert failed.returncode == 1
    assert "gate_staging" in failed.stderr
    assert "amount" in failed.stderr
    assert "resent.csv.gz" in failed.stderr
    assert "Traceback" not in failed.stderr
    runs = Airflow(running.settings).call("GET", "/dags/clv_daily/dagRuns", params={"state": "failed"})["dag_runs"]
    assert [run["note"].partition(" stopped run ")[0] for run in runs] == ["gate staging"]
    assert running.published() == before
    assert running.rows("select distinct run_id from analytics.customer_clv") == [(before[last][0],)]
    # Nothing is published for today, so the shop is stale; both were sent when the run had failed.
    mails, requests = heard
    began = ["A gate stopped a run: 2024-06-01", "Nothing is published in time"]
    assert sorted(incoming.body["title"] for incoming in requests) == began
    assert sorted(mail["Subject"].partition("] ")[2] for mail in mails) == began
    assert all("resent.csv.gz" not in mail.get_content() for mail in mails)
    print(*(f"{mail['Subject']}\n{mail.get_content()}" for mail in mails), sep="\n")

    write_batch(last_month, tmp_path / "mended.csv.gz", broken=False)
    running.clv("ingest", "--source", "sample_shop", "--path", tmp_path / "mended.csv.gz")
    running.clv("run", "--as-of", last)
    assert running.published()[last][0] != before[last][0]
    for _ in range(2):
        running.clv("alerts", "check")
    over = "Recovered: a gate stopped a run: 2024-06-01"
    assert sorted(incoming.body["title"] for incoming in requests) == [*began, over]
    assert sorted(mail["Subject"].partition("] ")[2] for mail in mails) == [*began, over]


def _files_of(running) -> list[Path]:
    shop = running.folder.parent.parent
    return sorted(shop.glob("shop*/orders/*.csv.gz"))


def test_an_analyst_reads_what_is_published_and_nothing_else(running, forward):
    read = running.clv("sql", "select count(*) as customers from analytics.customer_clv")
    assert "customers" in read.stdout
    refused = running.clv("sql", "select * from raw.order_lines", check=False)
    assert refused.returncode == 1
    assert "permission denied" in refused.stderr
    assert len(refused.stderr.strip().splitlines()) == 1


def test_every_table_is_filled_where_the_shop_says_something_of_it(running, forward):
    views = "select table_name from information_schema.tables where table_schema = 'analytics' order by 1"
    empty = {name for (name,) in running.rows(views) if not running.rows(f"select 1 from analytics.{name} limit 1")}
    # No forecast has matured, the shop delivers none of another system and no books, joins no ids, and runs no
    # experiments.
    books = {"order_payments", "order_fulfilment", "product_value", "customer_profiles"}
    ids = {"identity_summary", "identity_summary_history"}
    experiments = {"experiment_customers", "experiment_results", "customer_uplift"}
    exports = {"exported_customers"}  # which other tests of this home may fill
    assert empty | exports == {"clv_scorecard", "external_scorecard", *books, *ids, *experiments, *exports}


def test_segments_agree_with_the_forecast_and_win_back_lists_customers_who_have_not_left(running, forward):
    risks = "select segment, min(churn_risk), max(churn_risk) from analytics.customer_clv group by segment"
    bounds = {segment: (low, high) for segment, low, high in running.rows(risks)}
    assert all(bounds[segment][1] < 0.5 for segment in ("champions", "loyal", "promising") if segment in bounds)
    assert all(bounds[name][0] >= 0.25 and bounds[name][1] < 0.9 for name in ("at risk", "needs attention"))
    assert bounds["lost"][0] >= 0.75
    listed = running.rows("select place, churn_risk, value_at_stake from analytics.win_back limit 20")
    assert [place for place, *_ in listed] == list(range(1, len(listed) + 1))
    assert len(listed) >= 5
    assert all(0.25 <= risk < 0.9 and at_stake > 0 for _, risk, at_stake in listed)
    carried = running.rows(
        "select tag, count(*) from analytics.customer_segments cross join unnest(tags) as tag group by tag"
    )
    customers = running.rows("select count(*) from analytics.customer_segments")[0][0]
    assert len(carried) >= 5
    assert all(count <= customers / 4 for _, count in carried)


def test_every_query_of_the_analyst_guide_answers(running, forward):
    guide = (settings.PROJECT / "docs" / "analyst-guide.md").read_text()
    queries = re.findall(r"```sql\n(.*?)```", guide, flags=re.DOTALL)
    assert len(queries) >= 5
    for query in queries:
        db.rows(query, url=running.settings.analyst_url)
    by_customer, by_order = db.rows(queries[-1], url=running.settings.analyst_url)[0]
    assert round(by_customer, 2) == round(by_order, 2)
