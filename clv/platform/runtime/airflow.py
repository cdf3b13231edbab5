"""Airflow's services for one home: configured only by environment variables, listening on loopback, with the home's own
secrets."""

from __future__ import annotations

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path

import httpx

from clv.core import options, settings
from clv.core.errors import ClvError
from clv.core.places import CODE
from clv.marketing.rights import MARKETER
from clv.platform.runtime import processes
from clv.platform.runtime.processes import Service

USER = "admin"
# Users by name, with their role in Airflow and the secret that is their password. A viewer reads runs, logs and
# reports, but cannot start or change anything. A marketer sees reports and the pages of clv.marketing, and acts there.
USERS = {
    USER: ("admin", "airflow_password"),
    "viewer": ("viewer", "airflow_viewer_password"),
    MARKETER: (MARKETER, "airflow_marketer_password"),
}
DAGS = settings.PROJECT / "dags"
SERVICES = {
    "api-server": ["airflow", "api-server"],
    # Do not start the log server: it cannot listen on loopback only, and logs are read from the folder.
    "scheduler": ["clv.platform.runtime.scheduler", "--skip-serve-logs"],
    "dag-processor": ["airflow", "dag-processor"],
    # None of our tasks needs the triggerer, but without it Airflow's home page shows a service that is down.
    "triggerer": ["airflow", "triggerer", "--skip-serve-logs"],
}
# Tasks that must not run at the same time share a pool with one slot.
POOLS = {
    "spark": "Tasks that start Spark: one at a time, since each takes the machine.",
    "build": "dbt builds: one at a time, since they share tables.",
    "fetch": "Fetches from the shop's databases and services: one at a time, so as not to burden them.",
}
PARALLELISM = 4
START_SECONDS = 180
HEALTH_WAIT_SECONDS = 45  # Airflow reports a service as unhealthy after 30 seconds without a heartbeat


def url(home: settings.Settings) -> str:
    """The address of the API server and the web pages. Raises ClvError before the first `clv up`."""
    if "airflow_port" not in home.state:
        raise ClvError(f"Airflow was never started in {home.home}; run `clv up` first")
    return f"http://127.0.0.1:{home.state['airflow_port']}"


def environment(home: settings.Settings) -> dict[str, str]:
    """The environment variables of Airflow's services and tasks, in addition to the caller's environment."""
    base = url(home)
    database = home.database_url("airflow").removeprefix("postgresql://")
    variables = {
        **options.set_variables(),
        "AIRFLOW_HOME": home.airflow_home,
        "AIRFLOW__CORE__DAGS_FOLDER": DAGS,
        "AIRFLOW__CORE__PLUGINS_FOLDER": DAGS / "plugins",
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": PARALLELISM,
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__MIN_SERIALIZED_DAG_UPDATE_INTERVAL": 5,
        "AIRFLOW__CORE__FERNET_KEY": home.secret("airflow_fernet_key"),
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"{base}/execution/",
        "AIRFLOW__CORE__AUTH_MANAGER": "clv.platform.airflow_rights.Rights",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_USERS": ",".join(f"{name}:{role}" for name, (role, _) in USERS.items()),
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_PASSWORDS_FILE": home.secrets / "airflow_passwords.json",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{database}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{_for_asyncpg(database)}",
        "AIRFLOW__API__HOST": "127.0.0.1",
        "AIRFLOW__API__PORT": home.state["airflow_port"],
        "AIRFLOW__API__BASE_URL": base,
        "AIRFLOW__API__WORKERS": 1,
        "AIRFLOW__API__SECRET_KEY": home.secret("airflow_secret_key"),
        "AIRFLOW__API__INSTANCE_NAME": "Perennial",
        "AIRFLOW__API_AUTH__JWT_SECRET": home.secret("airflow_jwt_secret"),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": 15,
        "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": 60,
        "AIRFLOW__DAG_PROCESSOR__PARSING_PROCESSES": 1,
        "AIRFLOW__SCHEDULER__TASK_INSTANCE_HEARTBEAT_TIMEOUT": 120,
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": home.airflow_home / "logs",
        "AIRFLOW__LOGGING__DAG_PROCESSOR_CHILD_PROCESS_LOG_DIRECTORY": home.airflow_home / "logs" / "dag_processor",
        "AIRFLOW__LOGGING__REMOTE_LOGGING": "False",
        "AIRFLOW__TRIGGERER__CAPACITY": 10,
        "CLV_HOME": home.home,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
        "PYTHONPATH": CODE,
        "PYTHONUNBUFFERED": "1",
        "PYSPARK_PYTHON": sys.executable,
        "NO_PROXY": f"127.0.0.1,localhost,{os.environ.get('NO_PROXY', '')}",
        "SPT_NOENV": "1",  # process titles would overwrite the environment variables by which our processes are found
        **settings.QUIET,
    }
    return {name: str(value) for name, value in variables.items()}


