"""A file with less of an order than the previous one gives a warning, whose remedy works."""

from __future__ import annotations

import itertools
import json
import re
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import pytest
import yaml
from typer.testing import CliRunner

from clv import cli, sources
from clv.core import settings
from clv.transform import dbt
from clv.warehouse import db

pytestmark = pytest.mark.set_up

LEAST = {"customer": "customer", "order": "order", "time": "time", "amount": "amount"}
NUMBERS = itertools.count(1)
HEADER = "customer,order,time,amount,item\n"
# Order SO-1 of 30.00 is spread over two files, with one time or with two.
MONDAY = HEADER + "ann,SO-1,2024-05-01,10.00,mug\nann,SO-1,2024-05-01,15.00,tea\nbob,SO-2,2024-05-01,7.00,mug\n"
TUESDAY = HEADER + "ann,SO-1,{time},5.00,spoon\n"


@dataclass
class Shop:
    """A source of its own, in the home that all tests here share."""

    home: settings.Settings
    folder: Path
    source: str

    def write_mapping(self, **keys: object) -> None:
        mapping = {"customer_namespace": self.source, **LEAST, **keys}
        (self.home.home / "sources" / f"{self.source}.yml").write_text(yaml.safe_dump(mapping))

    def load(self, name: str, text: str) -> sources.BatchResult:
        (self.folder / name).write_text(text)
        return sources.load(self.source, self.folder / name, self.home)[0]

    def revenue(self) -> dict[str, Decimal]:
        dbt.build("staging", {}, self.home)
        query = "select order_id, sum(amount) from staging.stg_order_lines where source = %s group by 1"
        return dict(db.rows(query, (self.source,)))


@pytest.fixture(scope="module")
def ready(module_home: settings.Settings) -> settings.Settings:
    (module_home.home / "sources").mkdir()
    return module_home


@pytest.fixture
def shop(ready: settings.Settings, tmp_path: Path) -> Shop:
    return Shop(ready, tmp_path, f"shop{next(NUMBERS)}")


@pytest.mark.parametrize("columns", [{}, {"product_name": "item"}], ids=["without products", "with products"])
@pytest.mark.parametrize(
    ("time", "row_key"), [("2024-05-01", "content"), ("2024-05-02 10:00", "customer_order_time")], ids=["same", "later"]
)
def test_lines_spread_over_files_give_a_warning_whose_remedy_works(shop: Shop, columns, time, row_key):
    shop.write_mapping(columns=columns)
    first = shop.load("monday.csv", MONDAY)
    result = shop.load("tuesday.csv", TUESDAY.format(time=time))
    assert first.comparison_warnings == ()
    (message,) = [line for line in sources.messages(result, shop.home) if "warning" in line]
    assert "warning: 1 order has less here than in an earlier file" in message
    assert "as the order on line 2 (1 row, 2 in an earlier file)" in message
    assert shop.revenue() == {"SO-1": Decimal(5), "SO-2": Decimal(7)}
    remedy = re.search(rf"say in the mapping {shop.source}: (row_key: \w+); then load all its files again", message)
    assert remedy is not None
    assert remedy[1] == f"row_key: {row_key}"
    shop.write_mapping(columns=columns, **yaml.safe_load(remedy[1]))
    sources.load(shop.source, shop.folder / "monday.csv", shop.home)
    (again,) = sources.load(shop.source, shop.folder / "tuesday.csv", shop.home)
    assert again.comparison_warnings == ()
    assert shop.revenue() == {"SO-1": Decimal(30), "SO-2": Decimal(7)}


def test_the_warning_is_stored_with_the_batch(shop: Shop):
    shop.write_mapping()
    first, second = shop.load("monday.csv", MONDAY), shop.load("tuesday.csv", TUESDAY.format(time="2024-05-01"))
    listed = json.loads(CliRunner().invoke(cli.app, ["batches", "--source", shop.source, "--json"]).stdout)
    assert [(one["batch"], one["warnings"]) for one in listed] == [(second.batch_id, 1), (first.batch_id, 0)]
    shown = CliRunner().invoke(cli.app, ["rejects", "--batch", str(second.batch_id)]).stdout
    assert "warning: 1 order has less here" in " ".join(shown.split())


def test_files_of_one_load_are_compared_too_and_by_money_if_they_have_nothing_else(shop: Shop):
    shop.write_mapping(row_key="order")
    (shop.folder / "both").mkdir()
    for name, one, two in (("1.csv", "ann", "10.00"), ("2.csv", "eve", "11.00")):
        rows = f"{one},SO-1,2024-05-01,{20 - float(two)},mug\nann,SO-2,2024-05-01,{two},mug\n"
        (shop.folder / "both" / name).write_text(HEADER + rows)
    first, second = sources.load(shop.source, shop.folder / "both", shop.home)
    assert first.comparison_warnings == ()
    assert "1 order has less here" in second.comparison_warnings[0]


@pytest.mark.parametrize(
    ("name", "keys", "newer"),
    [
        ("monday.csv", {}, "ann,SO-1,2024-05-01,10.00,mug\n"),  # a corrected file
        ("b.csv", {}, "ann,SO-1,2024-05-01,12.00,mug\nann,SO-1,2024-05-01,14.00,tea\nann,SO-1,2024-05-01,1,cup\n"),
        ("b.csv", {"filters": [{"rule": "off", "column": "item", "equals": "off"}]}, "ann,SO-1,2024-05-01,0.00,off\n"),
        ("b.csv", {"columns": {"line_id": "item"}}, "ann,SO-1,2024-05-01,5.00,spoon\n"),
        ("b.csv", {"updated_at": "item"}, "ann,SO-1,2024-05-01,5.00,2024-05-02\n"),  # older, so it replaces nothing
        ("b.csv", {}, "ann,SO-1,2024-05-01,-5.00,mug\n"),  # a refund delivered alone replaces nothing
        ("b.csv", {}, "bob,SO-1,2024-05-01,5.00,mug\n"),  # another customer's order with the same number
    ],
)
def test_a_delivery_that_has_no_less_of_an_order_gives_no_warning(shop: Shop, name, keys, newer):
    shop.write_mapping(**{"columns": {"product_name": "item"}, **keys})
    older = MONDAY.replace(",mug", ",2024-05-09").replace(",tea", ",2024-05-09") if "updated_at" in keys else MONDAY
    shop.load("monday.csv", older)
    assert shop.load(name, HEADER + newer).comparison_warnings == ()
