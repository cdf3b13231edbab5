"""A kind of source in a folder of the home works from its mapping to the erasure of its customers, without changes to
other files."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from unittest.mock import Mock

import pytest
import yaml
from jsonschema import Draft7Validator
from typer.testing import CliRunner

from clv import cli, sources
from clv.core import settings
from clv.core.errors import ClvError
from clv.evaluation.backtest import scratch
from clv.privacy import erasing, retention, rotation
from clv.quality.results import GateFailed
from clv.sources.kinds import mappings, raw_tables, registry, schema
from clv.sources.loading import dropping, rejections
from clv.transform import dbt, notes
from clv.warehouse import db, pseudonyms
from expectations import gates

DECLARATION = """
from clv.sources.kinds.columns import Column
from clv.sources.kinds.declared import Kind

KIND = Kind(
    name="store_visits",
    table="raw.store_visits",
    means="a visit of a customer to a shop",
    columns=(
        Column(name="customer", type="customer", means="Who came.", required=True),
        Column(name="at", type="time", means="When they came.", required=True),
        Column(name="store", type="text", means="Where to.", required=True),
        Column(name="spent", type="money", means="What they left there."),
        Column(name="email", type="email", means="Their address."),
    ),
    replaces=("customer", "at"),
)
"""
MAPPING = {
    "kind": "store_visits",
    "customer": {"column": "Guest", "lower": True},
    "at": {"column": "When", "formats": ["%d/%m/%Y %H:%M"]},
    "store": "Shop",
    "spent": "Spent",
    "email": "Mail?",
    "currency": "EUR",
    "filters": [{"rule": "staff", "column": "Guest", "equals": "STAFF"}],
}
HEADER = "Guest,When,Shop,Spent,Mail\n"
FIRST = HEADER + (
    "Ann,01/03/2024 10:00,Bonn,12.50,ann@example.com\n"
    "Bob,01/03/2024 11:00,Bonn,,bob@example.com\n"
    "Cat,soon,Bonn,1.00,\n"
    "STAFF,01/03/2024 09:00,Bonn,0,\n"
)
# Ann's visit is corrected, Bob's is unchanged, and Dan's is new.
SECOND = HEADER + (
    "ann,01/03/2024 10:00,Bonn,10.00,\nBob,01/03/2024 11:00,Bonn,,bob@example.com\nDan,02/03/2024 10:00,Köln,5.00,\n"
)
COUNTS = ["received", "accepted", "rejected", "replaced", "duplicates", "withdrawn_rows", "erased_rows"]


@pytest.fixture
def shop(home: settings.Settings) -> settings.Settings:
    folder = home.home / "kinds" / "visits"
    folder.mkdir(parents=True)
    (folder / "__init__.py").write_text(DECLARATION)
    (home.home / "sources").mkdir()
    (home.home / "sources" / "door.yml").write_text(yaml.safe_dump(MAPPING))
    return home


def ingest(home: settings.Settings, name: str, text: str) -> sources.BatchResult:
    path = home.home / name
    path.write_text(text)
    return sources.load("door", path, home)[0]


def counts(home: settings.Settings) -> list[list[int]]:
    """Returns the counts of each batch's rows as `clv batches` shows them, oldest batch first."""
    assert "built_whole" not in dbt.build("staging", {}, home)
    found = [[getattr(batch, name) for name in COUNTS] for batch in reversed(rejections.batches(home, "door"))]
    assert all(received == sum(others) for received, *others in found)
    return found


