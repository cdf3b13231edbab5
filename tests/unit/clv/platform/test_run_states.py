"""The state of unpublished runs, from Airflow."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime
from pathlib import Path

import httpx
import pytest
from typer.testing import CliRunner

from clv import cli
from clv.core import settings
from clv.core.errors import Unavailable
from clv.platform import airflow_api, airflow_session, run_states
from clv.platform.runtime import stack
from clv.warehouse import runs

CLIENT = httpx.Client
DAY = date(2024, 3, 1)
FAILED_TASK = {"task_id": "build_staging", "state": "failed", "try_number": 2}
LOG = [
    {"event": "began"},
    {
        "event": "Task failed with exception",
        "error_detail": [{"exc_type": "ClvError", "exc_value": "shop.json is not\nJSON"}],
    },
]


def opened(state: str = "running", **other: object) -> runs.History:
    at = datetime(2024, 3, 1, tzinfo=UTC)
    shape = {"gate": None, "error": None, "started_at": at, "ended_at": at, "started_by": "one", **other}
    return runs.History("2024-03-01.1", DAY, state, "gate_raw", **shape)  # type: ignore[arg-type]


@pytest.fixture
def home(tmp_path: Path) -> settings.Settings:
    (tmp_path / "secrets").mkdir()
    for name in ("airflow_password", "publisher_password"):
        (tmp_path / "secrets" / name).write_text("pw")
    return settings.Settings(tmp_path, {"airflow_port": 1})


@pytest.fixture
def airflow(monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Airflow with one run, `one`: its DAG, state and note, and whether a scheduler is running."""

    def answering(
        state: str,
        note: str = "run 2024-03-01.1",
        dag: str = "clv_daily",
        scheduler: str = "healthy",
        tasks: Sequence[dict] = (FAILED_TASK,),
    ) -> None:
        def answer(request: httpx.Request) -> httpx.Response:
            run = f"/api/v2/dags/{dag}/dagRuns/one"
            answers = {
                "/auth/token/cli": {"access_token": "token"},
                "/api/v2/monitor/health": {"scheduler": {"status": scheduler}},
                run: {"dag_id": dag, "dag_run_id": "one", "state": state, "note": note, "logical_date": None},
                "/api/v2/dags/clv_daily/dagRuns": {
                    "dag_runs": [
                        {"dag_id": dag, "dag_run_id": "two", "state": "queued", "conf": {"as_of_date": "2024-03-01"}},
                        {"dag_id": dag, "dag_run_id": "3", "state": "running", "logical_date": "2024-03-02T00:00:00Z"},
                    ]
                },
                f"{run}/taskInstances": {"task_instances": list(tasks)},
                f"{run}/taskInstances/build_staging/logs/2": {"content": LOG},
            }
            found = answers.get(request.url.path)
            return httpx.Response(200, json=found) if found else httpx.Response(404, json={"detail": "not found"})

        transport = httpx.MockTransport(answer)
        monkeypatch.setattr(
            airflow_session.httpx, "Client", lambda base_url, **_: CLIENT(base_url=base_url, transport=transport)
        )

    return answering


def state(run: runs.History, home: settings.Settings) -> tuple[str, str | None, str | None]:
    (found,) = run_states.reconciled([run], home)
    return found.state, found.step, found.error


def test_a_run_that_could_not_report_its_failure_is_failed_with_the_reason_from_its_log(home, airflow):
    airflow("failed")
    message = "ClvError: shop.json is not JSON; its log is at http://127.0.0.1:1/dags/clv_daily/runs/one"
    assert state(opened(), home) == ("failed", "build_staging", message)
    airflow("failed", tasks=[])  # as when Airflow ends a run that takes too long
    page = "its log is at http://127.0.0.1:1/dags/clv_daily/runs/one"
    assert state(opened(), home) == ("failed", "gate_raw", page)
    airflow("failed", note="the warehouse is full")
    assert state(opened(), home) == ("failed", "build_staging", "the warehouse is full")


