"""A day's build writes the day's rows, and is all or nothing; `clv rebuild` compares and builds whole."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import psycopg
import pytest
from homes import copy
from psycopg.conninfo import conninfo_to_dict
from raw_rows import deliver, deliver_spend, line, withdraw
from typer.testing import CliRunner

from clv import cli
from clv.catalog import tables
from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.transform import comparing, dbt, delta, notes, rebuilding
from clv.warehouse import db, locks
from clv.warehouse.roles import TRANSFORMER

pytestmark = pytest.mark.set_up

HISTORY = [line(str(number), f"2024-01-{number:02} 10:00", "20.00", "abcdef"[number % 6]) for number in range(1, 29)]


def built(home: Settings) -> dict[str, dict]:
    return {layer: dbt.build(layer, {}, home) for layer in notes.FROM_RAW}


@pytest.fixture(scope="module")
def history(module_home: Settings, server: str) -> Iterator[tuple[psycopg.Connection, str]]:
    """A connection to the server, and the database of a history that both layers were built from."""
    deliver(HISTORY, "history.csv", row_key="line")
    built(module_home)
    database = conninfo_to_dict(module_home.warehouse_url)["dbname"]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as connection:
        copy(connection, database, f"{database}_history")
        yield connection, database
        connection.execute(f"drop database {database}_history")


@pytest.fixture
def shop(module_home: Settings, history: tuple[psycopg.Connection, str]) -> Settings:
    """The home with its history, whatever the test before left."""
    connection, database = history
    copy(connection, f"{database}_history", database)
    return module_home


def test_a_day_writes_what_its_rows_touch(shop: Settings):
    corrected = line("5", "2024-01-05 10:00", "25.00", "f")
    deliver([corrected, line("new", "2024-02-01 10:00", "5.00", "a")], "day.csv", row_key="line")
    facts = built(shop)
    assert "built_whole" not in facts["staging"]
    assert {name: rows for name, rows in facts["staging"]["rows"].items() if rows} == {
        "stg_batches": 1,
        "stg_line_verdicts": 3,  # two that came, one that is replaced
        "stg_order_lines": 2,
        "set_aside_lines": 1,
        "stg_verdict_counts": 3,  # the first batch's accepted and replaced rows, the second batch's accepted rows
        "stg_batch_counts": 2,
    }
    assert {name: rows for name, rows in facts["intermediate"]["rows"].items() if rows} == {
        "int_order_days": 2,
        "int_orders": 2,
        "int_outcome_days": 2,
        "int_customer_days": 2,
        "int_order_versions": 3,  # one closed, two opened
        "int_order_line_versions": 3,
    }
    assert db.rows(f"select count(*) from {tables.TOUCHED_CUSTOMERS}") == [(0,)]


def test_an_identical_file_changes_no_customer(shop: Settings):
    deliver(HISTORY, "again.csv", row_key="line")
    facts = built(shop)
    assert facts["staging"]["rows"]["stg_order_lines"] == 28  # they count in their newest batch
    assert facts["intermediate"]["rows"]["int_customer_days"] == 0


def test_an_interrupted_change_leaves_the_rows_and_the_note_of_before(shop: Settings, monkeypatch: pytest.MonkeyPatch):
    counts = f"select count(*) from {tables.STG_ORDER_LINES} union all select count(*) from {tables.TOUCHED_CUSTOMERS}"
    state = "select value from ops.builds where name = 'built_staging'"
    before = db.rows(counts), db.rows(state)
    deliver([line("new", "2024-02-01 10:00", "5.00")], "day.csv", row_key="line")

    def interrupted(*arguments: object) -> None:
        delta.staging(*arguments)  # type: ignore[arg-type]
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setitem(delta.CHANGE, "staging", interrupted)
        with pytest.raises(KeyboardInterrupt):
            dbt.build("staging", {}, shop)
    assert (db.rows(counts), db.rows(state)) == before
    assert dbt.build("staging", {}, shop)["rows"]["stg_order_lines"] == 1


def test_what_cannot_be_changed_row_by_row_is_built_whole(
    shop: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    batch = deliver([line(str(number), "2024-02-01 10:00", "1.00") for number in range(1, 29)], "all.csv")
    monkeypatch.setattr(delta, "LARGE", 10)
    facts = dbt.build("staging", {}, shop)
    assert facts["built_whole"] == "28 of 28 rows can change"
    assert facts["rows"]["stg_line_verdicts"] == 56
    withdraw(batch)
    assert "built_whole" in dbt.build("staging", {}, shop)
    deliver_spend([(f"2024-01-{day:02}", "search", "5") for day in range(1, 13)], "ads.csv")
    assert dbt.build("staging", {}, shop)["built_whole"] == "12 of 56 rows can change"
    assert caplog.messages == []


def test_an_error_of_the_database_makes_the_build_a_whole_one_and_is_logged(
    shop: Settings, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    def fails(connection: psycopg.Connection, _: object) -> None:
        connection.execute(failing)  # type: ignore[arg-type]

    monkeypatch.setitem(delta.CHANGE, "staging", fails)
    deliver([line("new", "2024-02-01 10:00", "5.00")], "day.csv")
    failing = "select pg_terminate_backend(pg_backend_pid())"
    with pytest.raises(psycopg.OperationalError):  # it cannot be asked for a whole build either
        dbt.build("staging", {}, shop)
    failing = "set local statement_timeout = 1; select pg_sleep(9)"
    facts = dbt.build("staging", {}, shop)
    assert facts["built_whole"] == "canceling statement due to statement timeout"
    assert facts["rows"]["stg_line_verdicts"] == 29
    assert [text for text in caplog.messages if text.endswith(f"where rows arrived: {facts['built_whole']}")]


def test_a_rebuild_builds_whole_whatever_another_run_notes_before_it(shop: Settings):
    waits = "select from pg_locks where locktype = 'advisory' and not granted"
    locked = threading.Event()

    def another_run() -> None:
        with db.lock(locks.BUILD):
            locked.set()
            while not db.rows(waits):
                time.sleep(0.05)
            with db.connect() as connection:
                for layer in notes.FROM_RAW:
                    notes.note(f"built_{layer}", notes.state(layer, connection), connection)

    worker = threading.Thread(target=another_run)
    worker.start()
    locked.wait()
    rows = rebuilding.rebuild(shop)
    worker.join()
    assert (rows["stg_order_lines"], rows["int_orders"]) == (28, 28)


def test_the_whole_build_names_a_failed_test_of_the_data(shop: Settings):
    batch = deliver([line("new", "2024-02-01 10:00", "5.00")], "day.csv")
    with db.connect() as connection:
        connection.execute(f"delete from {tables.ORDER_LINES} where _batch_id = %s", (batch,))
    with pytest.raises(ClvError, match="every_row_received_is_accounted_for.*Got 1 result"):
        dbt.build("staging", {}, shop)


@pytest.mark.parametrize(
    ("table", "test"),
    [
        (tables.INT_ORDER_LINE_VERSIONS, "one_version_stands_of_a_line"),
        (tables.INT_ORDER_VERSIONS, "one_version_stands_of_an_order"),
    ],
)
def test_two_versions_that_stand_at_once_are_found(shop: Settings, table: str, test: str):
    listed = "batch_id, line, entry" if table == tables.INT_ORDER_LINE_VERSIONS else "order_key, from_date"
    with db.connect(shop.url_as(TRANSFORMER)) as connection:
        compiled = notes.compiled("intermediate", connection)
        assert compiled
        query = f"select exists ({compiled.tests[test]})"
        assert connection.execute(query).fetchone() == (False,)  # type: ignore[arg-type]
        connection.execute(f"""
            create temporary table again as select * from {table} where until_state is null order by {listed} limit 1;
            update again set from_state = from_state + 1;
            insert into {table} select * from again
        """)  # type: ignore[arg-type]
        assert connection.execute(query).fetchone() == (True,)  # type: ignore[arg-type]
        connection.rollback()


def test_a_comparison_names_a_wrong_table_and_a_whole_build_corrects_it(
    shop: Settings, monkeypatch: pytest.MonkeyPatch
):
    def called(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(cli.app, ["rebuild", *arguments])
        return result.exit_code, result.output

    assert called("--check") == (0, "every table of staging and intermediate equals a whole build\n")
    with db.connect(shop.url_as(TRANSFORMER)) as connection:
        connection.execute(f"update {tables.INT_ORDERS} set gross_revenue = 21 where order_key = 'shop:1'")
    code, shown = called("--check")
    assert code == 1
    assert "intermediate.int_orders: 2 rows differ from a whole build" in shown
    assert called()[0] == 0
    differences = comparing.differences

    def as_a_file_arrives(*arguments: Any) -> dict[str, int]:
        deliver([line("new", "2024-02-01 10:00", "5.00")], "day.csv")
        return differences(*arguments)

    monkeypatch.setattr(comparing, "differences", as_a_file_arrives)
    assert called("--check")[0] == 0
    assert "not up to date" in str(CliRunner().invoke(cli.app, ["rebuild", "--check"]).exception)