def test_it_works_from_the_file_to_the_erasure(shop: settings.Settings):
    with pytest.raises(ClvError, match="the kind store_visits has no table raw.store_visits yet"):
        ingest(shop, "monday.csv", FIRST)
    assert retention.run(shop, date(2999, 1, 1))["addresses"] == 0  # retention works before the kind has a table
    raw_tables.make(shop)
    raw_tables.make(shop)  # `clv up` does this too

    first = ingest(shop, "monday.csv", FIRST)
    assert (first.received, first.loaded, first.unreadable, first.usable) == (4, 3, 1, 2)
    ann = pseudonyms.customer_key(pseudonyms.secret(shop), "ann")
    rows = (
        "select at::text, store, spent, _rule from raw.store_visits where encode(uuid_send(customer_key), 'hex') = %s"
    )
    assert db.rows(rows, (ann.hex(),)) == [("2024-03-01 10:00:00", "Bonn", Decimal("12.5"), None)]
    assert ("ann", "ann@example.com") in db.rows("select customer_id, email from pii.customers")

    second = ingest(shop, "tuesday.csv", SECOND)
    assert counts(shop) == [[4, 0, 2, 1, 1, 0, 0], [3, 3, 0, 0, 0, 0, 0]]
    reasons = {one.line: one.reason for one in rejections.rows(shop, first.batch_id)}
    assert reasons == {4: "When 'soon' is not a time", 5: "staff"}
    assert {one.reason for one in rejections.reasons(shop, "door")} == {"When … is not a time", "staff"}

    assert judged(shop) == []
    with db.connect() as connection:
        connection.execute("delete from staging.stg_kind_verdicts where batch_id = %s and line = 2", (second.batch_id,))
    with pytest.raises(GateFailed, match=f"rows_accepted_are_there.*{second.batch_id}"):
        judged(shop)
    with db.connect() as connection:
        notes.forget(connection)

    sources.withdraw(second.batch_id, "of another shop", shop)
    assert counts(shop) == [[4, 2, 2, 0, 0, 0, 0], [3, 0, 0, 0, 0, 3, 0]]
    sources.restore(second.batch_id, shop)

    with scratch.database(shop, [365]) as copied:
        scratch.copy_received(shop, copied)
        kinds = "select distinct kind from raw.batches"
        assert db.rows(kinds, url=copied.warehouse_url) == [("orders",)]  # a backtest needs no other kind
        assert db.rows("select count(*) from raw.store_visits", url=copied.warehouse_url) == [(0,)]

    counts(shop)
    rotation.rotate(shop)
    assert db.rows(rows, (ann.hex(),)) == []
    assert len(db.rows("select from raw.store_visits join pii.customers using (customer_key)")) == 6
    counts(shop)
    erasing.erase(erasing.find("Ann", "door", None, shop), shop)
    erased = [[4, 0, 2, 0, 1, 0, 1], [3, 2, 0, 0, 0, 0, 1]]
    by_batch = [[getattr(batch, name) for name in COUNTS] for batch in reversed(rejections.batches(shop, "door"))]
    assert by_batch == counts(shop) == erased
    left = "select count(*) from raw.store_visits where customer_key is null and spent is null and _rule = 'erased'"
    assert db.rows(left) == [(2,)]
    assert db.rows("select customer_id from pii.customers order by 1") == [("bob",), ("dan",), ("staff",)]
    again = ingest(shop, "wednesday.csv", HEADER + "ANN,03/03/2024 10:00,Bonn,1,ann@example.com\n")
    assert again.erased_lines == (2,)

    assert retention.run(shop, date(2999, 1, 1))["addresses"] == 1
    assert db.rows("select count(*) from pii.customers where email is not null") == [(0,)]


