"""Runs docker-compose.yml without Docker: each service's command and health check as written there, on this machine.

Replaces only what a container provides: host names become 127.0.0.1, ports become free ones, the volume and the secrets
become folders.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import left_behind
import psutil
import pytest
import yaml

from clv.core import settings
from clv.platform.runtime import postgres

pytestmark = pytest.mark.e2e

SERVICES = yaml.safe_load((settings.PROJECT / "docker-compose.yml").read_text())["services"]
# Every port that a service listens on, by its number in docker-compose.yml.
PORTS = {
    ("postgres", "5432"): postgres.free_port,
    ("mlflow", "5000"): postgres.free_port,
    ("spark-master", "7077"): postgres.free_port,
    ("spark-master", "8080"): postgres.free_port,
    ("spark-worker", "8081"): postgres.free_port,
    ("airflow-api-server", "8080"): postgres.free_port,
    ("airflow-scheduler", "8974"): postgres.free_port,
}
ENTRYPOINT = [sys.executable, str(settings.PROJECT / "docker" / "entrypoint.py")]
COUNT_ON_WORKERS = """
from clv.core import settings
from spark_jobs.io import session
spark = session.start("compose-check", settings.load())
print("master", spark.sparkContext.master)
rows = spark.range(0, 1000, 1, 4).mapInPandas(lambda parts: parts, "id long")
print("sum", rows.groupBy().sum().first()[0])
spark.stop()
"""
REGISTER_A_MODEL = """
from datetime import date
from pathlib import Path
from tempfile import TemporaryDirectory
from clv.warehouse import registry
with TemporaryDirectory() as folder:
    (Path(folder) / "model.txt").write_text("fitted")
    made = registry.register(Path(folder), date(2024, 5, 1), "0123456789", False, {"trees": 5}, {"mae": 1.5})
assert registry.find(date(2024, 5, 1), "0123456789") == made
print("registered", made.model_version, (registry.files(made.model_version) / "model.txt").read_text())
"""


class Native:
    """The services of docker-compose.yml as processes of this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.home = folder / "home"
        self.secrets = folder / "secrets"
        self.own = folder / "own"
        self.ports = {key: str(find()) for key, find in PORTS.items()}
        self.running: dict[str, subprocess.Popen] = {}
        self.found: dict[str, str] = {}

    def translate(self, service: str, text: str) -> str:
        """A word of docker-compose.yml, changed for this machine."""
        for theirs, here in (("/var/lib/clv", self.home), ("/run/secrets", self.secrets), ("/opt/own", self.own)):
            text = text.replace(theirs, str(here))
        text = re.sub(r"\$\{\w+:-([^}]*)\}", r"\1", text)
        for (name, port), free in self.ports.items():
            text = re.sub(rf"\b{name}:{port}\b", f"127.0.0.1:{free}", text)
            if name == service:
                text = re.sub(rf"127\.0\.0\.1:{port}\b|(?<==){port}$|^{port}$", _with_port(free), text)
        if text in SERVICES or text == "0.0.0.0":  # noqa: S104 - it is what we replace
            return "127.0.0.1"
        return text

    def command(self, service: str) -> list[str]:
        program, *arguments = SERVICES[service]["command"]
        words = [program, *(self.translate(service, word) for word in arguments)]
        if service != "postgres":
            return [*ENTRYPOINT, *words]
        # Settings that the image provides: the place of the data and, for root, an unprivileged user.
        data = str(self.folder / "postgres")
        extra = ["-D", data, "-p", self.ports["postgres", "5432"], "-h", "127.0.0.1", "-k", ""]
        return postgres._command(words[0], *words[1:], *extra)

    def environment(self, service: str) -> dict[str, str]:
        names = ("HOME", "LANG", "JAVA_HOME", "TMPDIR", left_behind.MARKS)
        inherited = {name: os.environ[name] for name in names if name in os.environ}
        path = [str(Path(sys.executable).parent), str(postgres.BIN), os.environ["PATH"]]
        own = {name: self.translate(service, value) for name, value in SERVICES[service].get("environment", {}).items()}
        python = {"PYTHONPATH": str(settings.PROJECT), "PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1"}
        return {**inherited, "PATH": os.pathsep.join(path), **python, **own}

    def start(self, service: str) -> None:
        with (self.folder / f"{service}.log").open("w") as log:
            self.running[service] = subprocess.Popen(
                self.command(service),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=settings.PROJECT,
                env=self.environment(service),
                start_new_session=True,
            )

    def wait(self, service: str, seconds: int = 240) -> str:
        """Waits until the service has completed or is healthy; otherwise fails with the end of its log and the health
        check's output."""
        process, words = self.running[service], "never checked"
        check = SERVICES[service].get("healthcheck", {}).get("test", [])[1:]
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if process.poll() is not None:
                assert not check and process.returncode == 0, f"{service} ended\n{self.log(service)}"  # noqa: PT018
                return "completed"
            if check:
                words = self.ask(service, check)
                if not words:
                    return "healthy"
            time.sleep(1)
        raise AssertionError(f"{service}: {words}\n{self.log(service)}")

    def ask(self, service: str, check: list[str]) -> str:
        """Runs the health check; returns its output, which is empty when the service is healthy."""
        done = subprocess.run(
            [self.translate(service, word) for word in check],
            cwd=settings.PROJECT, env=self.environment(service), capture_output=True, text=True,
        )  # fmt: skip
        return "" if done.returncode == 0 else done.stdout + done.stderr or "unhealthy"

    def log(self, service: str) -> str:
        return (self.folder / f"{service}.log").read_text()[-3000:]

    def stop(self) -> None:
        """Ends the started services, last first, each with all its child processes."""
        for service, process in reversed(self.running.items()):
            if process.poll() is not None:
                continue
            children = psutil.Process(process.pid).children(recursive=True)
            # SIGINT makes PostgreSQL end its sessions too.
            process.send_signal(signal.SIGINT if service == "postgres" else signal.SIGTERM)
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            for child in psutil.wait_procs(children, timeout=5)[1]:
                child.kill()


