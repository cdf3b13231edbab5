"""Klaviyo's profile exports, from the file to the rows that count, and to the erasure of a person."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.privacy import erasing, rotation
from clv.sources.kinds import raw_tables
from clv.sources.loading import rejections
from clv.transform import dbt
from clv.warehouse import db

ORDERS = "customer_id,order_id,ordered_at,amount,email\nc1,1,2024-05-01,5,Ann@example.com\nc2,2,2024-05-02,5,\n"
HEADER = "Email,Predicted Customer Lifetime Value,Predicted Number Of Orders,Churn Risk Prediction\n"
FIRST = HEADER + "Ann@Example.com,120.5,2,0.25\nbob@example.com,,,\ncat@example.com,10,1,25\ndan@example.com,7,1,0.5\n"
COUNTS = ["received", "accepted", "rejected", "replaced", "duplicates", "withdrawn_rows", "erased_rows"]
ADDRESSES = f"select customer_id, email from {tables.CUSTOMERS} order by 1"


@pytest.fixture
def shop(home: settings.Settings, tmp_path: Path) -> settings.Settings:
    raw_tables.make(home)
    load(home, tmp_path / "orders.csv", ORDERS, "orders")
    return home


def load(home: settings.Settings, path: Path, text: str, source: str = "klaviyo_profiles") -> sources.BatchResult:
    path.write_text(text)
    return sources.load(source, path, home)[0]


def counts(home: settings.Settings) -> list[list[int]]:
    """The counts of each export's rows, the oldest first."""
    dbt.build("staging", {}, home)
    batches = reversed(rejections.batches(home, "klaviyo_profiles"))
    found = [[getattr(batch, name) for name in COUNTS] for batch in batches]
    assert all(received == sum(others) for received, *others in found)
    return found


def test_an_export_is_loaded_corrected_and_withdrawn(shop: settings.Settings, tmp_path: Path) -> None:
    first = load(shop, tmp_path / "klaviyo-2024-06-01.csv", FIRST)
    assert (first.received, first.unreadable, first.usable) == (4, 1, 2)
    values = "as_of, system, horizon_days, predicted_revenue, predicted_orders, churn_probability, _rule"
    assert db.rows(f"select {values} from {tables.EXTERNAL_FORECASTS} order by _line") == [
        (date(2024, 6, 1), "Klaviyo", 365, Decimal("120.5"), 2, Decimal("0.25"), None),
        (date(2024, 6, 1), "Klaviyo", 365, None, None, None, "no_forecast"),
        (date(2024, 6, 1), "Klaviyo", 365, 7, 1, Decimal("0.5"), None),
    ]
    assert counts(shop) == [[4, 2, 2, 0, 0, 0, 0]]
    reasons = {one.line: one.reason for one in rejections.rows(shop, first.batch_id)}
    assert reasons == {3: "no_forecast", 4: "Churn Risk Prediction '25' is more than 1"}

    # A week later there is a new forecast for the same customer; a corrected export replaces that of its day.
    load(shop, tmp_path / "klaviyo-2024-06-08.csv", HEADER + "ann@example.com,100,2,0.3\n")
    second = load(shop, tmp_path / "klaviyo 2024-06-08 again.csv", HEADER + "ann@example.com,90,2,0.3\n")
    assert counts(shop) == [[4, 2, 2, 0, 0, 0, 0], [1, 0, 0, 1, 0, 0, 0], [1, 1, 0, 0, 0, 0, 0]]
    sources.withdraw(second.batch_id, "wrong", shop)
    assert counts(shop)[1:] == [[1, 1, 0, 0, 0, 0, 0], [1, 0, 0, 0, 0, 1, 0]]

    # Percents are read once the mapping says so: the file's copy keeps its name, and so the day.
    mapping = (settings.PROJECT / "sources" / "klaviyo_profiles.yml").read_text()
    (shop.home / "sources").mkdir(exist_ok=True)
    own = mapping.replace("Churn Risk Prediction?", "Risk?").replace("system: {value: Klaviyo}", "system: {value: K}")
    (shop.home / "sources" / "klaviyo_profiles.yml").write_text(own)
    (replayed,) = [one.result for one in sources.replay(shop, batch_id=first.batch_id)]
    assert replayed is not None
    assert replayed.usable == 3
    found = f"select distinct as_of, system from {tables.EXTERNAL_FORECASTS} where _batch_id = %s"
    assert db.rows(found, (replayed.batch_id,)) == [(date(2024, 6, 1), "K")]


def test_an_address_finds_the_shops_customer_and_erases_both_keys(shop: settings.Settings, tmp_path: Path) -> None:
    load(shop, tmp_path / "klaviyo-2024-06-01.csv", FIRST)
    pairs = f"""
        select mine.customer_id, other.customer_id
        from {tables.CUSTOMERS_OF_ADDRESS} as pairs
        join {tables.CUSTOMERS} as mine using (customer_key)
        join {tables.CUSTOMERS} as other on pairs.same_address_key = other.customer_key
        order by 1
    """
    assert db.rows(pairs) == [("ann@example.com", "c1"), ("c1", "ann@example.com")]
    rotation.rotate(shop)
    assert db.rows(pairs) == [("ann@example.com", "c1"), ("c1", "ann@example.com")]

    by_id = erasing.find("c1", "orders", None, shop)
    assert [erasing.sharing_address(one, shop) for one in (by_id, erasing.find("c2", "orders", None, shop))] == [1, 0]
    both = erasing.find(None, None, "ann@example.com", shop)
    assert erasing.sharing_address(both, shop) == 0
    erasing.erase(both, shop)
    assert [customer for customer, _ in db.rows(ADDRESSES)] == ["bob@example.com", "c2", "dan@example.com"]
    assert db.rows(pairs) == []
    assert counts(shop) == [[4, 1, 2, 0, 0, 0, 1]]
    again = load(shop, tmp_path / "klaviyo-2024-06-15.csv", HEADER + "ann@example.com,100,2,0.3\n")
    assert again.erased_lines == (2,)
