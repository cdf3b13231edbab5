"""Shared parts: a real PostgreSQL for the session, a fresh warehouse for each test that asks for one."""

from __future__ import annotations

import secrets
import sys
from collections.abc import Iterator
from pathlib import Path

import browsing
import pytest
from homes import made_home
from xdist.remote import Producer
from xdist.scheduler import LoadFileScheduling

from clv.core import settings
from clv.platform.runtime import postgres

REAL_DATA = Path(__file__).resolve().parents[2] / "shared" / "data"
# Nobody's data: what a crash of the machine would lose need not wait for the disk, nor fill it.
HASTY = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "max_wal_size": "256MB"}

# A process of pytest-xdist has no main file; PySpark would take that for its own doctests and end it.
if not hasattr(sys.modules["__main__"], "__file__"):
    sys.modules["__main__"].__file__ = pytest.__file__


# Folders whose tests share one home.
SHARING = ("tests/e2e/", "tests/integration/dbt_project/four_customers/")


class OneHomeEach(LoadFileScheduling):
    """What is made once stays in one process: the tests that share a home, and the tests of a file."""

    def _split_scope(self, nodeid: str) -> str:
        return next((folder for folder in SHARING if nodeid.startswith(folder)), super()._split_scope(nodeid))


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