def _with_port(free: str):
    return lambda found: f"127.0.0.1:{free}" if found[0].startswith("127.") else free


@pytest.fixture(scope="module")
def native(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Native]:
    folder = tmp_path_factory.mktemp("compose")
    native = Native(folder)
    make = [sys.executable, "docker/make_secrets.py", str(folder / "made")]
    subprocess.run(make, cwd=settings.PROJECT, check=True)
    native.secrets.mkdir()
    for name in ("steps", "forecasters"):
        (native.own / name).mkdir(parents=True)
    for path in (folder / "made").iterdir():  # Compose mounts NAME.txt as NAME
        (native.secrets / path.stem).write_text(native.translate("", path.read_text()))
    postgres.initialise(folder / "postgres", (native.secrets / "postgres_password").read_text())
    try:
        start_all(native)
        yield native
    finally:
        native.stop()


def start_all(native: Native) -> None:
    """Starts each service when those that it depends on are up; fails if one does not start."""
    order = TopologicalSorter({name: set(service.get("depends_on", {})) for name, service in SERVICES.items()})
    order.prepare()
    while ready := order.get_ready():
        for service in ready:
            if check := SERVICES[service].get("healthcheck"):
                assert native.ask(service, check["test"][1:]), "healthy before it was started"
            native.start(service)
        for service in ready:
            native.found[service] = native.wait(service)
            if service == "postgres":  # the image creates the database that POSTGRES_DB names
                make_database(native)
        order.done(*ready)


def test_every_service_comes_up_healthy_in_the_order_of_the_file(native: Native) -> None:
    wanted = {name: "healthy" if "healthcheck" in service else "completed" for name, service in SERVICES.items()}
    assert native.found == wanted


def test_the_project_s_spark_session_runs_on_the_workers(native: Native) -> None:
    done = subprocess.run(
        [*ENTRYPOINT, "python", "-c", COUNT_ON_WORKERS],
        cwd=settings.PROJECT, env=native.environment("airflow-scheduler"), capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    assert f"master spark://127.0.0.1:{native.ports['spark-master', '7077']}" in done.stdout
    assert "sum 499500" in done.stdout


def test_a_model_is_registered_and_found_through_mlflow_s_server(native: Native) -> None:
    environment = native.environment("airflow-scheduler")
    assert environment["MLFLOW_TRACKING_URI"].startswith("http://127.0.0.1:")
    done = subprocess.run(
        [*ENTRYPOINT, "python", "-c", REGISTER_A_MODEL],
        cwd=settings.PROJECT, env=environment, capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert "registered 2024-05-01-01234567 fitted" in done.stdout, done.stderr[-3000:]
    assert list((native.home / "models").rglob("model.txt"))


def make_database(native: Native) -> None:
    import psycopg

    url = (native.secrets / "warehouse_url").read_text().rpartition("/")[0]
    with psycopg.connect(f"{url}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {SERVICES['postgres']['environment']['POSTGRES_DB']}")  # type: ignore[arg-type]
