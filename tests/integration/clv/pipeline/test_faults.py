"""After any kill, cut connection or full disk, a plain re-run publishes the same rows as an undisturbed run."""

from __future__ import annotations

import os
import resource
import secrets
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path

import psutil
import pytest
import simulated_features as sim
import small_warehouse as small
from faults import shop as faults
from faults.shop import AS_OF, DAYS, Reader, Shop, names_of_steps

from clv.catalog import tables
from clv.core import settings
from clv.pipeline import daily, upkeep
from clv.platform.runtime import postgres
from clv.warehouse import db, publication, runs

pytestmark = pytest.mark.set_up


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(postgres.OPTIONS, "max_wal_size", "256MB")  # otherwise the log of transactions fills a small disk
        yield tmp_path_factory.mktemp("faults") / "postgres"


@pytest.fixture(scope="module")
def server(cluster: Path) -> Iterator[str]:
    """A PostgreSQL for this module alone, because its tests kill it."""
    password = secrets.token_urlsafe(16)
    postgres.initialise(cluster, password)
    port = postgres.free_port()
    postgres.start(cluster, port)
    yield f"postgresql://clv_owner:{password}@127.0.0.1:{port}"
    postgres.stop(cluster)


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    small.let_analyst_in(module_home)
    with faults.opened(module_home, tmp_path_factory.mktemp("victim")) as opened:
        yield opened


@pytest.fixture(scope="module")
def undisturbed(shop: Shop) -> str:
    """The digest of an undisturbed run."""
    run_id = runs.open_run(AS_OF, "undisturbed")
    shop.run(run_id)
    # The first run builds all rows. Later ones change the rows of a day, with other commits, which are to be disturbed.
    news(shop, "next-day.csv")
    shop.run(runs.open_run(AS_OF, "next day"), last="build_intermediate")
    return faults.digest(run_id)


def news(shop: Shop, name: str) -> None:
    """Delivers more orders, dated from the date on: raw and staging change, the rows of the date do not."""
    made = sim.orders(20, 30, seed=len(name))
    faults.deliver(shop.home, name, made.assign(day=made.day + DAYS))


