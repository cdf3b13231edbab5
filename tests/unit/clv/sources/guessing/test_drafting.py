"""The draft of a mapping for a file that none reads."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.guessing import sampled
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
    return stated(written(Sample(named, {}), "may.csv"))


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


def test_one_way_to_write_dates_needs_no_choice() -> None:
    found = written(Sample({"Date": ["May 31, 2024", "June 1, 2024"], "Amount": ["1.00", "2.00"]}, {}), "may.csv")
    assert stated(found)["time"]["formats"] == ["%b %d, %Y", "%B %d, %Y"] or stated(found)["time"]["formats"] == [
        "%B %d, %Y"
    ]
    assert "swap day and month" not in found


@pytest.mark.parametrize("days", [["31.05.2024", "01.06.2024"], ["2024/05/31", "2024/06/01"], ["20240531", "20240601"]])
def test_days_without_a_time_are_times(days: list[str]) -> None:
    assert of(Date=days, Amount=["1,50", "2,00"])["time"]


@pytest.mark.parametrize("texts", [["CHF 20.00", "CHF 1'200.50"], ["$20.00", "-$4.50"], ["116,99 €", "5,00 €"]])
def test_amounts_with_a_currency_are_amounts(texts: list[str]) -> None:
    assert of(Date=["2024-05-01"] * 2, Paid=texts)["amount"] == "Paid"


def test_an_address_is_preferred_to_a_name() -> None:
    found = of(Client=["Ann", "Bob"], Courriel=["a@x.test", "b@x.test"], Date=["2024-05-01"] * 2, Total=["1", "2"])
    assert found["customer"] == {"column": "Courriel", "lower": True}


def test_only_words_of_states_are_shown_and_no_sale_is_offered_for_rejection() -> None:
    words = ["Paid", "voided", "Anna Schmidt +49171"]
    seen = Sample({"Date": ["2024-05-01"] * 3, "Total": ["1.00"] * 3, "Status": words}, {})
    text = written(seen, "may.csv")
    assert "Paid (1), voided (1), xxxx xxxxxxx +99999 (1)" in text
    assert '#   - {rule: no_sale, column: "Status", equals: ["voided"]}' in text


def test_a_report_of_ads_gets_a_mapping_of_spend() -> None:
    found = of(Date=["2024-05-01"] * 2, Campaign=["Spring"] * 2, Cost=["10.50", "3.00"], Clicks=["4", "1"])
    assert found["kind"] == "spend"
    assert (found["day"], found["campaign"], found["amount"]) == ("Date", "Campaign", "Cost")
    with pytest.raises(ClvError, match="a report of ads without their cost; export it by day and with cost"):
        of(Date=["2024-05-01"] * 2, Campaign=["Spring"] * 2, Impressions=["4", "1"])
    with pytest.raises(ClvError, match="a report of ads without days; export it by day and with cost"):
        of(Reporting_starts=["2024-05-01"] * 2, Reporting_ends=["2024-05-31"] * 2, Cost=["1.50"] * 2, Clicks=["4"] * 2)


def test_a_name_with_control_characters_is_printable() -> None:
    text = written(Sample({"Date": ["2024-05-01"], "Total": ["1.00"], "a\x1b[31m": ["x"]}, {}), "m\x1b.csv")
    assert "\x1b" not in text
    stated(text)


def test_rows_in_a_list_of_one_object_are_named(tmp_path: Path) -> None:
    path = tmp_path / "may.json"
    path.write_text('{"orders": [{"id": 1}, {"id": 2}]}')
    with pytest.raises(ClvError, match="are in the list orders of one object; take them out, as with `jq .orders may"):
        draft(path, Settings(tmp_path / "home", {}))


HEADLESS = "anna.schmidt@example.com,Anna Schmidt,Erfurt,1. Mai 2024,EUR 19.90\n"


@pytest.mark.parametrize("rows", [HEADLESS * 2, HEADLESS + "bob@example.com,Bob Berg,Bonn,2. Mai 2024,EUR 4.00\n"])
def test_a_row_is_not_taken_for_the_header(tmp_path: Path, rows: str) -> None:
    path = tmp_path / "may.csv"
    path.write_text(rows)
    text = draft(path, Settings(tmp_path / "home", {}))
    assert "Schmidt" not in text
    assert "example.com" not in text
    assert stated(text)["file"]["header"] == [f"column{place}" for place in range(5)]


def test_keys_that_are_values_are_refused_without_them(tmp_path: Path) -> None:
    path = tmp_path / "may.json"
    path.write_text('{"anna@x.test": {"date": "2024-05-01", "total": "5.00"}}')
    with pytest.raises(ClvError) as raised:
        draft(path, Settings(tmp_path / "home", {}))
    assert "seem to be values" in str(raised.value)
    assert "anna" not in str(raised.value)


def test_json_is_sampled_as_it_is_loaded(tmp_path: Path) -> None:
    path = tmp_path / "may.json"
    path.write_text('[{"id": 1, "date": "31-05-2024", "total": 5.5, "cancelled": true, "status": false}]')
    text = draft(path, Settings(tmp_path / "home", {}))
    assert stated(text)["time"] == {"column": "date", "formats": ["%d-%m-%Y"]}
    assert "false (1)" in text


def test_a_name_that_would_be_read_as_more_is_a_pattern() -> None:
    found = of(Date=["2024-05-01"] * 2, Total=["1.00", "2.00"], **{"State?": ["paid", "void"]})
    assert found["columns"]["status"] == r"/State\?/"


def test_a_sheet_without_a_header_is_refused_without_its_values(tmp_path: Path) -> None:
    rows = [["Anna Schmidt", "anna@x.test", "1. Mai 2024"], ["Bob", "bob@x.test", "2. Mai 2024"]]
    assert sampled._header(rows) is None
    assert sampled._header([["May", "", ""], ["Name", "Mail", "Day"], *rows]) == 1


def test_rows_that_are_no_orders_are_refused() -> None:
    with pytest.raises(ClvError, match="does not look like orders: no column seems to have times or amounts of money"):
        of(name=["Ann", "Bob"], city=["Rome", "Oslo"])


def test_a_json_file_is_sampled_with_its_inner_objects(tmp_path: Path) -> None:
    path = tmp_path / "may.json"
    path.write_text('[{"id": 1, "created_at": "2024-05-01", "customer": {"email": "a@x.test"}, "total": {"net": 5.5}}]')
    found = stated(draft(path, Settings(tmp_path / "home", {})))
    assert found["customer"] == {"column": "customer.email", "lower": True}
    assert (found["order"], found["time"], found["amount"]) == ("id", "created_at", "total.net")
