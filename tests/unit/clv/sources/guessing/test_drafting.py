"""The draft of a mapping for a file that none reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.guessing.drafting import draft, written
from clv.sources.guessing.sampled import Sample
from clv.sources.kinds.mappings import parse

GERMAN = """Nr;Kunde;E-Mail;Datum;Betrag;Status;Artikel
1001;Ann;Ann@Example.com;31.05.2024 14:05;1.240,00;bezahlt;Tasse
1002;Bob;bob@example.com;31.05.2024 15:10;12,50;storniert;Krug
1003;Bob;bob@example.com;01.06.2024 15:10;112,50;bezahlt;Krug
"""


def stated(text: str) -> dict:
    return yaml.safe_load(text)


def of(**columns: list[str]) -> dict:
    named = {name.replace("_", " "): values for name, values in columns.items()}
    return stated(written(Sample(named, 2, {}), "may.csv"))


def test_a_german_export_gets_a_mapping_that_reads_it(tmp_path: Path) -> None:
    path = tmp_path / "may.csv"
    path.write_text(GERMAN)
    text = draft(path, Settings(tmp_path / "home", {}))
    assert stated(text) == {
        "description": "may.csv",
        "customer": {"column": "E-Mail", "lower": True},
        "person": {"email": "E-Mail"},
        "order": "Nr",
        "time": {"column": "Datum", "formats": ["%d.%m.%Y %H:%M"]},
        "amount": "Betrag",
        "columns": {"status": "Status", "product_name": "Artikel"},
        "file": {"delimiter": ";", "decimal": ",", "thousands": "."},
    }
    parse("may", stated(text), "may.yml")
    assert "bezahlt (2), storniert (1)" in text
    assert "# Not read: Kunde" in text


def test_a_price_is_multiplied_by_the_quantity() -> None:
    found = of(Customer_ID=["1", "2"], Invoice=["a", "b"], Date=["2024-05-01"] * 2, Price=["1.5", "2"], Qty=["2", "1"])
    assert found["amount"] == {"quantity": "Qty", "price": "Price"}
    assert found["time"] == "Date"


def test_tax_and_shipping_are_no_revenue() -> None:
    found = of(Total_tax=["1", "2"], Shipping_amount=["3", "4"], Order_total=["5", "6"], Date=["2024-05-01"] * 2)
    assert found["amount"] == "Order total"


def test_what_no_column_tells_is_left_open() -> None:
    found = of(Date=["2024-05-01"] * 2, Amount=["1", "2"])
    assert (found["customer"], found["order"]) == ("?", "?")
    with pytest.raises(ClvError, match="must be the name of a column, not '\\?'"):
        parse("may", found, "may.yml")


def test_dates_that_may_be_read_two_ways_get_both_formats() -> None:
    assert of(Date=["05/06/2024", "01/02/2024"], Amount=["1", "2"])["time"]["formats"] == ["%d/%m/%Y", "%m/%d/%Y"]


def test_rows_that_are_no_orders_are_refused() -> None:
    with pytest.raises(ClvError, match="does not look like orders: no column has times or amounts of money"):
        of(name=["Ann", "Bob"], city=["Rome", "Oslo"])


def test_a_json_file_is_sampled_with_its_inner_objects(tmp_path: Path) -> None:
    path = tmp_path / "may.json"
    path.write_text('[{"id": 1, "created_at": "2024-05-01", "customer": {"email": "a@x.test"}, "total": {"net": 5.5}}]')
    found = stated(draft(path, Settings(tmp_path / "home", {})))
    assert found["customer"] == {"column": "customer.email", "lower": True}
    assert (found["order"], found["time"], found["amount"]) == ("id", "created_at", "total.net")
