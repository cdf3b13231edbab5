"""Which mapping reads a file, and what it would read. No warehouse is needed."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from clv.core.errors import ClvError
from clv.core.settings import Settings
from clv.sources.guessing.drafting import draft
from clv.sources.guessing.fitting import guess

ORDERS = "customer_id,order_id,ordered_at,amount,currency,colour\n"


@pytest.fixture
def home(tmp_path: Path) -> Settings:
    return Settings(tmp_path / "home", {})


@pytest.fixture
def file(tmp_path: Path):
    def made(content: str, name: str = "may.csv", encoding: str = "utf-8") -> Path:
        path = tmp_path / name
        path.write_text(content, encoding=encoding)
        return path

    return made


def own(home: Settings, name: str, **keys: object) -> None:
    """Writes a mapping into the home."""
    folder = home.home / "sources"
    folder.mkdir(parents=True, exist_ok=True)
    least = {"customer": "c", "order": "o", "time": "t", "amount": "a"}
    (folder / f"{name}.yml").write_text(json.dumps(least | keys))


def test_the_mapping_with_the_most_columns_is_the_best(home, file):
    path = file(ORDERS + "ann@x.test,1,2024-05-01,10.50,EUR,red\nbob@x.test,2,2024-05-02,4,EUR,\n")
    found = guess(path, home)
    assert [one.mapping.source for one in found.fits] == ["orders", "orders_without_id"]
    assert found.best == found.fits[:1]
    best = found.best[0]
    assert best.columns == {name: name for name in ORDERS.strip().split(",")[:5]}
    assert best.unused == ["colour"]
    assert (best.received, best.usable) == (2, 2)
    assert best.totals == {
        "customers": "2", "orders": "2", "ordered_at from": "2024-05-01 00:00:00",
        "ordered_at to": "2024-05-02 00:00:00", "amount": "14.50 EUR",
    }  # fmt: skip


def test_persons_are_masked_and_numbers_are_not(home, file):
    best = guess(file(ORDERS + "ann@x.test,A-1,2024-05-01,10.5,EUR,red\n"), home).best[0]
    shown = dict(zip(best.names, best.rows[0], strict=True))
    assert (shown["customer"], shown["order_id"], shown["amount"]) == ("xxx@x.xxxx", "A-1", "10.50")


def test_filters_and_unreadable_rows_are_counted(home, file):
    own(home, "mine", filters=[{"rule": "cancelled", "column": "s", "equals": "void"}])
    rows = ["1,a,2024-05-01,10,", "1,b,2024-05-01,20,void", "2,c,tomorrow,5,", "2,d,2024-05-01,1,"]
    best = guess(file("c,o,t,a,s\n" + "\n".join(rows) + "\n"), home).best[0]
    assert (best.received, best.usable, best.rejected) == (4, 2, {"cancelled": 1})
    assert best.unreadable == {"t 'xxxxxxxx' is not a time": 1}
    assert best.totals["amount"] == "11.00"


def test_a_refund_of_a_row_lowers_the_total(home, file):
    own(home, "mine", refund="r")
    assert guess(file("c,o,t,a,r\n1,a,2024-05-01,10,4\n"), home).best[0].totals["amount"] == "6.00"


def test_a_sign_beside_amounts_says_the_currency_and_where_to_state_it(home, file):
    own(home, "mine")
    best = guess(file("c,o,t,a\n1,a,2024-05-01,$10\n1,b,2024-05-01,-$4.50\n"), home).best[0]
    assert (best.usable, best.totals["amount"]) == (2, "5.50 USD")
    shop = home.home / "shop.json"
    assert best.remedies == [f'amounts bear $: if it means USD, state it in {shop}, as in {{"currency": "USD"}}']


def test_equal_mappings_are_both_best(home, file):
    own(home, "one")
    own(home, "two")
    found = guess(file("c,o,t,a\n1,a,2024-05-01,10\n"), home)
    assert [one.mapping.source for one in found.best] == ["one", "two"]


def test_a_file_with_the_columns_and_other_values_is_near(home, file):
    own(home, "mine")
    found = guess(file("c,o,t,a\n1,a,31.05.2024,10\n"), home)
    assert found.fits == []
    assert found.near == {
        "mine": "most of its rows cannot be read: t '31.05.2024' is not a time; times are written like '31.05.2024'; "
        'say in the mapping mine: time: {column: "t", formats: ["%d.%m.%Y"]}'
    }


def test_a_file_without_rows_is_judged_by_its_header(home, file):
    assert guess(file(ORDERS), home).best[0].mapping.source == "orders"


@pytest.mark.parametrize(
    ("delimiter", "encoding", "line"),
    [
        (";", "utf-8", 'file: {delimiter: ";"}'),
        ("\t", "utf-16", 'file: {encoding: "utf-16", delimiter: "\\t"}'),
        (",", "cp1252", 'file: {encoding: "cp1252"}'),
    ],
)
def test_a_file_that_is_written_otherwise_gets_the_line_for_its_mapping(home, file, delimiter, encoding, line):
    own(home, "mine", amount="Währung")
    header, row = ["c", "o", "t", "Währung"], ["1", "a", "2024-05-01", "10"]
    path = file("\n".join(delimiter.join(one) for one in (header, row)) + "\n", encoding=encoding)
    assert guess(path, home).written_otherwise == {"mine": line}


def test_json_and_parquet_say_what_is_not_read(home, file):
    own(home, "mine", amount="total.net", file={"explode": "lines"}, columns={"product_id": "lines.sku"})
    order = {"c": 1, "o": "a", "t": "2024-05-01", "total": {"net": 5}, "lines": [{"sku": "M", "n": 1}], "note": "x"}
    best = guess(file(json.dumps(order), "may.jsonl"), home).best[0]
    assert best.unused == ["note"]


def test_rows_without_a_customer_are_counted(home, file):
    best = guess(file(ORDERS + ",1,2024-05-01,10.50,EUR,red\nb,2,2024-05-02,4,EUR,\n"), home).best[0]
    assert (best.received, best.usable, best.incomplete) == (2, 1, {"customer": 1})


def test_warnings_are_those_of_a_load(home, file):
    best = guess(file(ORDERS + "a,1,2024-05-01,30,EUR,red\na,1,2024-05-01,30,EUR,blue\n"), home).best[0]
    assert len(best.warnings) == 1
    assert "30" in best.warnings[0]


def test_a_header_in_quotes_belongs_to_no_mapping_of_another_delimiter(home, file):
    found = guess(file('"Order","E-Mail"\n"1","a@x.test"\n'), home)
    assert (found.fits, found.near, found.lacking) == ([], {}, {})


def test_few_missing_columns_of_a_mapping_are_named(home, file):
    own(home, "mine", columns={"country": "land", "status": "state"})
    found = guess(file("c,o,t,a,state\n1,a,2024-05-01,10,paid\n"), home)
    assert (found.fits, found.lacking) == ([], {"mine": ["land"]})


def test_an_invalid_mapping_does_not_stop_the_others(home, file):
    own(home, "mine", order="?", ordr="x")
    found = guess(file(ORDERS + "a,1,2024-05-01,30,EUR,red\n"), home)
    assert found.best[0].mapping.source == "orders"
    assert list(found.invalid) == ["mine"]


def test_one_mapping_alone_may_be_tried(home, file):
    own(home, "one")
    own(home, "two")
    path = file("c,o,t,a\n1,a,2024-05-01,10\n")
    assert [one.mapping.source for one in guess(path, home, "two").fits] == ["two"]
    with pytest.raises(ClvError, match="has no column"):
        guess(path, home, "orders")


@pytest.mark.parametrize("content", ["a,b\n1," + "x" * 140_000 + "\n", "a,b\r1,2\r", "\n\n\n"])
def test_odd_files_fit_nothing(home, file, content):
    found = guess(file(content), home)
    assert (found.fits, found.near) == ([], {})


def test_what_is_no_file_to_read_is_one_line(home, file, tmp_path):
    with pytest.raises(ClvError, match="is a folder; name one of its files"):
        guess(tmp_path, home)
    with pytest.raises(ClvError, match="is absent"):
        guess(tmp_path / "no.csv", home)
    with pytest.raises(ClvError, match="is empty; send it again"):
        guess(file("", "empty.csv"), home)
    with zipfile.ZipFile(tmp_path / "packed.csv", "w") as packed:
        packed.writestr("may.csv", ORDERS + "é" * 1000)
    with pytest.raises(ClvError, match="is a zip archive or a workbook; unpack it"):
        guess(tmp_path / "packed.csv", home)
    os.mkfifo(tmp_path / "pipe.csv")
    with pytest.raises(ClvError, match="is no file, but a pipe or a device"):
        guess(tmp_path / "pipe.csv", home)
    with pytest.raises(ClvError, match="is none of the kinds that are read"):
        guess(file("x", "may.pdf"), home)


def test_ids_that_a_file_does_not_have_are_not_counted(home, file):
    best = guess(file("order_id,paid_at,amount\n1,2024-05-01,1\n1,2024-05-02,-0.333333\n"), home).best[0]
    assert best.totals == {
        "orders": "1", "paid_at from": "2024-05-01 00:00:00", "paid_at to": "2024-05-02 00:00:00", "amount": "0.67",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("content", "problem"),
    [(b"\x81\x8d\xff\x00\x90", "is no text in an encoding that is known; export it again as UTF-8"),
     (b"# report\n# May\n\na,b\r\n1,2\r\n", "its lines end in more than one way")],
)  # fmt: skip
def test_a_file_that_is_no_text_or_no_table_is_refused_in_plain_words(content, problem, home, tmp_path):
    (tmp_path / "x.csv").write_bytes(content)
    with pytest.raises(ClvError, match=problem):
        draft(tmp_path / "x.csv", home)
