"""Orders of a PostgreSQL database that others write while it is read, through the step `fetch` to rows of raw."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

import fetched
import psycopg
import pytest
from typer.testing import CliRunner

from clv import cli, sources
from clv.catalog import tables
from clv.core import dates, settings
from clv.core.errors import ClvError, Unavailable
from clv.pipeline.tasks import ingesting
from clv.warehouse import db, runs

DECLARED = {
    "from": "database",
    "url": "{secret:shop}",
    "table": "shop.orders",
    "key": "order_id",
    "cursor": {"column": "updated_at", "overlap": "1h"},
}


@pytest.fixture
def shop(home: settings.Settings) -> Iterator[psycopg.Connection]:
    """The shop's own database, in a schema beside the warehouse's, with two orders."""
    address = home.warehouse_url.replace("postgresql", "postgresql+psycopg")
    fetched.declare(home, "orders", DECLARED, shop=address)
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute("create schema shop")
        connection.execute("""
            create table shop.orders (
                customer_id text, order_id int, ordered_at timestamptz, amount numeric(10, 2), "10:00" text default '%',
                updated_at timestamptz default now()
            )
        """)
        add(connection, 1, "5.00")
        add(connection, 2, "7.00")
        yield connection


def add(connection: psycopg.Connection, order: int, amount: str) -> None:
    insert = "insert into shop.orders (customer_id, order_id, ordered_at, amount) values ('ann', %s, %s, %s)"
    connection.execute(insert, (order, f"2024-03-0{order} 10:00Z", amount))


def opened(as_of: date | None = None) -> str:
    return runs.open_run(as_of or dates.today(), "test")


def taken_in(home: settings.Settings) -> list[tuple]:
    """Fetches and loads, and returns the amounts that were received for each order, the newest last."""
    ingesting.fetch(dates.today(), opened())
    sources.landing(home)
    return [(order, str(amount)) for order, amount in db.rows(
        f"select order_id, amount from {tables.ORDER_LINES} order by _batch_id, _line"
    )]  # fmt: skip


def test_orders_arrive_once_and_changes_that_were_committed_late_arrive_too(home, shop):
    late = psycopg.connect(home.warehouse_url)
    add(late, 3, "9.00")  # its time of change is now, and nobody sees it yet
    shop.execute("update shop.orders set amount = 8, updated_at = now() where order_id = 2")
    assert sorted(taken_in(home)) == [("1", "5"), ("2", "8")]
    late.commit()
    late.close()
    assert taken_in(home)[2:] == [("3", "9")]
    shop.execute("update shop.orders set amount = 4, updated_at = now() where order_id = 1")
    assert taken_in(home)[3:] == [("1", "4")]
    assert len(taken_in(home)) == 4
    # Files that were loaded may be deleted: the ledger says how far they reached.
    for path in fetched.files(home, "orders"):
        path.unlink()
    assert ingesting.fetch(dates.today(), opened())["rows fetched"] == 3  # all changed within the last hour
    assert [path.name[:6] for path in fetched.files(home, "orders")] == ["000004"]


def clv(*arguments: str) -> tuple[str, str]:
    """Runs a command; returns its output without line breaks, and the message of its error."""
    done = CliRunner(env={"COLUMNS": "200"}).invoke(cli.app, arguments)
    return " ".join(done.stdout.split()), str(done.exception or "")


def test_the_command_fetches_what_is_declared_and_says_how_to_load_it(home, shop):
    shown, error = clv("fetch")
    assert (error, shown[:34]) == ("", "orders: 1 file with 2 rows, up to ")
    load = f"clv ingest --source orders --path {home.landing / 'orders'}"
    assert shown.endswith(f"the next run loads them; to load them now: `{load}`")
    assert clv(*load.split()[1:])[1] == ""
    assert clv("fetch", "orders")[0].startswith("orders: nothing new")
    shop.execute("update shop.orders set amount = 3 where order_id = 1")
    assert clv("fetch", "orders", "--all")[0].startswith("orders: 1 file with 1 row, up to ")
    assert "there is no connector 'ad_spend': write" in clv("fetch", "ad_spend")[1]
    for path in (home.home / "sources" / "connectors").iterdir():
        path.unlink()
    assert clv("fetch")[1].startswith("no connector is declared; write ")


def test_a_step_of_yesterdays_run_that_is_repeated_today_fetches(home, shop):
    yesterday = dates.today() - timedelta(days=1)
    run = opened(yesterday)
    with psycopg.connect(home.warehouse_url, autocommit=True) as connection:
        connection.execute(f"update {tables.RUNS} set started_at = started_at - interval '1 day'")
    assert ingesting.fetch(yesterday, run)["rows fetched"] == 2


def test_a_past_date_fetches_nothing_and_a_source_that_fails_keeps_no_other_from_being_fetched(home, shop):
    past = date(2024, 4, 1)
    assert ingesting.fetch(past, opened(past)) == {"connectors": 0, "fetched files": 0, "rows fetched": 0}
    fetched.declare(home, "ad_spend", {**DECLARED, "url": "postgresql+psycopg://127.0.0.1:1/x", "key": "day"})
    with pytest.raises(Unavailable, match="ad_spend: the database does not answer"):
        ingesting.fetch(dates.today(), opened())
    assert len(fetched.files(home, "orders")) == 1
    twice = "select *, 1 as amount from shop.orders"
    fetched.declare(home, "ad_spend", {**DECLARED, "table": None, "query": twice})
    with pytest.raises(ClvError, match="ad_spend: the query has two columns named 'amount'; give one of them"):
        ingesting.fetch(dates.today(), opened())
    fetched.declare(home, "invalid", {})
    with pytest.raises(ClvError, match="invalid: invalid.yml: 'from' is one of") as refused:
        ingesting.fetch(dates.today(), opened())
    assert not isinstance(refused.value, Unavailable)
    fetched.declare(home, "nothing", DECLARED)
    with pytest.raises(ClvError, match="there is no source 'nothing'"):
        ingesting.fetch(dates.today(), opened())
