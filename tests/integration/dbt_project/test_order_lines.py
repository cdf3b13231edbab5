"""Analysts read the orders and lines of the published run, whatever is loaded, built or migrated in the meantime."""

from __future__ import annotations

from datetime import date

import pytest
from raw_rows import customer, deliver, line, withdraw

from clv.catalog import tables
from clv.core import settings
from clv.pipeline import upkeep
from clv.privacy import persons
from clv.transform import dbt
from clv.warehouse import db, publication
from clv.warehouse.roles import TRANSFORMER

pytestmark = pytest.mark.set_up

DAY = "2024-06-01"
LINES = "order_key, product_id, amount::text"
# A warehouse as of the version before, in which each run copied its orders.
BEFORE = f"""
create table analytics_runs.copies as table analytics_runs.fct_orders;
drop view analytics.customer_changes, analytics.forecast_bridge;
drop view analytics.fct_orders, analytics_runs.fct_orders, analytics.fct_order_lines, analytics_runs.fct_order_lines;
alter table analytics_runs.copies rename to fct_orders;
alter table analytics_runs.fct_orders add primary key (as_of_date, run_id, order_key);
alter table {tables.ORDER_LINE_STATES} drop column currency, drop column gross_margin;
drop table {tables.INT_ORDER_VERSIONS};
create view analytics.fct_orders as
select orders.* from analytics_runs.fct_orders as orders
inner join (
    select as_of_date, run_id from analytics.publications order by as_of_date desc, publication_id desc limit 1
) as published using (as_of_date, run_id);
grant select on analytics.fct_orders to clv_analyst;
"""


def build(home: settings.Settings, run_id: str, day: str = DAY) -> None:
    for layer in ("staging", "intermediate", "features"):
        dbt.build(layer, {"as_of_date": day, "run_id": run_id}, home)


def publish(run_id: str, day: str = DAY) -> None:
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, digest, rows_published)"
            " values (%s, %s, '', '{}')",
            (day, run_id),
        )


def read() -> list[tuple]:
    """The lines that an analyst reads now, after a check that their sums by order equal fct_orders."""
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        lines = connection.execute(f"select {LINES} from analytics.fct_order_lines order by 1, 2, 3").fetchall()  # type: ignore[arg-type]
        apart = connection.execute("""
            select * from (
                select order_key, round(sum(amount), 2) as net_revenue from analytics.fct_order_lines group by order_key
            ) as lines full join analytics.fct_orders as orders using (order_key)
            where lines.net_revenue is distinct from orders.net_revenue
        """).fetchall()
    assert apart == []
    return lines


def erased_from_every_state(who: str) -> None:
    """An erased customer is removed from every state: all tables with the customer's key are erased."""
    with db.connect() as connection:
        versions = (tables.INT_ORDER_LINE_VERSIONS, tables.INT_ORDER_VERSIONS)
        assert set(versions) < set(persons.tables_of_customers(connection))
        for table in versions:
            connection.execute(f"delete from {table} where customer_key = %s", (customer(who),))  # type: ignore[arg-type]
    assert {key for key, *_ in read()} == {"shop:1"}
    assert db.rows("select max(ordered_on) from analytics.fct_order_lines") == [(date(2024, 1, 10),)]


def versions_that_no_kept_run_has_seen_go(kept: str) -> None:
    """Upkeep removes versions that no kept run uses and that are no longer valid."""
    with db.connect() as connection:
        connection.execute(f"delete from {tables.ORDER_LINE_STATES} where run_id <> %s", (kept,))
        versions = f"""
            select count(lines.until_state), (select count(until_state) from {tables.INT_ORDER_VERSIONS})
            from {tables.INT_ORDER_LINE_VERSIONS} as lines
        """
        assert min(connection.execute(versions).fetchone()) > 0  # type: ignore[type-var,arg-type]
    upkeep.run()
    assert db.rows(versions) == [(0, 0)]


