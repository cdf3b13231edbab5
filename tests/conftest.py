"""Shared fixtures: a real PostgreSQL for the session, and a fresh warehouse for each test that needs one."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import browsing
import left_behind
import pytest
from homes import MIGRATED, SET_UP, made_home
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from clv.core import settings
from clv.platform.runtime import postgres

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# Test data may be lost in a crash, so PostgreSQL need not wait for the disk.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}

# Tests write a module again within a second, and Python would take the bytecode of the earlier one.
sys.dont_write_bytecode = True

# A process of pytest-xdist has no main file, which PySpark would take for its own doctests and exit.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = pytest.__file__


# A shell's `&` lets what it starts ignore SIGINT, and so would the commands that tests interrupt.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# How the paths of tests begin that share a home.
SHARING = ("tests/e2e/test_", "tests/integration/dbt_project/four_customers/")


class OneHomeEach(LoadFileScheduling):
    """Keeps the tests that share a home, and the tests of one file, in one process, so that what they share is made
    once."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in SHARING if nodeid.startswith(folder)), super()._split_scope(nodeid))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> OneHomeEach:
    return OneHomeEach(config, log)


@pytest.fixture(scope="session", autouse=True)
def commands_hear_hangups() -> None:
    """Lets the commands that tests start be ended by SIGHUP, also where nohup lets the tests ignore it.

    A handler is not inherited, and "ignore" is. A fixture sets it, because pytest-xdist's processes, which inherit from
    pytest, must go on too.
    """
    if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN:
        signal.signal(signal.SIGHUP, lambda *_: None)


@pytest.fixture(scope="session", autouse=True)
def nothing_left_behind() -> Iterator[None]:
    """Ends the databases, services and other programs that the session starts when it ends, even if it is killed."""
    mark, before = secrets.token_hex(8), os.environ.get(left_behind.MARKS, "")
    command = [sys.executable, left_behind.__file__, mark]
    environment = {**os.environ, "PYTHONPATH": str(settings.PROJECT)}
    with subprocess.Popen(command, stdin=subprocess.PIPE, start_new_session=True, env=environment):
        os.environ[left_behind.MARKS] = f"{before} {mark}"
        yield


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


def template(request: pytest.FixtureRequest) -> str:
    """What the warehouse of the home that a test or module asks for is a copy of: see the marker set_up."""
    return SET_UP if request.node.get_closest_marker("set_up") else MIGRATED


@pytest.fixture
def home(
    server: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Iterator[settings.Settings]:
    """A fresh home whose warehouse is migrated and has no rows."""
    with made_home(server, tmp_path / "home", monkeypatch, template(request)) as made:
        yield made


@pytest.fixture(scope="module")
def module_home(
    server: str, tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[settings.Settings]:
    """Like `home`, for all tests of a module whose data takes long to make."""
    folder = tmp_path_factory.mktemp("module") / "home"
    with pytest.MonkeyPatch.context() as patch, made_home(server, folder, patch, template(request)) as made:
        yield made


@pytest.fixture(scope="session")
def real_data() -> Path:
    """The folder of real orders; skips the test when it does not exist."""
    if not REAL_DATA.is_dir():
        pytest.skip(f"real orders are not here ({REAL_DATA} is absent)")
    return REAL_DATA


@pytest.fixture(scope="session")
def browser() -> Iterator:
    """Headless Chromium, one per process, because Playwright cannot start twice in a process."""
    if browsing.CHROMIUM is None:
        pytest.skip("Chromium is not installed (Debian: apt-get install chromium)")
    with browsing.started() as browser:
        yield browser
