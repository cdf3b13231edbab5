"""Olist's tables, read through the shipped mappings: payments are items and freight, with few exceptions."""

from __future__ import annotations

from collections import Counter, defaultdict
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
import yaml

from clv.sources.kinds.mappings import SHIPPED


@pytest.fixture
def tables(real_data: Path) -> dict[str, pd.DataFrame]:
    folder = real_data / "olist_sample"
    names = ("orders", "order_items", "order_payments", "customers", "products")
    return {name: pd.read_csv(folder / f"{name}.csv", dtype=str) for name in names}


def mapping(name: str, **changes: object) -> dict:
    return {**yaml.safe_load((SHIPPED / f"{name}.yml").read_text()), **changes}


def by_order(rows: list[tuple]) -> dict[str, Decimal]:
    sums: dict[str, Decimal] = defaultdict(Decimal)
    for order, amount in rows:
        sums[order] += amount
    return sums


def test_payments_are_items_and_freight_to_the_cent(tables: dict[str, pd.DataFrame], parsed) -> None:
    joined = tables["order_items"].merge(tables["orders"]).merge(tables["customers"]).merge(tables["products"])
    whole = mapping("olist_orders", amount={"sum": ["price", "freight_value"]}, filters=[])
    items = parsed(joined.to_csv(index=False), "order_id, amount, _reason", whole, currency="BRL")
    payments = mapping("olist_payments")
    paid = parsed(tables["order_payments"].to_csv(index=False), "order_id, amount, _reason", payments, currency="BRL")
    assert {reason for *_, reason in items + paid} == {None}
    ordered, received = (by_order([row[:2] for row in rows]) for rows in (items, paid))
    assert ordered.keys() == received.keys()
    differences = [received[order] - ordered[order] for order in ordered]
    found = Counter(
        "none" if one == 0 else "2 cents at most" if abs(one) <= Decimal("0.02") else "more" for one in differences
    )
    assert found == {"none": 4942, "2 cents at most": 13, "more": 11}
    assert (sum(ordered.values()), sum(received.values())) == (Decimal("789400.49"), Decimal("789498.77"))


def test_deliveries_products_and_customers_are_read(tables: dict[str, pd.DataFrame], parsed) -> None:
    orders = tables["orders"].to_csv(index=False)
    shipped = parsed(orders, "_rule, _reason, delivered_at > promised_on", mapping("olist_shipments"))
    assert Counter(rule for rule, *_ in shipped) == {None: 4922, "not_shipped": 78}
    assert {reason for _, reason, _ in shipped} == {None}
    products = tables["products"].to_csv(index=False)
    assert len(parsed(products, "product_id, category", mapping("olist_products"))) == 3859
    customers = tables["customers"].to_csv(index=False)
    assert len(set(parsed(customers, "customer_id", mapping("olist_customers")))) > 4900
