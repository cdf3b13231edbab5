"""Real orders are loaded, and the counts agree with a plain query on the files."""

from __future__ import annotations

import duckdb

from clv import sources
from clv.warehouse import db


def test_online_retail_ii(home, real_data):
    path = real_data / "online_retail_ii.parquet"
    (result,) = sources.load("online_retail_ii", path, home)
    assert (result.received, result.loaded, result.unreadable) == (1_067_370, 1_067_370, 0)
    query = "select count(*), count(distinct (_row_key, _content)), sum(amount) from raw.order_lines"
    rows, distinct, amount = db.rows(query)[0]
    assert rows - distinct == 22_523
    plain = 'select sum(Quantity * Price::decimal(18, 3)), count(distinct "Customer ID") from read_parquet(?)'
    expected, customers = duckdb.connect().execute(plain, [str(path)]).fetchall()[0]
    assert amount == expected
    assert db.rows("select count(*) from pii.customers") == [(customers,)]
    by_rule = "select _rule, count(*) from raw.order_lines where _rule is not null group by 1"
    assert dict(db.rows(by_rule)) == {"adjustment": 6, "non_product": 5906, "zero_price": 6151}


def test_cdnow(home, real_data):
    path = real_data / "cdnow.txt"
    (result,) = sources.load("cdnow", path, home)
    assert (result.received, result.loaded, result.unreadable) == (69_659, 69_659, 0)
    rows = [line.split() for line in path.read_text().splitlines()[1:]]
    cents = sum(round(float(row[3]) * 100) for row in rows)
    query = "select count(distinct order_id), count(distinct customer_key), sum(amount) * 100 from raw.order_lines"
    assert db.rows(query) == [(len(rows), len({row[0] for row in rows}), cents)]
    # An editor counts this line as the last row of the file.
    last = db.rows("select quantity, amount from raw.order_lines where _line = 69660")
    assert [(int(quantity), float(amount)) for quantity, amount in last] == [(int(rows[-1][2]), float(rows[-1][3]))]
