"""Files of common shop programs are read through mappings into typed rows, without a warehouse."""

# ruff: noqa: DTZ001 - times are naive, in the reporting zone
from __future__ import annotations

import datetime as dt
import json
import zipfile
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyarrow import csv

from clv.core.errors import ClvError
from clv.sources.kinds.mappings import parse
from clv.sources.loading import copies

LEAST = {"customer": "c", "order": "o", "time": "t", "amount": "a"}
COMMA = "with a decimal comma and no marks between thousands"
ADS = {"kind": "spend", "day": "Day", "channel": "Campaign", "amount": r"/Amount spent \(.*\)/"}


def amounts(*texts: str | None) -> list[tuple]:
    return [(None if text is None else Decimal(text),) for text in texts]


def test_an_amount_is_a_sum_minus_discounts(parsed):
    lines = "c,o,t,price,shipping,discount\n1,a,2024-01-01,10,2,3\n1,b,2024-01-01,10,,\n1,c,2024-01-01,,,5\n"
    keys = {"amount": {"sum": ["price", "shipping"], "minus": ["discount"]}}
    assert parsed(lines, "amount", keys) == amounts("9", "10", None)
    large = "c,o,t,price,shipping,discount\n1,a,2024-01-01,9999999999999,1,\n1,b,2024-01-01,x,1,\n"
    assert parsed(large, "_reason", keys) == [
        ("the amount is too large",),
        ("price 'x' is not a number with a decimal point and no marks between thousands",),
    ]


def test_a_quantity_times_a_price_less_a_discount(parsed):
    keys = {"amount": {"quantity": "q", "price": "p", "minus": ["d"]}}
    assert parsed("c,o,t,q,p,d\n1,a,2024-01-01,2,10.50,1\n1,b,2024-01-01,,10.50,1\n", "amount", keys) == amounts(
        "20", None
    )


def test_date_time_and_zone_stand_in_three_columns(parsed):
    zoned = [
        ("05/01/24,10:22:31,Pacific Time (US & Canada)", dt.datetime(2024, 5, 1, 17, 22, 31)),
        ("05/01/24,23:50:00,PST", dt.datetime(2024, 5, 2, 7, 50)),
        ("12/01/24,10:00:00,Europe/Berlin", dt.datetime(2024, 12, 1, 9)),
        ("05/01/24,10:00:00,GMT+05:30", dt.datetime(2024, 5, 1, 4, 30)),
        ("05/01/24,10:00:00,IST", dt.datetime(2024, 5, 1, 4, 30)),
        ("05/01/24,10:00:00,", dt.datetime(2024, 5, 1, 15)),
        ("05/01/24,,Tokyo", dt.datetime(2024, 4, 30, 15)),
    ]
    keys = {
        "time": {
            "column": "Date", "time_of_day": "Time", "zone": "Zone", "zones": {"IST": "Asia/Kolkata"},
            "formats": ["%m/%d/%y %H:%M:%S", "%m/%d/%y"],
        },
        "time_zone": "America/Chicago",
    }  # fmt: skip
    lines = "c,o,a,Date,Time,Zone\n" + "".join(f"1,a,1,{texts}\n" for texts, _ in zoned)
    assert parsed(lines, "ordered_at, _reason", keys) == [(moment, None) for _, moment in zoned]
    bad = "c,o,a,Date,Time,Zone\n1,a,1,05/01/24,10:00:00,Mars\n1,b,1,05/01/24,25:00:00,PST\n"
    assert parsed(bad, "_reason", keys) == [
        ("Zone 'Mars' is not a time zone that is known",),
        ("Date '05/01/24 25:00:00' is not a time",),
    ]


def test_times_are_counted_from_1970(parsed):
    keys = {"time": {"column": "t", "formats": ["epoch_seconds", "epoch_milliseconds"]}}
    lines = "c,o,t,a\n1,a,1704067200,1\n1,b,1704067200.5,1\n1,c,1704067200123,1\n1,d,2024-01-01,1\n1,e,0,1\n"
    assert parsed(lines, "ordered_at, _reason", keys) == [
        (dt.datetime(2024, 1, 1), None),
        (dt.datetime(2024, 1, 1, 0, 0, 0, 500000), None),
        (dt.datetime(2024, 1, 1, 0, 0, 0, 123000), None),
        (dt.datetime(2024, 1, 1), None),
        (dt.datetime(1970, 1, 1), "t '0' is not from 1971 to 2199"),
    ]