def points(commits: int) -> list[dict]:
    """The points at which a step is killed: before its first commit, after its middle one, after its last one."""
    where = [(1, "before"), ((commits + 1) // 2, "after"), (commits, "after")]
    return [{"at": at, "when": when, "what": "kill"} for at, when in dict.fromkeys(where)] if commits else []


def test_a_kill_at_any_step_changes_nothing(shop: Shop, undisturbed: str) -> None:
    news(shop, "killed.csv")
    run_id = runs.open_run(AS_OF, "killed")
    facts: dict[str, dict] = {}
    kills = 0
    with Reader(shop.home) as reader:
        for step in names_of_steps():
            options = shop.options(step, facts)
            for fault in points(shop.commits[step]):
                if step == "publish" and fault["when"] == "after":
                    continue  # steps on a published run are tested below
                found = shop.take(step, run_id, options=options, fault=fault)
                kills += found.get("killed", False)
                assert "error" not in found, f"{step}, {fault}: {found}"
            found = shop.take(step, run_id, options=options)
            assert "facts" in found, f"{step}: {found}"
            facts[step] = found["facts"]
        shop.take("publish", run_id, fault={"at": 1, "when": "after", "what": "kill"})  # already published
    assert kills >= 2 * len(names_of_steps()) - 2
    assert faults.digest(run_id) == undisturbed
    assert reader.seen == []
    assert reader.reads > 0
    assert faults.unaccounted() == []
    assert faults.left_behind() == []
    print(f"{kills} kills, {reader.reads} reads of views")


def paused(shop: Shop, step: str, run_id: str, **options: object) -> Path:
    """Starts a step that pauses before its first commit, and waits until it does; returns the file to delete to resume
    it."""
    resume = shop.log.with_suffix(".resume")
    shop.order(step, run_id, fault={"at": 1, "when": "before", "what": "pause", "resume": str(resume)}, **options)
    wait_for(resume.exists)
    return resume


def wait_for(condition: Callable[[], object], timeout: float = 300) -> None:
    deadline = time.monotonic() + timeout
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.05)


def cut_connections() -> int:
    query = """
        select pg_terminate_backend(pid) from pg_stat_activity
        where datname = current_database() and pid <> pg_backend_pid() 
            and usename ~ '^clv_' and usename <> 'clv_analyst'
    """
    return len(db.rows(query))


def test_cut_connections_a_killed_worker_a_crash_and_steps_taken_twice_change_nothing(
    shop: Shop, undisturbed: str, server: str, cluster: Path
) -> None:
    news(shop, "cut-off.csv")
    run_id = runs.open_run(AS_OF, "cut")
    facts: dict[str, dict] = {}
    for step in names_of_steps():
        options = {"options": shop.options(step, facts)}
        if step in ("ingest", "build_staging", "gate_features", "build_analytics"):
            resume = paused(shop, step, run_id, **options)
            assert cut_connections()
            resume.unlink()
            assert "error" in shop.answer()
        if step == "score":
            slice_ = {"as_of_date": AS_OF, "run_id": run_id}
            for environment in ({}, {"SPARK_FROM_CUSTOMERS": "0"}):  # in the step's process, and in Spark's worker
                with db.lock(f"{tables.CUSTOMER_PREDICTIONS} {sorted(slice_.items(), key=str)} 0"):
                    shop.order(step, run_id, environment=environment, **options)
                    wait_for(blocked_worker)  # in the middle of a write
                    os.kill(blocked_worker() or 0, signal.SIGKILL)
                shop.answer()  # Spark may retry on its own, or not
        if step == "publish":
            resume = paused(shop, step, run_id, **options)
            port = postgres.running_port(cluster)
            assert port
            postgres._run("pg_ctl", "-D", str(cluster), "-m", "immediate", "-w", "stop")
            postgres.start(cluster, port)
            resume.unlink()
            assert "error" in shop.answer()
            assert not db.rows(f"select 1 from {tables.PUBLICATIONS} where run_id = %s", (run_id,))
        # Run the step twice at the same time.
        if step in ("gate_raw", "build_intermediate", "build_features", "publish"):
            shop.order(step, run_id, **options)
            daily.take(step, AS_OF, run_id)
            found = shop.answer()
        else:
            found = shop.take(step, run_id, **options)
        assert "facts" in found, f"{step}: {found}"
        facts[step] = found["facts"]
    assert faults.digest(run_id) == undisturbed
    assert faults.unaccounted() == []
    assert faults.left_behind() == []


def blocked_worker() -> int | None:
    """The process that waits for an advisory lock in a transaction; None if there is none."""
    query = "select client_port from pg_stat_activity where wait_event = 'advisory' and datname = current_database()"
    ports = {port for (port,) in db.rows(query)}
    found = [c.pid for c in psutil.net_connections("tcp") if c.laddr and c.laddr.port in ports and c.raddr]
    return next((pid for pid in found if pid), None)


@contextmanager
def full_disk(cluster: Path, most: int) -> Iterator[None]:
    """Simulates a full disk: no file of the server may grow beyond `most` bytes, which PostgreSQL treats as a full
    disk."""
    port = postgres.running_port(cluster)
    assert port
    postgres.stop(cluster)
    _, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        postgres.start(cluster, port)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
    try:
        yield
    finally:
        postgres.stop(cluster)
        postgres.start(cluster, port)


def test_a_full_disk_loads_nothing_and_then_all(shop: Shop, undisturbed: str, cluster: Path) -> None:
    made = sim.orders(20, 30)
    many = made.loc[made.index.repeat(200_000 // len(made))].assign(day=DAYS + 40)
    query = f"select count(*) from {tables.ORDER_LINES}"
    before = db.rows(query)[0][0]
    faults.deliver(shop.home, "many.csv", many)
    run_id = runs.open_run(AS_OF + timedelta(days=1), "full")
    with full_disk(cluster, most=20_000_000):
        found = shop.take("ingest", run_id)
        assert "File too large" in found["error"]
        assert db.rows(query)[0][0] == before
    found = shop.take("ingest", run_id)
    assert found["facts"]["rows loaded"] == len(many)
    assert db.rows(query)[0][0] == before + len(many)
    assert faults.left_behind() == []


def test_readers_see_whole_runs_through_publications_and_upkeep(shop: Shop, undisturbed: str) -> None:
    published = [
        run_id
        for (run_id,) in db.rows(f"select distinct run_id from {tables.PUBLICATIONS} where as_of_date = %s", (AS_OF,))
    ]
    assert len(published) >= 2
    publications = 0
    with Reader(shop.home, pause=0) as reader:
        while reader.reads < 1000 and not reader.seen:
            for run_id in published:
                publication.publish(AS_OF, run_id)
            upkeep.run()
            publications += len(published)
    assert reader.seen == []
    print(f"{publications} publications, {reader.reads} reads of views")


def test_runs_at_once_end_in_the_rows_of_runs_one_after_the_other(shop: Shop, undisturbed: str, tmp_path: Path) -> None:
    day_before = AS_OF - timedelta(days=1)
    alone = runs.open_run(day_before, "alone")
    shop.run(alone, day_before)
    expected = {AS_OF: undisturbed, day_before: faults.digest(alone)}
    news(shop, "meanwhile.csv")
    days = [day_before, AS_OF]

    def made(day: date) -> str:
        run_id = runs.open_run(day, "at once")
        with faults.victim(shop.home, tmp_path / f"{day}.log") as victim:
            victim.run(run_id, day, tries=3)
        return run_id

    with ThreadPoolExecutor(len(days)) as pool:
        found = list(pool.map(made, days))
    assert [faults.digest(run_id) for run_id in found] == [expected[day] for day in days]
    assert faults.unaccounted() == []
    assert faults.left_behind() == []
