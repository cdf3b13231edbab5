"""Online Retail II through staging, intermediate and features, against plain DuckDB queries over the file."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from clv import dbt, ingest, settings, tables, warehouse

DATES = ("2010-06-01", "2011-06-01")

# The documented rules, in another language: a line counts as often as in the sheet that has it most often; invoices
# A… are bad debt; the listed stock codes are no products; lines without a price or a customer do not count.
ACCEPTED = """
    with lines as (
        select
            *,
            row_number() over (
                partition by source_sheet, Invoice, StockCode, Description, Quantity, InvoiceDate, Price, "Customer ID",
                Country
            ) as occurrence
        from read_parquet('{file}')
    ),
    counted as (select distinct * exclude (source_sheet) from lines)
    select
        "Customer ID"::bigint::text as customer_id,
        InvoiceDate as ordered_at,
        Quantity * Price::decimal(18, 4) as amount
    from counted
    where not Invoice like 'A%' and Price > 0 and "Customer ID" is not null
        and not regexp_matches(
            StockCode,
            '(?i)^(POST|DOT|M|C2|C3|D|S|B|BANK CHARGES|AMAZONFEE|CRUK|ADJUST2?|TEST00[0-9]|GIFT|gift_0001_[0-9]+)$'
        )
"""


@pytest.fixture(scope="module")
def shop(module_home: settings.Settings, real_data: Path) -> Path:
    """The warehouse up to the features of each date; gives the file."""
    file = real_data / "online_retail_ii.parquet"
    ingest.load("online_retail_ii", file, module_home)
    dbt.build("staging", {}, module_home)
    dbt.build("intermediate", {}, module_home)
    for day in DATES:
        dbt.build("features", {"as_of_date": day, "run_id": f"{day}.1"}, module_home)
    return file


def test_every_row_received_is_accounted_for(shop: Path):
    counts = "rows_received, rows_accepted + rows_set_aside + rows_duplicate + rows_unreadable, rows_duplicate"
    assert warehouse.rows(f"select {counts} from {tables.STG_BATCH_COUNTS}") == [(1_067_370, 1_067_370, 22_523)]


@pytest.mark.parametrize("day", DATES)
def test_revenue_of_each_customer_agrees_to_the_penny(shop: Path, day: str):
    expected = duckdb.sql(f"""
        select customer_id, sum(amount) from ({ACCEPTED.format(file=shop)})
        where ordered_at < '{day}' group by customer_id order by customer_id
    """).fetchall()
    found = warehouse.rows(
        f"""
        select customer_id, revenue_total::numeric from {tables.CUSTOMER_FEATURES}
        join {tables.CUSTOMERS} using (customer_key) where as_of_date = %s order by customer_id
        """,
        (day,),
    )
    assert len(found) > 1_000
    assert [(name, round(money, 4)) for name, money in found] == [(name, round(money, 4)) for name, money in expected]


@pytest.mark.parametrize("day", DATES)
def test_orders_add_up_to_their_customers(shop: Path, day: str):
    query = f"""
        select customer_key, revenue_total, net_revenue from (
            select customer_key, round(sum(net_revenue), 2) as net_revenue
            from analytics_runs.fct_orders where as_of_date = %(day)s group by customer_key
        ) as orders
        full join (
            select customer_key, round(revenue_total::numeric, 2) as revenue_total
            from {tables.CUSTOMER_FEATURES} where as_of_date = %(day)s
        ) as customers using (customer_key)
        where net_revenue is distinct from revenue_total
    """
    assert warehouse.rows(query, {"day": day}) == []


def test_no_order_is_lost_on_the_way(shop: Path):
    total = duckdb.sql(f"select sum(amount) from ({ACCEPTED.format(file=shop)})").fetchall()[0][0]
    for table, column in (
        (tables.STG_ORDER_LINES, "amount"),
        (tables.INT_CUSTOMER_DAYS, "net_revenue"),
    ):
        assert warehouse.rows(f"select sum({column}) from {table}") == [(Decimal(total),)]
