"""A backtest that is interrupted stops what it started, and a later one drops what a killed one left."""

from __future__ import annotations

import os
import secrets
import signal
import subprocess
import sys
import time
from pathlib import Path

import left_behind
import psycopg
import pytest
from psycopg import sql

from clv.core import settings
from clv.core.settings import Settings
from clv.evaluation.backtest import scratch
from clv.platform.runtime import postgres

ORDERS = "customer_id,ordered_at,amount\n" + "".join(
    f"{customer},2023-{month:02}-{1 + customer % 28:02},{customer % 7 + 1}\n"
    for customer in range(200)
    for month in range(1, 13)
)


def databases(home: Settings) -> set[str]:
    with psycopg.connect(home.warehouse_url) as connection:
        return {name for (name,) in connection.execute("select datname from pg_database").fetchall()}


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM], ids=lambda one: one.name)
def test_no_process_and_no_database_stay(how: signal.Signals, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    home, orders = tmp_path / "home", tmp_path / "orders.csv"
    orders.write_text(ORDERS)
    mark = secrets.token_hex(8)
    for name in [name for name in os.environ if name.startswith("CLV_")]:  # of homes of other tests
        monkeypatch.delenv(name)
    environment = {**os.environ, left_behind.MARKS: f"{os.environ[left_behind.MARKS]} {mark}"}
    arguments = [
        "backtest",
        "--horizon",
        "60",
        "--origins",
        "2023-09-01",
        "--orders",
        orders,
        "--out",
        tmp_path / "out",
    ]
    with subprocess.Popen(
        [Path(sys.executable).parent / "clv", *map(str, arguments)],
        env={**environment, "CLV_HOME": str(home)}, stderr=subprocess.PIPE, text=True,
    ) as command:  # fmt: skip
        while command.poll() is None and not any(name.startswith(scratch.PREFIX) for name in databases_of(home)):
            time.sleep(0.2)
        assert len(left_behind.of(mark)) > 1
        command.send_signal(how)
        errors = command.communicate(timeout=300)[1]
    assert command.returncode == 128 + how, errors
    assert "Traceback" not in errors
    assert not left_behind.of(mark)
    started = settings.located(home)
    postgres.start(home / "postgres", started.state["postgres_port"])
    try:
        assert databases(started) == {"postgres", "template0", "template1", "warehouse", "airflow", "mlflow"}
    finally:
        postgres.stop(home / "postgres")


def databases_of(home: Path) -> set[str]:
    """The databases of a home that may not have started yet."""
    try:
        return databases(settings.located(home))
    except Exception:  # noqa: BLE001 - it has no database, or it does not answer yet
        return set()


def test_the_database_of_a_killed_backtest_is_dropped_and_that_of_a_running_one_stays(home: Settings) -> None:
    killed = name_of(home, f"{scratch.PREFIX}0a1b2c3d")
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        create(connection, killed)
    before = databases(home)
    with scratch.database(home, [60]), scratch.database(home, [60]):
        assert killed not in databases(home)
        assert len(databases(home)) == len(before) + 1
    assert databases(home) == before - {killed}


def test_databases_that_no_backtest_made_or_that_are_in_use_stay(home: Settings) -> None:
    results, used, of_another = (
        name_of(home, f"{scratch.PREFIX}{end}") for end in ("results", "00000001", "00000002")
    )  # fmt: skip
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        for name in (results, used, of_another):
            create(connection, name)
        connection.execute("create role a_shop_owner")
        try:
            connection.execute(sql.SQL("alter database {} owner to a_shop_owner").format(sql.Identifier(used)))
            with psycopg.connect(home.database_url(f"{scratch.PREFIX}00000001")):
                connection.execute("set role a_shop_owner")
                scratch._drop_unused(connection, name_of(home, scratch.PREFIX))
                connection.execute("reset role")
            assert {results, used, of_another} <= databases(home)
        finally:
            for name in (results, used, of_another):
                connection.execute(sql.SQL("drop database {}").format(sql.Identifier(name)))
            connection.execute("drop role a_shop_owner")


def name_of(home: Settings, database: str) -> str:
    return str(psycopg.conninfo.conninfo_to_dict(home.database_url(database))["dbname"])


def create(connection: psycopg.Connection, name: str) -> None:
    connection.execute(sql.SQL("create database {}").format(sql.Identifier(name)))