@pytest.mark.parametrize("remedy", ["put back", "dropped"])
def test_a_kind_whose_folder_is_gone_is_named_with_a_remedy(shop: settings.Settings, remedy: str, monkeypatch):
    raw_tables.make(shop)
    first = ingest(shop, "monday.csv", FIRST)
    assert judged(shop) == []
    assert raw_tables.without_folder(shop) == []
    with pytest.raises(ClvError, match="the kind store_visits is declared; remove its folder first"):
        dropping.drop("store_visits", shop)

    (shop.home / "kinds" / "visits").rename(shop.home / "visits")
    folder = f"not 'store_visits'; if it is a kind of your own, put its folder back into {shop.home}/kinds"
    with pytest.raises(ClvError, match=folder):
        ingest(shop, "tuesday.csv", SECOND)
    (shop.home / "sources" / "door.yml").rename(shop.home / "door.yml")
    raw_tables.make(shop)  # as `clv up` does
    gone = f"the folder of the kind store_visits is gone from {shop.home}/kinds and its rows are in the warehouse; put"
    assert [line.startswith(gone) for line in raw_tables.without_folder(shop)] == [True]
    assert judged(shop) == []  # its rows count as before
    assert retention.run(shop, date(2000, 1, 1))["addresses"] == 0  # everybody has rows since
    before = db.rows("select * from raw.store_visits order by _line")
    for customer in (("Ann", "orders", None), (None, None, "ann@example.com")):
        with pytest.raises(ClvError, match="put it back, or drop the rows: `clv drop-kind store_visits`"):
            erasing.find(*customer, shop)
    with pytest.raises(ClvError, match="the folder of the kind store_visits is gone"):
        sources.replay(shop, batch_id=first.batch_id)

    if remedy == "put back":
        (shop.home / "visits").rename(shop.home / "kinds" / "visits")
        (shop.home / "door.yml").rename(shop.home / "sources" / "door.yml")
        assert db.rows("select * from raw.store_visits order by _line") == before
        assert counts(shop) == [[4, 2, 2, 0, 0, 0, 0]]
    else:
        assert len(list((shop.home / "received").iterdir())) == 1
        assert dropping.rows("store_visits", shop) == 3
        with db.connect(shop.warehouse_url) as connection:
            connection.execute("create view visits as select * from raw.store_visits")
        refused = CliRunner().invoke(cli.app, ["drop-kind", "store_visits"], input="n\n")
        assert refused.exit_code == 1
        assert f"Drop the 3 rows of the kind store_visits from {shop.home}, for good?" in refused.output
        with pytest.raises(ClvError, match=r"store_visits cannot be dropped \(view visits depends on .*\); drop what"):
            dropping.drop("store_visits", shop)
        with db.connect(shop.warehouse_url) as connection:
            connection.execute("drop view visits")
        with monkeypatch.context() as interrupted:
            interrupted.setattr(dropping.copies, "remove_copies", Mock(side_effect=OSError("disk")))
            with pytest.raises(OSError, match="disk"):
                dropping.drop("store_visits", shop)
        assert dropping.drop("store_visits", shop) == 1
        assert db.rows("select customer_id from pii.customers") == [("ann",)]  # who also ordered
        assert list((shop.home / "received").iterdir()) == []
        with pytest.raises(ClvError, match="the warehouse knows no kind store_visits"):
            dropping.drop("store_visits", shop)
        assert counts(shop) == []
    assert raw_tables.without_folder(shop) == []
    erasing.erase(erasing.find("ann", "orders", None, shop), shop)
    assert counts(shop) == ([[4, 1, 2, 0, 0, 0, 1]] if remedy == "put back" else [])


def test_a_missing_kind_without_customers_stops_no_erasure(shop: settings.Settings):
    with db.connect(shop.warehouse_url) as connection:
        connection.execute("create table raw.weather (_batch_id bigint, _source text)")
        connection.execute("insert into raw.weather values (1, 'station')")
        connection.execute("insert into raw.kinds values ('weather', 'raw.weather', '{}', '{}')")
    assert len(raw_tables.without_folder(shop)) == 1
    raw_tables.require_folders(shop)


def judged(home: settings.Settings) -> list[str]:
    """Returns the warnings of the staging gate, after an order was loaded too."""
    if not db.rows("select from raw.order_lines"):
        path = home.home / "orders.csv"
        path.write_text("customer_id,order_id,ordered_at,amount\nann,1,2024-03-01,5\n")
        sources.load("orders", path, home)
        dbt.build("staging", {}, home)
    return gates.judge("staging", date(2024, 3, 5), "2024-03-05.1", lambda _: home.home / "page.html")["warnings"]


