"""Products, payments, shipments, returns and profiles of a shop: from their files to the tables that count, as files
arrive one after the other, and to the erasure of a customer.

The tests of this file go on from each other's state, in their order.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest
from homes import SET_UP, made_home
from raw_rows import customer, decide, predict

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.privacy import erasing
from clv.sources.kinds import raw_tables
from clv.sources.loading import rejections
from clv.transform import dbt, rebuilding
from clv.warehouse import db, pseudonyms

ORDERS = """customer_id,order_id,ordered_at,amount,product_id,quantity
ann,1,2024-01-10 10:00,20,mug,2
ann,1,2024-01-10 10:00,5,tea,1
bob,2,2024-02-01 10:00,10,mug,1
ann,3,2024-03-01 10:00,5,tea,1
bob,4,2024-06-05 10:00,10,mug,1
"""
# An export that states the total of an order and what was refunded of it, in the first of its lines.
TOTALS = """{customer: customer, order: order, time: time, amount: {column: total, once_per_order: true},
refund: refunded, columns: {product_id: sku, quantity: qty, unit_price: price}}
"""
ORDERS_WITH_TOTALS = """customer,order,time,total,refunded,sku,qty,price
cat,5,2024-04-01 10:00,90,45,lamp,1,80
cat,5,2024-04-01 10:00,,,bulb,2,10
"""
FILES = {
    "products": """product_id,valid_from,product_name,category,price,cost
lamp,2024-01-01,Lamp,,80,30
bulb,2024-01-01,Bulb,,10,3
mug,2024-01-01,Mug,Cups,10,4
mug,2024-02-01,Mug,Cups,10,4.5
tea,2024-01-01,Tea,Drinks,5,2
tea,2024-01-01,Green tea,Drinks,5,2
""",
    "payments": """order_id,payment_id,paid_at,amount,state,fee,failure_reason
1,a,2024-01-10 10:01,25,failed,,card declined
1,b,2024-01-10 10:05,25,paid,0.75,
2,c,2024-02-01 10:05,10,pending,,
3,d,2024-03-01 10:05,5,settled,0.15,
3,e,,3,paid,,
4,f,2024-06-05 10:05,10,paid,0.30,
9,g,2024-03-01 10:05,5,paid,,
""",
    "shipments": """order_id,shipped_at,delivered_at,promised_on,cost
1,2024-01-11 09:00,2024-01-14 12:00,2024-01-13,4.90
2,2024-02-02 09:00,,2024-02-05,3.90
""",
    "returns": """order_id,returned_at,product_id,quantity,amount,is_exchange,reason
1,2024-01-20 09:00,mug,1,,yes,chipped
""",
    "customers": """customer_id,valid_from,consent,tags,email
