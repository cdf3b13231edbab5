"""Unreadable rows are stored with line and reason, and possible mistakes give warnings."""

from __future__ import annotations

import json
from datetime import date

import pyarrow as pa
import pyarrow.parquet
from ingest_files import HEADER, ROWS, lines, unreadable, write

from clv import sources
from clv.warehouse import db


def test_unreadable_rows_are_kept_with_line_reason_and_text(home, tmp_path):
    path = tmp_path / "o.csv"
    bad = [
        '1,"two\nlines",2024-01-01,4',
        "",
        "2,x,2024-01-01",
        "3,y,2024-13-45,5",
        '4,"q "z,2024-01-01,5',
        "5,w,2024-01-01,1o",
    ]
    write(path, ROWS[0], *bad, ROWS[1], "6,v,2024-01-01,1,9")
    path.write_bytes(path.read_bytes() + b"7,\xe9,2024-01-01,3\n8,u,2024-01-01,2\n")
    (result,) = sources.load("orders", path, home)
    assert (result.received, result.loaded, result.unreadable) == (10, 4, 6)
    assert [(line, order) for line, order, *_ in lines()] == [(2, "a"), (3, "two\nlines"), (10, "b"), (13, "u")]
    assert unreadable() == [
        (6, "has 3 fields where 4 are expected", "2,x,2024-01-01"),
        (7, "ordered_at '2024-13-45' is not a time", "3,y,2024-13-45,5"),
        (8, "has a quote that does not close", '4,"q "z,2024-01-01,5'),
        (9, "amount '1o' is not a number with a decimal point and no marks between thousands", "5,w,2024-01-01,1o"),
        (11, "has 5 fields where 4 are expected", "6,v,2024-01-01,1,9"),
        (12, "is not UTF-8; name its encoding in the mapping", "7,\\xe9,2024-01-01,3"),
    ]


def test_unreadable_json_and_parquet_rows(home, tmp_path):
    row = {"customer_id": 1, "order_id": "a", "ordered_at": "2024-01-01", "amount": 3}
    rows = [
        json.dumps(row),
        "{broken",
        "[1]",
        "",
        json.dumps({**row, "amount": "x"}),
        json.dumps({**row, "amount": None}),
    ]
    (tmp_path / "o.jsonl").write_text("\n".join(rows))
    (result,) = sources.load("orders", tmp_path / "o.jsonl", home)
    assert (result.received, result.loaded) == (5, 2)
    assert [line for line, *_ in unreadable()] == [2, 3, 5]
    assert unreadable()[0][2] == "{broken"
    pyarrow.parquet.write_table(
        pa.table({name: [str(value)] for name, value in {**row, "amount": "x"}.items()}), tmp_path / "o.pq"
    )
    assert sources.load("orders", tmp_path / "o.pq", home)[0].unreadable == 1
    assert '"amount":"x"' in db.rows("select raw_text from pii.unreadable_texts where line = 1")[0][0]


def test_warnings_are_shown_and_stored_with_the_batch(home, tmp_path):
    path = write(tmp_path / "o.csv", *ROWS, "1,d,2024-03-05,")
    (result,) = sources.load("orders", path, home, today=date(2024, 1, 31))
    ahead, empty = result.warnings
    assert ahead.startswith("2 rows are dated after today, 2024-01-31, in 'ordered_at' (the first in line 4); check")
    assert empty.startswith("1 row has no amount in 'amount' (the first in line 5); if only the first row")
    kept = "select batch_id, place, warning from raw.batch_warnings order by place"
    assert db.rows(kept) == [(result.batch_id, 1, ahead), (result.batch_id, 2, empty)]
    assert [line for line in sources.messages(result, home) if "warning" in line] == [
        f"  warning: {ahead}",
        f"  warning: {empty}",
    ]


def test_an_amount_that_an_order_has_twice_gives_a_warning(home, tmp_path):
    lines_of = [f"1,{order},2024-01-0{day},{amount},{item}" for order, day, amount, item in [
        ("a", 1, 5, "pen"), ("a", 1, 5, "pen"), ("b", 1, 7, ""), ("b", 2, 7, ""), ("c", 1, 9, ""), ("c", 1, 9, ""),
    ]]  # fmt: skip
    (result,) = sources.load("orders", write(tmp_path / "o.csv", *lines_of, header=f"{HEADER},product_id"), home)
    both, once = result.warnings
    assert both.startswith("2 orders have the same amount twice, as on line 3 (5.00), and both count")
    assert once.startswith("1 order has the same amount twice, as on line 7 (9.00) in equal rows, which count once")
    assert sources.messages(result, home)[-1] == f"  warning: {once}"
    assert sources.load("orders", write(tmp_path / "p.csv", *ROWS), home)[0].warnings == ()
