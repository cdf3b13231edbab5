"""The life of a home with real services: start it, kill a service, repair it, stop it, and check that nothing is
left."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import httpx
import psutil
import pytest

from clv.platform.runtime import airflow

pytestmark = pytest.mark.e2e


@pytest.fixture
def folder(tmp_path: Path):
    """A home whose path contains a space. It is stopped at the end, also on a failure."""
    home = tmp_path / "my shop"
    yield home
    clv(home, "down", check=False)


def clv(home: Path, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
    """Runs `clv …` from a folder other than the project's."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CLV_"))}
    done = subprocess.run(
        [Path(sys.executable).parent / "clv", *arguments],
        env={**environment, "CLV_HOME": str(home), "COLUMNS": "160"},
        cwd="/",
        capture_output=True,
        text=True,
        timeout=600,
    )
    if check:
        assert done.returncode == 0, f"clv {' '.join(arguments)}\n{done.stdout}\n{done.stderr}"
    return done


def processes_of(home: Path) -> dict[int, str]:
    """All running processes that belong to the home: by environment, folder, or command line."""
    found = {}
    for process in psutil.process_iter():
        try:
            if process.pid == os.getpid() or process.status() == psutil.STATUS_ZOMBIE:
                continue
            words = process.cmdline()
            if (
                process.environ().get("CLV_HOME") == str(home)
                or home in [Path(process.cwd()), *Path(process.cwd()).parents]
                or any(str(home) in word for word in words)
            ):
                found[process.pid] = " ".join(words)[:120]
        except (psutil.Error, OSError):
            continue
    return found


def remembered(home: Path, name: str) -> int:
    return json.loads((home / "run" / f"{name}.json").read_text())["pid"]


def viewer_may_only_look(folder: Path, url: str) -> None:
    """Signs in as the viewer, who can read DAGs but start none."""
    login = {"username": "viewer", "password": (folder / "secrets" / "airflow_viewer_password").read_text()}
    token = httpx.post(f"{url}/auth/token", json=login, trust_env=False).raise_for_status().json()["access_token"]
    client = httpx.Client(base_url=f"{url}/api/v2", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert client.get("/dags/clv_daily").status_code == httpx.codes.OK
    assert client.get("/dags/clv_daily/dagRuns").status_code == httpx.codes.OK
    started = client.post("/dags/clv_daily/dagRuns", json={"logical_date": None})
    assert started.status_code == httpx.codes.FORBIDDEN


def marketer_may_not_even_look(folder: Path, url: str) -> None:
    """Signs in as the marketer, for whom there are no DAGs."""
    login = {"username": "marketer", "password": (folder / "secrets" / "airflow_marketer_password").read_text()}
    token = httpx.post(f"{url}/auth/token", json=login, trust_env=False).raise_for_status().json()["access_token"]
    client = httpx.Client(base_url=f"{url}/api/v2", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    assert client.get("/dags").status_code == httpx.codes.FORBIDDEN


def test_up_repair_and_down(folder):
    output = clv(folder, "up").stdout
    assert "user admin" in output
    assert clv(folder, "status").stdout.count(" up ") == 5

    state = json.loads((folder / "state.json").read_text())
    url = f"http://127.0.0.1:{state['airflow_port']}"
    login = {"username": "admin", "password": (folder / "secrets" / "airflow_password").read_text()}
    token = httpx.post(f"{url}/auth/token", json=login, trust_env=False).raise_for_status().json()["access_token"]
    client = httpx.Client(base_url=f"{url}/api/v2", headers={"Authorization": f"Bearer {token}"}, trust_env=False)
    dags = {dag["dag_id"]: dag["is_paused"] for dag in client.get("/dags").json()["dags"]}
    assert dags == {"clv_daily": False, "clv_train": False, "clv_upkeep": False, "clv_watch": False}
    assert client.get("/dags/~/dagRuns").json()["total_entries"] == 0, "no run is started unasked"
    assert {part["status"] for part in client.get("/monitor/health").json().values()} == {"healthy"}, "nothing is red"
    viewer_may_only_look(folder, url)
    marketer_may_not_even_look(folder, url)
    pools = {pool["name"]: pool["slots"] for pool in client.get("/pools").json()["pools"]}
    assert pools["spark"] == pools["build"] == pools["fetch"] == 1

    before = {name: remembered(folder, name) for name in airflow.SERVICES}
    clv(folder, "up")
    assert {name: remembered(folder, name) for name in before} == before, "nothing that is well is touched"

    # A killed scheduler leaves its worker processes behind. `clv up` ends them and starts a new scheduler.
    workers = psutil.Process(before["scheduler"]).children(recursive=True)
    psutil.Process(before["scheduler"]).kill()
    assert clv(folder, "status", check=False).returncode == 3
    clv(folder, "up")
    clv(folder, "status")
    assert remembered(folder, "scheduler") != before["scheduler"]
    assert remembered(folder, "api-server") == before["api-server"]
    assert not [worker for worker in workers if worker.is_running() and worker.status() != psutil.STATUS_ZOMBIE]

    # The same for the database, which keeps its port.
    postmaster = int((folder / "postgres" / "postmaster.pid").read_text().split()[0])
    psutil.Process(postmaster).kill()
    assert clv(folder, "status", check=False).returncode == 3
    clv(folder, "up")
    clv(folder, "sql", "select count(*) from analytics.customer_clv")
    assert json.loads((folder / "state.json").read_text())["postgres_port"] == state["postgres_port"]

    listening = {
        connection.laddr.ip
        for pid in processes_of(folder)
        for connection in psutil.Process(pid).net_connections()
        if connection.status == psutil.CONN_LISTEN
    }
    assert listening == {"127.0.0.1"}
    output = "\n".join(word for pid in processes_of(folder) for word in psutil.Process(pid).cmdline())
    assert [path.name for path in (folder / "secrets").iterdir() if path.read_text().strip() in output] == []

    clv(folder, "down")
    assert processes_of(folder) == {}
    assert clv(folder, "status", check=False).returncode == 3
