"""Columns that changed: added, dropped, renamed, duplicated, swapped or in another order; and invalid headers."""

from __future__ import annotations

from collections.abc import Iterator

from broken_files.shape import FIELDS, ROWS, WRITERS, Broken, as_csv, orders, without

ALL = {"accepted": ROWS}
RENAMED = {"customer_id": "Customer", "order_id": "order id", "ordered_at": "date", "amount": "Amount"}


def kinds() -> Iterator[Broken]:
    for ending, write in WRITERS.items():
        name = f"orders.{ending}"
        for column in FIELDS[:4]:
            content = write([without(row, column) for row in orders()])
            yield Broken(f"{column} dropped, {ending}", name, content, f"no column '{column}'")
            content = write([{RENAMED.get(key, key) if key == column else key: row[key] for key in row}
                             for row in orders()])  # fmt: skip
            yield Broken(f"{column} renamed, {ending}", name, content, f"no column '{column}'")
        content = write([without(row, "product_name") for row in orders()])
        yield Broken(f"a column that may be absent dropped, {ending}", name, content, ALL)
        content = write([{"note": "x", **row, "drop table raw.batches": "1"} for row in orders()])
        yield Broken(f"columns added, {ending}", name, content, ALL)
        content = write([dict(reversed(row.items())) for row in orders()])
        yield Broken(f"columns in another order, {ending}", name, content, ALL)
        content = write([{**row, "ordered_at": row["amount"], "amount": row["ordered_at"]} for row in orders()])
        yield Broken(f"time and amount swapped, {ending}", name, content, {"unreadable": ROWS})
    for name, (header, becomes) in HEADERS.items():
        rows = as_csv(orders()).split(b"\n", 1)[1]
        yield Broken(f"header: {name}", "orders.csv", header + rows, becomes)
    doubled = as_csv([{**row, "Amount": "x", "amount ": "y"} for row in orders()])
    yield Broken("amount three times over, csv", "orders.csv", doubled, ALL)
    wide = as_csv([{**row, **{f"column {number}": "" for number in range(3000)}} for row in orders()])
    yield Broken("3000 columns more, csv", "orders.csv", wide, ALL)


_LINE = ",".join(FIELDS).encode() + b"\n"
HEADERS = {
    "absent": (b"", "no column 'customer_id'"),
    "twice": (_LINE * 2, {**ALL, "unreadable": 1}),
    "after blank lines": (b"\n  \n" + _LINE, ALL),
    "after a title": (b"Orders of 2024\n" + _LINE, "no column 'customer_id'"),
    "after sep=": (b"sep=,\n" + _LINE, ALL),
    "after another sep=": (
        b"sep=;\n" + _LINE,
        'separated by .;.; say in the mapping kind_[0-9]+: file: {delimiter: ";"}',
    ),
    "by semicolons": (_LINE.replace(b",", b";"), "no column 'customer_id'"),
    "by tabs": (_LINE.replace(b",", b"\t"), "no column 'customer_id'"),
    "one name short": (_LINE.replace(b",product_name", b""), {"unreadable": ROWS}),
    "one name too many": (_LINE[:-1] + b",more\n", {"unreadable": ROWS}),
    "with a byte-order mark": (b"\xef\xbb\xbf" + _LINE, ALL),
    "with two byte-order marks": (b"\xef\xbb\xbf" * 2 + _LINE, "no column 'customer_id'"),
    "in quotes": (b'"' + _LINE[:-1].replace(b",", b'","') + b'"\n', ALL),
    "over two lines": (_LINE.replace(b"product_name", b'"product\nname"'), ALL),
    "whose quote stays open": (_LINE.replace(b"product_name", b'"product_name'), "header .* cannot be read"),
    "with spaces": (_LINE.replace(b",", b" , "), ALL),
    "in capitals": (_LINE.upper(), "no column 'customer_id'"),
    "with an empty name": (_LINE.replace(b"product_name", b""), ALL),
    "with SQL": (_LINE.replace(b"product_name", b'"x"";drop table raw.batches"'), ALL),
    "with a NUL": (_LINE.replace(b"amount", b"amo\0unt"), "no column 'amount'"),
    "not UTF-8": (_LINE.replace(b"product_name", b"prod\xe9"), "header .* is not UTF-8"),
    "with a name of 10 MB": (_LINE.replace(b"product_name", b"p" * 10_000_000), "header .* cannot be read"),
}
