"""A build must not use future data or keep vanished rows, and a failed build names what failed."""

from __future__ import annotations

import pytest
from raw_rows import deliver, line, withdraw

from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.transform import dbt
from clv.warehouse import db

pytestmark = pytest.mark.set_up

VARIABLES = {"as_of_date": "2024-06-01", "run_id": "2024-06-01.1"}


def build_features(home: settings.Settings) -> list[tuple]:
    """Builds up to the features. Returns every row of the run's slices as text."""
    for layer in ("staging", "intermediate", "features"):
        dbt.build(layer, VARIABLES, home)
    return db.rows(f"""
        select f::text from {tables.CUSTOMER_FEATURES} as f union all select o::text from analytics_runs.fct_orders as o
        order by 1
    """)


def test_later_rows_leave_a_past_date_as_it_was(home: settings.Settings):
    past = [
        line("1", "2024-01-10 10:00", "20.00"),
        line("2", "2024-03-10 10:00", "0.00"),
        line("3", "2024-05-31 23:59:59.999", "30.00", category="desk"),
        line("r1", "2024-04-01 10:00", "-3.00", product_id="ink"),
    ]
    later = [
        line("1", "2024-06-01 00:00", "7.00", product_id="ink", category="tools"),
        line("2", "2024-06-02 10:00", "8.00", product_id="ink", channel="web"),
        line("3", "2024-06-02 10:00", "9.00", product_id="cap", category="hats"),
        line("r1", "2024-07-01 10:00", "50.00", product_id="cap"),
        line("3", "2024-06-03 10:00", "-30.00", product_id="pin"),
        line("4", "2024-06-01 00:00", "5.00", who="b"),
    ]
    deliver(past, "past.csv")
    before = build_features(home)
    deliver(later, "later.csv")
    assert build_features(home) == before
    assert db.rows(f"select count(*) from {tables.STG_ORDER_LINES}") == [(10,)]
    assert len(before) == 5  # one customer; two orders, one of amount 0, and a refund without an order so far


def test_a_failed_check_is_one_line_that_names_it(home: settings.Settings):
    deliver([line("1", "2024-01-10 10:00", "20.00")])
    with db.connect() as connection:
        connection.execute(f"delete from {tables.ORDER_LINES}")
    with pytest.raises(ClvError, match="every_row_received_is_accounted_for.*Got 1 result") as raised:
        dbt.build("staging", VARIABLES, home)
    assert len(str(raised.value).splitlines()) == 1


def test_staging_is_rebuilt_only_when_raw_has_changed(home: settings.Settings):
    batch = deliver([line("1", "2024-01-10 10:00", "20.00")])
    assert "unchanged" not in dbt.build("staging", VARIABLES, home)
    assert dbt.build("staging", VARIABLES, home)["unchanged"]
    withdraw(batch)
    assert dbt.build("staging", VARIABLES, home)["rows"]["stg_order_lines"] == 0


def test_staging_is_made_of_the_batches_it_met_first(home: settings.Settings):
    deliver([line("1", "2024-01-10 10:00", "20.00")])
    build_features(home)
    state = dbt.staging_state()
    deliver([line("2", "2024-01-10 10:00", "20.00")], "later.csv")
    assert dbt.build("features", VARIABLES, home)["staging"] == state
    dbt.build("staging", VARIABLES, home)
    assert dbt.staging_state() != state
    facts = dbt.build("features", VARIABLES, home, to_publish=False)
    assert facts["staging"] == state  # intermediate is not rebuilt
    assert list(facts["rows"]) == ["customer_features"]


def test_a_published_slice_is_not_built_again(home: settings.Settings):
    deliver([line("1", "2024-01-10 10:00", "20.00")])
    before = build_features(home)
    with db.connect() as connection:
        connection.execute(
            f"insert into {tables.PUBLICATIONS} (as_of_date, run_id, published_by, digest, rows_published) "
            "values (%(as_of_date)s, %(run_id)s, 'test', '', '{}')",
            VARIABLES,
        )
    deliver([line("2", "2024-01-10 10:00", "20.00")], "later.csv")
    with pytest.raises(ClvError, match="run 2024-06-01.1 is published, and published rows never change"):
        build_features(home)
    assert db.rows(f"select count(*) from {tables.CUSTOMER_FEATURES}") == [(1,)]
    assert len(before) == 2


def test_an_unknown_layer_is_refused(home: settings.Settings):
    with pytest.raises(ClvError, match="no dbt layer 'marts'; layers are setup, staging"):
        dbt.build("marts", VARIABLES, home)


def test_a_home_of_an_earlier_version_is_set_up_on_rows_of_its_own(home: settings.Settings):
    deliver([line("1", "2024-01-10 10:00", "20.00", campaign="spring")])
    build_features(home)
    with db.connect() as connection:  # as in a version without campaigns and order lines
        connection.execute(f"drop table {tables.INT_ORDER_LINE_VERSIONS} cascade")
        for table in (tables.STG_ORDER_LINES, "intermediate.int_order_days", tables.INT_ORDERS):
            connection.execute(f"alter table {table} drop column campaign")  # type: ignore[arg-type]
        connection.execute(f"alter table {tables.CUSTOMER_FEATURES} drop column items_total")
        connection.execute(f"update {tables.BUILDS} set value = 'older'")
    dbt.build("setup", {}, home)
    assert db.rows(f"select order_key, campaign from {tables.INT_ORDERS}") == [("shop:1", "spring")]
    assert db.rows("select count(*) from analytics.fct_order_lines") == [(0,)]
    dbt.build("features", {**VARIABLES, "run_id": "2024-06-01.2"}, home)
    lines = f"select campaign from {tables.ORDER_LINES_OF_RUNS} where run_id = '2024-06-01.2'"
    assert db.rows(lines) == [("spring",)]
    features = f"select run_id, items_total from {tables.CUSTOMER_FEATURES} order by 1"
    assert db.rows(features) == [("2024-06-01.1", None), ("2024-06-01.2", 0.0)]