@pytest.mark.parametrize(
    ("in_airflow", "expected"),
    [
        ({"state": "running"}, "running"),
        ({"state": "queued"}, "waiting"),
        ({"state": "running", "scheduler": "unhealthy"}, "waiting"),
        ({"state": "success"}, "dead"),
        ({"state": "success", "dag": "clv_train"}, "trained"),
    ],
)
def test_a_run_is_running_waiting_or_over_by_its_state_in_airflow(home, airflow, in_airflow, expected):
    airflow(**in_airflow)
    assert state(opened(), home)[0] == expected


def test_a_failed_run_that_was_cleared_goes_on(home, airflow):
    failed = opened("failed", error="gate raw stopped it")
    airflow("running")
    assert state(failed, home) == ("running", "gate_raw", None)
    airflow("failed")
    assert state(failed, home) == ("failed", "gate_raw", "gate raw stopped it")


def test_a_run_that_was_started_again_or_that_airflow_does_not_have_is_dead(home, airflow):
    airflow("running")
    assert state(opened(last_of_its_start=False), home)[0] == "dead"
    assert state(opened(started_by="two"), home)[0] == "dead"


def test_a_run_is_looked_up_in_its_own_dag(home, airflow):
    airflow("success", dag="clv_train")
    assert state(opened(dag_id="clv_train"), home)[0] == "trained"
    assert state(opened(), home)[0] == "trained"  # opened before the log recorded its DAG
    assert state(opened(dag_id="clv_daily"), home)[0] == "dead"  # not in Airflow


def test_without_an_answer_of_airflow_running_runs_count_as_waiting(home, monkeypatch):
    def refuse(_: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused")

    transport = httpx.MockTransport(refuse)
    monkeypatch.setattr(airflow_session.httpx, "Client", lambda **_: CLIENT(base_url="http://x", transport=transport))
    assert state(opened(), home)[0] == "waiting"
    assert state(opened("published"), home)[0] == "published"


def test_an_error_of_airflows_database_says_that_the_database_does_not_answer(home, monkeypatch):
    monkeypatch.setenv("CLV_WAREHOUSE_URL", "postgresql://me:pw@127.0.0.1:1/shop")
    broken = httpx.MockTransport(lambda _: httpx.Response(500, json={"detail": {"reason": "Database error"}}))
    monkeypatch.setattr(airflow_session.httpx, "Client", lambda **_: CLIENT(base_url="http://x", transport=broken))
    with pytest.raises(Unavailable, match=r"the warehouse at 127.0.0.1:1/shop does not answer .*; run `clv up`"):
        airflow_session.Airflow(home)


def test_down_lists_the_runs_that_continue_at_the_next_up(home, airflow, monkeypatch):
    airflow("running")
    monkeypatch.setattr(settings, "located", lambda: home)
    monkeypatch.setattr(stack, "down", lambda *_: 5)
    done = CliRunner().invoke(cli.app, ["down"])
    assert done.exit_code == 0
    message = "runs that have not ended continue at the next `clv up`: 2 (2024-03-01, 2024-03-02)"
    assert message in " ".join(done.stdout.split())


def test_a_wait_that_loses_airflow_reports_that_the_runs_continue(monkeypatch):
    def gone(*_: object) -> airflow_api.Run:
        raise Unavailable("Airflow does not answer; run `clv up`")

    monkeypatch.setattr(airflow_api, "PAUSES", ())
    monkeypatch.setattr(airflow_api, "look", gone)
    with pytest.raises(Unavailable, match=r"run `clv up`; the runs that were started will continue, and `clv runs`"):
        airflow_api._look_with_retries(None, "one")  # type: ignore[arg-type]


def test_a_row_of_a_list_has_a_gates_first_sentence_and_its_page():
    error = (
        "gate staging stopped run 2024-03-01.1, nothing new is published: chance outside [0, 1] "
        "[staging.orders: missing_time: 30 of 40 rows judged]; for example line 3; load it again; "
        "everything that was found: /home/gates/2024-03-01.1.html"
    )
    assert runs.brief(error) == (
        "gate staging stopped run 2024-03-01.1, nothing new is published: chance outside [0, 1]; "
        "everything that was found: /home/gates/2024-03-01.1.html"
    )
    assert runs.brief("no luck") == "no luck"
    assert runs.brief("x" * 600) == "x" * 239 + "…"