def test_readers_keep_the_published_runs_lines_until_another_is_published(home: settings.Settings):
    deliver([
        line("1", "2024-01-10", "20.00"),
        line("1", "2024-01-10", "5.00", product_id="ink"),
        line("2", "2024-05-31 10:00", "7.00", who="b"),
        line("2r", "2024-06-01", "-7.00", who="b", refund_of="2", _line=3, _entry=1),  # of the record before
    ])  # fmt: skip
    mistake = deliver([line("3", "2024-02-01", "99.00")], "mistake.csv")
    build(home, "2024-06-01.1")
    publish("2024-06-01.1")
    first = [
        ("shop:1", "ink", "5.00"), ("shop:1", "pen", "20.00"), ("shop:2", "pen", "7.00"), ("shop:3", "pen", "99.00"),
    ]  # fmt: skip
    assert read() == first

    withdraw(mistake)
    deliver([line("1", "2024-01-10", "21.00"), line("0", "2023-12-01", "1.00", who="b")], "corrections.csv")
    build(home, "2024-06-01.2")
    assert read() == first
    before = db.rows(f"select count(*) from {tables.INT_ORDER_LINE_VERSIONS}")
    publish("2024-06-01.2")
    second = [
        ("shop:0", "pen", "1.00"),
        ("shop:1", "ink", "5.00"),
        ("shop:1", "pen", "21.00"),
        ("shop:2", "pen", "7.00"),
    ]
    assert read() == second
    # There were five lines. Two are added, and two of the five are no longer valid. Unchanged lines are not written
    # again.
    assert before == [(7,)]

    dbt.build("setup", {}, home)
    build(home, "2024-06-01.3")
    publish("2024-06-01.3")
    assert read() == second
    assert db.rows(f"select count(*) from {tables.INT_ORDER_LINE_VERSIONS}") == before
    publish("2024-06-01.1")  # roll back
    assert read() == first
    upkeep.run()
    assert db.rows(f"select count(*) from {tables.INT_ORDER_LINE_VERSIONS}") == before, "both states are kept"

    # A day later the refund is known, and counts for the order that it names.
    build(home, "2024-06-02.1", "2024-06-02")
    publish("2024-06-02.1", "2024-06-02")
    assert ("shop:2", "pen", "-7.00") in read()

    erased_from_every_state("b")
    versions_that_no_kept_run_has_seen_go("2024-06-02.1")


def seen() -> list[tuple]:
    """The orders that an analyst sees, as text: 5.0 and 5.00 differ."""
    with db.connect() as connection:
        connection.execute("set role clv_analyst")
        return connection.execute("select o::text from analytics.fct_orders as o order by order_key").fetchall()


def digest(run_id: str) -> str:
    return publication.digest(date.fromisoformat(DAY), run_id, names=["fct_orders"])


def test_runs_that_copied_their_orders_keep_their_rows(home: settings.Settings):
    deliver([
        line("1", "2024-01-10", "20.00", cost="1.005"),
        line("1", "2024-01-11", "5.5", product_id="ink"),
        line("2", "2024-05-30 10:00", "7.00", who="b"),
        line("2r", "2024-05-31", "-7.00", who="b", refund_of="2"),
        line("3r", "2024-05-31", "-1.00", who="c"),
    ])  # fmt: skip
    for run in ("old", "begun"):
        build(home, run)
    publish("old")
    before, of_old = seen(), digest("old")
    assert len(before) == 3

    with db.connect(home.url_as(TRANSFORMER)) as connection:
        connection.execute(BEFORE)  # type: ignore[arg-type]
    with db.connect() as connection:
        connection.execute(f"drop table {tables.ORDERS_OF_EARLIER_RUNS}")
        connection.execute("delete from ops.migrations where name = '0330_order_versions.sql'")
        connection.execute(f"delete from {tables.BUILDS}")  # another version's SQL
    assert seen() == before
    assert db.migrate() == ["0330_order_versions.sql"]
    assert seen() == before  # also until dbt's set-up has made the views again
    dbt.build("setup", {}, home)
    assert seen() == before
    assert digest("old") == of_old

    deliver([line("4", "2024-02-01", "3.00")], "later.csv")
    build(home, "new")
    build(home, "begun")  # a step that an earlier version took is taken again
    assert seen() == before
    publish("new")
    assert len(seen()) == 4
    assert digest("begun") == digest("new")
    publish("old")  # roll back
    assert seen() == before
    upkeep.run()
    assert seen() == before
