"""The loader accepts a connector of a shop's own as it accepts files: it loads each batch once, after the cursor, and
can replay it."""

from __future__ import annotations

import gzip
import pkgutil
import re
import tempfile
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
import yaml
from planted_steps import planted

from clv import sources
from clv.catalog import tables
from clv.core import settings
from clv.core.errors import ClvError
from clv.pipeline import steps
from clv.sources.connectors.protocol import Batch, Cursor
from clv.warehouse import db

MAPPING = {"customer": "who", "order": "number", "time": "at", "amount": "paid"}
HEADER = "who,number,at,paid\n"


class Till:
    """A till that yields its days as CSV. The name of a batch is its day, so the names in the cursor show the last day
    loaded."""

    def __init__(self, days: dict[str, str]) -> None:
        self.days = days
        self.requested: list[str] = []

    def __str__(self) -> str:
        return "the till"

    def read(self, cursor: Cursor) -> Iterator[Batch]:
        last = max((one.name.removesuffix(".csv") for one in cursor), default="")
        for day in sorted(day for day in self.days if day > last):
            self.requested.append(day)
            if self.days[day] == "off":
                raise ClvError("the till does not answer; switch it on")
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "day.csv"
                path.write_text(HEADER + self.days[day])
                yield Batch(f"{day}.csv", path)


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    (home.home / "sources").mkdir()
    map_as(home, MAPPING)
    return home


def map_as(home: settings.Settings, mapping: dict) -> None:
    (home.home / "sources" / "till.yml").write_text(yaml.safe_dump(mapping))


def load_from(till: Till, home: settings.Settings) -> tuple[list[str], list[tuple[str, bool]]]:
    """Loads from a till. Returns the days that were requested, and for each batch whether it was already loaded."""
    till.requested.clear()
    return till.requested, [(result.file_name, result.already_loaded) for result in sources.load("till", till, home)]


def test_only_days_after_the_cursor_are_requested(shop: settings.Settings) -> None:
    till = Till({"2024-03-01": "ann,1,2024-03-01,5\n", "2024-03-02": "bob,2,2024-03-02,7\n"})
    assert load_from(till, shop) == (
        ["2024-03-01", "2024-03-02"],
        [("2024-03-01.csv", False), ("2024-03-02.csv", False)],
    )
    assert load_from(till, shop) == ([], [])

    till.days["2024-03-03"] = "ann,3,2024-03-03,4\n"
    assert load_from(till, shop) == (["2024-03-03"], [("2024-03-03.csv", False)])

    sources.withdraw(3, "wrong", shop)  # a withdrawn batch is requested again, but its content is known
    assert load_from(till, shop) == (["2024-03-03"], [("2024-03-03.csv", True)])
    till.days["2024-03-03"] = "ann,3,2024-03-03,40\n"
    assert load_from(till, shop) == (["2024-03-03"], [("2024-03-03.csv", False)])
    assert db.rows(f"select sum(amount) from {tables.ORDER_LINES} where _batch_id <> 3") == [(52,)]

    # A changed mapping starts with an empty cursor, so everything is read again, as it is from a folder of files.
    map_as(shop, {**MAPPING, "customer": {"column": "who", "lower": True}})
    assert load_from(till, shop)[0] == ["2024-03-01", "2024-03-02", "2024-03-03"]


def test_batches_before_a_failure_stay_loaded(shop: settings.Settings) -> None:
    till = Till({"2024-03-01": "ann,1,2024-03-01,5\n", "2024-03-02": "off"})
    with pytest.raises(ClvError, match="the till does not answer; switch it on; files before it in the till stay"):
        sources.load("till", till, shop)
    till.days["2024-03-02"] = "bob,2,2024-03-02,7\n"
    assert load_from(till, shop)[0] == ["2024-03-02"]


def test_its_rejected_rows_are_replayed(shop: settings.Settings) -> None:
    map_as(shop, {**MAPPING, "time": {"column": "at", "formats": ["%Y-%m-%d"]}})
    assert sources.load("till", Till({"2024-03-01": "ann,1,2024-03-01,5\nbob,2,01.03.2024,7\n"}), shop)[0].loaded == 1
    (copy,) = (shop.home / "received").iterdir()
    assert gzip.decompress(copy.read_bytes()).decode().startswith(HEADER)
    map_as(shop, {**MAPPING, "time": {"column": "at", "formats": ["%Y-%m-%d", "%d.%m.%Y"]}})
    (replayed,) = sources.replay(shop, "till")
    assert replayed.result is not None
    assert replayed.result.loaded == 2


def test_the_guides_connector_loads_from_a_database(shop: settings.Settings, tmp_path: Path, monkeypatch) -> None:
    guide = (settings.PROJECT / "docs" / "how-to" / "add-a-connector.md").read_text()
    _, module, mapping = re.findall(r"```(?:python|yaml)\n(.*?)```", guide, re.DOTALL)
    (shop.home / "sources" / "shop_database.yml").write_text(mapping)
    monkeypatch.setenv("SHOP_DATABASE_URL", shop.warehouse_url)  # any PostgreSQL serves as the shop's database
    with db.connect(shop.warehouse_url) as connection:
        connection.execute("create table orders (customer_id text, order_id int, placed_at timestamp, amount numeric)")
        connection.execute(
            "insert into orders values ('ann', 1, '2024-03-01 10:00', 5), ('bob', 2, '2024-03-02 23:59', 7)"
        )
    with planted(tmp_path, shop_database=module):
        take_in = pkgutil.resolve_name(steps.find("take_in_orders").calls)
        assert [one.name for one in steps.daily()][:3] == ["take_in_orders", "fetch", "ingest"]
        taken = [take_in(date(2024, 3, day), f"2024-03-0{day}.1") for day in (2, 3, 3)]
    assert taken == [{"days": days, "rows loaded": days} for days in (1, 1, 0)]
    assert db.rows(f"select order_id, amount from {tables.ORDER_LINES} order by 1") == [("1", 5), ("2", 7)]

    # A withdrawn day is read again and loaded if it changed, whatever else was loaded by hand.
    by_hand = tmp_path / "export.csv"
    by_hand.write_text("customer_id,order_id,placed_at,amount\ncat,3,2024-03-05 10:00,9\n")
    sources.load("shop_database", by_hand, shop)
    sources.withdraw(1, "wrong", shop)
    assert take_in(date(2024, 3, 4), "2024-03-04.1") == {"days": 0, "rows loaded": 0}
    with db.connect(shop.warehouse_url) as connection:
        connection.execute("update orders set amount = 50 where order_id = 1")
    assert take_in(date(2024, 3, 4), "2024-03-04.2") == {"days": 1, "rows loaded": 1}
    assert take_in(date(2024, 3, 4), "2024-03-04.3") == {"days": 0, "rows loaded": 0}

    monkeypatch.setenv("SHOP_DATABASE_URL", "postgresql://nobody@127.0.0.1:1/none")
    with pytest.raises(ClvError, match="the shop's database cannot be read"):
        take_in(date(2024, 3, 4), "2024-03-04.1")


def test_a_batchs_name_has_the_ending_of_its_file() -> None:
    for name, file in (("day 1", "day_1.parquet"), ("day.csv.gz", "day.json.gz"), ("day.gz", "day.csv")):
        with pytest.raises(ClvError, match=f"the batch '{name}' is a .* file; end its name like the file's"):
            Batch(name, Path(file))
    assert Batch("day.CSV", Path("day.csv.gz")).name == "day.CSV"
