"""Row keys distinguish lines, orders, customers who share an order id, and exports of whole orders."""

from __future__ import annotations

from decimal import Decimal

from ingest_files import HEADER, lines, source, write

from clv import sources
from clv.warehouse import db


def test_row_keys_distinguish_lines_from_duplicates(home, tmp_path):
    same, other = "1,a,2024-01-01,5", "1,a,2024-01-01,6"
    sources.load("orders", write(tmp_path / "o.csv", same, other, same, "2,a,2024-01-02,5"), home)
    keys = [key for (key,) in lines("_row_key")]
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3
    # Rows that name a product are lines, so two equal ones are two lines.
    header = f"{HEADER},product_id"
    sources.load(
        "orders", write(tmp_path / "l.csv", *[f"{row},pen" for row in (same, other, same)], header=header), home
    )
    assert len({key for (key,) in lines("_row_key")[4:]}) == 3


def test_row_keys_of_order_ids_that_customers_share(home, tmp_path):
    ann, bob = "1,a,2024-01-01,5", "2,a,2024-01-01,6"

    def keys(row_key: str | None) -> list[str]:
        name = source(home, **({"row_key": row_key} if row_key else {}))
        before = len(lines("_line"))
        for file, rows in {"o.csv": [ann, bob], "later.csv": [bob.replace(",6", ",7")], "b.csv": [bob]}.items():
            sources.load(name, write(tmp_path / file, *rows), home)
        return [key for (key,) in lines("_row_key")[before:]]

    of_ann, of_bob, changed, again = keys(None)
    assert of_bob == again
    assert len({of_ann, of_bob, changed}) == 3
    assert [key.startswith("a|") for key in keys("order")] == [True] * 4
    of_ann, of_bob, changed, again = keys("customer_order_time")
    assert of_bob == changed == again != of_ann
    assert db.rows("select distinct row_key from raw.batches order by 1") == [
        ("customer_order",), ("customer_order_time",), ("order",),
    ]  # fmt: skip


def test_an_order_id_made_of_the_customer_holds_the_pseudonym(home, tmp_path):
    ann, bob = "ann@mail.example,2024-01-01,5", "bob@mail.example,2024-01-01,6"
    file = write(tmp_path / "o.csv", ann, bob, ann, ann.replace("@", "@2."), header="customer_id,ordered_at,amount")
    sources.load("orders_without_id", file, home)
    found = lines("replace(customer_key::text, '-', ''), order_id, _row_key")
    assert [order_id.removeprefix(key) for key, order_id, _ in found] == ["-2024-01-01-1"] * 2 + [
        "-2024-01-01-2", "-2024-01-01-1",
    ]  # fmt: skip
    assert all(row_key.startswith(f"{key}|{order_id}|") for key, order_id, row_key in found)
    assert len({row_key for *_, row_key in found}) == 4
    assert db.rows("select 1 from raw.order_lines as line where line::text like '%@%'") == []

    # Two spellings of one customer are the same customer, so their orders are numbered together.
    mapping = {
        "customer": {"column": "customer_id", "lower": True},
        "order": {"columns": ["customer_id"], "number": True},
    }
    sources.load(
        source(home, **mapping), write(tmp_path / "two.csv", "Ann@x,,2024-01-01,5", "ann@x,,2024-01-01,6"), home
    )
    assert [order_id[32:] for (order_id,) in lines("order_id")][4:] == ["-1", "-2"]


SHOPIFY = (
    "Name,Email,Financial Status,Currency,Shipping,Taxes,Total,Refunded Amount,Created at,Lineitem quantity,"
    "Lineitem name,Lineitem price,Lineitem sku,Lineitem discount,Billing Name,Shipping Country,Payment Method,"
    "Cancelled at,Source"
)


def shopify(name: str, **first_row: str) -> str:
    """Returns rows of a Shopify export. Later rows of an order have only its name and their line item."""
    row = {
        "Name": name,
        "Lineitem quantity": "1",
        "Lineitem name": "Mug",
        "Lineitem price": "10",
        "Lineitem discount": "0",
        **first_row,
    }
    return ",".join(row.get(column, "") for column in SHOPIFY.split(","))


def test_shopify(home, tmp_path):
    order = {
        "Email": "Ann@Example.com", "Financial Status": "paid", "Currency": "EUR",
        "Shipping": "5.00", "Taxes": "2.50", "Total": "32.50",
        "Refunded Amount": "0.00", "Created at": "2024-03-01 09:00:00 +0100",
        "Billing Name": "Ann", "Shipping Country": "DE", "Source": "web",
    }  # fmt: skip
    rows = [
        shopify("#1", **order),
        shopify("#1", **{"Lineitem name": "Tea", "Lineitem quantity": "2"}),
        shopify("#2", **order, **{"Cancelled at": "2024-03-02 09:00:00 +0100"}),
        shopify("#3", **{**order, "Refunded Amount": "13.00", "Email": "ann@example.com"}),
    ]
    (result,) = sources.load("shopify", write(tmp_path / "orders.csv", *rows, header=SHOPIFY), home)
    assert (result.received, result.loaded) == (5, 5)
    assert lines("order_id, amount, quantity, product_name, _rule, refund_of, ordered_at = '2024-03-01 08:00:00'") == [
        ("#1", Decimal(25), 1, "Mug", None, None, True),
        ("#1", 0, 2, "Tea", None, None, True),
        ("#2", Decimal(25), 1, "Mug", "cancelled_order", None, True),
        ("#3", Decimal(25), 1, "Mug", None, None, True),
        ("#3", Decimal(-10), None, None, None, "#3", True),
    ]
    assert db.rows("select customer_id, name from pii.customers") == [("ann@example.com", "Ann")]