def test_minor_units_are_those_of_the_currency(parsed):
    keys = {"currency": {"column": "cur", "minor_units": True, "rates": {"USD": 1, "JPY": 0.01, "KWD": 3}}}
    lines = "c,o,t,a,cur\n1,a,2024-01-01,1250,usd\n1,b,2024-01-01,1250,JPY\n1,c,2024-01-01,1250,kwd\n"
    assert parsed(lines, "amount", keys) == amounts("12.50", "12.50", "3.75")
    assert parsed("c,o,t,a\n1,a,2024-01-01,1250\n", "amount", {"currency": {"code": "EUR", "minor_units": True}}) == (
        amounts("12.50")
    )
    unstated = {"currency": {"column": "cur", "minor_units": True}}
    assert parsed("c,o,t,a,cur\n1,a,2024-01-01,1250,\n", "amount", unstated, currency="JPY") == amounts("1250")


def test_a_column_has_several_names_or_a_pattern(parsed):
    keys = {"time": ["Created", "Created at", "created_at"], "columns": {"product_id": ["sku?", "/[Ss]ku .*/?"]}}
    columns = "ordered_at, product_id"
    assert parsed("c,o,Created at,a,Sku 1\n1,a,2024-01-01,1,x\n", columns, keys) == [(dt.datetime(2024, 1, 1), "x")]
    assert parsed("c,o,created_at,a\n1,a,2024-01-01,1\n", columns, keys) == [(dt.datetime(2024, 1, 1), None)]
    with pytest.raises(
        ClvError, match=r"no column 'Created or Created at or created_at', .*shop.*: its columns are c, o"
    ):
        parsed("c,o,a\n1,a,1\n", columns, keys)
    with pytest.raises(
        ClvError, match=r"has the columns 'Sku 1' and 'sku 2', which both match /\[Ss\]ku \.\*/ .*one of"
    ):
        parsed("c,o,Created,a,Sku 1,sku 2\n1,a,2024-01-01,1,x,y\n", columns, keys)


def test_a_currency_stands_in_the_name_of_a_column_and_totals_rows_are_named(parsed):
    keys = {
        **ADS, "currency": {"in_name_of": r"/Amount spent \(([A-Z]{3})\)/", "rates": {"USD": 1, "EGP": 0.02}},
        "filters": [
            {"rule": "totals_row", "column": "Campaign", "present": False},
            {"rule": "totals_row", "column": "Day", "matches": "^Total"},
        ],
    }  # fmt: skip
    lines = "Day,Campaign,Amount spent (EGP)\n,,500\n2024-01-01,brand,100\nTotal: all,x,n/a\n2024-01-40,y,1\n"
    assert parsed(lines, "_line, day, amount, _rule, _reason", keys) == [
        (2, None, Decimal(10), "totals_row", None),
        (3, dt.date(2024, 1, 1), Decimal(2), None, None),
        (4, None, None, "totals_row", None),
        (5, None, Decimal("0.02"), None, "Day '2024-01-40' is not a day"),
    ]


def test_other_values_of_a_totals_row_need_not_be_readable(parsed):
    keys = {"filters": [{"rule": "totals_row", "column": "c", "equals": "Total"}]}
    lines = "c,o,t,a\n1,a,2024-01-01,1\nTotal,,Sum,n/a\n"
    assert parsed(lines, "_line, _rule, _reason", keys) == [(2, None, None), (3, "totals_row", None)]


def test_paying_with_a_gift_card_brings_no_revenue(parsed):
    keys = {"no_revenue": {"column": "payment", "equals": "gift_card"}}
    lines = "c,o,t,a,payment\n1,a,2024-01-01,100,card\n2,b,2024-01-01,60,gift_card\n2,c,2024-01-01,,gift_card\n"
    assert parsed(lines, "amount", keys) == amounts("100", "0", None)


PREAMBLE = 'Orders\n"May 1, 2024 - May 3, 2024"\n\n'


@pytest.mark.parametrize("skip", [2, 3, "until_header"])
def test_lines_before_the_header_are_skipped_and_counted(parsed, skip):
    lines = PREAMBLE + 'c,o,t,a\n1,a,2024-01-01,1\n1,"b\nb",2024-01-01,2\n2,q\n3,c,2024-01-01,3\n'
    assert parsed(lines, "_line, order_id", {"file": {"skip": skip}}) == [
        (5, "a"), (6, "b\nb"), (9, "c"), (8, "has 2 fields where 4 are expected", "2,q"),
    ]  # fmt: skip


