"""Starts, stops and shows all services of one home. Each operation can be repeated, and finishes what an interrupted
one began."""

from __future__ import annotations

import base64
import fcntl
import re
import secrets
import shlex
import shutil
import subprocess
import time
import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass
from pathlib import Path

from clv.catalog import tables
from clv.core import options, settings
from clv.core.errors import ClvError
from clv.core.progress import Step
from clv.platform.runtime import airflow, databases, postgres, processes, set_up
from clv.warehouse import db, roles

OLDEST_JAVA = 17
FOLDERS = ("secrets", "landing", "models", "reports", "logs", "run", "airflow", "dbt")
SECRETS = (
    "pseudonym_key",
    "postgres_password",
    *(roles.secret(role) for role in (*roles.PIPELINE, roles.ANALYST)),
    "airflow_password",
    "airflow_viewer_password",
    "airflow_marketer_password",
    "airflow_secret_key",
    "airflow_jwt_secret",
    "airflow_fernet_key",
)


@dataclass(frozen=True)
class ServiceState:
    """The state of one service: `health` is up, starting, or down; `where` is its address."""

    name: str
    health: str
    where: str
    pid: int | None


def up(home: settings.Settings, step: Step = nullcontext) -> tuple[settings.Settings, list[str]]:
    """Starts every service of the home that is not running; returns the home's settings afterwards, and remarks for the
    operator.

    `step(label)` wraps each piece of work to show progress; pieces may run in parallel. Raises ClvError, in one line,
    for what the operator must correct.
    """
    check_java()
    if interrupted := home.state.get("restoring"):
        raise ClvError(
            f"a restore into {home.home} was interrupted; finish it: "
            f"clv restore --backup {shlex.quote(str(interrupted))}"
        )
    make_folders(home)
    with _only_one(home):
        home = _identify(home)
        make_secrets(home)
        if home.embedded:
            home = _start_postgres(home, step)
        remarks = databases.prepare(home)
        home = _choose_airflow_port(home)
        airflow.write_password_file(home)
        digest = set_up.digest(home)
        if home.state.get("set_up") != digest:
            _set_up(home, step)
            home = home.remember(set_up=digest)
        if _start_services(home) or not all(airflow.health(home).values()):
            with step("Airflow is ready"):
                airflow.wait_until_ready(home)
    return home, remarks


@contextmanager
def database(home: settings.Settings, step: Step = nullcontext) -> Iterator[settings.Settings]:
    """Yields the home with its database running. Stops the database at the end if it was not running before."""
    make_folders(home)
    data = home.home / "postgres"
    ran = not home.embedded or postgres.running(data)
    with _only_one(home):
        home = _identify(home)
        make_secrets(home)
        if home.embedded:
            home = _start_postgres(home, step)
        databases.prepare(home)
    try:
        yield home
    finally:
        if not ran:
            with _only_one(home):
                if not processes.ours(home, *airflow.SERVICES):  # unless another command has started services meanwhile
                    postgres.stop(data)


def down(home: settings.Settings, step: Step = nullcontext) -> int:
    """Stops everything that the home started, with all child processes; returns the number of processes ended."""
    if not home.home.is_dir():
        return 0
    make_folders(home)
    with _only_one(home):
        ended = 0
        if "home_id" in home.state:
            with step("Airflow is stopped"):
                # Stop the API server last: the others report to it while they end.
                ended += processes.stop(home, *(name for name in airflow.SERVICES if name != "api-server"))
                ended += processes.stop(home)
        data = home.home / "postgres"
        if postgres.running(data):
            with step("PostgreSQL is stopped"):
                postgres.stop(data)
                ended += 1
        postgres.clear_remains(data)
    return ended


def runs(home: settings.Settings) -> bool:
    """Whether any process of the home runs."""
    return postgres.running(home.home / "postgres") or bool(processes.ours(home))


def status(home: settings.Settings) -> list[ServiceState]:
    """The state of each service, the database first."""
    found = [_database_state(home)]
    # Without the database, the services cannot be healthy.
    healthy = airflow.health_in_a_moment(home) if found[0].health == "up" else airflow.health(home)
    for name in airflow.SERVICES:
        process = processes.find(home, name)
        state = "up" if healthy[name] else "starting" if process else "down"
        where = airflow.url(home) if name == "api-server" and process else ""
        found.append(ServiceState(name, state, where, process.pid if process else None))
    return found


def check_java() -> None:
    """Raises ClvError, with the remedy, if Spark would find no Java or one that is too old."""
    home = options.from_environment(options.Spark).java_home
    program = f"{home}/bin/java" if home else shutil.which("java")
    remedy = "install it (Debian, Ubuntu: apt-get install default-jre-headless), or set JAVA_HOME to its folder"
    if not program or not Path(program).exists():
        raise ClvError(f"Spark needs Java {OLDEST_JAVA} or newer, and none was found; {remedy}")
    output = subprocess.run([program, "-version"], capture_output=True, text=True).stderr
    version = re.search(r'version "(?:1\.)?(\d+)', output)
    if not version or int(version[1]) < OLDEST_JAVA:
        found = f"Java {version[1]}" if version else "something else"
        raise ClvError(f"Spark needs Java {OLDEST_JAVA} or newer and {program} is {found}; {remedy}")


