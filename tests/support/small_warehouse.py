"""A warehouse of three customers before publishing: builders for tests of gates and of readers' tables.

Amounts: A bought for 10.00 and 30.00 and returned 5.00; B bought for 20.00; C bought for 7.50.
"""

from __future__ import annotations

from decimal import Decimal

import psycopg
from small_tables import ANALYTICS, CHANGES, FEATURES, STAGING, declared

from clv.catalog import published, tables
from clv.core import settings
from clv.core.declared import HORIZONS
from clv.warehouse import db, runs
from clv.warehouse.publication import GATES

AS_OF = "2011-06-01"
A, B, C = (f"{letter * 8}-0000-4000-8000-000000000001" for letter in "abc")
LINES = [  # line, order, customer, time, amount
    (1, "o1", A, "2011-01-03 10:00", "10.00"),
    (2, "o2", A, "2011-05-20 09:00", "30.00"),
    (3, "o2", A, "2011-05-25 09:00", "-5.00"),
    (4, "o3", B, "2011-02-10 12:00", "20.00"),
    (5, "o4", C, "2011-03-01 08:00", "7.50"),
    (6, "o5", C, "2011-06-01 00:00", "99.00"),  # on the as-of date, so not before it
]

REVENUE = {A: "35.00", B: "20.00", C: "7.50"}
ORDERS = [("o1", A, "10.00"), ("o2", A, "25.00"), ("o3", B, "20.00"), ("o4", C, "7.50")]
BRIDGE = [  # month, place, step, rows, amount
    ("2011-01", 1, "sales", 1, "10.00"),
    ("2011-01", 17, "net_revenue", 1, "10.00"),
    ("2011-02", 1, "sales", 1, "20.00"),
    ("2011-02", 17, "net_revenue", 1, "20.00"),
    ("2011-03", 1, "sales", 1, "7.50"),
    ("2011-03", 17, "net_revenue", 1, "7.50"),
    ("2011-05", 1, "sales", 1, "30.00"),
    ("2011-05", 2, "refunds", 1, "-5.00"),
    ("2011-05", 17, "net_revenue", 1, "25.00"),
]
TIERS = {A: (100, "high", "loyal"), B: (66.67, "middle", "new"), C: (33.33, "low", "new")}
SINGLE_ROWS = [  # of tables that are made as declared
    (
        "channel_cohorts",
        {"channel": "search", "cohort_month": "2011-03-01", "customers": 3, "covered_customers": 3, "spend": 9},
    ),
    ("customer_economics", {"grouped_by": "all", "name": "all", "customers": 3, "retention": 0.5}),
    ("identity_summary", {"counted_by": "id", "customers": 3, "joined": 0, "repeat_rate": "0.3333"}),
    ("identity_summary", {"counted_by": "customer", "customers": 3, "joined": 0, "repeat_rate": "0.3333"}),
    ("customer_profiles", {"customer_key": A}),
    (
        "order_payments",
        {"order_key": "orders:o1", "customer_key": A, "attempts": 1}
        | {"first_paid_on": "2011-01-03", "last_paid_on": "2011-01-03"},
    ),
    ("order_fulfilment", {"order_key": "orders:o1", "customer_key": A, "shipments": 1, "shipped_on": "2011-01-04"}),
    ("product_value", {"level": "product", "id": "tea", "revenue": 0}),
]


def execute(sql: str, params: tuple | list | None = None) -> None:
    with db.connect() as connection:
        connection.execute(sql, params)  # type: ignore[arg-type]


def make_tables() -> None:
    """Creates the tables that dbt builds, empty."""
    execute(STAGING + FEATURES + ANALYTICS + declared() + CHANGES)
    hand_over()


def make_outcomes() -> None:
    """Creates the table of outcomes by day, empty."""
    columns = "customer_key uuid, day date, is_purchase_day boolean, net_revenue numeric"
    execute(f"create table {tables.INT_OUTCOME_DAYS} ({columns})")
    hand_over()


def make_orders() -> None:
    """One batch with seven rows: six lines and an exact duplicate."""
    with db.connect() as connection:
        connection.execute(
            f"""insert into {tables.BATCHES} (source, file_name, content_sha256, mapping_sha256, currency,
                rows_received, rows_loaded, rows_unreadable)
            values ('orders', 'orders.csv', 'c', 'm', 'GBP', 7, 7, 0)"""
        )
        for line, order, customer, at, amount in LINES:
            connection.execute(
                f"""insert into {tables.ORDER_LINES} (_batch_id, _source, _line, _row_key, _content, customer_key,
                    order_id, ordered_at, amount) values (1, 'orders', %s, %s, gen_random_uuid(), %s, %s, %s, %s)""",
                (line, f"{order}|{line}", customer, order, at, amount),
            )
            connection.execute(
                f"""insert into {tables.STG_ORDER_LINES}
                values ('orders', %s, 1, %s, 'orders:' || %s, %s, %s, %s, %s::timestamp::date, %s)""",
                (f"{order}|{line}", line, order, order, customer, at, at, amount),
            )
        connection.execute(
            f"""insert into {tables.STG_BATCH_COUNTS} (batch_id, source, file_name, rows_received, rows_unreadable,
                rows_accepted, rows_set_aside, rows_duplicate, first_ordered_at, last_ordered_at)
            values (1, 'orders', 'orders.csv', 7, 0, 6, 0, 1, '2011-01-03', '2011-06-01')"""
        )