def test_lines_before_a_header_that_cannot_be_found_or_skipped(parsed):
    with pytest.raises(ClvError, match="no column 'a', .* its columns are c, o, t$"):
        parsed("Orders\nc,o,t\n1,a,2024-01-01\n", "1", {"file": {"skip": "until_header"}})
    with pytest.raises(ClvError, match="quote that does not close in the lines before its header"):
        parsed('"Orders\nc,o,t,a\n1,a,2024-01-01,1\n', "1", {"file": {"skip": 1}})


def test_excels_first_line_names_the_delimiter(parsed):
    lines = "\ufeffsep=;\r\nc;o;t;a\r\n1;a;2024-01-01;1\r\n"
    assert parsed(lines, "_line, order_id", {"file": {"delimiter": ";"}}) == [(3, "a")]
    with pytest.raises(ClvError, match=r'separated by \';\'; say in the mapping shop: file: {delimiter: ";"}'):
        parsed(lines, "1", {})


def test_aligned_columns_have_lines_before_their_header(parsed):
    keys = {"file": {"delimiter": "whitespace", "skip": "until_header"}}
    assert parsed("Orders of May\nc o t a\n1 x 2024-01-01 1\n", "_line, order_id", keys) == [(3, "x")]


ORDER = {"c": 1, "o": "x", "t": "2024-01-01", "a": 1.5}


@pytest.mark.parametrize(
    "text",
    [
        json.dumps([ORDER, {**ORDER, "a": "1,5"}, 3]),
        json.dumps([ORDER, {**ORDER, "a": "1,5"}, 3], indent=2),
        "[" + json.dumps(ORDER) + "\n," + json.dumps({**ORDER, "a": "1,5"}) + ", 3]\n\n",
    ],
)
def test_an_array_of_objects(parsed, text):
    """Numbers in JSON are read as they are; texts must have the mapping's style."""
    rows = parsed(text, "_line, amount, _reason", {"file": {"decimal": ","}}, "o.json")
    assert rows == [(1, Decimal("1.5"), None), (2, Decimal("1.5"), None), (3, "is not a JSON object", "3")]


def test_objects_over_several_lines_and_exponents(parsed):
    text = "\n".join(json.dumps({**ORDER, "a": amount}, indent=1) for amount in (1e-7, "1e5"))
    assert [row[0] for row in parsed(text, "amount", {}, "o.json")] == [Decimal("0.0000001"), None]


def test_lists_inside_an_object_are_exploded(parsed):
    order = {"id": "x", "at": "2024-01-01", "who": {"id": 7}}
    items = [{"sku": "a", "price": 2, "pieces": 3}, {"sku": None, "price": 1, "pieces": 1}]
    keys = {
        "customer": "orders.who.id", "order": "orders.id", "time": "orders.at",
        "amount": {"quantity": "orders.items.pieces", "price": "orders.items.price"},
        "columns": {"product_id": "orders.items.sku?"}, "file": {"explode": "orders.items"},
    }  # fmt: skip
    text = json.dumps({"orders": [{**order, "items": items}, {**order, "id": "y", "items": []}]}, indent=1)
    assert parsed(text, "_line, customer_id, order_id, amount, product_id", keys, "o.json") == [
        (1, "7", "x", Decimal(6), "a"),
        (2, "7", "x", Decimal(1), None),
        (3, "7", "y", None, None),
    ]


def workbook(path: Path, rows: str) -> bytes:
    """Returns a workbook with one sheet, Orders, whose rows are SpreadsheetML. Style 1 is a time."""
    main = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'
    office = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
    kinds = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    parts = {
        "[Content_Types].xml": '<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
        '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{kinds}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{kinds}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{kinds}.styles+xml"/></Types>',
        "_rels/.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook {main} xmlns:r="{office}"><sheets>'
        '<sheet name="Orders" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{office}/worksheet" Target="worksheets/sheet1.xml"/>'
        f'<Relationship Id="r2" Type="{office}/styles" Target="styles.xml"/></Relationships>',
        "xl/styles.xml": f'<styleSheet {main}><cellXfs count="2"><xf numFmtId="0"/><xf numFmtId="22"/></cellXfs>'
        "</styleSheet>",
        "xl/worksheets/sheet1.xml": f"<worksheet {main}><sheetData>{rows}</sheetData></worksheet>",
    }
    with zipfile.ZipFile(path, "w") as packed:
        for name, content in parts.items():
            packed.writestr(name, content)
    return path.read_bytes()


