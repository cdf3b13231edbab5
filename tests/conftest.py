"""Shared parts: a real PostgreSQL for the session, a fresh warehouse for each test that asks for one."""

from __future__ import annotations

import itertools
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import browsing
import psycopg
import pytest
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from clv import roles, settings, warehouse
from clv.runtime import postgres

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
PASSWORDS = {role: secrets.token_urlsafe(16) for role in roles.PIPELINE}
# Nobody's data: what a crash of the machine would lose need not wait for the disk, nor fill it.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}
_numbers = itertools.count(1)

# A process of pytest-xdist has no main file; PySpark would take that for its own doctests and end it.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = pytest.__file__


class OneHomeEach(LoadFileScheduling):
    """What is made once stays in one process: the tests that share a running home, and the tests of a file."""

    def _split_scope(self, nodeid: str) -> str:
        return "tests/e2e" if nodeid.startswith("tests/e2e/") else super()._split_scope(nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneHomeEach:
    return OneHomeEach(config, log)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real PostgreSQL server, embedded; gives its URL without a database."""
    data = tmp_path_factory.mktemp("server") / "postgres"
    password = secrets.token_urlsafe(16)
    postgres.initialise(data, password)
    port = postgres.free_port()
    with pytest.MonkeyPatch.context() as patch:
        for option, value in HASTY.items():
            patch.setitem(postgres.OPTIONS, option, value)
        postgres.start(data, port)
    yield f"postgresql://clv_owner:{password}@127.0.0.1:{port}"
    postgres.stop(data)


def make_roles(connection: psycopg.Connection) -> None:
    """The pipeline's roles, which all homes of a server share."""
    there = {name for (name,) in connection.execute("select rolname from pg_roles").fetchall()}
    for role, password in PASSWORDS.items():
        if roles.name(role) not in there:
            connection.execute(f"create role {roles.name(role)} login password '{password}'")  # type: ignore[arg-type]


@contextmanager
def made_home(server: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[settings.Settings]:
    """A home with a migrated, empty warehouse of its own, which goes with it; CLV_HOME and CLV_WAREHOUSE_URL point
    at it."""
    database = f"warehouse_{next(_numbers)}"
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        connection.execute(f"create database {database}")  # type: ignore[arg-type]
        make_roles(connection)
    (folder / "secrets").mkdir(parents=True)
    for secret in ("pseudonym_key", "analyst_password"):
        (folder / "secrets" / secret).write_text(secrets.token_hex(32))
    for role, password in PASSWORDS.items():
        (folder / "secrets" / roles.secret(role)).write_text(password)
    monkeypatch.setenv("CLV_HOME", str(folder))
    monkeypatch.setenv("CLV_WAREHOUSE_URL", f"{server}/{database}")
    warehouse.migrate()
    yield settings.load()
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        for name in (database, f"{database}_mlflow"):
            connection.execute(f"drop database if exists {name} with (force)")  # type: ignore[arg-type]


@pytest.fixture
def home(server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[settings.Settings]:
    """A fresh home whose warehouse is empty and migrated."""
    with made_home(server, tmp_path / "home", monkeypatch) as made:
        yield made


@pytest.fixture(scope="module")
def module_home(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Settings]:
    """Like `home`, for all tests of a module: where what they look at takes long to make."""
    folder = tmp_path_factory.mktemp("module") / "home"
    with pytest.MonkeyPatch.context() as patch, made_home(server, folder, patch) as made:
        yield made


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real orders; the test is skipped where it is absent."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real orders are not here ({REAL_DATA} is absent)")
    return REAL_DATA


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Chromium, without a head: one of each process, which Playwright cannot start twice."""
    if browsing.CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with browsing.started() as browser:
        yield browser