def make_folders(home: settings.Settings) -> None:
    """Creates the home and its folders, closed to other users."""
    try:
        home.home.mkdir(parents=True, exist_ok=True)
        home.home.chmod(0o700)
        for name in FOLDERS:
            (home.home / name).mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise ClvError(
            f"the home {home.home} cannot be created ({error.strerror}); set CLV_HOME to a folder of yours"
        ) from None


def make_secrets(home: settings.Settings) -> None:
    """Creates the missing secrets, each in a file that only its owner can read.

    Raises ClvError instead of replacing a secret that existing data depends on.
    """
    has_data = (home.home / "postgres").exists() if home.embedded else "set_up" in home.state
    for name in SECRETS:
        path = home.secrets / name
        if path.exists():
            continue
        if has_data and (name == "pseudonym_key" or (name == "postgres_password" and home.embedded)):
            raise ClvError(f"{path} is missing, and the data in {home.home} depends on it; restore it from your backup")
        fresh = secrets.token_urlsafe(32 if name.endswith(("key", "secret")) else 18)
        if name == "airflow_fernet_key":
            fresh = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode()
        partial = path.with_suffix(".partial")
        partial.unlink(missing_ok=True)
        partial.touch(mode=0o600)
        partial.write_text(fresh)
        partial.replace(path)


def _identify(home: settings.Settings) -> settings.Settings:
    home = settings.load(home.home)  # read again: another `clv up` may have written them while this one waited
    path = home.home / "home_id"
    if not path.exists():
        partial = path.with_suffix(".partial")
        partial.write_text(home.state.get("home_id") or uuid.uuid4().hex)
        partial.replace(path)
    return settings.load(home.home)


def _start_postgres(home: settings.Settings, step: Step) -> settings.Settings:
    data = home.home / "postgres"
    port = postgres.running_port(data)
    if port is not None:
        return home if home.state.get("postgres_port") == port else home.remember(postgres_port=port)
    with step("PostgreSQL is up"):
        processes.stop(home)  # Airflow's services do not survive without their database
        if not (data / "PG_VERSION").exists():
            postgres.initialise(data, home.secret("postgres_password"))
            home = home.remember(set_up=None)
        port = home.state.get("postgres_port")
        if port is None or not postgres.is_free(port):
            port = postgres.free_port()
        home = home.remember(postgres_port=port)
        postgres.start(data, port)
    return home


def _choose_airflow_port(home: settings.Settings) -> settings.Settings:
    port = home.state.get("airflow_port")
    if port is not None and (processes.find(home, "api-server") or postgres.is_free(port)):
        return home
    return home.remember(airflow_port=postgres.free_port())


def _set_up(home: settings.Settings, step: Step) -> None:
    """Creates the tables of the warehouse, of Airflow and of MLflow: three databases, in parallel."""

    def take(part: str, label: str) -> None:
        with step(label):
            set_up.start(home, part)
        if part == "airflow":
            _start_services(home)

    parts = {
        "airflow": "Airflow's tables are created",
        "warehouse": "the warehouse's tables are created",
        "registry": "the model registry is created",
    }
    with ThreadPoolExecutor(len(parts)) as pool:
        for work in [pool.submit(take, part, label) for part, label in parts.items()]:
            work.result()


def _start_services(home: settings.Settings) -> bool:
    """Starts each service that is not running as defined; returns whether one was started."""
    stale = [service for service in airflow.services(home) if not processes.is_current(home, service)]
    for service in stale:
        processes.stop(home, service.name)  # ends an outdated service, or processes that a killed service left
        processes.start(home, service)
    return bool(stale)


def _database_state(home: settings.Settings) -> ServiceState:
    where, pid, health = "", None, "down"
    if home.embedded:
        port = postgres.running_port(home.home / "postgres")
        if port is None:
            return ServiceState("postgres", health, where, pid)
        pid = int((home.home / "postgres" / "postmaster.pid").read_text().split()[0])
    try:
        where = settings.place(home.warehouse_url)
        db.rows(f"select 1 from {tables.PUBLICATIONS} limit 1", url=home.warehouse_url)  # noqa: S608 - our own names
        health = "up"
    except Exception:  # noqa: BLE001 - whatever is wrong with it, it is not up
        health = "starting" if pid else "down"
    return ServiceState("postgres", health, where, pid)


@contextmanager
def _only_one(home: settings.Settings) -> Iterator[None]:
    """Makes `clv up` and `clv down` of one home wait for each other. The lock is released when its process ends."""
    with (home.home / "run" / "lock").open("w") as file:
        deadline = time.monotonic() + 300
        while True:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise ClvError(f"another `clv up` or `clv down` of {home.home} is running; wait for it") from None
                time.sleep(0.2)
        yield