ann,2024-01-05,yes,vip,ann@example.com
bob,2024-01-05,no,,
""",
}
AS_OF, RUN = "2024-06-01", "2024-06-01.1"
PUBLISHED = "analytics_runs."
COUNTS = ["received", "accepted", "rejected", "replaced", "duplicates", "withdrawn_rows", "erased_rows"]


@pytest.fixture(scope="module")
def shop(server: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[settings.Settings]:
    folder = tmp_path_factory.mktemp("books") / "home"
    with pytest.MonkeyPatch.context() as patch, made_home(server, folder, patch, SET_UP) as home:
        raw_tables.make(home)  # as `clv up` does
        load(home, "orders", ORDERS)
        (home.home / "sources").mkdir(exist_ok=True)
        (home.home / "sources" / "totals.yml").write_text(TOTALS)
        load(home, "totals", ORDERS_WITH_TOTALS)
        yield home


def load(home: settings.Settings, source: str, text: str, name: str = "first") -> sources.BatchResult:
    path = home.home / f"{source} {name}.csv"
    path.write_text(text)
    return sources.load(source, path, home)[0]


def counts(home: settings.Settings, source: str) -> list[list[int]]:
    """Builds up to the intermediate layer, which equals a whole build. Returns the counts of each batch."""
    for layer in ("staging", "intermediate"):
        dbt.build(layer, {}, home)
    assert rebuilding.check(home) == {}
    found = [[getattr(batch, name) for name in COUNTS] for batch in reversed(rejections.batches(home, source))]
    assert all(received == sum(others) for received, *others in found)
    return found


def rows(table: str, columns: str, schema: str = "intermediate.int_") -> list[tuple]:
    of_run = f"where run_id = '{RUN}'" if schema == PUBLISHED else ""
    return db.rows(f"select {columns} from {schema}{table} {of_run} order by {columns}")


def test_each_kind_is_loaded_and_counted(shop: settings.Settings) -> None:
    loaded = {kind: load(shop, kind, text) for kind, text in FILES.items()}
    assert counts(shop, "payments") == [[7, 6, 1, 0, 0, 0, 0]]
    (reason,) = rejections.rows(shop, loaded["payments"].batch_id)
    assert reason.reason == (
        "state 'settled' is none of paid, pending, failed; say under 'state.values' which of them it is"
    )
    assert rows("products", "product_id, valid_from::text, valid_until::text, product_name, cost") == [
        ("bulb", "2024-01-01", None, "Bulb", 3),
        ("lamp", "2024-01-01", None, "Lamp", 30),
        ("mug", "2024-01-01", "2024-02-01", "Mug", 4),
        ("mug", "2024-02-01", None, "Mug", Decimal("4.5")),
        ("tea", "2024-01-01", None, "Green tea", 2),
    ]
    assert rows("payments", "order_id, payment_id, paid_on, state, amount, fee, failure_reason") == [
        ("1", "a", date(2024, 1, 10), "failed", 25, None, "card declined"),
        ("1", "b", date(2024, 1, 10), "paid", 25, Decimal("0.75"), None),
        ("2", "c", date(2024, 2, 1), "pending", 10, None, None),
        ("3", "e", None, "paid", 3, None, None),
        ("4", "f", date(2024, 6, 5), "paid", 10, Decimal("0.3"), None),
        ("9", "g", date(2024, 3, 1), "paid", 5, None, None),
    ]
    assert rows("shipments", "order_id, shipped_on, delivered_at::text, delivered_on, promised_on, cost") == [
        ("1", date(2024, 1, 11), "2024-01-14 12:00:00", date(2024, 1, 14), date(2024, 1, 13), Decimal("4.9")),
        ("2", date(2024, 2, 2), None, None, date(2024, 2, 5), Decimal("3.9")),
    ]
    assert rows("returns", "order_id, product_id, quantity, amount, is_exchange, reason") == [
        ("1", "mug", 1, None, True, "chipped")
    ]
    assert rows("customer_profiles", "valid_from::text, may_contact, tags") == [
        ("2024-01-05", False, None),
        ("2024-01-05", True, "vip"),
    ]


def test_later_files_replace_rows_of_the_same_key(shop: settings.Settings) -> None:
    load(shop, "payments", "order_id,payment_id,paid_at,amount,state\n2,c,2024-02-03 08:00,10,paid\n", "second")
    load(shop, "customers", "customer_id,valid_from,consent\nbob,2024-01-05,yes\nbob,2024-02-05,no\n", "second")
    assert counts(shop, "payments") == [[7, 5, 1, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]]
    assert rows("payments", "order_id, state, paid_on")[2] == ("2", "paid", date(2024, 2, 3))
    assert rows("customer_profiles", "valid_from::text, may_contact") == [
        ("2024-01-05", True), ("2024-01-05", True), ("2024-02-05", False)
    ]  # fmt: skip


def test_costs_that_files_state_lower_the_profit_of_orders(shop: settings.Settings) -> None:
    dbt.build("features", {"as_of_date": "2024-06-01", "run_id": "costs"}, shop)
    columns = "order_key, net_revenue, payment_fee, shipping_cost, return_cost, profit"
    found = db.rows(f"select {columns} from analytics_runs.fct_orders where run_id = 'costs' order by 1")
    assert [(key, *map(str, amounts)) for key, *amounts in found] == [
        ("orders:1", "25.00", "0.75", "4.90", "0.00", "9.35"),  # less two mugs at 4 and tea at 2
        ("orders:2", "10.00", "0.00", "3.90", "0.00", "1.60"),  # less a mug at 4.50, as since February
        ("orders:3", "5.00", "0.00", "0.00", "0.00", "3.00"),  # less tea; its payment states no fee
        ("totals:5", "45.00", "0.00", "0.00", "0.00", "27.00"),  # half of a lamp at 30 and two bulbs at 3 came back
    ]


def test_a_run_knows_what_was_paid_delivered_and_returned_before_its_date(shop: settings.Settings) -> None:
    dbt.build("features", {"as_of_date": AS_OF, "run_id": RUN}, shop)
    assert rows(
        "order_payments",
        "right(order_key, 1), payment_status, attempts, payments, failed_payments, ordered, paid, paid_less_ordered, "
        "fees, first_paid_on, failure_reason",
        PUBLISHED,
    ) == [
        ("1", "paid", 2, 1, 1, 25, 25, 0, Decimal("0.75"), date(2024, 1, 10), "card declined"),
        ("2", "paid", 1, 1, 0, 10, 10, 0, None, date(2024, 2, 3), None),
        ("3", "partly_paid", 1, 1, 0, 5, 3, -2, None, date(2024, 3, 1), None),
    ]
    assert rows(
        "order_fulfilment",
        "right(order_key, 1), shipments, days_to_ship, days_to_deliver, is_late, shipping_cost, items_returned, "
        "exchanges, return_reason",
        PUBLISHED,
    ) == [
        ("1", 1, 1, 4, True, Decimal("4.9"), 1, 1, "chipped"),
        ("2", 1, 1, None, None, Decimal("3.9"), 0, 0, None),
    ]
    assert rows("customer_profiles", "valid_from::text, may_contact, tags", PUBLISHED) == [
        ("2024-01-05", True, "vip"),
        ("2024-02-05", False, None),
    ]
    assert rows("consents", "day::text, may_contact") == [
        ("2024-01-05", True), ("2024-01-05", True), ("2024-02-05", False)
    ]  # fmt: skip


def test_products_are_worth_what_their_first_buyers_buy_later(shop: settings.Settings) -> None:
    predict(AS_OF, RUN, a=(0.75, 100.0), b=(0.2, 50.0), c=(0.1, 5.0))
    secret = pseudonyms.secret(shop)
    with db.connect() as connection:
        for letter, name in (("a", "ann"), ("b", "bob"), ("c", "cat")):
            key = uuid.UUID(bytes=pseudonyms.customer_key(secret, name))
            change = f"update {tables.CUSTOMER_PREDICTIONS} set customer_key = %s, persona = %s where customer_key = %s"
            connection.execute(change, (key, "orders often, new", customer(letter)))
    decide("m", "perennial", 0.25, published=True)
    dbt.build("analytics", {"as_of_date": AS_OF, "run_id": RUN}, shop)
    found = rows(
        "product_value",
        "level, id, product_name, products, price, customers, orders, items, revenue, cost, margin, items_returned, "
        "share_returned, first_time_customers, later_revenue_per_customer",
        PUBLISHED,
    )
    share = Decimal("0.3333")
    cups = (2, 2, 3, 30, Decimal("12.5"), Decimal("17.5"), 1, share, 2, Decimal("2.5"))
    drinks = (1, 2, 2, 10, 4, 6, 0, 0, 1, 5)
    assert found == [
        ("category", "Cups", None, 1, None, *cups),
        ("category", "Drinks", None, 1, None, *drinks),
        # The order's 90 are shared by the prices of 80 and 2 × 10; its refund names no product.
        ("product", "bulb", "Bulb", 1, 10, 1, 1, 2, 18, 6, 12, 0, 0, 1, 0),
        ("product", "lamp", "Lamp", 1, 80, 1, 1, 1, 72, 30, 42, 0, 0, 1, 0),
        ("product", "mug", "Mug", 1, 10, *cups),
        ("product", "tea", "Green tea", 1, 5, *drinks),
    ]
    of_mug = "select predicted_clv_per_customer from analytics_runs.product_value where id = 'mug'"
    of_buyers = "select round(avg(predicted_clv), 2) from analytics_runs.customer_clv where historic_revenue < 45"
    assert db.rows(of_mug) == db.rows(of_buyers)  # without cat


def test_rows_of_orders_are_erased_with_their_customer(shop: settings.Settings) -> None:
    receipt = erasing.erase(erasing.find("ann", "orders", None, shop), shop)
    erased = {table: receipt.rows.get(f"raw.{table}") for table in ("payments", "shipments", "returns")}
    assert erased == {"payments": 3, "shipments": 1, "returns": 1}
    assert counts(shop, "payments") == [[7, 2, 1, 1, 0, 0, 3], [1, 1, 0, 0, 0, 0, 0]]
    assert rows("payments", "order_id") == [("2",), ("4",), ("9",)]
    assert rows("shipments", "order_id") == rows("order_payments", "right(order_key, 1)", PUBLISHED) == [("2",)]
    assert rows("returns", "order_id") == []
    left = "select count(*) from raw.payments where order_id is null and amount is null and _rule = 'erased'"
    assert db.rows(left) == [(3,)]
    assert len(rows("customer_profiles", "valid_from")) == 2
    copy = "".join(path.read_text() for path in (shop.home / "received").rglob("*.csv"))
    assert "card declined" not in copy