def services(home: settings.Settings) -> list[Service]:
    """The services that `clv up` starts, in their order."""
    return [
        Service(name, [sys.executable, "-m", *arguments], environment(home)) for name, arguments in SERVICES.items()
    ]


def write_password_file(home: settings.Settings) -> None:
    """Writes the users' passwords to the file that Airflow's SimpleAuthManager reads."""
    path = home.secrets / "airflow_passwords.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps({name: home.secret(secret) for name, (_, secret) in USERS.items()}))


def wait_until_ready(home: settings.Settings) -> None:
    """Waits until all services are healthy and the DAGs are parsed.

    Raises ClvError with the service that ended or did not become ready, and with its log.
    """
    deadline = time.monotonic() + START_SECONDS
    missing = "api-server"
    while time.monotonic() < deadline:
        for name in SERVICES:
            if processes.find(home, name) is None:
                raise ClvError(
                    f"Airflow's {name} ended while starting ({processes.log_tail(home, name)}); "
                    f"see {processes.log_file(home, name)}"
                )
        healthy = health(home)
        missing = next((name for name in SERVICES if not healthy[name]), "")
        if not missing and not missing_dags(home):
            return
        time.sleep(0.5)
    if missing:
        raise ClvError(
            f"Airflow's {missing} is not ready after {START_SECONDS} seconds; see {processes.log_file(home, missing)}"
        )
    raise ClvError(
        f"Airflow does not know {', '.join(missing_dags(home))} after {START_SECONDS} seconds; "
        f"see {home.airflow_home / 'logs' / 'dag_processor'}"
    )


def health(home: settings.Settings) -> dict[str, bool]:
    """By service, whether it runs and has sent a heartbeat since it was started."""
    alive = {name: processes.find(home, name) is not None for name in SERVICES}
    try:
        answer = httpx.get(f"{url(home)}/api/v2/monitor/health", timeout=5, trust_env=False)
        answer.raise_for_status()
        report = answer.json()
    except (httpx.HTTPError, ValueError, ClvError):
        return dict.fromkeys(SERVICES, False)
    beats = {
        "api-server": report.get("metadatabase", {}).get("status") == "healthy",
        "scheduler": _beats(home, "scheduler", report.get("scheduler"), "latest_scheduler_heartbeat"),
        "dag-processor": _beats(home, "dag-processor", report.get("dag_processor"), "latest_dag_processor_heartbeat"),
        "triggerer": _beats(home, "triggerer", report.get("triggerer"), "latest_triggerer_heartbeat"),
    }
    return {name: alive[name] and beats[name] for name in SERVICES}


def health_in_a_moment(home: settings.Settings) -> dict[str, bool]:
    """Like `health`, but while every service is running it waits for late heartbeats, because a busy service sends them
    late."""
    deadline = time.monotonic() + HEALTH_WAIT_SECONDS
    while True:
        found = health(home)
        alive = all(processes.find(home, name) is not None for name in SERVICES)
        if all(found.values()) or not alive or time.monotonic() > deadline:
            return found
        time.sleep(1)


def missing_dags(home: settings.Settings) -> list[str]:
    """The project's DAGs that Airflow has not parsed yet."""
    wanted = sorted(path.stem for path in DAGS.glob("clv_*.py"))
    try:
        client = httpx.Client(base_url=url(home), timeout=10, trust_env=False)
        login = {"username": USER, "password": home.secret("airflow_password")}
        token = client.post("/auth/token", json=login).raise_for_status().json()["access_token"]
        answer = client.get("/api/v2/dags", params={"limit": 100}, headers={"Authorization": f"Bearer {token}"})
        known = {dag["dag_id"] for dag in answer.raise_for_status().json()["dags"]}
    except httpx.HTTPError:
        return wanted
    return [name for name in wanted if name not in known]


def _beats(home: settings.Settings, name: str, report: dict | None, field: str) -> bool:
    beat = (report or {}).get(field)
    if not beat or (report or {}).get("status") != "healthy":
        return False
    return datetime.fromisoformat(beat).timestamp() >= processes.started_at(home, name)


def _for_asyncpg(database: str) -> str:
    # asyncpg uses another name for libpq's option sslmode.
    return database.replace("sslmode=", "ssl=")