def make_slice(run_id: str, as_of: str = AS_OF, factor: int = 1) -> None:
    """The valid rows of a run in every table; `factor` scales the forecast."""
    with db.connect() as connection:
        for customer, revenue in REVENUE.items():
            _customer(connection, as_of, run_id, customer, revenue, factor)
        for segment, customers in (("loyal", 1), ("new", 2)):
            connection.execute(
                "insert into analytics_runs.segment_summary values (%s, %s, %s, %s)",
                (as_of, run_id, segment, customers),
            )
            connection.execute(
                "insert into analytics_runs.segment_transitions values (%s, %s, 'not yet a customer', %s, %s)",
                (as_of, run_id, segment, customers),
            )
        connection.execute(
            "insert into analytics_runs.cohort_value values (%s, %s, '2011-05-01', 0, 3, 1, 62.50, 62.50)",
            (as_of, run_id),
        )
        connection.execute(
            f"insert into {tables.CHANNEL_SPEND_BEFORE} values (%s, %s, 'search', '2011-01-01', '2011-05-31', 9)",
            (as_of, run_id),
        )
        connection.execute(
            "insert into analytics_runs.channel_value values (%s, %s, 'search', '2011-01-01', '2011-05-31', 3, 9, %s)",
            (as_of, run_id, 14 * factor),
        )
        connection.execute(
            "insert into analytics_runs.forecast_months values (%s, %s, '2011-06-01', %s)", (as_of, run_id, 60 * factor)
        )
        connection.execute(
            "insert into analytics_runs.personas values (%s, %s, 'orders-often', 'orders often', 3)", (as_of, run_id)
        )
        connection.execute(f"insert into {tables.ORDER_LINE_STATES} values (%s, %s, 1)", (as_of, run_id))
        connection.execute(f"insert into {tables.ORDERS_OF_EARLIER_RUNS} values (%s, %s, 'orders:1')", (as_of, run_id))
        connection.execute(
            f"""insert into analytics_runs.forecast_totals (
                as_of_date, run_id, horizon_days, grouped_by, group_name, customers, predicted_clv
            ) values (%s, %s, 365, 'all', 'all', 3, {3 * 14 * factor})""",
            (as_of, run_id),
        )
        _orders(connection, as_of, run_id)
        for table, row in SINGLE_ROWS:
            columns = {"as_of_date": as_of, "run_id": run_id, **row}
            places = ", ".join(["%s"] * len(columns))
            query = f"insert into analytics_runs.{table} ({', '.join(columns)}) values ({places})"
            connection.execute(query, list(columns.values()))  # type: ignore[arg-type]


def _orders(connection: psycopg.Connection, as_of: str, run_id: str) -> None:
    """The orders, each with a profit of 4.00 after a fee of 0.50, which files state for the first, and the bridge that
    ends in them."""
    for month, place, step, rows, amount in BRIDGE:
        connection.execute(
            "insert into analytics_runs.revenue_bridge"
            " (as_of_date, run_id, source, month, place, step, row_count, amount)"
            " values (%s, %s, 'orders', %s, %s, %s, %s, %s)",
            (as_of, run_id, month, place, step, rows, amount),
        )
    for order, customer, amount in ORDERS:
        key = f"orders:{order}"
        connection.execute(
            f"insert into {tables.ORDER_COSTS} values (%s, %s, %s, %s, %s - 4.5, %s)",
            (as_of, run_id, key, amount, Decimal(amount), 0.5 if order == "o1" else None),
        )
        connection.execute(
            "insert into analytics_runs.fct_orders values (%s, %s, %s, %s, '2011-05-01', %s)",
            (as_of, run_id, key, customer, amount),
        )


