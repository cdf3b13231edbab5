"""Orders that are kept as versions: each run reads its own orders, as if it had computed them for its date alone."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from raw_rows import customer, deliver, line

from clv.catalog import tables
from clv.core.settings import Settings
from clv.transform import dbt
from clv.warehouse import db

pytestmark = pytest.mark.set_up

FIRST, LENGTH = date(2024, 1, 1), 8
DATES = [FIRST + timedelta(days=day) for day in range(LENGTH + 2)]
OWN_ORDERS = {"a": ("o1", "o2", "o3", "o4"), "b": ("o5", "o6")}
RUN = "select * from analytics_runs.fct_orders where as_of_date = %(day)s and run_id = %(run_id)s order by order_key"
EXPECTED = (Path(__file__).parent / "orders_of_a_run.sql").read_text() + " order by order_key"

days = st.integers(0, LENGTH - 1)
amounts = st.sampled_from(["0", "5", "7.505", "12.3"])
costs = st.sampled_from([None, "1.005", "3"])
texts = st.sampled_from([None, "app", "web"])
order_days = st.tuples(days, st.integers(0, 2), amounts, costs, texts)
refunds = st.tuples(days, st.sampled_from("ab"), st.integers(0, 5), st.integers(0, 5), amounts, costs, texts)
# What intermediate holds after a build: the days of each order, and the refunds. Later builds have other orders.
states = st.tuples(
    st.dictionaries(st.sampled_from(sum(OWN_ORDERS.values(), ())), st.lists(order_days, min_size=1, max_size=3)),
    st.lists(refunds, max_size=4),
)
histories = st.lists(states, min_size=1, max_size=3)


@pytest.fixture(scope="module")
def queries(module_home: Settings) -> list[str]:
    """The queries of int_orders and int_order_versions, compiled for a home in which they exist."""
    deliver([line("1", "2023-01-10", "20.00")])
    for layer in ("staging", "intermediate"):
        dbt.build(layer, {"run_id": "compiled"}, module_home)
    folder = module_home.home / "dbt" / "compiled" / "intermediate" / "compiled"
    return [next(folder.rglob(f"{name}.sql")).read_text() for name in ("int_orders", "int_order_versions")]


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck), derandomize=True)
@given(history=histories)
def test_each_run_reads_its_own_orders_at_every_date(queries: list[str], history: list):
    of_orders, of_versions = queries
    with db.connect() as connection:
        connection.execute(f"truncate {tables.INT_ORDER_VERSIONS}")
        expected = {}
        for number, state in enumerate(history):
            run = f"r{number}"
            fill(connection, *state)
            connection.execute(f"insert into {tables.INT_ORDERS} {of_orders}")  # type: ignore[arg-type]
            apply(connection, of_versions)
            open_runs(connection, run)
            for day in DATES:
                values = {"day": day, "run_id": run}
                expected[day, run] = connection.execute(EXPECTED, values).fetchall()  # type: ignore[arg-type]
        for (day, run), rows in expected.items():
            assert connection.execute(RUN, {"day": day, "run_id": run}).fetchall() == rows
        written = versions(connection)
        apply(connection, of_versions)  # of an unchanged state
        assert versions(connection) == written
        connection.rollback()


def fill(connection: psycopg.Connection, orders: dict, refunded: list) -> None:
    """Replaces the days of orders and the refunds of intermediate by the drawn ones."""
    connection.execute(f"truncate intermediate.int_order_days, {tables.INT_ORDERS}, {tables.INT_REFUNDS}")
    whose = {order: who for who, own in OWN_ORDERS.items() for order in own}
    for order, drawn in orders.items():
        for day, (at, gross, cost, text) in {day: rest for day, *rest in drawn}.items():
            values = {
                "order_key": order, "customer_key": customer(whose[order]), "day": FIRST + timedelta(days=day),
                "ordered_at": moment(day, at), "gross_revenue": Decimal(gross), "cost": cost,
                "known_profit": cost and Decimal(gross) - Decimal(cost),
                "revenue_without_cost": 0 if cost else Decimal(gross), "discount": Decimal("0.5") * at, "lines": 1,
                "items": at, "products": 1, "main_category": text, "channel": text, "campaign": text,
                "tax": Decimal("0.125") * at if cost else None, "tip": at,
            }  # fmt: skip
            insert(connection, "intermediate.int_order_days", values)
    for number, (day, who, of, named, amount, cost, text) in enumerate(refunded):
        own, present = OWN_ORDERS[who], [order for order in OWN_ORDERS[who] if order in orders]
        values = {
            "refund_key": f"k{number}", "order_key": present[of] if of < len(present) else None, "link": "none",
            "refund_order_key": own[named] if named < len(own) else f"own {who}{named}", "customer_key": customer(who),
            "refunded_at": moment(day, 5), "refunded_on": FIRST + timedelta(days=day),
            "amount": -Decimal(amount) - 1, "known_profit": cost and Decimal(cost) - Decimal(amount) - 1,
            "revenue_without_cost": 0 if cost else -Decimal(amount) - 1, "channel": text, "country": text,
        }  # fmt: skip
        insert(connection, tables.INT_REFUNDS, values)


def moment(day: int, hour: int) -> datetime:
    return datetime.combine(FIRST, datetime.min.time()) + timedelta(days=day, hours=hour)


def insert(connection: psycopg.Connection, table: str, values: dict) -> None:
    query = f"insert into {table} ({', '.join(values)}) values ({', '.join(['%s'] * len(values))})"
    connection.execute(query, list(values.values()))  # type: ignore[arg-type]


def apply(connection: psycopg.Connection, query: str) -> None:
    """Writes the differences from the versions so far, as the strategy delete+insert does."""
    columns = ", ".join(
        name for (name,) in connection.execute(
            "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped",
            (tables.INT_ORDER_VERSIONS,),
        )
    )  # fmt: skip
    connection.execute("drop table if exists pg_temp.changes")
    connection.execute(f"create temporary table changes on commit drop as {query}")  # type: ignore[arg-type]
    connection.execute(f"""
        delete from {tables.INT_ORDER_VERSIONS} as versions using changes
        where (versions.order_key, versions.from_date, versions.from_state)
            = (changes.order_key, changes.from_date, changes.from_state)
    """)
    connection.execute(f"insert into {tables.INT_ORDER_VERSIONS} ({columns}) select {columns} from changes")  # type: ignore[arg-type]


def open_runs(connection: psycopg.Connection, run: str) -> None:
    """Records a run of each date, built from the newest state."""
    connection.execute(
        f"""
        insert into {tables.ORDER_LINE_STATES} (as_of_date, run_id, state, currency, gross_margin)
        select day, %s, (
            select coalesce(greatest(max(from_state), max(until_state)), 0) from {tables.INT_ORDER_VERSIONS}
        ), 'GBP', 1.0 from unnest(%s::date[]) as day
        """,
        (run, DATES),
    )


def versions(connection: psycopg.Connection) -> int:
    return connection.execute(f"select count(*) from {tables.INT_ORDER_VERSIONS}").fetchall()[0][0]
