"""Invalid records: quotes, fields, line ends, encodings; and orders that contradict themselves."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from broken_files.shape import FIELDS, ROWS, Broken, as_csv, as_json, as_parquet, orders, packed

GOOD = as_csv(orders())
FIRST, *_ = LINES = GOOD.splitlines(keepends=True)
JSON = as_json(orders())
ALL = {"accepted": ROWS}
ONE_LOST = {"accepted": ROWS, "unreadable": 1}
NOT_SEPARABLE = "line [0-9]+ does not close|cannot be (divided|separated)"
EXTRA = b"9,extra,2024-02-01,7.5,pen\n"


def _with(line: bytes, at: int = 3, times: int = 1) -> bytes:
    return b"".join([*LINES[:at], line * times, *LINES[at:]])


TEXT = {
    "one field short": (_with(b"9,extra,2024-02-01,7.5\n"), ONE_LOST),
    "one field too many": (_with(EXTRA[:-1] + b",more\n"), ONE_LOST),
    "one word": (_with(b"total\n"), ONE_LOST),
    "500 fields": (_with(b"x," * 500 + b"\n"), ONE_LOST),
    "100,000 fields": (_with(b"x," * 100_000 + b"\n"), "more than 10,000 fields"),
    "commas alone": (_with(b",,,,\n"), {**ALL, "missing_order": 1}),
    "a total at the end": (GOOD + b",,,62.50,\n", {**ALL, "missing_order": 1}),
    "a comma at the end": (_with(EXTRA[:-1] + b",\n"), {"accepted": ROWS + 1}),
    "blank lines": (GOOD.replace(b"\n", b"\n\n"), ALL),
    "lines of spaces": (_with(b"   \n", times=2), {**ALL, "unreadable": 2}),
    "no line end at the end": (GOOD.rstrip(b"\n"), ALL),
    "end of file mark": (GOOD + b"\x1a", ONE_LOST),
    "a record of 10 MB": (_with(b"x" * 10_000_000 + b"\n"), ONE_LOST),
    "three records of 3 MB": (_with(EXTRA[:-1] + b"x" * 3_000_000 + b"\n", times=3), {**ALL, "unreadable": 3}),
    "quote open in the first": (_with(b'9,"extra,2024-02-01,7.5,pen\n', at=1), NOT_SEPARABLE),
    "quote open in the midst": (_with(b'9,"extra,2024-02-01,7.5,pen\n'), NOT_SEPARABLE),
    "quote open in the last": (GOOD + b'9,"extra,2024-02-01,7.5,pen\n', ONE_LOST),
    "quote open, and a quoted field later": (
        _with(b'9,"extra,2024-02-01,7.5,pen\n') + b'8,"more",2024-02-01,7.5,pen\n',
        NOT_SEPARABLE,
    ),
    "quote open before many rows": (_with(b'9,"extra,2024-02-01,7.5,pen\n') + EXTRA * 100_000, NOT_SEPARABLE),
    "quotes open in every row": (re.sub(rb",o(\d)", rb',"o\1', GOOD), NOT_SEPARABLE),
    "something after a quote": (_with(b'9,"extra "bag,2024-02-01,7.5,pen\n'), ONE_LOST),
    "a quote within a field": (_with(b'9,extra,2024-02-01,7.5,12" pen\n'), {"accepted": ROWS + 1}),
    "quotes by backslash": (_with(b'9,extra,2024-02-01,7.5,"12\\" pen"\n'), ONE_LOST),
    "single quotes": (_with(b"9,'extra,2024-02-01',7.5,pen\n"), ONE_LOST),
    "curly quotes": (_with("9,“extra,x”,2024-02-01,7.5,pen\n".encode()), ONE_LOST),
    "a field of two lines": (_with(b'9,extra,2024-02-01,7.5,"a\nb"\n'), {"accepted": ROWS + 1}),
    "windows line ends": (GOOD.replace(b"\n", b"\r\n"), ALL),
    "windows line ends and lines within": (
        _with(b"9,extra,2024-02-01,7.5,within\n").replace(b"\n", b"\r\n").replace(b"within", b'"a\nb"'),
        {"accepted": ROWS + 1},
    ),
    "old macintosh line ends": (GOOD.replace(b"\n", b"\r"), "with line feeds"),
    "mixed line ends": (GOOD.replace(b"\n", b"\r\n", 3), "one kind of line end"),
    "a carriage return in a field": (_with(b"9,ex\rtra,2024-02-01,7.5,pen\n"), "one kind of line end"),
    "latin-1 in one row": (_with("9,extra,2024-02-01,7.5,café\n".encode("latin-1")), ONE_LOST),
    "cut within a letter": (GOOD + "9,extra,2024-02-01,7.5,caf€\n".encode()[:-2] + b"\n", ONE_LOST),
    "overlong letters": (_with(b"9,extra,2024-02-01,7.5,\xc0\xafx\n"), ONE_LOST),
    "half a pair": (_with(b"9,extra,2024-02-01,7.5,\xed\xa0\x80\n"), ONE_LOST),
    "bytes of chance": (_with(bytes(range(128, 256)) + b"\n"), ONE_LOST),
    "shift-jis rows": (_with("9,extra,2024-02-01,7.5,表示\n".encode("shift_jis"), times=3), {**ALL, "unreadable": 3}),
}
ENCODED = {
    "utf-16, unsaid": ("utf-16", None, "UTF-16, not utf-8"),
    "utf-16 without mark, unsaid": ("utf-16-le", None, "no column|header"),
    "utf-32, unsaid": ("utf-32", None, "UTF-16|no column|header"),
    "ebcdic, unsaid": ("cp500", None, "header .* is not UTF-8|no column"),
    "utf-16, stated": ("utf-16", "utf-16", ALL),
    "utf-16 without mark, stated": ("utf-16-le", "utf-16", "is not utf-16|no column|stream"),
    "utf-16 without mark, correctly stated": ("utf-16-le", "utf-16-le", ALL),
    "utf-32, stated": ("utf-32", "utf-32", ALL),
    "ebcdic, stated": ("cp500", "cp500", ALL),
    "utf-7, stated": ("utf-7", "utf-7", ALL),
    "cp1252, stated to be ascii": ("cp1252", "ascii", "is not ascii"),
    "utf-8, stated to be utf-16": ("utf-8", "utf-16", "is not utf-16|no column|stream"),
    "mark, stated": ("utf-8-sig", "utf-8-sig", ALL),
}
OBJECT = json.dumps(orders(1)[0] | {"order_id": "extra"}).encode()
JSON_LINES = {
    "a line that is none": (b"{broken\n" + JSON, ONE_LOST),
    "a list in a line": (JSON + b"[1]\n", ONE_LOST),
    "words in a line": (JSON + b'null\n"text"\n5\n', {**ALL, "unreadable": 3}),
    "cut off": (JSON + OBJECT[:-9], ONE_LOST),
    "a comma after each": (JSON + (OBJECT + b",\n") * 3, {**ALL, "unreadable": 3}),
    "two objects in a line": (JSON + OBJECT + OBJECT + b"\n", ONE_LOST),
    "an array": (b"[" + JSON.replace(b"\n", b",", ROWS - 1) + b"]", ALL),
    "an array cut off": (b"[" + JSON.replace(b"\n", b",", ROWS - 1), "breaks off|not whole JSON"),
    "an array with something after it": (
        b"[" + JSON.replace(b"\n", b",", ROWS - 1) + b"] more",
        "breaks off|not whole",
    ),
    "objects over lines": (b"\n".join(json.dumps(row, indent=1).encode() for row in orders()), ALL),
    "an object over lines cut off": (json.dumps(orders(1)[0], indent=1).encode()[:-9], "breaks off|not whole JSON"),
    "a key twice": (JSON + OBJECT[:-1] + b', "amount": "x"}\n', {"accepted": ROWS + 1}),
    "a key missing in one": (JSON + OBJECT.replace(b"amount", b"Amount") + b"\n", {**ALL, "missing_amount": 1}),
    "an empty object": (JSON + b"{}\n", {**ALL, "missing_order": 1}),
    "half a pair": (JSON + OBJECT.replace(b"pen", b"\\ud800") + b"\n", ONE_LOST),
    "latin-1": (JSON + OBJECT.replace(b"pen", b"caf\xe9") + b"\n", ONE_LOST),
    "a mark": (b"\xef\xbb\xbf" + JSON, ALL),
    "deep": (JSON + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"\n", {**ALL, "missing_order": 1}),
    "comments": (b"// orders\n" + JSON, ONE_LOST),
    "single quotes": (JSON + OBJECT.replace(b'"', b"'") + b"\n", ONE_LOST),
    "blank lines": (JSON.replace(b"\n", b"\n \n\n"), ALL),
    "csv": (GOOD, "no .*object"),
    "utf-16": (JSON.decode().encode("utf-16"), "UTF-16"),
}


def _orders() -> Iterator[tuple[str, list[dict], dict, dict]]:
    rows = orders()
    yield "a row twice", [*rows, rows[1]], {**ALL, "duplicate": 1}, {}
    yield "every row twice", rows * 2, {**ALL, "duplicate": ROWS}, {}
    yield "every row a hundred times", rows * 100, {**ALL, "duplicate": ROWS * 99}, {}
    other = {**rows[1], "amount": "99"}
    yield "an order with two amounts", [*rows, other], {"accepted": ROWS + 1}, {}
    line = {"columns": {"line_id": "product_name"}}
    yield "a line with two amounts", [*rows, other], {**ALL, "replaced": 1}, line
    yield "a line again and again", [*rows, other, rows[1], other], {**ALL, "duplicate": 1, "replaced": 2}, line
    newer = [{**row, "updated_at": "2024-03-01"} for row in rows]
    older = {**newer[1], "amount": "99", "updated_at": "2024-02-01"}
    yield (
        "an older version after a newer",
        [*newer, older],
        {**ALL, "replaced": 1},
        {**line, "updated_at": "updated_at"},
    )
    yield "an order of two customers", [*rows, {**rows[1], "customer_id": "9"}], {"accepted": ROWS + 1}, {}
    back = {**rows[4], "order_id": "back", "amount": "-14.50", "ordered_at": "2023-12-01"}
    yield "a refund before its order", [back, *rows], {"accepted": ROWS + 1}, {}
    yield "a refund of no order", [{**back, "customer_id": "nobody"}], {"accepted": 1}, {}
    yield "a refund beyond its order", [*rows, {**rows[4], "amount": "-99999"}], {"accepted": ROWS + 1}, {}
    yield "refunds alone", [{**row, "amount": f"-{row['amount']}"} for row in rows], ALL, {}
    yield "orders of nothing", [{**row, "amount": "0"} for row in rows], ALL, {}
    yield "an order in the future", [*rows, {**rows[0], "ordered_at": "2150-01-01"}], {"accepted": ROWS + 1}, {}
    yield "a row of nothing", [*rows, dict.fromkeys(FIELDS, "")], {**ALL, "missing_order": 1}, {}
    paid = [{**row, "currency": "EUR"} for row in rows]
    currency = {"currency": {"column": "currency"}}
    yield "a currency that is none", [*paid, {**paid[0], "currency": "=1"}], ONE_LOST, currency
    yield "no currency in one row", [*paid, {**paid[0], "currency": ""}], ONE_LOST, currency
    test = {"filters": [{"rule": "test_order", "column": "product_name", "equals": "pen"}]}
    yield "orders that a filter sets aside", rows, {"test_order": ROWS}, test


def kinds() -> Iterator[Broken]:
    for name, (content, becomes) in TEXT.items():
        yield Broken(f"record: {name}", "orders.csv", content, becomes)
    for name, (encoding, encoding_of_mapping, becomes) in ENCODED.items():
        content = GOOD.decode().replace("pen", "caf\u00e9").encode(encoding)
        mapping = {"file": {"encoding": encoding_of_mapping}} if encoding_of_mapping else {}
        yield Broken(f"encoding: {name}", "orders.csv", content, becomes, mapping=mapping)
    for name, (content, becomes) in JSON_LINES.items():
        yield Broken(f"json: {name}", "orders.jsonl", content, becomes)
    writers = [("csv", as_csv), ("jsonl.gz", lambda rows: packed(as_json(rows))), ("parquet", as_parquet)]
    for place, (name, rows, becomes, mapping) in enumerate(_orders()):
        ending, write = writers[place % 3]
        yield Broken(f"orders: {name}, {ending}", f"orders.{ending}", write(rows), becomes, mapping=mapping)