def test_a_workbook_has_typed_cells(parsed, tmp_path):
    def text(place: str, value: str) -> str:
        return f'<c r="{place}" t="inlineStr"><is><t>{value}</t></is></c>'

    header = "".join(text(f"{column}3", name) for column, name in zip("ABCD", "cota", strict=True))
    rows = (
        f'<row r="1">{text("A1", "Orders of May")}</row><row r="3">{header}</row>'
        f'<row r="4"><c r="A4"><v>13085</v></c>{text("B4", "x")}<c r="C4" s="1"><v>45413.432291666664</v></c>'
        '<c r="D4"><v>12.5</v></c></row>'
        f'<row r="6">{text("A6", "ann")}{text("B6", "y")}{text("C6", "2024-05-03")}'
        '<c r="D6"><f>1+1</f><v>2</v></c></row>'
        f'<row r="7">{text("A7", "ann")}{text("B7", "z")}{text("C7", "2024-05-03")}{text("D7", "1.234")}</row>'
    )
    book = workbook(tmp_path / "made.xlsx", rows)
    keys = {"file": {"skip": "until_header", "decimal": ","}}
    assert parsed(book, "_line, customer_id, ordered_at, amount, _reason", keys, "o.xlsx") == [
        (4, "13085", dt.datetime(2024, 5, 1, 10, 22, 30), Decimal("12.5"), None),
        (6, "ann", dt.datetime(2024, 5, 3), Decimal(2), None),
        (7, "ann", dt.datetime(2024, 5, 3), None, f"a '1.234' is not a number {COMMA}"),
    ]  # fmt: skip
    with pytest.raises(ClvError, match="no sheet 'May', which the mapping shop reads; its sheets are Orders"):
        parsed(book, "1", {"file": {"sheet": "May"}}, "o.xlsx")


def test_a_copy_without_some_records_is_not_made_where_records_are_no_lines(tmp_path):
    array, lines = tmp_path / "o.json", tmp_path / "l.jsonl"
    array.write_text(json.dumps([ORDER, ORDER]))
    lines.write_text(json.dumps(ORDER) + "\n" + json.dumps(ORDER) + "\n")
    plain, exploded = parse("shop", LEAST, "s.yml"), parse("shop", {**LEAST, "file": {"explode": "x"}}, "s.yml")
    assert copies.without_lines(array, array.name, plain, {1}, tmp_path) is None
    assert copies.without_lines(lines, lines.name, exploded, {1}, tmp_path) is None
    assert copies.without_lines(tmp_path / "o.xlsx", "o.xlsx", plain, {1}, tmp_path) is None
    emptied = copies.without_lines(lines, lines.name, plain, {1}, tmp_path)
    assert emptied is not None
    assert emptied[0].read_text() == "\n" + json.dumps(ORDER) + "\n"


@pytest.mark.parametrize("column", ["rowid", "RowID"])
@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_a_column_may_be_called_as_the_readers_own_row_number(parsed, tmp_path, column, kind):
    lines = f"{column},c,t,a\n" + "".join(f"{place},x,2024-01-01,{place}\n" for place in (7, 8, 9))
    content = lines.encode()
    if kind == "parquet":
        pq.write_table(csv.read_csv(pa.BufferReader(content)), tmp_path / "made.parquet")
        content = (tmp_path / "made.parquet").read_bytes()
    rows = parsed(content, "_line, order_id, _reason", {"order": column}, f"o.{kind}")
    first = 2 if kind == "csv" else 1
    assert rows == [(first + place, str(7 + place), None) for place in range(3)]


def test_rows_below_a_text_of_two_lines_keep_their_lines_beside_a_column_rowid(parsed):
    lines = 'rowid,c,t,a\n7,"x\ny",2024-01-01,1\n8,x,2024-01-01,2\n9,x\n'
    rows = parsed(lines, "_line, order_id", {"order": "rowid"})
    assert rows == [(2, "7"), (4, "8"), (5, "has 2 fields where 4 are expected", "9,x")]