def _customer(
    connection: psycopg.Connection, as_of: str, run_id: str, customer: str, revenue: str, factor: int
) -> None:
    connection.execute(
        f"""insert into {tables.CUSTOMER_FEATURES} (as_of_date, run_id, customer_key, orders_count, days_with_orders,
            frequency, recency, t, first_order_on, last_order_on, revenue_total, orders_365, revenue_365)
        values (%s, %s, %s, 1, 1, 0, 0, 90, '2011-03-01', '2011-03-01', %s, 1, %s)""",
        (as_of, run_id, customer, revenue, revenue),
    )
    percentile, tier, segment = TIERS[customer]
    money = [factor * amount for amount in (20, 15, 14, 2, 10, 40)]
    connection.execute(
        "insert into analytics_runs.customer_clv values (%s, %s, %s, 365, 'GBP', 'scored', null, '2011-03-01',"
        " '2011-03-01', 1, %s, 0.8, 0.5, 'low', 1, %s, %s, %s, %s, %s, %s, %s, %s, %s, 'm1')",
        (as_of, run_id, customer, revenue, *money, percentile, tier, segment),
    )
    connection.execute(
        "insert into analytics_runs.customer_segments values (%s, %s, %s, %s, 'active', 'high', '{}', 'orders-often')",
        (as_of, run_id, customer, segment),
    )
    connection.execute("insert into analytics_runs.dim_customer values (%s, %s, %s, 'GB')", (as_of, run_id, customer))
    connection.execute(
        f"insert into {tables.REFERENCE_PREDICTIONS} values ('m1', %s, 20, 0.9, 0.1, %s) on conflict do nothing",
        (customer, revenue),
    )
    for horizon in HORIZONS:
        connection.execute(
            f"""insert into {tables.CUSTOMER_PREDICTIONS} (as_of_date, run_id, customer_key, horizon_days, status,
                p_alive, p_purchase, expected_orders, predicted_revenue, predicted_p10, predicted_p50, predicted_p90,
                model_version) values (%s, %s, %s, %s, 'scored', 0.8, 0.5, %s, %s, 1, 5, 30, 'm1')""",
            (as_of, run_id, customer, horizon, horizon / 100, factor * horizon / 20),
        )
        connection.execute(
            f"""insert into {tables.BASELINE_PREDICTIONS} (as_of_date, run_id, customer_key, horizon_days, model,
                predicted_mean) values (%s, %s, %s, %s, 'trailing', 10)""",
            (as_of, run_id, customer, horizon),
        )
        connection.execute(
            "insert into analytics_runs.customer_clv_horizons values (%s, %s, %s, %s, 0.5, 1, %s, %s, %s, %s, %s, %s)",
            (as_of, run_id, customer, horizon, *money),
        )


def put_on_list(run_id: str, as_of: str = AS_OF) -> None:
    """Puts customer A, who agrees to be contacted, on a list of the run."""
    of = (as_of, run_id)
    execute(
        "update analytics_runs.dim_customer set may_contact = true, may_be_contacted = true"
        " where as_of_date = %s and run_id = %s and customer_key = %s",
        (*of, A),
    )
    execute(
        "insert into analytics_runs.list_members (as_of_date, run_id, list_name, customer_key, place, channel, arm)"
        " values (%s, %s, 'best', %s, 1, 'email', 'act')",
        (*of, A),
    )
    execute(
        "insert into analytics_runs.list_summary (as_of_date, run_id, list_name, customers) values (%s, %s, 'best', 1)",
        of,
    )


def judge_all(run_id: str, as_of: str = AS_OF) -> None:
    """Records every gate as judged and passed."""
    for gate in GATES:
        execute(
            f"""insert into {tables.GATE_RESULTS} (run_id, as_of_date, gate, expectation, severity, success,
                rows_judged)
            values (%s, %s, %s, 'has_rows', 'critical', true, 3)""",
            (run_id, as_of, gate),
        )


def ready_run(as_of: str = AS_OF, factor: int = 1) -> str:
    """Opens a run with valid rows that passed every gate; returns its run_id."""
    from datetime import date

    run_id = runs.open_run(date.fromisoformat(as_of), "test")
    make_slice(run_id, as_of, factor)
    judge_all(run_id, as_of)
    return run_id


def make_views() -> None:
    """The analysts' views on the published runs, without the columns' comments that dbt gives them."""
    for name, table in published.tables().items():
        newest = (
            "select distinct on (as_of_date) as_of_date, run_id from analytics.publications "
            "order by as_of_date desc, publication_id desc"
        )
        shown = {name: f"{newest} limit 1"} | ({f"{name}_history": newest} if table.history else {})
        for view, of_runs in shown.items():
            execute(
                f"""create view analytics.{view} as
                select rows.* from analytics_runs.{name} as rows join ({of_runs}) as p using (as_of_date, run_id)"""
            )
            execute(f"grant select on analytics.{view} to clv_analyst")
    hand_over()


def hand_over() -> None:
    """Gives the tables made here to the roles that own them in production, and grants the other roles access."""
    execute("call ops.hand_over()")


def let_analyst_in(home: settings.Settings) -> None:
    """Sets the password of the analyst's role, which all test warehouses share, to this home's."""
    execute(f"alter role clv_analyst login password '{home.secret('analyst_password')}'")


def rows_of(run_id: str, table: str) -> int:
    """The number of a run's rows in a table."""
    return db.rows(f"select count(*) from {table} where run_id = %s", (run_id,))[0][0]


def age(days: int) -> None:
    """Makes all runs older."""
    execute("update ops.runs set started_at = started_at - make_interval(days => %s)", (days,))
    execute("update ops.task_log set ended_at = ended_at - make_interval(days => %s)", (days,))


def seen(table: str = "customer_clv") -> set[tuple]:
    """The dates and runs whose rows an analyst sees in a published table."""
    return set(db.rows(f"select as_of_date::text, run_id from analytics.{table}"))
