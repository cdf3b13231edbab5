"""A running home: PostgreSQL, Airflow's API server, scheduler and DAG processor, with a small shop."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

import browsing
import canary
import pytest

from clv.core import settings
from clv.platform.runtime import airflow
from clv.warehouse import db

UNTIL = date(2024, 7, 1)
FIRST, LAST = "2024-05-31", "2024-06-01"  # two days in two months, so each has its own model


@dataclass(frozen=True)
class Home:
    """A running home and its `clv` command, with the output of that command and the names of the machine's
    processes."""

    folder: Path
    outputs: list[str] = field(default_factory=list)
    command_lines: canary.CommandLines = field(default_factory=canary.CommandLines)

    @property
    def settings(self) -> settings.Settings:
        return settings.load(self.folder)

    def clv(self, *arguments: object, check: bool = True, minutes: float = 25) -> subprocess.CompletedProcess[str]:
        """Runs `clv …` as a user would. With check, a failure shows its output."""
        environment = {name: value for name, value in os.environ.items() if not name.startswith(("AIRFLOW", "CLV_"))}
        done = subprocess.run(
            [Path(sys.executable).parent / "clv", *map(str, arguments)],
            env={**environment, "CLV_HOME": str(self.folder), "COLUMNS": "160"},
            capture_output=True,
            text=True,
            timeout=minutes * 60,
        )
        self.outputs.append(done.stdout + done.stderr)
        if check:
            assert done.returncode == 0, f"clv {' '.join(map(str, arguments))}\n{done.stdout}\n{done.stderr}"
        return done

    def rows(self, sql: str, params: tuple = ()) -> list[tuple]:
        """Rows from the warehouse, as the pipeline's owner."""
        return db.rows(sql, params, self.settings.warehouse_url)

    def published(self) -> dict[str, tuple[str, str]]:
        """The published run and its digest, by date."""
        query = """
            select distinct on (as_of_date) as_of_date::text, run_id, digest
            from analytics.publications order by as_of_date, publication_id desc
        """
        return {day: (run_id, digest) for day, run_id, digest in self.rows(query)}


@pytest.fixture(scope="session")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Home]:
    """A running home with the small simulated shop, which has the planted person among its customers."""
    import sample_shop

    home = Home(tmp_path_factory.mktemp("e2e") / "home")
    shop = tmp_path_factory.mktemp("shop")
    sample_shop.make(shop, customers=900, seed=3, until=UNTIL)
    canary.plant(shop / "orders" / "2024-05.csv.gz")
    home.command_lines.start()
    home.clv("up")
    try:
        canary.map_name(home.settings)
        home.clv("ingest", "--source", "sample_shop", "--path", shop / "orders")
        home.clv("ingest", "--source", "ad_spend", "--path", shop / "spend")
        yield home
    finally:
        home.clv("down", check=False)
        home.command_lines.stop()


@pytest.fixture(scope="session")
def forward(running: Home) -> dict[str, tuple[str, str]]:
    """The result of a backfill of FIRST and LAST, in that order."""
    running.clv("backfill", "--from", FIRST, "--to", LAST)
    return running.published()


@pytest.fixture(scope="session")
def signed_in(browser, running: Home, forward: dict):
    """A browser context that is signed in to the home's Airflow, after two days have run."""
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    page = context.new_page()
    page.set_default_timeout(60_000)
    page.goto(f"{airflow.url(running.settings)}/auth/login")
    browsing.sign_in(page, running.settings)
    page.wait_for_url(lambda url: "/auth/login" not in url)
    page.close()
    return context


@pytest.fixture
def shots(tmp_path: Path) -> Path:
    """The folder for screenshots: CLV_SCREENSHOTS, or the test's folder."""
    folder = Path(os.environ.get("CLV_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    return folder