def test_a_column_that_its_table_lacks_is_named_until_it_is_added(shop: settings.Settings):
    raw_tables.make(shop)
    declared = shop.home / "kinds" / "visits" / "__init__.py"
    staff = 'Column(name="staff", type="text", means="Who served them."), '
    declared.write_text(DECLARATION.replace('Column(name="email"', f'{staff}Column(name="email"'))
    registry.declared.cache_clear()
    (shop.home / "sources" / "door.yml").write_text(yaml.safe_dump({**MAPPING, "staff": "Staff"}))
    served = FIRST.replace("\n", ",Eve\n").replace("Mail,Eve", "Mail,Staff")
    with pytest.raises(ClvError, match="the table raw.store_visits does not have the column staff .* with `clv up`"):
        ingest(shop, "monday.csv", served)
    raw_tables.make(shop)  # as `clv up` does
    ingest(shop, "monday.csv", served)
    assert db.rows("select distinct staff from raw.store_visits") == [("Eve",)]
    registry.declared.cache_clear()


def test_a_mistake_in_its_mapping_is_named(shop: settings.Settings):
    for key, value, message in (
        (
            "spend",
            "Spent",
            "door.yml has the unknown key 'spend'; did you mean 'spent'[?] Known keys are description, kind,",
        ),
        ("at", None, "door.yml lacks 'at'; say which column holds it, for example at: at"),
        ("store", "Shop?", "door.yml: customer, at and store are required; take the \\? off 'Shop\\?'"),
        ("customer", {"lower": True}, "door.yml: 'customer' names no column; add column: and its name"),
        ("kind", "visits", "door.yml: 'kind' is one of orders, spend, .*, shipments, store_visits; not 'visits'"),
    ):
        with pytest.raises(ClvError, match=message):
            mappings.parse("door", {**MAPPING, key: value}, "door.yml", shop)
    checked = Draft7Validator(schema.of_mappings(shop))
    assert checked.is_valid(MAPPING)
    assert not checked.is_valid({**MAPPING, "spend": "Spent"})
    row = "| `store_visits` | `spent` | money |  | raw.store_visits | What they left there. |"
    assert row in schema.documented(shop)


def test_a_declaration_that_contradicts_itself_is_named(shop: settings.Settings):
    declared = shop.home / "kinds" / "visits" / "__init__.py"
    for found, broken, message in (
        ('("customer", "at")', '("at",)', "'replaces' must contain the customer: add it"),
        ('("customer", "at")', '("place",)', "'replaces' names 'place', which is no column"),
        ('name="spent"', 'name="file"', "'file' is a key that every mapping may have"),
        ("KIND =", "SORT =", "has no attribute 'KIND'"),
        ('("customer", "at")', '"customer"', r"write replaces=\('customer',\)"),
        ('table="raw.', 'table="', "the table is in the schema raw; write table: raw.store_visits"),
        ('table="raw.store_visits"', 'table="raw.batches"', "visits: the table raw.batches is taken"),
        ('name="store_visits"', 'name="orders"', "visits: another kind is called orders"),
        (
            'type="money"',
            'type="string"',
            "the column spent has the type 'string', which is unknown; types are text",
        ),
        ('type="money"', 'type="mony"', "did you mean 'money'[?]"),
        (
            'means="Where to."',
            'mean="Where to."',
            "column store has the unknown field 'mean'; did you mean 'means'[?] fi",
        ),
        ("replaces=", "replace=", "the kind store_visits has the unknown field 'replace'; did you mean 'replaces'[?]"),
        ("KIND =", "nothing\nKIND =", "NameError: name 'nothing' is not defined"),
    ):
        registry.declared.cache_clear()
        declared.write_text(DECLARATION.replace(found, broken))
        with pytest.raises(ClvError, match=message):
            registry.known(shop)
    registry.declared.cache_clear()
