"""Olist and Complete Journey through their ready mappings to published orders: the bridge of each leads from the sums
of its files, which this test adds up by itself, to net revenue, to the cent."""

from __future__ import annotations

import csv
import re
import subprocess
import sys
from collections import Counter
from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest
import unforecast
import yaml

from clv import sources
from clv.core import settings
from clv.reporting import gates as pages
from clv.sources.kinds import raw_tables
from clv.sources.kinds.mappings import SHIPPED
from clv.warehouse import db
from expectations import gates

pytestmark = pytest.mark.set_up

RATE_FROM_2018 = 2  # of an order, by the rate of its day
AS_OF = date(2018, 11, 1)  # after the last row of both
OLIST = ("orders", "order_items", "order_payments", "customers", "products")
Steps = Counter  # of money or rows by month and step


@pytest.fixture(scope="module")
def published(module_home: settings.Settings, real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Publishes Olist's sample and twenty households of Complete Journey; returns the folder of the files."""
    folder = tmp_path_factory.mktemp("books")
    (module_home.home / "shop.json").write_text('{"currency": "USD"}')
    home = settings.load()
    raw_tables.make(home)  # as `clv up` does
    for name in OLIST:
        (folder / f"olist_{name}_dataset.csv").symlink_to(real_data / "olist_sample" / f"{name}.csv")
    join_as_documented(folder)
    for source, file in (("olist_orders", "olist_orders"), ("olist_payments", "olist_order_payments_dataset")):
        in_dollars(home, source)
        sources.load(source, folder / f"{file}.csv", home)
    (folder / "rates.csv").write_text(f"day,currency,rate\n2018-01-01,BRL,{RATE_FROM_2018}\n")
    sources.load("rates", folder / "rates.csv", home)
    households(real_data, folder)
    for source in ("complete_journey", "complete_journey_coupons"):
        sources.load(source, folder / "transactions.parquet", home)
    run_id = unforecast.publish(home, AS_OF)
    gates.judge("analytics", AS_OF, run_id, pages.write)
    return folder


def join_as_documented(folder: Path) -> None:
    """Runs the code of docs/sources.md that joins Olist's tables."""
    text = (settings.PROJECT / "docs" / "sources.md").read_text()
    found = re.search(r"python - <<'END'\n(.*?)\nEND\nclv ingest --source olist_orders", text, re.DOTALL)
    assert found
    subprocess.run([sys.executable, "-c", found[1]], cwd=folder, check=True)


def in_dollars(home: settings.Settings, source: str) -> None:
    """Gives the shop a copy of a ready mapping that takes a real for a dollar, since a warehouse has one currency.
    Orders from 2018 on are converted by RATE_FROM_2018."""
    content = yaml.safe_load((SHIPPED / f"{source}.yml").read_text())
    copy = home.home / "sources" / f"{source}.yml"
    copy.parent.mkdir(exist_ok=True)
    rates = {"rates": {"USD": 1, "BRL": 1}, **({"by_day": True} if source == "olist_orders" else {})}
    copy.write_text(yaml.safe_dump({**content, "currency": {"code": content["currency"], **rates}}))


def households(real_data: Path, folder: Path) -> None:
    """Writes the transactions of the first households as they are, and as CSV for the sums of this test."""
    rows = f"select * from '{real_data / 'complete_journey' / 'transactions.parquet'}' where household_id <= 20"
    for name in ("transactions.parquet", "transactions.csv"):
        duckdb.execute(f"copy ({rows}) to '{folder / name}'")


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def olist(folder: Path) -> tuple[Steps, Steps]:
    """What Olist's tables lead to by month: the money and the rows of each step. Cancelled orders do not count."""
    orders = {row["order_id"]: row for row in rows_of(folder / "olist_orders_dataset.csv")}
    money, rows, counted = Counter(), Counter(), set()
    for item in rows_of(folder / "olist_order_items_dataset.csv"):
        order = orders[item["order_id"]]
        day, _, year = order["order_purchase_timestamp"].split()[0].rpartition("/")
        rate = RATE_FROM_2018 if year >= "2018" else 1
        price, freight = Decimal(item["price"]) * rate, Decimal(item["freight_value"]) * rate
        month = f"{year}-{int(day.split('/')[0]):02}"
        steps = {"sales": price + freight}
        if order["order_status"] in ("canceled", "unavailable"):
            steps["rejected"] = -(price + freight)
        else:
            counted.add((month, item["order_id"]))
            money[month, "net_revenue"] += price
            steps |= {"shipping": -freight} if freight else {}
        for step, amount in steps.items():
            money[month, step] += amount
            rows[month, step] += 1
    rows.update((month, "net_revenue") for month, _ in counted)
    return money, rows


def complete_journey(folder: Path) -> tuple[Steps, Steps]:
    """The same for Complete Journey: from the price on the shelf to what the retailer got."""
    money, rows, baskets = Counter(), Counter(), set()
    for line in rows_of(folder / "transactions.csv"):
        month = line["transaction_timestamp"][:7]
        discount = Decimal(line["retail_disc"]) + Decimal(line["coupon_match_disc"])
        baskets.add((month, line["basket_id"]))
        money[month, "net_revenue"] += Decimal(line["sales_value"])
        money[month, "sales"] += Decimal(line["sales_value"]) + discount
        money[month, "discounts"] -= discount
        rows[month, "sales"] += 1
        rows[month, "discounts"] += discount != 0
    rows.update((month, "net_revenue") for month, _ in baskets)
    return money, rows


BOOKS = {"olist_orders": olist, "complete_journey": complete_journey}


@pytest.mark.parametrize("source", BOOKS)
def test_the_bridge_leads_from_the_files_to_net_revenue_to_the_cent(published: Path, source: str):
    money, rows = BOOKS[source](published)
    query = "select month, step, amount, row_count from analytics.revenue_bridge where source = %s"
    found = [(month, step, amount, count) for month, step, amount, count in db.rows(query, (source,)) if count]
    assert {(month, step): count for month, step, _, count in found} == +rows
    assert {(month, step): amount for month, step, amount, _ in found} == {step: money[step] for step in +rows}
    # Neither source has refunds, and all of its amounts are in cents, so nothing is moved or rounded.
    query = "select coalesce(sum(abs(amount)), 0) from analytics.revenue_bridge where source = %s and row_count = 0"
    assert db.rows(query, (source,)) == [(0,)]


@pytest.mark.parametrize("source", BOOKS)
def test_published_orders_are_what_the_bridge_ends_in(published: Path, source: str):
    money, rows = BOOKS[source](published)
    query = """
        select
            to_char(ordered_on, 'YYYY-MM'), sum(net_revenue), sum(discount), coalesce(sum(shipping), 0), count(*)
        from analytics.fct_orders where split_part(order_key, ':', 1) = %s group by 1
    """
    assert {month: tuple(amounts) for month, *amounts in db.rows(query, (source,))} == {
        month: (
            money[month, "net_revenue"], -money[month, "discounts"], -money[month, "shipping"],
            rows[month, "net_revenue"],
        )
        for month in {month for month, step in rows if step == "net_revenue"}
    }  # fmt: skip


def test_an_order_is_paid_if_its_payments_reach_its_items_and_their_freight(published: Path):
    charged, paid = Counter(), Counter()
    for item in rows_of(published / "olist_order_items_dataset.csv"):
        charged[item["order_id"]] += Decimal(item["price"]) + Decimal(item["freight_value"])
    for payment in rows_of(published / "olist_order_payments_dataset.csv"):
        paid[payment["order_id"]] += Decimal(payment["payment_value"])
    query = """
        select split_part(order_key, ':', 2), payment_status, ordered, paid_less_ordered from analytics.order_payments
        where order_key like 'olist%' and ordered_on < '2018-01-01'
    """
    found = db.rows(query)
    assert len(found) > 1000
    for order_id, status, ordered, difference in found:
        assert (ordered, difference) == (charged[order_id], paid[order_id] - charged[order_id])
        assert (status == "paid") == (paid[order_id] >= charged[order_id])


def test_payments_of_orders_are_those_of_the_files(published: Path):
    paid = "select sum(paid) from analytics.order_payments where split_part(order_key, ':', 1) = %s"
    orders = "select split_part(order_key, ':', 2) from analytics.fct_orders where order_key like 'olist%'"
    counted = {order_id for (order_id,) in db.rows(orders)}
    payments = rows_of(published / "olist_order_payments_dataset.csv")
    expected = sum(Decimal(one["payment_value"]) for one in payments if one["order_id"] in counted)
    assert db.rows(paid, ("olist_orders",)) == [(expected,)]
    coupons = sum(Decimal(line["coupon_disc"]) for line in rows_of(published / "transactions.csv"))
    assert db.rows(paid, ("complete_journey",)) == [(coupons,)]
