"""Columns with other types than those of orders, in Parquet and JSON."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal

import pyarrow as pa

from broken_files.shape import ROWS, Broken, as_json, as_parquet, orders

ACCEPTED, UNREADABLE = "accepted", "unreadable"
SECONDS = [1_704_067_200 + number for number in range(ROWS)]
FAR = [2**62 // 1000 + number for number in range(ROWS)]


def _same(value: object, kind: pa.DataType) -> pa.Array:
    return pa.array([value] * ROWS, kind)


ARRAYS = {
    "amount": {
        "float nan": (_same(float("nan"), pa.float64()), "missing_amount"),
        "float infinity": (_same(float("inf"), pa.float64()), UNREADABLE),
        "float 1e300": (_same(1e300, pa.float64()), UNREADABLE),
        "float": (_same(12.5, pa.float32()), ACCEPTED),
        "half float": (pa.array([1.5] * ROWS).cast(pa.float16()), ACCEPTED),
        "byte": (_same(-5, pa.int8()), ACCEPTED),
        "unsigned": (_same(2**40, pa.uint64()), ACCEPTED),
        "the greatest unsigned": (_same(2**64 - 1, pa.uint64()), UNREADABLE),
        "float 1e-7": (_same(1e-7, pa.float64()), ACCEPTED),
        "decimal": (_same(Decimal("12.3456789"), pa.decimal128(38, 20)), ACCEPTED),
        "long decimal": (_same(Decimal(10) ** 30, pa.decimal128(38, 0)), UNREADABLE),
        "truth": (_same(True, pa.bool_()), UNREADABLE),
        "bytes": (_same(b"12.5", pa.binary()), ACCEPTED),
        "no type": (pa.nulls(ROWS), "missing_amount"),
        "list": (_same([1.0], pa.list_(pa.float64())), UNREADABLE),
        "struct": (_same({"value": 1}, pa.struct([("value", pa.int64())])), UNREADABLE),
        "map": (_same([("value", 1)], pa.map_(pa.string(), pa.int64())), UNREADABLE),
        "dictionary": (_same("12.5", pa.string()).dictionary_encode(), ACCEPTED),
        "date": (_same(dt.date(2024, 1, 1), pa.date32()), UNREADABLE),
        "time of day": (_same(dt.time(10), pa.time64("us")), UNREADABLE),
        "duration": (_same(5, pa.duration("s")), ACCEPTED),
        "large text": (_same("12.5", pa.large_string()), ACCEPTED),
    },
    "ordered_at": {
        "timestamp": (pa.array(SECONDS, pa.timestamp("s")), ACCEPTED),
        "nanoseconds": (pa.array([s * 10**9 + 1 for s in SECONDS], pa.timestamp("ns")), ACCEPTED),
        "with zone": (pa.array([s * 10**6 for s in SECONDS], pa.timestamp("us", "Europe/Berlin")), ACCEPTED),
        "far future": (pa.array(FAR, pa.timestamp("ms")), UNREADABLE),
        "the least": (_same(-(2**62), pa.timestamp("us")), UNREADABLE),
        "date": (_same(dt.date(2024, 2, 29), pa.date32()), ACCEPTED),
        "date far off": (_same(10**7, pa.date32()), UNREADABLE),
        "time of day": (_same(dt.time(10), pa.time64("us")), UNREADABLE),
        "unix seconds": (pa.array(SECONDS, pa.int64()), UNREADABLE),
        "float": (_same(45292.5, pa.float64()), UNREADABLE),
        "truth": (_same(False, pa.bool_()), UNREADABLE),
        "no type": (pa.nulls(ROWS), "missing_time"),
        "list": (_same([1], pa.list_(pa.int64())), UNREADABLE),
    },
    "customer_id": {
        "float": (_same(13085.0, pa.float64()), ACCEPTED),
        "float nan": (_same(float("nan"), pa.float64()), "missing_customer"),
        "truth": (_same(True, pa.bool_()), ACCEPTED),
        "bytes": (_same(b"\x00\xff'", pa.binary()), ACCEPTED),
        "uuid": (_same(b"0123456789abcdef", pa.binary(16)), ACCEPTED),
        "no type": (pa.nulls(ROWS), "missing_customer"),
        "struct": (_same({"id": 1}, pa.struct([("id", pa.int64())])), ACCEPTED),
    },
}
JSON_VALUES = {
    "amount": {
        "number": (12.5, ACCEPTED), "truth": (True, UNREADABLE), "null": (None, "missing_amount"),
        "1e-7": (1e-7, ACCEPTED), "list": ([1], UNREADABLE), "object": ({"value": 1}, UNREADABLE),
        "nan": (float("nan"), UNREADABLE),
        "infinity": (float("-inf"), UNREADABLE), "40 digits": (10**40, UNREADABLE), "1e300": (1e300, UNREADABLE),
        "list of nothing": ([], UNREADABLE),
    },
    "ordered_at": {
        "unix seconds": (1_704_067_200, UNREADABLE), "null": (None, "missing_time"), "truth": (False, UNREADABLE),
        "object": ({"year": 2024}, UNREADABLE),
    },
    "customer_id": {
        "number": (7, ACCEPTED), "null": (None, "missing_customer"), "object": ({"id": 1}, ACCEPTED),
        "deep": (json.loads("[" * 500 + "]" * 500), ACCEPTED),
    },
}  # fmt: skip


def kinds() -> Iterator[Broken]:
    for column, arrays in ARRAYS.items():
        for name, (array, verdict) in arrays.items():
            content = as_parquet(orders(), **{column: array})
            yield Broken(f"{column} as {name}, parquet", "orders.parquet", content, {verdict: ROWS})
    for column, values in JSON_VALUES.items():
        for name, (value, verdict) in values.items():
            rows = orders()
            rows[2][column] = value
            becomes = {ACCEPTED: ROWS} if verdict == ACCEPTED else {ACCEPTED: ROWS - 1, verdict: 1}
            yield Broken(f"{column} as {name}, jsonl", "orders.jsonl", as_json(rows), becomes)
